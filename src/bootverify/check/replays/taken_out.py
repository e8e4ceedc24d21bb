"""Ways to have MCUboot take an encrypted image out so that one reads it, tried where nothing is proved.

What a swap takes out is encrypted only if the header in the slot says so, with the key that its TLVs wrap (MCUboot,
loader.c, boot_swap_image and boot_copy_region). An update comes in to be tried, and the next boot takes it back:

- A clip on the chip: while the update is copied, after it was found good, the chip answers with its header less the
  mark that it is encrypted. It is decrypted all the same, and not started, for its digest fails. It goes out in clear.
- Code on the device, where a public key wraps image keys: it puts one of its own into the TLV, which no signature
  covers (MCUboot, image_validate.c: only the protected TLVs are in the digest). The image goes out under that key.
- Code that reads the end of the slot: there a swap has noted the keys of both images, in clear unless it is built to
  keep the wrapped ones (MCUboot, swap_misc.c, swap_status_init). They open the updates that everybody has.

A guess, like what a search finds: only a replay of it earns a verdict.
"""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.check.replays.way import Way
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, EncryptionType, Image
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.executor.layout import stores_of
from bootverify.executor.stages.mcuboot import requested
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import (
    Action,
    Deliver,
    Inspect,
    Meanwhile,
    Overwrite,
    Publish,
    ReadOut,
    Request,
    Reset,
    TakeStep,
)
from bootverify.machine.content import Crafted, Genuine

CLIP = frozenset({Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL})


def swapped_before(design: Design, image: Image, attacker: Attacker) -> bool:
    """Whether he writes the chip on which MCUboot swaps encrypted updates of `image`."""
    outside = image.staging is not None and design.partition(image.staging).memory is MemoryKind.EXTERNAL
    return outside and _swaps_encrypted(design, image) and attacker.can(Capability.WRITE_EXTERNAL)


def wrapped_anew(design: Design, image: Image) -> bool:
    """Whether who writes the end of the slot gives `image` another image key, under which a swap takes it out."""
    return _swaps_encrypted(design, image) and image.encryption is not EncryptionType.AES_KW


def noted(design: Design, image: Image) -> bool:
    """Whether a swap of `image` leaves the image keys in clear where code reads them."""
    return _swaps_encrypted(design, image) and not design.keeps_image_keys_wrapped


def taken_out(design: Design, attacker: Attacker) -> Iterator[tuple[Action, ...]]:
    """The actions, for each image that MCUboot swaps encrypted, and each release, the latest first."""
    clipped = {image.name for image in design.images if swapped_before(design, image, attacker)}
    clipped = clipped if attacker.capabilities >= CLIP else set()
    booted = Way.start(design, attacker).boots()
    boot = booted.done
    for number, step in enumerate(boot):
        assert isinstance(step, TakeStep), "a boot is steps alone"
        told = design.stage(step.stage).steps[step.step]
        if not isinstance(told, BootGo) or not _swaps_encrypted(design, image := design.image(told.image)):
            continue
        assert image.staging is not None, "what is swapped waits somewhere"
        turn = Meanwhile(partition=image.staging, content=Crafted(unmarked=True))
        begun = (*boot[:number], replace(step, meanwhile=turn))
        wraps = Overwrite(partition=stores_of(design, image)[-1].name, content=Crafted(wrapped=True))
        for release in range(design.releases, 0, -1):
            made = Genuine(image.name, release)
            sent = Deliver(partition=image.staging, content=made, request=Request.TEST, by_attacker=False)
            sending: tuple[Action, ...] = (Publish(image=image.name, release=release), sent, Reset())
            back: tuple[Action, ...] = (Reset(), *boot, ReadOut(partition=image.staging))
            if image.name in clipped:
                yield (*boot, *sending, *begun, *back)
            reads, writes = noted(design, image), wrapped_anew(design, image)
            if not (reads or writes) or not _comes_in(booted, sending, image):
                continue
            if reads:
                opens = Inspect(image=image.name, release=release)
                yield (*boot, *sending, *boot, ReadOut(partition=wraps.partition), opens)
            if writes:
                yield (*boot, *sending, *boot, wraps, *back)


def _comes_in(booted: Way, sending: tuple[Action, ...], image: Image) -> bool:
    """Whether the next boot installs what was sent, and the one after that is to take it back."""
    try:
        after = booted.then(*sending).boots().world
    except NotEnabled:
        return False
    return requested(after.device, after.design, image) is Request.REVERT


def _swaps_encrypted(design: Design, image: Image) -> bool:
    """Whether MCUboot swaps `image` with a slot in which it is encrypted."""
    starts = design.stage(image.verified_by).steps if image.verified_by else ()
    swaps = any(isinstance(step, BootGo) and step.image == image.name and step.mode.swaps for step in starts)
    return swaps and image.staging is not None and image.encryption is not EncryptionType.NONE
