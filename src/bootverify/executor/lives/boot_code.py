"""Code in a boot stage, enacted: the device boots to where it can run, and it tries every page on real units.

Rules: SEMANTICS, "What is told", closed, root_kept and signed_only.
"""

from collections.abc import Iterator

from bootverify.design.attacker import Attacker
from bootverify.design.boot import ChooseSlot, Image, Program, Protect, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Purpose
from bootverify.design.protection import Access
from bootverify.executor.actions.attack import overwrite_somewhere
from bootverify.executor.layout import home
from bootverify.executor.making.owner_build import CannotBuild
from bootverify.executor.run import act, steps_of_boot
from bootverify.executor.units.spu import Spu
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.judgement import Judgement, broken, kept, untold

BOOT_PROGRAMS = {Program.NSIB, Program.MCUBOOT}


def closed_to_code(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Let code in the stage, and in the boot stage behind it, write each slot of `image`."""
    where = _entered(design, design.stages_of(image.name)[0], attacker)
    if not where:
        return untold("no boot gets as far as the code that he runs", image.source)
    for world in where:
        for slot in image.slots:
            if _writes(world, slot):
                why = f"code in {world.device.running} writes {slot}, which nothing has locked by then"
                return broken(why, source=design.partition(slot).source)
    return kept("it is locked before he can run", image.source)


def root_kept(design: Design, stage: Stage, attacker: Attacker) -> Judgement:
    """Let such code change the first stage, what the CPU fetches of it, and the keys that it consults."""
    image = design.image(stage.image)
    if stage is not design.root:
        return untold("it is not the first stage", stage.source)
    if design.lifecycle.flash_patch:
        return broken("his code has the CPU fetch other words of it", source=design.lifecycle.source)
    if image.updatable:
        return broken("updates of it are made", source=image.source)
    flash = closed_to_code(design, image, attacker)
    if flash.kept is not True:
        return flash
    pages = [step.provision for step in stage.steps if isinstance(step, ChooseSlot) and step.provision]
    for world in _entered(design, stage, attacker):
        for page in (each for each in pages if _writes(world, each)):
            if world.device.running == stage.name:
                return untold(f"whether code in {stage.name} itself is meant, which may write {page}", stage.source)
            return broken(f"code in {world.device.running} writes {page}", source=design.partition(page).source)
    if any(key.fillable and use.purpose is Purpose.VERIFY for key in design.keys for use in key.uses):
        return broken("his code fills an empty slot for a key that is consulted", source=stage.source)
    return kept("what it is and what it trusts are locked before he can run", stage.source)


def way_into_slots(design: Design, image: Image, attacker: Attacker) -> str | None:
    """How code in the boot stage `image` gets its bytes started as it; empty: it does not; None: nothing tells."""
    (stage, *_) = design.stages_of(image.name)
    if stage.program not in BOOT_PROGRAMS or image.verified_by is None:
        return None
    here = [world for world in _entered(design, stage, attacker) if world.device.running == stage.name]
    if not here:
        return None
    return "his code writes its slots" if any(_writes(here[0], slot) for slot in image.slots) else ""


def _entered(design: Design, stage: Stage, attacker: Attacker) -> list[World]:
    """The device when `stage`, then the boot stage behind it, has set the locks that come first in it."""
    try:
        return list(_booted(design, stage, attacker))
    except (CannotBuild, NotEnabled):
        return []


def _booted(design: Design, stage: Stage, attacker: Attacker) -> Iterator[World]:
    number = design.stages.index(stage)
    wanted = [each.name for each in design.stages[number : number + 2] if each.program in BOOT_PROGRAMS]
    world = World.start(design, attacker)
    for step in steps_of_boot(world.device):
        if step.stage in wanted and not isinstance(design.stage(step.stage).steps[step.step], Protect):
            wanted.remove(step.stage)
            yield world.copy()
        act(world, step)


def _writes(world: World, partition: str) -> bool:
    """Whether code of the running stage changes a byte there, once it has opened what no lock keeps closed."""
    twin, stage = world.copy(), world.design.stages[world.device.stage]
    if isinstance(twin.device.guard, Spu):
        for region in range(twin.device.spu.count):
            twin.device.spu.program(region, attribution=stage.attribution, permits=frozenset(Access), lock=False)
    return overwrite_somewhere(twin, home(world.design, partition), stage.attribution)
