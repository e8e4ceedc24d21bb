"""Locks of a card as native entries: what each denies, from when, and for whom it is doubtful."""

import re
from typing import Any

from bootverify.design.protection import UnitKind
from bootverify.sources.importers.card.chain import Link
from bootverify.sources.importers.card.draft import OF_ACCESS, Draft
from bootverify.sources.importers.card.release import family, sdk_window, window, window_holds
from bootverify.sources.importers.card.words import CONDITIONS, Reading, number, read, says, words

# What a permission says, by its phrases; a phrase that is not among them leaves the lock unread.
PERMISSIONS = {
    "r-x": "no-write",
    "rx": "no-write",
    "r--": "no-execute",
    "--x": "no-read",
    "rwx": "open",
    "read write execute": "open",
    "rw-": "no-execute",
    "no write": "no-write",
    "no writes": "no-write",
    "write denied": "no-write",
    "writes denied": "no-write",
    "writing denied": "no-write",
    "write is denied": "no-write",
    "writes are denied": "no-write",
    "write and erase denied": "no-write",
    "write protected": "no-write",
    "write-protected": "no-write",
    "write protection": "no-write",
    "read-only": "no-write",
    "read only": "no-write",
    "read and execute": "no-write",
    "read and execute only": "no-write",
    "read execute": "no-write",
    "read execute only": "no-write",
    "no access": "no-access",
    "access denied": "no-access",
    "read and write denied": "no-access",
    "read write denied": "no-access",
    "read write and execute denied": "no-access",
    "read write execute denied": "no-access",
    "unreadable": "no-read",
    "no read": "no-read",
    "no reads": "no-read",
    "read denied": "no-read",
    "reads denied": "no-read",
    "execute-only": "no-read",
    "execute only": "no-read",
    "no execute": "no-execute",
    "execute denied": "no-execute",
    "not locked": "loose",
    "unlocked": "loose",
    "no lock": "loose",
    "without lock": "loose",
    "locked": "locked",
    "locked until reset": "locked",
    "locked until next reset": "locked",
    "locked until the next reset": "locked",
    "until reset": "locked",
    "until next reset": "locked",
    "until the next reset": "locked",
    "permanently": "locked",
    "permanent": "locked",
    "requested": "wish",
    "wished": "wish",
    "planned": "wish",
    "intended": "wish",
    "should": "wish",
}
SILENT_PERM = (
    "secure acl bprot rramc spu fprotect two merged region regions entry entries bit bits block blocks bootconf uicr"
    " hardware hw write-once once non-secure 3 4 size clamped rounded up down limited kib"
)
MOMENTS = {
    "at start": "start",
    "at its start": "start",
    "at start-up": "start",
    "at startup": "start",
    "start-up": "start",
    "first thing": "start",
    "as its first act": "start",
    "from reset": "start",
    "from reset on": "start",
    "out of reset": "start",
    "at reset": "start",
    "before hand-off": "hand_over",
    "before handoff": "hand_over",
    "before hand-over": "hand_over",
    "before handover": "hand_over",
    "at hand-off": "hand_over",
    "at handoff": "hand_over",
    "at hand-over": "hand_over",
    "as its last act": "hand_over",
    "before the jump": "hand_over",
    "before jumping": "hand_over",
    "before the application starts": "hand_over",
}
# b0n protects the network image on each boot that starts it: the other path waits for a reset (ncs-boot 2.8).
SILENT_WHEN = "after the invalidation writes right just immediately last early by hardware bootconf uicr b0n plain boot"
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
        if ends(lock) == (0, 0):
            draft.open(at, "unread-span", f"the span of a lock: {lock.get('span')}", policies=OF_ACCESS)
            continue
        by = words(str(lock.get("set_by", "")))
        owner = next((word for word in by if word in names), None)
        if CONDITIONS.intersection(by):
            draft.open(at, "conditional-lock", f"the lock is set by `{lock.get('set_by')}`", policies=OF_ACCESS)
        if owner is None and by[:1] in {("tfm",), ("tf-m",), ("spm",)} and tfm:
            _beyond_tfm(draft, lock, at)
            tfm_locks = _by_tfm(draft, lock, at) or tfm_locks
            continue
        if _by_bootconf(draft, lock, names.get(owner or "")):
            start, end = ends(lock)
            if start == 0 and _stands(draft, lock, at, about=_about(draft, lock, pair)):
                # "A size above the limit is clamped with a warning only, so the tail stays writable" (ncs-boot 1.7).
                draft.native["boot_region"] = min(end, draft.soc().guard.largest or end)
                continue
        if _leaves_open(draft, lock, at):
            continue
        if owner is None or not _stands(draft, lock, at, about=_about(draft, lock, pair)):
            if owner is None:
                draft.open(at, "unread-lock", f"lock set by `{lock.get('set_by')}`", policies=OF_ACCESS)
            continue
        if _is_loose(draft, lock, at):
            continue
        spans[owner].append(_span(draft, lock, at))
    _by_old_library(draft, spans)
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
        if told.get("isolation_level") in (1, 2):
            zone["isolation_level"] = told["isolation_level"]
        if says(told.get("build", ""), "debug"):
            zone["build"] = "debug"
        draft.put(("chain", image, "trustzone"), zone, ("protection", "tfm"))


