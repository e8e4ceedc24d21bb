"""The designs that the crossings run over: the shapes, the scenarios, and turns of them that change a rule."""

from dataclasses import replace
from functools import cache

from tests.designs import shapes
from tests.differential.histories import MORE_ATTACKERS
from tests.edited import SCENARIOS, edited

from bootverify.design.boot import BootGo, EncryptionType, SignatureType, UpgradeMode
from bootverify.design.design import Design, Lifecycle
from bootverify.design.keys import HostOnly, InImage, InKmu, InUicr, Key, KeyKind, PushTarget
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.variables.cells import NotModelled
from bootverify.sources.design_file import load_design

ATTACKERS = {**shapes.ATTACKERS, **MORE_ATTACKERS}


def boot_go(design: Design, **changes: object) -> Design:
    """The same design with other parameters of MCUboot's boot_go."""
    stages = tuple(
        replace(
            stage, steps=tuple(replace(step, **changes) if isinstance(step, BootGo) else step for step in stage.steps)
        )
        for stage in design.stages
    )
    return replace(design, stages=stages)


def with_key(design: Design, key: str, **changes: object) -> Design:
    """The same design with one key changed."""
    return replace(design, keys=tuple(replace(each, **changes) if each.name == key else each for each in design.keys))


def with_image(design: Design, image: str, **changes: object) -> Design:
    """The same design with one image changed."""
    changed = (replace(each, **changes) if each.name == image else each for each in design.images)
    return replace(design, images=tuple(changed))


def turned() -> dict[str, Design]:
    """Shapes with one rule turned."""
    s01, s05, s06, s08 = shapes.s01(), shapes.s05(), shapes.s06(), shapes.s08()
    kmu = InKmu(slots=(8, 9), push_to=PushTarget.RAM, readable=False)
    readable = InKmu(slots=(8, 9), push_to=PushTarget.ENGINE, readable=True)
    found = {
        "no lock": shapes.s01(lock=None),
        "overwrite": boot_go(s01, mode=UpgradeMode.OVERWRITE),
        "overwrite with tfm": boot_go(s08, mode=UpgradeMode.OVERWRITE),
        "never lower": boot_go(s01, prevent_downgrade=True),
        "unchecked": boot_go(s01, validate=False),
        "open port": replace(s01, lifecycle=Lifecycle(approtect=False, secure_approtect=False, eraseprotect=False)),
        "open non-secure port": replace(
            s05, lifecycle=Lifecycle(approtect=False, secure_approtect=True, eraseprotect=True)
        ),
        "signing key out": with_key(s08, "img_sign_priv", published=True),
        "sealed parts": with_image(s05, "tfm+app", signature=SignatureType.NONE),
        "pushed to ram": with_key(s06, "kek", placements=(kmu,)),
        "readable slot": with_key(s05, "kek", placements=(readable,)),
        "key in uicr": with_key(s05, "kek", placements=(InUicr(),)),
        "key over a border": with_key(
            s01, "enc_priv", placements=(InImage(image="mcuboot", offset=0x3FF0), InImage(image="app", release=2))
        ),
        "no key on the device": with_key(s06, "kek", placements=(HostOnly(),)),
        "three releases": replace(s08, releases=3),
        "unsigned": replace(
            s01,
            images=(
                s01.images[0],
                replace(s01.images[1], signature=SignatureType.NONE, encryption=EncryptionType.NONE),
            ),
            keys=(Key(name="other", kind=KeyKind.SYMMETRIC, placements=(InImage(image="app"),)),),
        ),
    }
    return {name: replace(design, name=name) for name, design in found.items()}


def _shapes() -> tuple[Design, ...]:
    return shapes.s01(), shapes.s02(), shapes.s05(), shapes.s06(), shapes.s08(), shapes.small()


@cache
def designs() -> dict[str, Design]:
    """All of them, by name; without those that the encoder admits it has no terms for."""
    found = {each.name: each for each in _shapes()}
    found |= turned()
    for path in sorted(SCENARIOS.glob("*.yaml")):
        design = load_design(path)
        found[design.name] = design
    found |= {name: edited(path, change) for name, (path, change) in EDITS.items()}
    return {name: design for name, design in found.items() if _modelled(design)}


