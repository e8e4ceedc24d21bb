"""Scenario cards whose images start in place, asked as cards are: verdicts from documents, general rules only.

`says` is the sentence that decides (MCUboot docs/design.md, boot/zephyr/Kconfig; the attackers' table of the cards).
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from bootverify.cli import run

MAP = [
    {"name": "mcuboot", "at": 0x0, "size": 0xC000, "region": "internal"},
    {"name": "mcuboot_pad", "at": 0xC000, "size": 0x200, "region": "internal"},
    {"name": "app", "at": 0xC200, "size": 0x79E00, "region": "internal"},
    {"name": "mcuboot_secondary", "at": 0x86000, "size": 0x7A000, "region": "internal"},
]
LOCK = {"span": [0x0, 0xC000], "perm": "write denied until reset (ACL)", "set_by": "mcuboot", "when": "before hand-off"}
OUTSIDE = [*MAP[:3], {"name": "mcuboot_secondary", "at": 0x0, "size": 0x7A000, "region": "external"}]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A question about the chain below; what differs from it, and the sentence that decides."""

    mode: str
    ask: str
    attacker: str
    expected: str
    says: str
    subject: str = "app"
    update: dict[str, Any] = field(default_factory=dict)
    app: dict[str, str] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=lambda: MAP)
    locks: list[dict[str, Any]] = field(default_factory=lambda: [LOCK])
    signing: dict[str, str] = field(default_factory=dict)
    flash_patch: str = "disabled"

    def text(self) -> str:
        """The card as a file."""
        first = {"stage": "mcuboot", "role": "first stage", "mutability": "immutable", "signature": "none",
                 "verified_by": "none (reset vector)", "encrypted": "none", "lock_set": "before hand-off"}  # fmt: skip
        app = {"stage": "app", "role": "application", "mutability": "updatable over the air", "verified_by": "mcuboot",
               "signature": "ecdsa-p256", "encrypted": "none", "runs_as": "M4, no TrustZone"}  # fmt: skip
        public = {"name": "verify", "kind": "public", "placement": "mcuboot image", "used_for": "verify app"}
        private = {"name": "sign", "kind": "private", "placement": "host only", "used_for": "sign app"}
        update = {"mode": self.mode, "downgrade": "none", "validate_primary_each_boot": True, "serial_recovery": False}
        return yaml.safe_dump(
            {
                "format": "scenario-card/1",
                "id": "in-place",
                "title": self.says,
                "soc": "nRF52840",
                "sdk": "nRF Connect SDK 2.9",
                "design": {
                    "chain": [first, app | self.app],
                    "partitions": {"protection_region_size": 0x1000, "entries": self.entries},
                    "protection": {"engine": "ACL", "locks": self.locks, "tfm": "absent", "approtect": "on",
                                   "flash_patch": self.flash_patch},
                    "keys": [public, private | self.signing],
                    "update": update | self.update,
                },
                "question": {"property": self.ask, "subject": self.subject, "attacker": self.attacker},
            },
            sort_keys=False,
        )  # fmt: skip


NEWEST = "the newest valid image runs, by its version"
EVERY = "both slots are verified at each boot"
CARDS = {
    "code in a slot": Card(mode="direct-xip", ask="authentic-only", attacker="app-code", expected="holds", says=EVERY),
    "validation off": Card(
        mode="direct-xip", ask="authentic-only", attacker="app-code", expected="holds",
        says="the option is about the primary slot of other modes", update={"validate_primary_each_boot": False},
    ),
    "an old release is sent": Card(
        mode="direct-xip", ask="no-downgrade", attacker="old-signed-image", expected="holds", says=NEWEST
    ),
    "an old release while a new one is tried": Card(
        mode="direct-xip with revert", ask="no-downgrade", attacker="old-signed-image", expected="holds",
        says="what is confirmed stays, and the client refuses its slot while another is tried",
    ),
    "the newer slot is erased": Card(
        mode="direct-xip", ask="no-downgrade", attacker="app-code", expected="violated",
        says="the older image in the other slot is the newest valid one then",
    ),
    "power is lost": Card(
        mode="direct-xip with revert", ask="update-recoverable", attacker="power-cut", expected="holds",
        says="the previous image is never moved",
    ),
    "code writes what was loaded": Card(
        mode="ram-load", ask="authentic-only", attacker="app-code", expected="holds",
        says="what runs is the copy in RAM, which was verified there",
    ),
    "code patches what loads": Card(
        mode="ram-load", ask="authentic-only", attacker="app-code", expected="violated", flash_patch="on",
        says="the flash patch unit survives a soft reset, so code changes what a bootloader executes",
    ),
    "power is lost while it loads": Card(
        mode="ram-load", ask="update-recoverable", attacker="power-cut", expected="holds", says="flash is only read"
    ),
    "a chip that changes its answers": Card(
        mode="ram-load", ask="authentic-only", attacker="ext-flash-write", expected="unknown", entries=OUTSIDE,
        says="the header is read before the copy; no document says what becomes of another answer",
    ),
    "sealed images": Card(
        mode="direct-xip", ask="config-supported", attacker="remote-ota", expected="undefined",
        app={"encrypted": "ecies-p256"}, says="encrypted images are opened while they are moved, and nothing is moved",
    ),
    "plain images": Card(
        mode="ram-load", ask="image-confidential", attacker="remote-ota", expected="violated",
        says="updates are in everybody's hands, in clear",
    ),
    "a key in the source tree": Card(
        mode="direct-xip with revert", ask="authentic-only", attacker="remote-ota", expected="violated",
        signing={"placement": "public source tree"}, says="whoever signs may send",
    ),
    "no lock": Card(
        mode="ram-load", ask="rot-immutable", attacker="app-code", subject="mcuboot", expected="violated", locks=[],
        says="nothing write-protects the boot loader",
    ),
    "a loader that updates": Card(
        mode="firmware updater", ask="authentic-only", attacker="remote-ota", expected="unknown",
        says="which entrance leads to the loader image is a matter of the build",
    ),
}  # fmt: skip


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_card_in_place_has_the_answer_that_documents_give(capsys, tmp_path, card):
    (path := tmp_path / "card.yaml").write_text(card.text())
    asked = ("--policy", card.ask, "--subject", card.subject, "--attacker", card.attacker)
    code = run(["check", str(path), *asked, "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    told = {"undefined", "unknown"} if card.expected == "unknown" else {card.expected}
    assert found["verdict"] in told, (found["verdict"], found["because"], found["open_points"])
    assert code == {"holds": 0, "violated": 1}.get(card.expected, 3)
