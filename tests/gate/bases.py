"""Designs that keep what their part can keep, one for each kind of chain: what the gate's sets are seeded into."""

from functools import cache
from pathlib import Path
from typing import Any

from bootverify.sources.document import parse_written
from bootverify.sources.patch import edited
from bootverify.sources.written import Written

TESTS = Path(__file__).resolve().parents[1]
ASKED = {"serial_recovery": False, "open_management": False, "nsib_key_given": True}
CLOSED: dict[str, Any] = {"chain.mcuboot.downgrade": "version", "settings": ASKED}

# name -> the design file it is made from, and what is edited in it
BASES: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "nrf5340-tfm": (
        "designs/advised.yaml",
        {
            **CLOSED,
            "chain.b0.counter": True,
            "lifecycle.eraseprotect": True,
            "chain.tfm+app.trustzone": {"isolation_level": 2},
        },
        (),
    ),
    "nrf5340": ("scenarios/hardened.yaml", {"lifecycle.eraseprotect": True}, ()),
    "nrf9151-tfm": (
        "scenarios/SB-S37.yaml",
        {
            **CLOSED,
            "lifecycle.eraseprotect": True,
            "keys.kek.placement.push_to": "engine",
            "settings": {**ASKED, "updates_encrypted": True},
        },
        (),
    ),
    "nrf52840": ("scenarios/SB-S18.yaml", CLOSED, ("keys.link_key",)),
    "nrf52832": ("scenarios/SB-S32.yaml", {**CLOSED, "chain.mcuboot.validate_primary": True}, ()),
    "nrf54l15": ("scenarios/SB-S19.yaml", {**CLOSED, "lifecycle.eraseprotect": True}, ()),
}


@cache
def base(name: str) -> Written:
    """The base design of that name, as the text of a file."""
    file, change, drop = BASES[name]
    written = parse_written((TESTS / file).read_bytes(), f"{name}.yaml")
    return edited(written, change, drop)


def text_of(written: Written) -> str:
    """The document's text."""
    return "\n".join(written.text) + "\n"
