"""TF-M and the life cycle of a card as native entries."""

import re
from typing import Any

from bootverify.design.protection import UnitKind
from bootverify.design.soc import DebugScheme, FlashPatch, Soc
from bootverify.sources.importers.card.draft import OF_ACCESS, Draft
from bootverify.sources.importers.card.words import read, says, truth, words


def put_lifecycle(draft: Draft) -> None:
    """Debug and erase protection, and what else stands under `protection`."""
    told = draft.design.get("protection") or {}
    life: dict[str, Any] = {}
    soc = draft.soc()
    for key in ("approtect", "secure_approtect", "eraseprotect"):
        text = str(told.get(key, "on" if key == "secure_approtect" else "off" if key == "eraseprotect" else ""))
        value = truth(told[key]) if isinstance(told.get(key), bool) else _port(text, soc)
        if value is None:
            value = key != "eraseprotect"
            draft.open(
                ("protection", key),
                f"unread-{key}",
                f"{key} `{text or 'not told'}`",
                attackers=("debug-port", "fault-injection"),
            )
        life[key] = value
    if soc.secure_approtect and "secure_approtect" not in told and life["approtect"] is not True:
        text = "secure_approtect is not told, and approtect does not close the port for it"
        draft.open(("protection",), "unread-secure_approtect", text, attackers=("debug-port", "fault-injection"))
    if says(told.get("approtect"), r"hardware type|before 20\d\d|first silicon|old revision"):
        draft.put(("life", "glitch"), True, ("protection", "approtect"))
    if "flash_patch" in told:
        patch = _patch_unit(told["flash_patch"])
        if patch is None:
            draft.open(
                ("protection", "flash_patch"),
                "unread-flash-patch",
                f"flash_patch `{told['flash_patch']}`",
                policies=OF_ACCESS,
            )
        else:
            life["flash_patch"] = patch
    _against_part(draft, life, soc)
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
    if tfm.get("isolation_level") not in (None, 1, 2):
        text = f"TF-M at isolation level {tfm.get('isolation_level')}"
        draft.open(("protection", "tfm", "isolation_level"), "isolation-level", text, contradiction=True)
    _starts_there(draft, tfm)
    if not says(tfm.get("build", "release"), "release|debug"):
        draft.open(("protection", "tfm", "build"), "unread-build", f"TF-M build {tfm.get('build')}", policies=OF_ACCESS)
    if isinstance(bound := tfm.get("key_id_bound_to_owner"), bool):
        draft.put(("life", "foreign_keys_exported"), not bound, ("protection", "tfm", "key_id_bound_to_owner"))
    known = {
        "ns_start", "isolation_level", "build", "secure_code_locked_first", "present", "version", "ns_ram_from",
        "key_id_bound_to_owner",
    }  # fmt: skip
    for key in sorted(set(tfm) - known):
        draft.note(("protection", "tfm", key), f"`{key}: {tfm[key]}` of TF-M")


def _starts_there(draft: Draft, tfm: dict[str, Any]) -> None:
    """The start of the non-secure side as told, against the map."""
    starts = {
        entry["at"]
        for entry in draft.native["partitions"].values()
        if entry.get("attribution") == "non_secure" and isinstance(entry.get("at"), int)
    }
    if isinstance(tfm.get("ns_start"), int) and starts and tfm["ns_start"] not in starts:
        text = f"the non-secure side is said to start at {tfm['ns_start']:#x}, where no non-secure partition starts"
        draft.open(("protection", "tfm", "ns_start"), "contradicting-ns-start", text, contradiction=True)


def _against_part(draft: Draft, life: dict[str, Any], soc: Soc) -> None:
    """Enter what the card draws and its part cannot have; the part's own way is then taken."""
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


SWITCH = {
    "on": True,
    "enabled": True,
    "set": True,
    "locked": True,
    "closed": True,
    "off": False,
    "disabled": False,
    "open": False,
    "unset": False,
    "unlocked": False,
    "not available": False,
    "unavailable": False,
    "not present": False,
    "does not exist": False,
    "n/a": False,
    "none": False,
}
# Moments of production, in the order told: the last state is the product's. Silicon and register names say no more.
SILENT_SWITCH = (
    "during assembly end line then later finally shipped production hardware type software firmware uicr written"
    " tampc both switches enabled ctrl-ap register improved revised scheme first old silicon build code part family"
    " erased word from factory default always left switched"
)


BY_STAGE = re.compile(
    r"\b(on|off|open|closed|locked|unlocked|enabled|disabled)\s+(?:in|while|during)\s+(?:the\s+)?"
    r"(boot\w*|mcuboot|nsib|b0|first \w+|app\w*)\b(?:\s+runs)?",
    re.IGNORECASE,
)


UNWRITTEN = re.compile(
    r"((on|off),? )?(only )?(the )?((lock|build|firmware|kconfig|software) )*options? (is )?(set|on|only)[,;]?"
    r" (and |but )?(the )?uicr (is )?((not|never) (written|programmed)|erased|empty|unwritten)",
    re.IGNORECASE,
)


BY_OPTION = {  # whether the lock option alone closes the port; of nRF52 it depends on the silicon
    DebugScheme.NRF9160: False,
    DebugScheme.NRF91: True,
    DebugScheme.NRF53: True,
    DebugScheme.NRF54L: True,
}


def _port(text: str, soc: Soc) -> bool | None:
    """Whether the port is closed from the first instruction on, as far as `text` tells.

    A probe that gets in while the first stage runs stays in, so what is said of that stage counts. On parts of which
    only the UICR closes the port the options of a build change nothing; on others a reset closes it, and the lock
    option keeps it so (ncs-boot 5.4).
    """
    by_stage = BY_STAGE.findall(text)
    if by_stage and not words(re.sub(r"\b(and|then|later)\b", " ", BY_STAGE.sub(" ", text))):
        early = [word for word, where in by_stage if not where.lower().startswith("app")]
        return SWITCH[early[0].lower()] if len(early) == 1 else None
    if UNWRITTEN.fullmatch(re.sub(r"[()]", "", text)) and soc.debug.scheme in BY_OPTION:
        return BY_OPTION[soc.debug.scheme]
    return _finally(text)


BY_BOOT_STAGE = re.compile(
    r"\b(by|in|from) (the )?(mcuboot|nsib|b0|bootloader|first stage)( (at|on) (start|boot|each boot))?\b"
    r"|\b(config_)?disable_flash_patch(=y)?\b|\bk?config option\b",
    re.IGNORECASE,
)


def _patch_unit(told: object) -> bool | None:
    """Whether the flash patch unit works. The first stage switches it off, for good until the next reset."""
    plain = truth(told)
    return _finally(BY_BOOT_STAGE.sub(" ", str(told))) if plain is None else plain


def _finally(text: str) -> bool | None:
    """The last state told of a switch: `off during assembly, on at end of line` is on; None where more is said.

    >>> _finally("on (hardware type, revision before 2020-10)"), _finally("on (option only, UICR not written)")
    (True, None)
    """
    told = re.sub(r"revision (before|after|from) 20\d\d(-\d\d)?|build codes? \w+( and later)?", " ", text)
    told = re.sub(r"\b(for )?(the )?(both|each|all|app(lication)?)[- ]cores?( only)?\b", " ", told)
    seen = read(told, SWITCH, SILENT_SWITCH)
    return None if seen.rest or not seen.values else seen.values[-1]
