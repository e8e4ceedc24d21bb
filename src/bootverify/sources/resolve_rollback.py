"""What a design says against older images: versions, security counters, and the boot stages that compare them."""

from typing import Any

from bootverify.design.boot import Image
from bootverify.sources.schema import DesignEntry, ImageEntry

MCUBOOT_ONLY = ("compare_build", "compare_tests_only", "security_counter")
WHEN_FULL = {"nsib": {"boots", "stops"}, "mcuboot": {"stops", "refuses"}}  # what becomes of an image, by program


def releases_told(design: DesignEntry, name: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The fields `versions` and `counters` of the image `name`, and what is wrong with them, by field."""
    entry, faults = design.chain[name], []
    verifier = design.chain.get(entry.verified_by or "")
    for field in ("versions", "counters"):
        told = getattr(entry, field)
        if told is None:
            continue
        if verifier is None or verifier.program != "mcuboot":
            faults.append((field, f"`{name}` is not started by MCUboot, which alone compares `{field}`"))
        if len(told) != design.releases:
            words = f"{len(told)} {field} are given for {design.releases} releases"
            faults.append((field, f"{words}; set `releases: {len(told)}`, or give one for each"))
    versions = tuple((a, b, c, d) for a, b, c, d in entry.versions or ())
    if any(not 0 <= part < limit for each in versions for part, limit in zip(each, LIMITS, strict=True)):
        faults.append(("versions", f"a version of `{name}` does not fit MCUboot's header"))
        versions = ()
    return {"versions": versions, "counters": tuple(entry.counters or ())}, faults


LIMITS = (1 << 8, 1 << 8, 1 << 16, 1 << 32)  # of the fields of struct image_version


def nsib_rules(entry: ImageEntry) -> dict[str, Any]:
    """NSIB's fields of a choice between slots."""
    stops = None if entry.counter_full is None else entry.counter_full == "stops"
    return {"counter_slots": entry.counter_slots, "full_stops": stops}


def mcuboot_rules(entry: ImageEntry) -> dict[str, Any]:
    """MCUboot's fields of a start."""
    return {
        "prevent_downgrade": entry.downgrade == "version",
        "with_build": bool(entry.compare_build),
        "test_only": bool(entry.compare_tests_only),
        "counter": bool(entry.security_counter),
        "counter_slots": entry.counter_slots if entry.security_counter else None,
        "full_refused": entry.counter_full == "refuses",
    }


def misplaced(entry: ImageEntry, image: Image) -> list[tuple[str, str]]:
    """Rules that the program of `image` does not have, by field."""
    program = entry.program
    found = []
    if program != "mcuboot":
        told = [field for field in MCUBOOT_ONLY if getattr(entry, field)]
        found += [(field, f"`{image.name}` is no MCUboot, which alone has `{field}`") for field in told]
    able = [name for name, ends in WHEN_FULL.items() if entry.counter_full in ends]
    if able and program not in able:
        words = f"`counter_full: {entry.counter_full}` is for the program {' or '.join(able)}"
        found.append(("counter_full", f"{words}, and `{image.name}` is none"))
    if entry.counter_slots is not None and program not in {"nsib", "mcuboot"}:
        found.append(("counter_slots", f"`{image.name}` keeps no counter"))
    return found
