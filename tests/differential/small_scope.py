"""Every design of a small scope, by its number: a chain on a SoC, and one choice in each of a dozen dimensions.

Numbers are mixed radix, the chains lowest; a stride that shares no factor with the size meets all choices early.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any

from bootverify.design.design import Design
from bootverify.ranges import AddressRange
from bootverify.sources.document import parse_written
from bootverify.sources.mutate import mutated
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated
from bootverify.sources.written import Written

FLASH = AddressRange(0, 0x80000)  # what the small maps use; copies of a device cost what its flash has
STRIDE = 7_368_787  # prime: shares no factor with the size of the scope

# Maps in granules of 32 KiB, of which the granules of all parts are fractions.
_APP = """
partitions:
  mcuboot:           {{at: 0x0, size: 0x8000}}
  mcuboot_primary:   {{at: 0x8000, size: 0x10000}}
  mcuboot_secondary: {{at: 0x18000, size: 0x10000}}
  settings_storage:  {{at: 0x40000, size: 0x2000}}
chain:
  mcuboot: {{program: mcuboot, slot: mcuboot, mode: swap-move, protects: [{{span: [0x0, 0x8000]}}]}}
  app: {application}
keys: {{}}
"""
_NSIB = """
partitions:
  b0:                {{at: 0x0, size: 0x8000}}
  s0:                {{at: 0x8000, size: 0x8000}}
  s1:                {{at: 0x10000, size: 0x8000}}
  mcuboot_primary:   {{at: 0x18000, size: 0x10000}}
  mcuboot_secondary: {{at: 0x28000, size: 0x10000}}
  provision:         {{at: 0x3a000, size: 0x1000}}
  settings_storage:  {{at: 0x40000, size: 0x2000}}
  {parts}
chain:
  b0: {{program: nsib, slot: b0, {provision} protects: [{{span: [0x0, 0x8000]}}]}}
  mcuboot:
    program: mcuboot
    slots: [s0, s1]
    staging: mcuboot_secondary
    verified_by: b0
    signature: ecdsa-p256
    update: over_the_air
    mode: swap-move
    protects: [{{span: [0x8000, 0x18000]}}]
  "{app}": {application}
keys:
  b0_key_hash: {{kind: hash, placement: {anchor}, verifies: mcuboot}}
