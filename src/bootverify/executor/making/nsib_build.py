"""Which build of NSIB a design has: addresses, release, pad."""

from dataclasses import replace

from bootverify.design.boot import ChooseSlot, Image, Program, SignatureType
from bootverify.design.design import Design
from bootverify.design.life import Behaviour, Life
from bootverify.executor.nsib import NsibConfig, NsibRelease, release_for
from bootverify.executor.nsib.config import Magics, Signature
from bootverify.executor.nsib.provision import StorageLayout
from bootverify.executor.nsib.release import RELEASE_MAIN
from bootverify.ranges import AddressRange

_FAMILIES = {"nrf52": 52, "nrf53": 53, "nrf54": 54, "nrf91": 91}


def family(design: Design) -> int:
    """The hardware number in NSIB's magic words (ncs-boot 1.6)."""
    return next(number for prefix, number in _FAMILIES.items() if design.soc.name.startswith(prefix))


def pad(design: Design, image: Image) -> int:
    """Bytes between the start of a slot and the image: room for MCUboot's header, where MCUboot installs it."""
    starts_mcuboot = design.stages_of(image.name)[0].program is Program.MCUBOOT
    return design.soc.header if starts_mcuboot and image.updatable else 0


def provision(design: Design, step: ChooseSlot) -> AddressRange:
    """Where NSIB's key hashes, slot addresses and counters lie: the OTP words, or a page of nRF52 (ncs-boot 1.7)."""
    if step.provision is not None:
        return design.partition(step.provision).range
    assert design.soc.otp is not None
    return design.soc.otp


def by_kmu(design: Design, image: Image) -> bool:
    """Whether NSIB verifies `image` with Ed25519 keys in the KMU, as on nRF54L (soc.md 5.3)."""
    return design.soc.kmu_version > 1 and image.signature is SignatureType.ED25519


def config(design: Design, step: ChooseSlot) -> NsibConfig:
    """This design's build of NSIB; protecting itself is a step of its own."""
    image = design.image(step.image)
    root = design.partition(design.image(design.root.image).slots[0]).range
    return NsibConfig(
        release=_told(step, _as_told(release_of(design.sdk), design.life)),
        magics=Magics.of_hardware(family(design)),
        bootloader=root,
        slot_size=design.partition(image.slots[0]).range.size,
        storage=provision(design, step).start,
        storage_layout=StorageLayout.WORDS if design.soc.otp_word == 4 else StorageLayout.HALFWORDS,
        signature=Signature.ED25519 if by_kmu(design, image) else Signature.ECDSA_P256,
        search_skip=pad(design, image),
        fprotect=False,
        counter=step.counter,
    )


def _as_told(release: NsibRelease, life: Life) -> NsibRelease:
    """The release with what the design tells of it: what becomes of an image whose counter value finds no slot."""
    if life.does(Behaviour.COUNTER_FAILS_OPEN):
        return replace(release, counter_errors_stop=False)
    return replace(release, counter_errors_stop=True) if life.does(Behaviour.COUNTER_FAILS_CLOSED) else release


def _told(step: ChooseSlot, release: NsibRelease) -> NsibRelease:
    """The release, with what is told of a counter that is full."""
    return release if step.full_stops is None else replace(release, counter_errors_stop=step.full_stops)


def release_of(sdk: str) -> NsibRelease:
    """The behaviour of that release; a part that is no number (2.6.x) counts as 0, no release at all as today's."""
    numbers = [part if part.isdigit() else "0" for part in sdk.split(".")[:3]]
    return release_for(".".join(numbers)) if sdk and sdk[0].isdigit() else RELEASE_MAIN
