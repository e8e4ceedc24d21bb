"""A way by which a clip on the chip has MCUboot take an encrypted image out in clear, tried where nothing is proved.

While an update is copied, after it was found good, the chip answers with its header less the mark that it is encrypted.
It is decrypted all the same, and not started, for its digest fails. The next boot takes it back: what goes out then is
encrypted only if its header says so (MCUboot, loader.c, boot_swap_image and boot_copy_region).

A guess, like what a search finds: only a replay of it earns a verdict.
"""

from collections.abc import Iterator

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, EncryptionType
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.executor.run import act, steps_of_boot
from bootverify.executor.world import World
from bootverify.machine.action import Action, Deliver, Meanwhile, Publish, ReadOut, Request, Reset, TakeStep
from bootverify.machine.content import Crafted, Genuine

CLIP = frozenset({Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL})


def taken_out(design: Design, attacker: Attacker) -> Iterator[tuple[Action, ...]]:
    """The actions, for each image that MCUboot swaps with a slot outside, and each release, the latest first."""
    if not attacker.capabilities >= CLIP:
        return
    boot = _boot(design, attacker)
    for step in boot:
        told = design.stage(step.stage).steps[step.step]
        if not isinstance(told, BootGo) or not told.mode.swaps:
            continue
        image = design.image(told.image)
        staging = image.staging
        if image.encryption is EncryptionType.NONE or not staging or not _outside(design, staging):
            continue
        turn = Meanwhile(partition=staging, content=Crafted(unmarked=True))
        begun = (*boot[: boot.index(step)], TakeStep(stage=step.stage, step=step.step, meanwhile=turn))
        for release in range(design.releases, 0, -1):
            made = Genuine(image.name, release)
            sent = Deliver(partition=staging, content=made, request=Request.TEST, by_attacker=False)
            sending = (Publish(image=image.name, release=release), sent, Reset())
            yield (*boot, *sending, *begun, Reset(), *boot, ReadOut(partition=staging))


def _boot(design: Design, attacker: Attacker) -> tuple[TakeStep, ...]:
    """The steps of the first boot."""
    world, done = World.start(design, attacker), list[TakeStep]()
    for step in steps_of_boot(world.device):
        act(world, step)
        done.append(step)
    return tuple(done)


def _outside(design: Design, partition: str) -> bool:
    return design.partition(partition).memory is MemoryKind.EXTERNAL