def _by_bootconf(draft: Draft, lock: dict[str, Any], owner: Link | None) -> bool:
    """Whether the hardware sets the lock: NSIB of nRF54L has no other for itself (ncs-boot 1.1, step 1)."""
    told = " ".join(str(lock.get(field, "")) for field in ("perm", "set_by", "when"))
    if owner is None or owner.program != "nsib":
        return owner is None and says(told, "bootconf")
    plain = not _takes_all(draft, read(lock.get("perm", ""), PERMISSIONS, SILENT_PERM))
    at_once = read(lock.get("when", ""), MOMENTS, SILENT_WHEN).first == "start"
    return _guard(draft) is UnitKind.RRAMC and plain and (at_once or says(told, "bootconf"))


def _leaves_open(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...]) -> bool:
    """Whether the entry says of a span that it is neither denied nor locked: a region of an SPU as it is at reset."""
    seen = read(lock.get("perm", ""), PERMISSIONS, SILENT_PERM)
    if seen.rest or set(seen.values) != {"open", "loose"} or _guard(draft) is not UnitKind.SPU:
        return False
    draft.note(at, "a region that denies nothing and is not locked is as it was at reset")
    return True


def _by_old_library(draft: Draft, spans: dict[str, list[dict[str, Any]]]) -> None:
    """Before 1.7 the ACL library began with entry 0 in each stage (soc.md 3): a second stage's lock may be nothing."""
    update = draft.design.get("update") or {}
    facts = [
        fact
        for part in (update, draft.design.get("protection") or {})
        for fact in part.get("release_facts") or []
        if says(fact, "lock library|entry 0|first free")
    ]
    told = window(str(draft.native.get("sdk", ""))) if family(str(draft.native.get("sdk", ""))) == "ncs" else None
    soc = draft.soc()
    later = [name for name, listed in spans.items() if listed][1:]
    if soc.guard.kind is UnitKind.ACL and later and told is not None and told[0] < (1, 7) and not facts:
        text = (
            f"the lock library of `{draft.native['sdk']}` began with entry 0 again in `{later[0]}`, and no fact tells"
        )
        draft.open(("protection", "locks"), "old-lock-library", text, policies=OF_ACCESS)


def _by_tfm(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...]) -> bool:
    """Whether TF-M locks its own code in this release; what else is said of that lock is entered where it decides."""
    since = sdk_window(str(lock.get("when", "")))
    applies = None if since is None else window_holds(since, str(draft.native.get("sdk", "")))
    start, end = ends(lock)
    soc = draft.soc()
    ragged = bool(start % soc.guard.granule or end % soc.guard.granule)
    if since is not None and applies is None and ragged:
        text = f"whether TF-M locks its code first in every release of `{draft.native.get('sdk')}`"
        draft.open(at, "tfm-lock-by-release", text, policies=["isolation-boundary", "functional"])
    seen = read(lock.get("perm", ""), PERMISSIONS, SILENT_PERM)
    if seen.rest or not seen.has("no-write") or seen.has("loose"):
        draft.open(at, "unread-permission", f"permission `{lock.get('perm')}`", policies=OF_ACCESS)
    return applies is not False


def _beyond_tfm(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...]) -> None:
    """TF-M locks the slot that it was started from, up to the non-secure side, and no boot stage (soc.md 8.1).

    It is left out, so what holds without it holds; only secure code behind TF-M could find it in its way.
    """
    plain = draft.native["partitions"]
    slot = next((str(image["slot"]) for image in draft.native["chain"].values() if "parts" in image), "")
    own = {slot, *plain.get(slot, {}).get("span", ())}
    areas = [plain[name] for name in own if "at" in plain.get(name, {})]
    if not areas:
        return
    start, end = ends(lock)
    low, high = min(area["at"] for area in areas), max(area["at"] + area["size"] for area in areas)
    beyond = [name for name in _about(draft, lock, {}) if not low <= plain[name]["at"] < high]
    if beyond:
        text = f"TF-M locks its own code alone, and {start:#x}-{end:#x} has `{', '.join(beyond)}` in it"
        draft.open(at, "lock-beyond-tfm", text, policies=OF_ACCESS, attackers=("secure-partition",))


def ends(lock: dict[str, Any]) -> tuple[int, int]:
    """First address and end of a lock's span; two zeros where it has none that can be read."""
    span = lock.get("span")
    start, end = map(number, span) if isinstance(span, list) and len(span) == 2 else (None, None)
    return (0, 0) if start is None or end is None else (start, end)


