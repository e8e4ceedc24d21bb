"""From a design file to registers: a design with a recorded map must end with the recorded attribution of flash.

Crosses everything between a map and the protection unit: reading, resolving, the steps of the stages.
"""

import json
from pathlib import Path

import pytest

from bootverify.api import load
from bootverify.design.boot import Protect, SetUpTrustZone
from bootverify.executor.device import Device
from bootverify.executor.stages.protect import protect
from bootverify.executor.stages.tfm import set_up_trustzone
from bootverify.executor.units.spu import RESET_VALUE

HERE = Path(__file__).parent
EVERYTHING = HERE.parents[3] / "shared/vectors/protection"
SOCS = {"nrf5340": "nrf5340", "nrf9160": "nrf9160", "nrf9120": "nrf9161", "nrf54l15": "nrf54l15"}


def chosen(directory: Path):
    """Release builds with the Partition Manager whose boot stages were recorded too."""
    vectors = map(json.loads, (directory / "vectors.jsonl").read_text().splitlines())
    return [
        v
        for v in vectors
        if v["build"] == "release"
        and v["soc"] in SOCS
        and v["in"].get("flavour") == "ncs-pm"
        and "mcuboot" in v["in"]["partitions"]
        and (v["soc"] == "nrf54l15" or any(c[0] == "fprotect_area" for s in v["in"].get("stages", []) for c in s))
    ]


def design(vector):
    """The design that `vector` describes."""
    given = vector["in"]
    at = {name: {"at": int(a, 16), "size": int(s, 16)} for name, (a, s) in given["partitions"].items()}
    external = set(given.get("source", {}).get("external", ()))
    if vector["cat"] == "tfm/secondary-external":
        external.add("mcuboot_secondary")
    staged = "NRF_NS_SECONDARY" in given.get("defs", ())
    two = "b0" in at
    kept = [*(("b0", "s0", "s1") if two else ("mcuboot",)), "mcuboot_pad", "nonsecure_storage"]
    parts = {name: at[name] for name in kept if name in at and name not in external}
    if "nonsecure_storage" in parts:
        parts["nonsecure_storage"] |= {"attribution": "non_secure"}
    parts["tfm"] = at["tfm"] | {"attribution": "secure"}
    parts["app"] = at["tfm_nonsecure"] | {"attribution": "non_secure"}
    parts["mcuboot_primary"] = {"span": [name for name in ("mcuboot_pad", "tfm", "app") if name in parts]}
    if staged:
        outside = {"memory": "external"} if "mcuboot_secondary" in external else {}
        parts["mcuboot_secondary"] = at["mcuboot_secondary"] | outside
    return {
        "bootverify": "design/1",
        "name": "recorded",
        "title": "as recorded",
        "soc": SOCS[vector["soc"]],
        "sdk": "3.4.0",
        "partitions": parts,
        "chain": chain(locks(given), two, staged),
        "keys": {},
        "lifecycle": {"approtect": True, "secure_approtect": True, "eraseprotect": False},
    }


def locks(given):
    """What each boot stage protects."""
    calls = [[(int(c[1], 16), int(c[2], 16)) for c in s if c[0] == "fprotect_area"] for s in given.get("stages", ())]
    return [[{"span": [start, start + size], "lock": "until_reset"} for start, size in stage] for stage in calls]


def chain(protects, two, staged):
    protects = [*protects, [], []]
    mcuboot = {"program": "mcuboot", "mode": "swap-move", "validate_primary": True}
    images = {}
    if two:
        images["b0"] = {"program": "nsib", "slot": "b0", "counter": False, "protects": protects.pop(0)}
        mcuboot |= {"slots": ["s0", "s1"], "verified_by": "b0", "signature": "ecdsa-p256"}
    else:
        mcuboot |= {"slot": "mcuboot"}
    images["mcuboot"] = mcuboot | {"protects": protects.pop(0)}
    images["tfm+app"] = {
        "parts": {"tfm": {"program": "tfm", "code": "tfm"}, "app": {"program": "application", "code": "app"}},
        "slot": "mcuboot_primary",
        "verified_by": "mcuboot",
        "signature": "ecdsa-p256",
    } | ({"staging": "mcuboot_secondary"} if staged else {})
    return images


def started(vector, directory: Path) -> Device:
    """A device whose stages have taken their protection steps."""
    file = directory / "design.yaml"
    file.write_text(json.dumps(design(vector)))
    made = load(file)
    device = Device.blank(made)
    for number, stage in enumerate(made.stages):
        device.stage = number
        for step in stage.steps:
            match step:
                case Protect():
                    protect(device, step)
                case SetUpTrustZone():
                    set_up_trustzone(device, step)
                case _:
                    continue
    return device


def differs(vector, directory: Path) -> bool:
    device, recorded = started(vector, directory), vector["out"]["regs"]
    if device.mpc is not None and device.sau is not None:
        opened = device.mpc.overrides[0]
        found = [hex(each) for each in (opened.config, opened.start, opened.end, opened.permission, opened.mask)]
        sau = [hex(device.sau.base[0]), hex(device.sau.limit[0])]
        return (found, sau) != (recorded["MPC"][0][1:], recorded["SAU"][0][1:])
    registers = [RESET_VALUE] * len(device.spu.registers)
    for first, last, value in recorded["FLASHREGION"]:
        registers[first : last + 1] = [int(value, 16)] * (last + 1 - first)
    return device.spu.registers != registers


def test_designs_of_the_selection_end_with_the_recorded_attribution(tmp_path):
    vectors = chosen(HERE)
    assert len(vectors) >= 20
    assert [v["id"] for v in vectors if differs(v, tmp_path)] == []


@pytest.mark.skipif(not EVERYTHING.is_dir(), reason="the whole recording is not beside the project")
def test_designs_of_the_whole_recording_end_with_the_recorded_attribution(tmp_path):
    vectors = chosen(EVERYTHING)
    assert len(vectors) >= 110
    assert [v["id"] for v in vectors if differs(v, tmp_path)] == []
