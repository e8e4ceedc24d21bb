"""A data partition with a key in it that lies inside the slot of an image, beside the line that the MPC opens from."""

from typing import Any

import pytest
from tests.edited import edited

from bootverify.api import ask
from bootverify.check.replays.abstract import abstracted
from bootverify.check.replays.life import stops
from bootverify.check.verdict import Finding
from bootverify.design.design import Design
from bootverify.encoder.instant import values
from bootverify.encoder.variables.frame import Frame
from bootverify.executor.world import World
from bootverify.sources.attackers import load_attacker

BESIDE, ACROSS = (0x7F000, 0x800), (0x7E800, 0x1000)  # in the block that is opened from its start on; half in it


def _with_vault(at: int, size: int) -> Design:
    vault: dict[str, Any] = {"at": at, "size": size, "attribution": "secure"}
    return edited(
        "SB-S16",
        {
            "partitions.slot0_partition.size": at,
            "partitions.vault": vault,
            "partitions.both.span": ["slot0_partition", "vault", "slot0_ns_partition"],
            "keys": {"device_key": {"kind": "symmetric", "placement": {"partition": "vault"}}},
        },
    )


def _answer(design: Design, policy: str, about: str, attacker: str) -> Finding:
    report = ask(design, policy, (about,), load_attacker(attacker))
    assert not report.discrepancies
    (finding,) = report.findings
    return finding


@pytest.mark.parametrize(
    ("vault", "attacker", "verdict"),
    [
        (BESIDE, "app-code-ns", "violated"),
        (ACROSS, "app-code-ns", "unknown"),  # he reads half of it, and nothing tells where in it the key lies
        (ACROSS, "secure-partition", "violated"),
        (ACROSS, "remote-ota", "holds"),
    ],
)
def test_a_key_between_the_parts_of_an_image_is_seen_where_the_block_is_open(vault, attacker, verdict) -> None:
    assert _answer(_with_vault(*vault), "secret-confidential", "device_key", attacker).verdict.value == verdict


@pytest.mark.parametrize("vault", [BESIDE, ACROSS])
def test_both_sides_see_the_same_device_leave_production(vault) -> None:
    design, foe = _with_vault(*vault), load_attacker("app-code-ns")
    frame = Frame(design, foe)
    seen = values(frame, abstracted(frame, World.start(design, foe)))
    assert seen == {variable: start for variable, (start,) in frame.init.items()}


INSIDE: dict[str, dict[str, Any]] = {
    "primary": {
        "partitions.app.size": 0x78E00,
        "partitions.vault": {"at": 0x85000, "size": 0x1000},
        "partitions.mcuboot_primary.span": ["mcuboot_pad", "app", "vault"],
    },
    "secondary": {
        "partitions.update": {"at": 0x86000, "size": 0x79000},
        "partitions.vault": {"at": 0xFF000, "size": 0x1000},
        "partitions.mcuboot_secondary": {"span": ["update", "vault"]},
    },
}


@pytest.mark.parametrize("inside", INSIDE)
def test_a_key_that_a_signature_covers_or_an_update_erases_is_left_open(inside) -> None:
    keys = {"keys.device_key": {"kind": "symmetric", "placement": {"partition": "vault"}}}
    finding = _answer(edited("SB-S31", {**INSIDE[inside], **keys}), "secret-confidential", "device_key", "app-code")
    assert finding.verdict.value == "unknown"
    assert "`vault` holds `device_key` and lies inside a slot of `app`" in finding.because
    assert not stops(edited("SB-S31", {**INSIDE[inside], **keys}))
