"""Every design of a small scope, by its number: a chain on a SoC, and one choice in each of a dozen dimensions.

Numbers are mixed radix, the chains lowest; a stride that shares no factor with the size meets all choices early.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from math import gcd, prod, sqrt
from typing import Any

from tests.differential.small_chains import CHAINS, Chain

from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.ranges import AddressRange
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.sources.mutate import mutated
from bootverify.sources.written import Written

FLASH = AddressRange(0, 0x80000)  # what the small maps use; copies of a device cost what its flash has

Change = Mapping[str, Any]
NOTHING: Change = {}


def _key(kind: str, placement: Any, **uses: Any) -> Change:
    return {"kind": kind, "placement": placement, **uses}


_LOCK = {"span": [0x0, 0x4000]}
_PUSHED = {"kmu": [8, 9], "push_to": "ram"}
_SEALED = {"kmu": [8, 9], "push_to": "engine"}

# `APP` stands for the updated image, `FIRST` for the first stage.
DIMENSIONS: dict[str, tuple[Change, ...]] = {
    "releases": (NOTHING, {"releases": 3}, {"releases": 1}),
    "mode": (
        NOTHING,
        {"chain.mcuboot.mode": "overwrite"},
        {"chain.mcuboot.mode": "swap-scratch", "partitions.mcuboot_scratch": {"at": 0x60000, "size": 0x2000}},
        {"chain.mcuboot.mode": "swap-offset"},
        {"chain.mcuboot.mode": "direct-xip"},
        {"chain.mcuboot.mode": "direct-xip", "chain.mcuboot.revert": True},
        {"chain.mcuboot.mode": "ram-load"},
        {"chain.mcuboot.mode": "ram-load", "chain.mcuboot.revert": True},
    ),
    "check": (NOTHING, {"chain.mcuboot.validate_primary": False}),
    "downgrade": (
        NOTHING,
        {"chain.mcuboot.downgrade": "version"},
        {
            "chain.mcuboot.downgrade": "version",
            "chain.mcuboot.compare_build": True,
            "releases": 2,
            "chain.APP.versions": [[1, 0, 0, 0], [1, 0, 0, 1]],
        },
        {"chain.mcuboot.downgrade": "version", "releases": 2, "chain.APP.versions": [[1, 0, 0, 0], [1, 0, 0, 1]]},
        {"chain.mcuboot.downgrade": "version", "chain.mcuboot.compare_tests_only": True},
        {"chain.mcuboot.security_counter": True},
        {"chain.mcuboot.security_counter": True, "chain.mcuboot.counter_slots": 1},
        {"chain.mcuboot.security_counter": True, "releases": 2, "chain.APP.counters": [1, 1]},
    ),
    "signature": (NOTHING, {"chain.APP.signature": "none"}, {"chain.APP.signature": "ed25519"}),
    "encryption": (
        NOTHING,
        {
            "chain.APP.encryption": "ecies-p256",
            "keys.enc": _key("private", {"image": "mcuboot"}, decrypts="APP"),
        },
        {"chain.APP.encryption": "ecies-x25519", "keys.enc": _key("private", "host", decrypts="APP")},
        {
            "chain.APP.encryption": "aes-kw",
            "keys.kek": _key("symmetric", {"partition": "settings_storage"}, decrypts="APP"),
        },
        {
            "chain.APP.encryption": "aes-kw",
            "keys.kek": _key("symmetric", {**_PUSHED, "readable": True}, decrypts="APP"),
        },
        {"chain.APP.encryption": "aes-kw", "keys.kek": _key("symmetric", _SEALED, decrypts="APP")},
        {
            "chain.APP.encryption": "ecies-p256",
            "chain.APP.decryptor": "FIRST",
            "keys.enc": _key("private", {"image": "FIRST"}, decrypts="APP", published=True),
        },
    ),
    "signing key": (
        NOTHING,
        {"keys.sign": _key("private", "host", signs="APP")},
        {"keys.sign": _key("private", "host", signs="APP", published=True)},
        {"keys.sign": _key("private", {"image": "APP"}, signs="APP")},
        {"keys.sign": _key("private", {"image": "APP", "release": 2}, signs="APP")},
        {"keys.sign": _key("private", {"image": "mcuboot"}, signs="mcuboot")},
    ),
    "lock": (
        NOTHING,
        {"chain.FIRST.protects": []},
        {"chain.FIRST.protects": [_LOCK]},
        {"chain.mcuboot.protects": []},
        {"chain.FIRST.protects": [{**_LOCK, "lock": "none"}]},
        {"chain.FIRST.protects": [{**_LOCK, "deny": ["read", "write"]}]},
        {"chain.mcuboot.protects": [{**_LOCK, "when": "start"}, {"span": [0x8000, 0xC000]}]},
    ),
    "life": (
        NOTHING,
        {"lifecycle.approtect": False},
        {"lifecycle.approtect": False, "lifecycle.eraseprotect": True},
        {"lifecycle.approtect": False, "lifecycle.secure_approtect": False, "lifecycle.eraseprotect": True},
    ),
    "slots": (
        NOTHING,
        {"partitions.mcuboot_secondary.size": 0xF000},
        {"partitions.mcuboot_secondary.size": 0x11000},
        {"partitions.mcuboot_secondary.memory": "external"},
        {"chain.APP.staging": None, "chain.APP.update": "by_wire"},
    ),
    "another secret": (
        NOTHING,
        {"keys.token": _key("symmetric", {"image": "APP"})},
        {"keys.token": _key("symmetric", {"partition": "settings_storage"})},
        {"keys.token": _key("symmetric", "uicr")},
        {"keys.token": _key("symmetric", {"image": "mcuboot"})},
        {"keys.token": _key("symmetric", [{"image": "APP", "release": 2}, {**_PUSHED, "kmu": [12, 13]}])},
        {"keys.token": _key("symmetric", {**_SEALED, "kmu": [12, 13], "readable": True})},
    ),
    "sdk": (NOTHING, {"sdk": "1.9.1"}, {"sdk": "2.9.0"}),
    "counter": (
        NOTHING,
        {"chain.FIRST.counter": True},
        {"chain.FIRST.counter": False},
        {"chain.FIRST.counter_slots": 1, "chain.FIRST.counter_full": "stops"},
        {"chain.FIRST.counter_slots": 1, "chain.FIRST.counter_full": "boots"},
    ),
    "own update": (NOTHING, {"chain.mcuboot.staging": None, "chain.mcuboot.update": "never"}),
}
# What a kind of chain has of its own: the unit before its memory, or TF-M.
OF_KIND: dict[str, tuple[Change, ...]] = {
    "tfm": (
        NOTHING,
        {"chain.APP.trustzone": {"isolation_level": 2}},
        {"chain.APP.trustzone": {"secure_code_locked_first": False}},
        {"chain.APP.trustzone": {"build": "debug"}},
    ),
    "nrf54": (
        NOTHING,
        {"lifecycle.boot_region": 0x4000, "chain.FIRST.protects": []},
        {"keys.gen1": _key("public", {"kmu": [244, 245], "push_to": "ram"}, verifies="APP", state="empty")},
        {"keys.gen1": _key("public", {"kmu": [244, 245], "push_to": "ram"}, verifies="APP", reusable=True)},
        {"lifecycle.boot_region": 0x7C00},
    ),
    "nrf52": (
        NOTHING,
        {"lifecycle.flash_patch": False},
        {"chain.FIRST.lock_library": "counted"},
        {"chain.FIRST.protects": [{"span": [0x0, 0x28000]}]},
    ),
}
_SECURE_ONLY = (
    NOTHING,
    {"chain.FIRST.protects": [{"span": [0x0, 0x28000]}]},
    {"chain.APP.attribution": "non_secure"},
    {"chain.FIRST.protects": [{"span": [0x0, 0x6000]}]},
)
OF_KIND |= {"nrf53": _SECURE_ONLY, "nrf91": _SECURE_ONLY}
SIZES = (len(CHAINS), *map(len, DIMENSIONS.values()), 4)
SIZE = prod(SIZES)
# Near the golden section of the whole, so that no digits go together; it shares no factor with the size of the scope.
STRIDE = next(number for number in count(int(SIZE * (sqrt(5) - 1) / 2)) if gcd(number, SIZE) == 1)


@dataclass(frozen=True, slots=True)
class Small:
    """A design of the scope: its number, and what was chosen."""

    number: int
    chosen: tuple[int, ...]
    design: Design


def numbers(count: int, start: int = 0) -> Iterator[int]:
    """`count` numbers that spread over the scope; none comes twice before all came."""
    yield from ((start + index) * STRIDE % SIZE for index in range(count))


def in_scope(**choices: int) -> Design:
    """The design with these choices, numbers by dimension (`chain`, `kind`); the first of each where none is said."""
    number, weight = 0, 1
    for name, size in zip(("chain", *DIMENSIONS, "kind"), SIZES, strict=True):
        number += weight * choices.pop(name.replace(" ", "_"), 0)
        weight *= size
    assert not choices
    return small(number).design


def small(number: int) -> Small:
    """The design with that number.

    Raises:
        InputError: the choices do not go together.
    """
    chosen = digits(number)
    chain = CHAINS[chosen[0]]
    change: dict[str, Any] = {}
    for choice, name in zip(chosen[1:], (*DIMENSIONS, "kind"), strict=True):
        possible = fitting(chain, name)
        change |= possible[choice % len(possible)]
    design = resolved(chain, change)
    design = replace(design, name=f"small {number}", soc=replace(design.soc, flash=FLASH))
    return Small(number, chosen, design)


def digits(number: int) -> tuple[int, ...]:
    """The choice in each dimension, the chain first."""
    chosen, rest = [], number
    for size in SIZES:
        rest, choice = divmod(rest, size)
        chosen.append(choice)
    return tuple(chosen)


@cache
def fitting(chain: Chain, dimension: str) -> tuple[Change, ...]:
    """The choices of a dimension that a chain can have at all: its part has the unit, its program the option."""
    every = OF_KIND[chain.kind] if dimension == "kind" else DIMENSIONS[dimension]
    found = []
    for choice in every:
        change = named(choice, chain)
        with suppress(InputError):
            resolved(chain, change)
            found.append(change)
    return tuple(found)


def resolved(chain: Chain, change: Change) -> Design:
    """The design of `chain` with that choice."""
    written = mutated(_written(chain.document), change)
    return design_of(written)


@cache
def _written(document: str) -> Written:
    return parse_written(document.encode(), "small.yaml")


def named(value: Any, chain: Chain) -> Any:
    """A choice in the words of `chain`: APP and FIRST are replaced."""
    match value:
        case Mapping():
            return {named(key, chain): named(each, chain) for key, each in value.items()}
        case list():
            return [named(each, chain) for each in value]
        case str():
            return value.replace("APP", chain.app).replace("FIRST", chain.first)
        case _:
            return value