"""
_UPDATED = (
    "slot: mcuboot_primary, staging: mcuboot_secondary, verified_by: mcuboot, signature: ecdsa-p256, "
    "update: over_the_air"
)
_PLAIN = f"{{program: application, {_UPDATED}}}"
_TFM = f"{{parts: {{tfm: {{program: tfm, code: tfm}}, app: {{program: application, code: app}}}}, {_UPDATED}}}"
_TFM_PARTS = (
    "tfm: {at: 0x18200, size: 0x7e00, attribution: secure}\n"
    "  app: {at: 0x20000, size: 0x8000, attribution: non_secure}\n"
    "  tfm_storage: {at: 0x48000, size: 0x8000, attribution: secure}"
)
_OTP, _PAGE = "uicr", "{partition: provision}"


def _chain(soc: str, kind: str) -> tuple[str, str, str]:
    """Name of the updated image, SoC and document."""
    head = f"bootverify: design/1\nname: small\nsoc: {soc}\nsdk: 2.6.1\nlifecycle: {{approtect: true}}\n"
    if kind == "mcuboot":
        return "app", soc, head + _APP.format(application=_PLAIN)
    paged = soc.startswith("nrf52")
    where = {"provision": "provision: provision," if paged else "", "anchor": _PAGE if paged else _OTP}
    if kind == "nsib":
        return "app", soc, head + _NSIB.format(app="app", application=_PLAIN, parts="", **where)
    return "tfm+app", soc, head + _NSIB.format(app="tfm+app", application=_TFM, parts=_TFM_PARTS, **where)


CHAINS = (
    _chain("nrf5340", "mcuboot"),
    _chain("nrf5340", "nsib"),
    _chain("nrf5340", "tfm"),
    _chain("nrf9160", "mcuboot"),
    _chain("nrf9160", "nsib"),
    _chain("nrf9160", "tfm"),
    _chain("nrf52840", "mcuboot"),
    _chain("nrf52840", "nsib"),
    _chain("nrf52832", "mcuboot"),
    _chain("nrf54l15", "mcuboot"),
)

Change = Mapping[str, Any]
NOTHING: Change = {}

# `APP` stands for the updated image, `FIRST` for the first stage.
DIMENSIONS: dict[str, tuple[Change, ...]] = {
    "mode": (NOTHING, {"chain.mcuboot.mode": "overwrite"}),
    "check": (NOTHING, {"chain.mcuboot.validate_primary": False}),
    "downgrade": (NOTHING, {"chain.mcuboot.downgrade": "version"}),
    "signature": (NOTHING, {"chain.APP.signature": "none"}),
    "encryption": (
        NOTHING,
        {
            "chain.APP.encryption": "ecies-p256",
            "keys.enc": {"kind": "private", "placement": {"image": "mcuboot"}, "decrypts": "APP"},
        },
        {
            "chain.APP.encryption": "ecies-x25519",
            "keys.enc": {"kind": "private", "placement": "host", "decrypts": "APP"},
        },
        {
            "chain.APP.encryption": "aes-kw",
            "keys.kek": {"kind": "symmetric", "placement": {"partition": "settings_storage"}, "decrypts": "APP"},
        },
        {
            "chain.APP.encryption": "aes-kw",
            "keys.kek": {
                "kind": "symmetric",
                "placement": {"kmu": [8, 9], "push_to": "ram", "readable": True},
                "decrypts": "APP",
            },
        },
    ),
    "signing key": (
        NOTHING,
        {"keys.sign": {"kind": "private", "placement": "host", "signs": "APP"}},
        {"keys.sign": {"kind": "private", "placement": "host", "signs": "APP", "published": True}},
        {"keys.sign": {"kind": "private", "placement": {"image": "APP"}, "signs": "APP"}},
    ),
    "lock": (
        NOTHING,
        {"chain.FIRST.protects": []},
        {"chain.FIRST.protects": [{"span": [0x0, 0x4000]}]},
        {"chain.mcuboot.protects": []},
    ),
    "life": (
        NOTHING,
        {"lifecycle.approtect": False},
        {"lifecycle.approtect": False, "lifecycle.eraseprotect": True},
    ),
    "slots": (
        NOTHING,
        {"partitions.mcuboot_secondary.size": 0xF000},
        {"partitions.mcuboot_secondary.size": 0x11000},
    ),
    "releases": (NOTHING, {"releases": 3}),
    "another secret": (
        NOTHING,
        {"keys.token": {"kind": "symmetric", "placement": {"image": "APP"}}},
        {"keys.token": {"kind": "symmetric", "placement": {"partition": "settings_storage"}}},
        {"keys.token": {"kind": "symmetric", "placement": "uicr"}},
        {"keys.token": {"kind": "symmetric", "placement": {"image": "mcuboot"}}},
    ),
    "sdk": (NOTHING, {"sdk": "1.9.1"}, {"sdk": "2.9.0"}),
    "counter": (NOTHING, {"chain.FIRST.counter": True}),
}
SIZES = (len(CHAINS), *map(len, DIMENSIONS.values()))
SIZE = prod(SIZES)


@dataclass(frozen=True, slots=True)
class Small:
    """A design of the scope: its number, and what was chosen."""

    number: int
    chosen: tuple[int, ...]
    design: Design


def numbers(count: int, start: int = 0) -> Iterator[int]:
    """`count` numbers that spread over the scope; none comes twice before all came."""
    yield from ((start + index) * STRIDE % SIZE for index in range(count))


def small(number: int) -> Small:
    """The design with that number.

    Raises:
        InputError: the choices do not go together.
    """
    chosen, rest = [], number
    for size in SIZES:
        rest, choice = divmod(rest, size)
        chosen.append(choice)
    app, _, document = CHAINS[chosen[0]]
    first = "b0" if "  b0:" in document else "mcuboot"
    change: dict[str, Any] = {}
    for choice, choices in zip(chosen[1:], DIMENSIONS.values(), strict=True):
        change |= _named(choices[choice], app, first)
    written = mutated(_written(document), change)
    design = resolve(validated(DesignEntry, written), written)
    named = replace(design, name=f"small {number}", soc=replace(design.soc, flash=FLASH))
    return Small(number, tuple(chosen), named)


@cache
def _written(document: str) -> Written:
    return parse_written(document.encode(), "small.yaml")


def _named(value: Any, app: str, first: str) -> Any:
    match value:
        case Mapping():
            return {_named(key, app, first): _named(each, app, first) for key, each in value.items()}
        case str():
            return value.replace("APP", app).replace("FIRST", first)
        case _:
            return value
