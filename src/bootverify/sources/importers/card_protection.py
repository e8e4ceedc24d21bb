"""Locks, TF-M and the life cycle of a card as native entries."""

from typing import Any

from bootverify.design.protection import UnitKind
from bootverify.design.soc import FlashPatch
from bootverify.sources.importers.card_chain import Link
from bootverify.sources.importers.card_draft import OF_ACCESS, Draft
from bootverify.sources.importers.card_release import sdk_window, window_holds
from bootverify.sources.importers.card_words import read, says, truth, words
from bootverify.sources.models import load_soc

DENIES_WRITE = r"r-x|r--|write[s]? (is |are )?denied|writes? denied|no writes?|read-only|write[- ]?protect"
DENIES_READ = (
    r"read (is )?denied|no reads?|execute[- ]only|--x|read[/ -]*(and )?execute (is )?(denied|disable)|unreadable"
)
DENIES_EXECUTE = r"\br--\b|\brw-\b|no execut"
KNOWN_PERM = (
    "r-x write denied writes secure locked until reset acl bprot rramc spu two merged regions region permanently"
)
SECRECY = ["secret-confidential", "secret-use-restricted", "image-confidential"]


def put_locks(draft: Draft, chain: list[Link], *, tfm: bool, pair: dict[str, list[str]]) -> None:
    """Give each stage of the application core the spans that it locks."""
    protection = draft.design.get("protection") or {}
    names = {link.name: link for link in chain if not link.second_core}
    spans: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    tfm_locks = False
    for i, lock in enumerate(protection.get("locks") or []):
        at = ("protection", "locks", i)
        if says(lock.get("region", "internal"), "network"):
            continue
        by = words(str(lock.get("set_by", "")))
        owner = next((word for word in by if word in names), None)
        if owner is None and by[:1] in {("tfm",), ("tf-m",), ("spm",)} and tfm:
            tfm_locks = True
            continue
        if owner is None and says(f"{lock.get('set_by', '')} {lock.get('when', '')}", "bootconf"):
            span = lock.get("span") or [0, 0]
            if span[0] == 0 and _stands(draft, lock, at, about=_about(draft, lock, pair)):
                draft.native["boot_region"] = span[1]
                continue
        if owner is None or not _stands(draft, lock, at, about=_about(draft, lock, pair)):
            if owner is None:
                draft.open(at, "unread-lock", f"lock set by `{lock.get('set_by')}`", policies=OF_ACCESS)
            continue
        spans[owner].append(_span(draft, lock, at))
    for name, link in names.items():
        if link.program in {"nsib", "mcuboot"}:
            draft.put(("chain", name, "protects"), spans[name], ("protection", "locks"))
        elif spans[name]:
            text = f"`{name}` locks spans itself; only boot stages do so here"
            draft.open(("protection", "locks"), "lock-by-application", text, policies=OF_ACCESS)
    image = next((link.name for link in chain if "parts" in draft.native["chain"].get(link.name, {})), None)
    if tfm and image is not None:
        told = _mapping(protection.get("tfm"))
        first = told.get("secure_code_locked_first", tfm_locks)
        zone: dict[str, Any] = {"secure_code_locked_first": bool(first)}
        if told.get("isolation_level") in {1, 2}:
            zone["isolation_level"] = told["isolation_level"]
        if says(told.get("build", ""), "debug"):
            zone["build"] = "debug"
        draft.put(("chain", image, "trustzone"), zone, ("protection", "tfm"))


