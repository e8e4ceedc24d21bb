"""What a card says of a key beside its place and use: who has it, what may become of it, in what form it is stored."""

from typing import Any

from bootverify.sources.importers.card.draft import Draft
from bootverify.sources.importers.card.words import TURNS, read, says, truth

At = tuple[str | int, ...]

PUBLIC = (
    r"published|public (source )?tree|in the (mcuboot )?(source|sdk)|sample key|development key"
    r"|known to (all|everybody)"
)
LOST = r"compromis|leaked|published|known|stolen|extracted"
BUNDLED = r"\bdefault|bundled|\bsample|\bexample|in-tree|development|\btest key|shipped with the sdk|source tree"
OWN = r"\bown\b|owner|product|generated (offline|in the hsm|by the build|at build time)|\bhsm\b|host"
EMPTY = r"empty|unprovisioned|not (yet )?provisioned|never (provisioned|filled|written)|unused|erased"
REVOCATIONS = {
    "locked": False,
    "permanent": False,
    "not revocable": False,
    "non-revocable": False,
    "cannot be revoked": False,
    "never": False,
    "none": False,
    "read-only": False,
    "revocable": True,
    "revokable": True,
    "can be revoked": True,
    "may be revoked": True,
    "not locked": True,
    "unlocked": True,
}
ROTATING = r"\brotat|re-?usable|re-?used|can be (re-?)?provisioned again|takes (another|a new) (value|key)"
PERMISSIONS = {
    "no read": "hidden",
    "not readable": "hidden",
    "unreadable": "hidden",
    "write-only": "hidden",
    "push only": "hidden",
    "read": "shown",
    "readable": "shown",
    "read allowed": "shown",
    "no write": "",
    "no push": "",
    "not writable": "",
    "write": "",
    "push": "",
    "writable": "",
    "pushable": "",
    "written once": "",
}
# Whatever images are signed or opened with the key.
REVOKERS = ("app-code-secure", "secure-partition", "bootloader-code", "debug-port")
TRUST = ["authentic-only", "image-confidential", "secret-confidential", "secret-use-restricted", "no-downgrade"]


def put_facts(draft: Draft, key: dict[str, Any], name: str, told_at: At) -> None:
    """Enter each field that decides something; one that is not understood leaves the key open."""
    _who_has_it(draft, key, name, told_at)
    _state(draft, key, name, told_at)
    _revocation(draft, key, name, told_at)
    _form(draft, key, name, told_at)


def readable(draft: Draft, key: dict[str, Any], name: str, told_at: At) -> bool:
    """Whether the CPU may read the KMU slot, as `cpu_readable` and `permissions` say."""
    told = truth(key["cpu_readable"]) if "cpu_readable" in key else None
    seen = read(key.get("permissions", ""), PERMISSIONS, "allowed only once until locked final in production")
    by_words = {"hidden": False, "shown": True}.get(next((each for each in seen.values if each), ""))
    unread = ("cpu_readable" in key and told is None) or bool(seen.rest) or {"hidden", "shown"} <= set(seen.values)
    if unread:
        text = f"whether `{name}` can be read: {key.get('cpu_readable')}, {key.get('permissions')}"
        draft.open(told_at, "unread-readable", text, about=[name])
    if told is not None and by_words is not None and told is not by_words:
        text = f"`{name}` is said to be readable and not to be"
        draft.open(told_at, "contradicting-readable", text, about=[name], contradiction=True)
    return bool(told) or bool(by_words)


def _turned(text: object) -> bool:
    return says(text, TURNS)


def _who_has_it(draft: Draft, key: dict[str, Any], name: str, told_at: At) -> None:
    half, place, state = (str(key.get(field, "")) for field in ("private_half", "placement", "state"))
    origin = str(key.get("origin", ""))
    out = [
        text
        for text, pattern in ((half, f"{PUBLIC}|{LOST}"), (place, PUBLIC), (state, LOST), (origin, BUNDLED))
        if says(text, pattern)
    ]
    if out and not any(_turned(text) for text in out):
        draft.put(("keys", name, "published"), True, told_at)
    elif out or (half and not says(half, OWN + "|secret|kept|private")):
        text = f"who has the private half of `{name}`: {half or state or origin or place}"
        draft.open(told_at, "unread-half", text, policies=TRUST)
    elif origin and (_turned(origin) or not says(origin, OWN)):
        draft.open((*told_at, "origin"), "unread-origin", f"origin of `{name}`: {origin}", policies=TRUST)


def _state(draft: Draft, key: dict[str, Any], name: str, told_at: At) -> None:
    in_kmu = says(key.get("placement", ""), r"\bkmu\b")
    if in_kmu and says(key.get("placement", ""), EMPTY):
        draft.put(("keys", name, "state"), "empty", (*told_at, "placement"))
    if says(key.get("state", ""), EMPTY):
        draft.put(("keys", name, "state"), "empty", (*told_at, "state"))
    elif "state" in key and not says(key["state"], r"^provisioned$|^in use$|" + LOST):
        draft.open(told_at, "unread-state", f"state `{key['state']}` of `{name}`", about=[name])
    if "provisioned" in key and (_turned(key["provisioned"]) or key["provisioned"] is False):
        if in_kmu:
            draft.put(("keys", name, "state"), "empty", (*told_at, "provisioned"))
        else:
            text = f"`{name}` provisioned: {key['provisioned']}"
            draft.open(told_at, "not-provisioned", text, about=[name])


def _revocation(draft: Draft, key: dict[str, Any], name: str, told_at: At) -> None:
    if "revocation" not in key:
        return
    rotates = says(key["revocation"], ROTATING) and not _turned(key["revocation"])
    if rotates and says(key.get("placement", ""), r"\bkmu\b") and str(draft.native["soc"]).startswith("nrf54l"):
        draft.put(("keys", name, "reusable"), True, (*told_at, "revocation"))
        return
    seen = read(key["revocation"], REVOCATIONS, "slot policy kmu by software until erase-all once after reset")
    if seen.rest or len(set(seen.values)) != 1:
        text = f"revocation `{key['revocation']}` of `{name}`"
        draft.open(told_at, "unread-revocation", text, about=[name])
        draft.open(told_at, "unread-revocation", text, policies=[*TRUST, "rot-immutable"], attackers=REVOKERS)
    else:
        draft.put(("keys", name, "revocable"), seen.values[0], (*told_at, "revocation"))


def _form(draft: Draft, key: dict[str, Any], name: str, told_at: At) -> None:
    """The stored value: whether every word of it was written, and whether it lies there in clear."""
    if "value" in key:
        erased = says(key["value"], r"f{4}|erased")
        none = says(key["value"], r"\b(no|none|never|without)\b")
        if erased:
            draft.put(("keys", name, "all_words_written"), none, (*told_at, "value"))
        else:
            draft.open((*told_at, "value"), "unread-value", f"value of `{name}`: {key['value']}", about=[name])
    if "stored" in key and (not says(key["stored"], r"\bplain|in clear|clear ?text") or _turned(key["stored"])):
        draft.open((*told_at, "stored"), "unread-form", f"`{name}` is stored {key['stored']}", about=[name])