# Scenarios with one fact turned: the units beside the SPU, and what their parts trust.
EDITS: dict[str, tuple[str, dict[str, object]]] = {
    "provision page open": ("SB-S18", {"chain.b0.protects": [{"span": [0, 0x8000]}]}),
    "one slot for nsib": (
        "SB-S18",
        {"chain.mcuboot.slots": ["s0"], "chain.mcuboot.update": "by_wire", "chain.mcuboot.staging": None},
    ),
    "patched fetches": ("SB-S18", {"lifecycle.flash_patch": True}),
    "nothing locked by acl": ("SB-S18", {"chain.b0.protects": [], "chain.mcuboot.protects": []}),
    "part of a slot locked": ("SB-S31", {"chain.mcuboot.protects": [{"span": [0, 0x20000]}]}),
    "non-secure port open": ("SB-S05", {"lifecycle.approtect": False, "lifecycle.eraseprotect": True}),
    "hidden page and locked bootloader": (
        "SB-S18",
        {
            "chain.b0.protects": [
                {"span": [0xFE000, 0xFF000], "deny": ["read", "write"]},
                {"span": [0x0, 0x8000]},
                {"span": [0x8000, 0x9000], "when": "hand_over"},
            ]
        },
    ),
    "unreadable bootloader": ("SB-S12", {"chain.mcuboot.protects": [{"span": [0, 0xC000], "deny": ["read", "write"]}]}),
    "counting library": ("SB-S18", {"sdk": "1.5.0"}),
    "open port on nrf52832": ("SB-S32", {"lifecycle.approtect": False, "chain.mcuboot.protects": []}),
    "empty generations": ("SB-S38", {"keys.ver_gen1.state": "empty", "keys.ver_gen2.state": "empty"}),
    "generation that takes another key": ("SB-S38", {"keys.ver_gen1.reusable": True}),
    "bootloader closes itself": (
        "SB-S38",
        {"chain.mcuboot.protects": [{"span": [0, 0x7000], "deny": ["read", "write", "execute"]}]},
    ),
    "boot region": ("SB-S38", {"lifecycle.boot_region": 0x7C00, "chain.mcuboot.protects": []}),
    "part of tfm reached by dma": ("SB-S39", {"chain.mcuboot.protects": [{"span": [0, 0xF800]}]}),
    "code not locked first": ("SB-S14", {"chain.tfm+app.trustzone.secure_code_locked_first": False}),
    "one slot of two locked": ("SB-S08", {"chain.mcuboot.protects.0.span": ["0x8000", "0x1c000"]}),
    "divided by spm": ("SB-S08", {"chain.tfm+app.parts.tfm.program": "spm"}),
    "divided inside a region": (
        "SB-S08",
        {
            "chain.tfm+app.parts.tfm.program": "spm",
            "partitions.tfm": {"at": 0x30200, "size": 0x9E00, "attribution": "secure"},
            "partitions.app": {"at": 0x3A000, "size": 0x56000, "attribution": "non_secure"},
        },
    ),
    "divided inside a region, sealed by anybody": (
        "SB-S08",
        {
            "chain.tfm+app.parts.tfm.program": "spm",
            "partitions.tfm": {"at": 0x30200, "size": 0x9E00, "attribution": "secure"},
            "partitions.app": {"at": 0x3A000, "size": 0x56000, "attribution": "non_secure"},
            "keys.img_verify_pub.published": True,
        },
    ),
    "debug build inside a block": ("SB-S16", {"chain.tfm+app.trustzone": {"build": "debug"}}),
    "unprivileged partition": ("SB-S36", {"chain.tfm+app.trustzone": {"isolation_level": 2}}),
}


def _modelled(design: Design) -> bool:
    try:
        system_for(design, shapes.ATTACKERS["remote-ota"])
    except NotModelled:
        return False
    return True