def _stands(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...], about: list[str]) -> bool:
    """Whether the lock denies writes at all; a doubtful one is entered as an open point."""
    perm = str(lock.get("perm", ""))
    nothing: dict[str, str] = {}
    seen = read(perm, nothing, KNOWN_PERM)
    engine = str((draft.design.get("protection") or {}).get("engine", ""))
    if (says(perm, DENIES_READ) and not says(engine, "acl")) or says(perm, DENIES_EXECUTE):
        draft.open(at, "denied-read", f"`{perm}` denies more than writing", policies=SECRECY)
    if not says(perm, DENIES_WRITE):
        draft.open(at, "unread-permission", f"permission `{perm}`", about=about, policies=OF_ACCESS)
        return False
    if says(perm, "requested|wished|planned|intended|should"):
        text = f"`{perm}`: whether the lock really stands"
        draft.open(at, "requested-lock", text, about=about, policies=[each for each in OF_ACCESS if each != "bootable"])
    elif set(seen.rest) & {"not", "unless", "except", "only", "partly", "if"}:
        draft.open(at, "unread-permission", f"permission `{perm}`", about=about, policies=OF_ACCESS)
    when = str(lock.get("when", ""))
    window = sdk_window(when)
    if window is not None and window_holds(window, str(draft.native.get("sdk", ""))) is False:
        text = f"the lock is said to be set `{when}`, which leaves out this release"
        draft.open((*at, "when"), "contradicting-release", text, about=about, policies=OF_ACCESS, contradiction=True)
    rest = when.split("(", maxsplit=1)[0]
    if says(rest, r"\bnot\b|\bonly\b|unless|except|if\b|until"):
        draft.open((*at, "when"), "conditional-lock", f"the lock is set `{when}`", about=about, policies=OF_ACCESS)
    if not says(when, "start|hand-?off|hand-?over|reset|boot|launch|jump"):
        draft.open((*at, "when"), "unread-time", f"the lock is set `{when}`", about=about, policies=OF_ACCESS)
    return True


def _span(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...]) -> dict[str, Any]:
    perm = str(lock.get("perm", ""))
    engine = str((draft.design.get("protection") or {}).get("engine", ""))
    stays = says(perm, r"until[ -]reset|locked|permanent|\bacl\b|bprot") or says(engine, "acl|bprot")
    if not stays and says(engine, "rramc"):
        draft.note(at, "the lock of a RRAMC region is taken to stand until reset")
        stays = True
    when = str(lock.get("when", ""))
    early = says(when, r"at start|start-up|first|from reset") and not says(when, "hand-?off")
    entry: dict[str, Any] = {
        "span": list(lock.get("span") or [0, 0]),
        "lock": "until_reset" if stays else "none",
        "when": "start" if early else "hand_over",
    }
    if says(perm, DENIES_READ) and says(engine, "acl"):
        entry["deny"] = ["read", "write"]
    return entry


def _about(draft: Draft, lock: dict[str, Any], pair: dict[str, list[str]]) -> list[str]:
    """Whom the lock is about: partitions under its span, and the stages that lie there."""
    span = lock.get("span") or [0, 0]
    found = []
    for name, entry in draft.native.get("partitions", {}).items():
        at, size = entry.get("at"), entry.get("size")
        if entry.get("memory", "internal") != "internal":
            continue
        if isinstance(at, int) and isinstance(size, int) and at < span[1] and span[0] < at + size:
            found.append(name)
    return [*found, *(stage for stage, slots in pair.items() if any(slot in found for slot in slots))]


