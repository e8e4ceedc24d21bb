"""The chains of the small scope: each a SoC, a map and the images of its boot flow."""

from dataclasses import dataclass

# Maps in granules of 32 KiB, of which the granules of all parts are fractions.
_APP = """
partitions:
  mcuboot:           {{at: 0x0, size: 0x8000}}
  mcuboot_primary:   {{at: 0x8000, size: 0x10000}}
  mcuboot_secondary: {{at: 0x18000, size: 0x10000}}
  settings_storage:  {{at: 0x40000, size: 0x2000}}
chain:
  mcuboot: {{program: mcuboot, slot: mcuboot, mode: swap-move, protects: [{{span: [0x0, {locked}]}}]}}
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
_ALONE = """
partitions:
  mcuboot:           {{at: 0x0, size: 0x8000}}
  mcuboot_primary:   {{at: 0x8000, size: 0x10000}}
  mcuboot_secondary: {{at: 0x18000, size: 0x10000}}
  tfm: {{at: {code:#x}, size: {size:#x}, attribution: secure}}
  app: {{at: 0x10000, size: 0x8000, attribution: non_secure}}
  settings_storage:  {{at: 0x40000, size: 0x2000}}
chain:
  mcuboot: {{program: mcuboot, slot: mcuboot, mode: swap-move, protects: [{{span: [0x0, {locked}]}}]}}
  tfm+app: {application}
keys: {{}}
"""
_OTP, _PAGE = "uicr", "{partition: provision}"
_KMU = "{kmu: [242, 243], push_to: ram}"


@dataclass(frozen=True, slots=True)
class Chain:
    """What the choices are made in: the updated image, the first stage, the kind of chain and part, the document."""

    app: str
    first: str
    kind: str
    document: str


def chain_of(soc: str, kind: str) -> Chain:
    """The chain of that kind on `soc`."""
    head = f"bootverify: design/1\nname: small\nsoc: {soc}\nsdk: 2.6.1\nlifecycle: {{approtect: true}}\n"
    family = soc[:5]
    locked = "0x7c00" if family == "nrf54" else "0x8000"  # what one entry of the unit covers
    if kind == "mcuboot":
        document = _APP.format(application=_PLAIN, locked=locked)
        return Chain("app", "mcuboot", family, head + document)
    if kind == "tfm alone":
        header = 0x800 if family == "nrf54" else 0x200
        document = _ALONE.format(application=_TFM, locked=locked, code=0x8000 + header, size=0x8000 - header)
        return Chain("tfm+app", "mcuboot", "tfm", head + document)
    paged = family == "nrf52"
    where = {
        "provision": "provision: provision," if paged else "",
        "anchor": _PAGE if paged else _KMU if family == "nrf54" else _OTP,
    }
    if kind == "nsib":
        document = _NSIB.format(app="app", application=_PLAIN, parts="", **where)
        return Chain("app", "b0", family, head + document)
    return Chain(
        "tfm+app", "b0", "tfm", head + _NSIB.format(app="tfm+app", application=_TFM, parts=_TFM_PARTS, **where)
    )


CHAINS = (
    chain_of("nrf5340", "mcuboot"),
    chain_of("nrf5340", "nsib"),
    chain_of("nrf5340", "tfm"),
    chain_of("nrf9160", "mcuboot"),
    chain_of("nrf9160", "nsib"),
    chain_of("nrf9160", "tfm"),
    chain_of("nrf52840", "mcuboot"),
    chain_of("nrf52840", "nsib"),
    chain_of("nrf52832", "mcuboot"),
    chain_of("nrf54l15", "mcuboot"),
    chain_of("nrf54l15", "tfm alone"),
    chain_of("nrf5340", "tfm alone"),
    chain_of("nrf52833", "nsib"),
)
