"""The designs that the crossings run over: the shapes, the scenarios, and turns of them that change a rule."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.designs import shapes
from tests.differential.histories import MORE_ATTACKERS

from bootverify.design.boot import BootGo, EncryptionType, SignatureType, UpgradeMode
from bootverify.design.design import Design, Lifecycle
from bootverify.design.keys import HostOnly, InImage, InKmu, InUicr, Key, KeyKind, PushTarget
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.cells import NotModelled
from bootverify.sources.design_file import load_design

SCENARIOS = Path(__file__).parent.parent / "scenarios"
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
    return {name: design for name, design in found.items() if _modelled(design)}


def _modelled(design: Design) -> bool:
    try:
        system_for(design, shapes.ATTACKERS["remote-ota"])
    except NotModelled:
        return False
    return True
