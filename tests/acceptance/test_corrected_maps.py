"""Maps with the defects that their vendor corrected in maps of his own, before and after; through the command line.

The maps are ours. The reasons are those of the corrections: memory that the part does not have, slots that are not made
of pages, an area to protect that ends inside a block, a header behind its image, areas that others reach into.
"""

import json

import pytest

from bootverify.cli import run

Area = tuple[str, int, int]


def written(path, areas: tuple[Area, ...], spans: dict[str, list[str]]):
    """A static map of that many bytes an area, in internal memory."""
    lines = []
    for name, at, size in areas:
        lines += [f"{name}:", f"  address: {at:#x}", f"  size: {size:#x}", "  region: flash_primary"]
        lines += [f"  span: [{', '.join(spans[name])}]"] if name in spans else []
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def slots(start: int, size: int, pad: int = 0x800, second: int | None = None) -> tuple[Area, ...]:
    return (
        ("mcuboot", 0, start),
        ("mcuboot_pad", start, pad),
        ("app", start + pad, size - pad),
        ("mcuboot_primary", start, size),
        ("mcuboot_secondary", start + size if second is None else second, size),
    )


def moved(areas: tuple[Area, ...], **places: tuple[int, int]) -> tuple[Area, ...]:
    return tuple((name, *places.get(name, (at, size))) for name, at, size in areas)


L10, L15, N53, N52 = (
    "nrf54l15dk_nrf54l10_cpuapp",
    "nrf54l15dk_nrf54l15_cpuapp",
    "nrf5340dk_nrf5340_cpuapp",
    "nrf52820dongle",
)
SMALL = slots(0xC000, 0x18000, 0x200)
CORRECTIONS = [
    ("map-inside-memory", L10, (*slots(0xD000, 0x70000), ("settings_storage", 0xF5000, 0xA000)),
     (*slots(0xD000, 0x70000), ("settings_storage", 0xF3000, 0xA000))),
    ("slots-on-pages", L15, slots(0x7000, 0xB5800), slots(0x7000, 0xB5000)),
    ("slots-on-pages", L10, slots(0xD000, 0x70800), slots(0xD000, 0x70000)),
    ("lock-span-on-granule", N53, slots(0xD000, 0x36000, 0x200), slots(0x10000, 0x36000, 0x200)),
    ("header-room", "", moved(slots(0x8000, 0x60800), app=(0x8000, 0x60000), mcuboot_pad=(0x68000, 0x800)),
     slots(0x8000, 0x60800)),
    ("map-no-overlap", N52, moved(SMALL, app=(0xC200, 0x20000)), SMALL),
    ("map-spans-members", N52, moved(SMALL, mcuboot_primary=(0xC000, 0x17000)), SMALL),
    ("map-inside-memory", N52, moved(SMALL, app=(0xC200, 0x70000)), SMALL),
]  # fmt: skip


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda each: f"{each[0]}-{each[1]}")
def test_a_corrected_map_is_violated_before_and_holds_after(tmp_path, capsys, correction) -> None:
    policy, board, before, after = correction
    spans = {"mcuboot_primary": ["mcuboot_pad", "app"]}
    file = f"pm_static_{board}.yml" if board else "pm_static.yml"
    old, new = (written(tmp_path / name / file, areas, spans) for name, areas in (("old", before), ("new", after)))
    asked = ["--policy", policy, "--attacker", "remote-ota"]
    assert [run(["check", path, *asked]) for path in (old, new)] == [1, 0]
    capsys.readouterr()
    run(["diff", old, new, *asked, "--format", "json"])
    changes = json.loads(capsys.readouterr().out)["questions"]
    assert [(each["policy"], each["change"], each["old"]) for each in changes] == [(policy, "stronger", "violated")]
