"""The keys that a build provisions into the KMU of nRF54L: slots, policies, and which image each verifies.

`keyfile.json` at the top of a build is what `west flash` provisions from after an erase (nRF Connect SDK, sysbuild and
`west ncs-provision`; soc.md 5.3). Where configuration and key files only tell which key is meant, it tells the slot.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.secrets.keyfile import Policy, Scheme, SlotKey, slot_keys
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.folders import noted_input
from bootverify.sources.importers.project import Project, tolerated
from bootverify.sources.input_file import MIB, read_bytes
from bootverify.sources.known_keys import published_key
from bootverify.sources.schema import LAST_KMU_SLOT

_AUTHENTIC = ["authentic-only", "no-downgrade", "slot-bytes-authentic", "metadata-authentic", "config-supported"]
_SEEN_BY_CPU = {Scheme.ENCRYPTED, Scheme.RAW}


def put_kmu_file(project: Project, file: Path, shown: str) -> None:
    """Read such a `file`; one that is none goes to the ledger."""
    try:
        found = slot_keys(read_bytes(file, limit=MIB, shown=shown))
        if found is None:
            raise InputError.at(shown, 1, "no file that provisions a KMU: it has no list `keyslots`")
    except InputError as error:
        tolerated(project, shown, error)
        return
    noted_input(project, file, shown)
    for key in found:
        source = Source(file=shown, line=key.line, text=_text(key))
        if key.slot is None or key.slot + key.width - 1 > LAST_KMU_SLOT:
            project.ledger.add(source, "a key for another store than slots that the KMU has for keys")
        else:
            project.kmu.append((key, source))


def put_kmu_keys(draft: Draft, project: Project, verified: dict[int, str]) -> None:
    """The keys of the file: those that other files show too get their slots; `verified` tells images by slot."""
    for key, source in project.kmu:
        place = _place(key)
        fingerprint = key.public.fingerprint if key.public is not None else ""
        keys: dict[str, Any] = draft.plain.setdefault("keys", {})
        same = [name for name, entry in keys.items() if fingerprint and entry.get("fingerprint") == fingerprint]
        placed = [name for name in same if "kmu" in keys[name]["placement"]]
        shown = placed or [name for name in same if keys[name]["placement"] == "host"][:1]
        for name in _others_at(keys, place, shown):
            project.ledger.add(source, f"`{name}` is not the key that this file provisions into that slot")
            keys[name]["placement"] = "host"
        if not shown:
            name = f"kmu_{key.slot}"
            draft.put(("keys", name), {"kind": key.kind}, source)
            shown = [name]
        for name in shown:
            known = name in same
            keys[name] |= {"placement": place, **_policy(key), **_meaning(key, verified, known=known)}
            if known:
                first = draft.origins["keys", name]
                draft.origins["keys", name] = replace(first, also=(*first.also, source))
            draft.origins["keys", name, "placement"] = source


def put_generations(draft: Draft, project: Project, tried: list[int], image: str, source: Source) -> None:
    """The slots that MCUboot tries for `image` and in which no key is known to lie: empty, where the file tells all.

    Secure code fills an empty slot that a boot loader consults (soc.md 5.3). `source` says how many are tried.
    """
    keys: dict[str, Any] = draft.plain.setdefault("keys", {})
    places = [entry["placement"] for entry in keys.values() if isinstance(entry["placement"], dict)]
    held = {slot for place in places for slot in place.get("kmu", ())}
    missing = [slot for slot in tried if slot not in held]
    if not missing or len(tried) < 2 or not image:
        return
    if project.kmu:
        for slot in missing:
            place = {"kmu": [slot, slot + 1], "push_to": "ram"}
            plain = {"kind": "public", "placement": place, "verifies": image, "state": "empty"}
            draft.put(("keys", f"kmu_{slot}"), plain, source)
        return
    listed = ", ".join(map(str, missing))
    words = f"MCUboot tries {len(tried)} generations of keys, and nothing tells what lies in KMU slot {listed}"
    project.ledger.add(source, words)
    point = {"name": "kmu-generations-not-told", "statement": words, "policies": _AUTHENTIC}
    draft.plain.setdefault("open_points", []).append(point | {"attackers": ["app-code-secure"]})


def _others_at(keys: dict[str, Any], place: dict[str, Any], shown: list[str]) -> list[str]:
    """Keys that were taken to lie in the same slots, because nothing told better."""
    return [
        name
        for name, entry in keys.items()
        if name not in shown and isinstance(entry["placement"], dict) and entry["placement"].get("kmu") == place["kmu"]
    ]


def _place(key: SlotKey) -> dict[str, Any]:
    first = key.slot or 0
    push = "ram" if key.scheme in _SEEN_BY_CPU or key.scheme is None else "engine"
    return {"kmu": [first + number for number in range(key.width)], "push_to": push}


def _policy(key: SlotKey) -> dict[str, bool]:
    match key.policy:
        case Policy.ROTATES:
            return {"reusable": True}
        case Policy.REVOKES:
            return {"revocable": True}
        case Policy.LOCKED:
            return {"revocable": False}
        case None:
            return {}


def _meaning(key: SlotKey, verified: dict[int, str], *, known: bool) -> dict[str, Any]:
    """What the value is and is for, beside what other files say of a key that is `known` from them."""
    plain: dict[str, Any] = {}
    image = verified.get(key.slot if key.slot is not None else -1)
    if key.kind == "public" and image:
        plain["verifies"] = image
    if key.public is not None and not known:
        plain["fingerprint"] = key.public.fingerprint
        if published_key(key.public.fingerprint) is not None:
            plain["published"] = True
    if key.kind != "public":
        plain |= {"per_device": True} if key.generated else {"found": ["factory"]}
    return plain


def _text(key: SlotKey) -> str:
    words = {Policy.ROTATES: "rotates", Policy.REVOKES: "revocable", Policy.LOCKED: "locked"}
    policy = f", {words[key.policy]}" if key.policy is not None else ""
    return f"{key.kind} key for KMU slot {key.slot}{policy}"