def put_lifecycle(draft: Draft) -> None:
    """Debug and erase protection, and what else stands under `protection`."""
    told = draft.design.get("protection") or {}
    life: dict[str, Any] = {}
    for key in ("approtect", "secure_approtect", "eraseprotect"):
        text = str(told.get(key, "on" if key == "secure_approtect" else "off" if key == "eraseprotect" else ""))
        value = truth(told[key]) if isinstance(told.get(key), bool) else _finally(text)
        if value is None:
            value = key != "eraseprotect"
            draft.open(
                ("protection", key),
                f"unread-{key}",
                f"{key} `{text or 'not told'}`",
                attackers=("debug-port", "fault-injection"),
            )
        life[key] = value
    if says(told.get("approtect"), r"hardware type|before 20\d\d|first silicon|old revision"):
        draft.put(("life", "glitch"), True, ("protection", "approtect"))
    if "flash_patch" in told:
        patch = truth(told["flash_patch"])
        if patch is None:
            draft.open(
                ("protection", "flash_patch"),
                "unread-flash-patch",
                f"flash_patch `{told['flash_patch']}`",
                policies=["rot-immutable"],
            )
        else:
            life["flash_patch"] = patch
    _against_part(draft, life)
    if "boot_region" in draft.native:
        life["boot_region"] = draft.native.pop("boot_region")
    draft.put(("lifecycle",), life, ("protection", "approtect"))
    if "reset_behaviour" in told:
        text = str(told["reset_behaviour"])
        if says(text, "soft|warm", "leaves|keeps|survive|stay|set", "entr|lock|acl"):
            draft.native.setdefault("life", {}).setdefault("behaviours", []).append("locks-survive-soft-reset")
        else:
            at = ("protection", "reset_behaviour")
            draft.open(at, "unread-reset-behaviour", f"reset behaviour `{text}`", policies=OF_ACCESS)
    handled = {
        "engine", "locks", "tfm", "approtect", "secure_approtect", "eraseprotect", "flash_patch", "release_facts",
        "pcd_ram_lock", "limits", "reset_behaviour",
    }  # fmt: skip
    for key in sorted(set(told) - handled):
        draft.open(("protection", key), "unread-protection", f"`{key}: {told[key]}`", policies=OF_ACCESS)
    tfm = _mapping(told.get("tfm"))
    if tfm.get("isolation_level") not in {None, 1, 2}:
        text = f"TF-M at isolation level {tfm.get('isolation_level')}"
        draft.open(("protection", "tfm", "isolation_level"), "isolation-level", text, attackers=("secure-partition",))
    if not says(tfm.get("build", "release"), "release|debug"):
        draft.open(("protection", "tfm", "build"), "unread-build", f"TF-M build {tfm.get('build')}", policies=OF_ACCESS)
    if tfm.get("key_id_bound_to_owner") is False:
        draft.put(("life", "foreign_keys_exported"), True, ("protection", "tfm", "key_id_bound_to_owner"))
    known = {"ns_start", "isolation_level", "build", "secure_code_locked_first", "present", "version", "ns_ram_from"}
    for key in sorted(set(tfm) - known):
        draft.note(("protection", "tfm", key), f"`{key}: {tfm[key]}` of TF-M")


def _against_part(draft: Draft, life: dict[str, Any]) -> None:
    """Enter what the card draws and its part cannot have; the part's own way is then taken."""
    soc = load_soc(str(draft.native["soc"]), asked_in=draft.written.file, line=draft.written.line(("soc",)))
    told = draft.design.get("protection") or {}
    if life.get("eraseprotect") and not soc.eraseprotect:
        text = f"{soc.title} has no erase protection, but the card draws it on"
        draft.open(("protection", "eraseprotect"), "no-erase-protection", text, contradiction=True)
        life["eraseprotect"] = False
    patch = life.get("flash_patch")
    if (patch is False and soc.flash_patch is FlashPatch.FIXED) or (patch and soc.flash_patch is FlashPatch.ABSENT):
        text = f"the flash patch unit of {soc.title} is not what the card says ({told.get('flash_patch')})"
        draft.open(("protection", "flash_patch"), "foreign-flash-patch", text, policies=OF_ACCESS, contradiction=True)
        del life["flash_patch"]
    engine = words(str(told.get("engine", "")))
    kinds = {kind.value for kind in UnitKind}
    named = {word for part in engine for word in part.replace("+", " ").split() if word in kinds}
    if draft.native["chain"] and named and soc.guard.kind.value not in named:
        text = f"{soc.title} locks with {soc.guard.kind.value.upper()}, but the card draws {told.get('engine')}"
        draft.open(("protection", "engine"), "foreign-engine", text, contradiction=True)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _finally(text: str) -> bool | None:
    """The last state told of a switch: `off during assembly, on at end of line` is on, `not available` off."""
    if says(text, "not available|unavailable|not present|does not exist|\\bn/a\\b"):
        return False
    states = [
        word in {"on", "enabled", "set", "locked"}
        for word in words(text)
        if word in {"on", "enabled", "set", "locked", "off", "disabled", "open", "unset"}
    ]
    return states[-1] if states else None