def _stands(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...], about: list[str]) -> bool:
    """Whether the lock denies writes at all; a doubtful one is entered as an open point."""
    perm = re.sub(r"\b\d+ ?kib\b", " ", str(lock.get("perm", "")), flags=re.IGNORECASE)  # the span says where
    seen = read(perm, PERMISSIONS, SILENT_PERM)
    engine = str((draft.design.get("protection") or {}).get("engine", ""))
    if seen.rest or not {"no-write", "no-access"} & set(seen.values) or seen.has("open"):
        what = f"permission `{perm}`" + (f": {', '.join(seen.rest)}" if seen.rest else "")
        draft.open(at, "unread-permission", what, policies=OF_ACCESS)
        return False
    hides = seen.has("no-access") or seen.has("no-read")
    if hides and not says(engine, "acl") and not _takes_all(draft, seen):
        draft.open(at, "denied-read", f"`{perm}` denies more than writing", policies=SECRECY)
    if seen.has("no-execute") and not _takes_all(draft, seen):
        draft.open(at, "denied-execute", f"`{perm}` denies more than writing", policies=[*SECRECY, "bootable"])
    if seen.has("wish"):
        text = f"`{perm}`: whether the lock really stands"
        draft.open(at, "requested-lock", text, about=about, policies=[each for each in OF_ACCESS if each != "bootable"])
    _at_its_time(draft, str(lock.get("when", "")), at, about)
    return True


def _at_its_time(draft: Draft, when: str, at: tuple[str | int, ...], about: list[str]) -> None:
    """Enter what is said of the moment beyond the known ones: a condition, another release, words of no meaning."""
    since = sdk_window(when)
    if since is not None:
        if window_holds(since, str(draft.native.get("sdk", ""))) is False:
            text = f"the lock is said to be set `{when}`, which leaves out this release"
            draft.open(
                (*at, "when"), "contradicting-release", text, about=about, policies=OF_ACCESS, contradiction=True
            )
        when = re.sub(r"\([^()]*\d+\.\d[^()]*\)", " ", when)
    seen = read(when, MOMENTS, SILENT_WHEN)
    silent = says(when, "plain boot") and seen.rest == ("only",)
    if not seen.values or (seen.rest and not silent):
        draft.open((*at, "when"), "conditional-lock", f"the lock is set `{when}`", about=about, policies=OF_ACCESS)


def _guard(draft: Draft) -> UnitKind:
    return draft.soc().guard.kind


def _is_loose(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...]) -> bool:
    """A span said to be unlocked: a RRAMC region is then open to code, and an entry of ACL or BPROT cannot be that."""
    seen = read(lock.get("perm", ""), PERMISSIONS, SILENT_PERM)
    kind = _guard(draft)
    if not seen.has("loose") or kind is UnitKind.SPU:
        return False
    if kind is UnitKind.RRAMC:
        draft.note(at, "a region that is not locked stops no code that runs: it is counted for nothing")
    else:
        text = f"`{lock.get('perm')}`: an entry of this unit cannot be opened again"
        draft.open(at, "contradicting-permission", text, policies=OF_ACCESS, contradiction=True)
    return True


def _span(draft: Draft, lock: dict[str, Any], at: tuple[str | int, ...]) -> dict[str, Any]:
    seen = read(lock.get("perm", ""), PERMISSIONS, SILENT_PERM)
    engine = str((draft.design.get("protection") or {}).get("engine", ""))
    stays = seen.has("locked") and not seen.has("loose")
    if not stays and _guard(draft) is not UnitKind.SPU:
        draft.note(at, "what this unit denies is taken to stand until reset")
        stays = True
    moments = set(read(lock.get("when", ""), MOMENTS, SILENT_WHEN).values)
    entry: dict[str, Any] = {
        "span": list(ends(lock)),
        "lock": "until_reset" if stays else "none",
        "when": "start" if moments == {"start"} else "hand_over",
    }
    if (seen.has("no-access") or seen.has("no-read")) and says(engine, "acl"):
        entry["deny"] = ["read", "write"]
    if _takes_all(draft, seen):
        entry["deny"] = ["read", "write", "execute"]
    return entry


def _takes_all(draft: Draft, seen: Reading[str]) -> bool:
    """Whether a boot stage takes all access to its region of an RRAMC away, as NSIB and MCUboot can (soc.md 3)."""
    all_of_it = seen.has("no-access") or {"no-read", "no-write", "no-execute"} <= set(seen.values)
    return all_of_it and _guard(draft) is UnitKind.RRAMC


def _about(draft: Draft, lock: dict[str, Any], pair: dict[str, list[str]]) -> list[str]:
    """Whom the lock is about: partitions under its span, and the stages that lie there."""
    span = ends(lock)
    found = []
    for name, entry in draft.native.get("partitions", {}).items():
        at, size = entry.get("at"), entry.get("size")
        if entry.get("memory", "internal") != "internal":
            continue
        if isinstance(at, int) and isinstance(size, int) and at < span[1] and span[0] < at + size:
            found.append(name)
    return [*found, *(stage for stage, slots in pair.items() if any(slot in found for slot in slots))]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
