"""Areas drawn for the application, enacted: boot the device, then reach for every byte from the non-secure side.

Rules: SEMANTICS, "What is told", area_works.
"""

import re

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Program, Run
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.executor.access import allowed_parts
from bootverify.executor.lives.foe import foe
from bootverify.executor.run import act
from bootverify.executor.world import World
from bootverify.machine.action import TakeStep
from bootverify.machine.judgement import Judgement, broken, kept, untold

STORED = re.compile(r"^(nonsecure|settings|littlefs|nvs)_storage$|^storage_partition$")
MOST_STEPS = 64
NOBODY = Attacker(name="nobody", title="no attacker", capabilities=frozenset())


def started(design: Design) -> World | None:
    """The device when its application runs, that nobody meddles with; None where it halts before."""
    world = World.start(design, NOBODY)
    for _ in range(MOST_STEPS):
        device = world.device
        if device.halted or isinstance(design.stages[device.stage].steps[device.step], Run):
            break
        act(world, TakeStep(stage=device.running, step=device.step))
    return None if world.device.halted else world


def secure_side_closed(design: Design) -> bool | None:
    """Whether the non-secure side reads no byte that is drawn secure; None where the application never runs."""
    world = started(design)
    if world is None:
        return None
    secure = [part for part in design.partitions if part.attribution is Attribution.SECURE and not part.members]
    inside = [part.range for part in secure if part.memory is MemoryKind.INTERNAL]
    return not any(allowed_parts(world.device, area, Access.READ, Attribution.NON_SECURE) for area in inside)


def _in_one_world(design: Design, area: Partition) -> Judgement:
    """Without TF-M all that keeps an application from its data is a lock of the stages before it."""
    world = started(design) if area.memory is MemoryKind.INTERNAL and design.application is not None else None
    if world is None:
        return untold("the application never runs", area.source)
    state = design.stages[world.device.stage].attribution
    taken = sum(part.size for part in allowed_parts(world.device, area.range, Access.WRITE, state))
    if taken < area.range.size:
        why = f"{taken:#x} of {area.range.size:#x} bytes take a write once the application runs"
        return broken(f"a boot stage's lock reaches into {area.name}", why, source=area.source)
    return kept(f"no lock reaches into {area.name}", area.source)


def area_works(design: Design, area: Partition, attacker: Attacker) -> Judgement:
    """Whether non-secure code gets what it needs at every address of `area` once the application runs."""
    if foe(design, attacker) not in {"operator-error", "app-code-ns", "remote-ota"}:
        return untold(f"what {attacker.name} does to the area", area.source)
    if not design.has_tfm:
        return _in_one_world(design, area)
    if area.attribution is not Attribution.NON_SECURE or area.memory not in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}:
        return untold("who opens the area", area.source)
    if any(stage.program is Program.SPM for stage in design.stages):
        return untold("what SPM leaves to the area", area.source)
    if area.memory is MemoryKind.EXTERNAL:
        return kept("the non-secure side drives the bus of the external memory", area.source)
    known = {stage.code for stage in design.stages} | {image.staging for image in design.images}
    by_name = design.soc.guard.kind is UnitKind.SPU  # TF-M of nRF54L asks for one start, and opens all above it (8.2)
    if by_name and area.name not in known and not STORED.search(area.name):
        # TF-M's set-up names code, second slot and one storage area; nothing opens another (README of the cards; 8.1).
        if area.members or "storage" in area.name:
            return untold(f"whether TF-M knows the area {area.name}", area.source)
        return broken(f"nothing in TF-M opens {area.name}", source=area.source)
    world = started(design)
    if world is None:
        return untold("the application never runs", area.source)
    code = any(stage.code == area.name for stage in design.stages)
    for access in (Access.READ, Access.EXECUTE) if code else (Access.READ, Access.WRITE):
        open_parts = allowed_parts(world.device, area.range, access, Attribution.NON_SECURE)
        if sum(part.size for part in open_parts) < area.range.size:
            why = f"non-secure code cannot {access.value} all of {area.name}"
            return broken(
                why, f"{sum(part.size for part in open_parts):#x} of {area.range.size:#x} bytes", source=area.source
            )
    return kept(f"all of {area.name} is open to the non-secure side", area.source)
