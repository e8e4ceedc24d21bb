"""A way by which a clip on the chip has MCUboot take an encrypted image out in clear, tried where nothing is proved.

While an update is copied, after it was found good, the chip answers with its header less the mark that it is encrypted.
It is decrypted all the same, and not started, for its digest fails. The next boot takes it back: what goes out then is
encrypted only if its header says so (MCUboot, loader.c, boot_swap_image and boot_copy_region).

A guess, like what a search finds: only a replay of it earns a verdict.
"""

from collections.abc import Iterator

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, EncryptionType, Image
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.executor.run import act, steps_of_boot
from bootverify.executor.world import World
from bootverify.machine.action import Action, Deliver, Meanwhile, Publish, ReadOut, Request, Reset, TakeStep
from bootverify.machine.content import Crafted, Genuine

CLIP = frozenset({Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL})


def swapped_before(design: Design, image: Image, attacker: Attacker) -> bool:
    """Whether he writes the chip on which MCUboot swaps encrypted updates of `image`."""
    outside = image.staging is not None and design.partition(image.staging).memory is MemoryKind.EXTERNAL
    starts = design.stage(image.verified_by).steps if image.verified_by else ()
    swaps = any(isinstance(step, BootGo) and step.image == image.name and step.mode.swaps for step in starts)
    encrypted = image.encryption is not EncryptionType.NONE
    return outside and swaps and encrypted and attacker.can(Capability.WRITE_EXTERNAL)


def taken_out(design: Design, attacker: Attacker) -> Iterator[tuple[Action, ...]]:
    """The actions, for each image that MCUboot swaps with a slot outside, and each release, the latest first."""
    images = {image.name: image for image in design.images if swapped_before(design, image, attacker)}
    if not images or not attacker.capabilities >= CLIP:
        return
    boot = _boot(design, attacker)
    for number, step in enumerate(boot):
        told = design.stage(step.stage).steps[step.step]
        image = images.get(told.image) if isinstance(told, BootGo) else None
        if image is None or image.staging is None:
            continue
        turn = Meanwhile(partition=image.staging, content=Crafted(unmarked=True))
        begun = (*boot[:number], TakeStep(stage=step.stage, step=step.step, meanwhile=turn))
        for release in range(design.releases, 0, -1):
            made = Genuine(image.name, release)
            sent = Deliver(partition=image.staging, content=made, request=Request.TEST, by_attacker=False)
            sending = (Publish(image=image.name, release=release), sent, Reset())
            yield (*boot, *sending, *begun, Reset(), *boot, ReadOut(partition=image.staging))


def _boot(design: Design, attacker: Attacker) -> tuple[TakeStep, ...]:
    """The steps of the first boot."""
    world, done = World.start(design, attacker), list[TakeStep]()
    for step in steps_of_boot(world.device):
        act(world, step)
        done.append(step)
    return tuple(done)
