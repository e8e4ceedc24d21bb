"""Claims that settings of the configuration decide, one alone or against the map."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.settings import Settings, Told
from bootverify.design.soc import NvmKind
from bootverify.machine.misfit import Misfit

LARGEST_COUNTED = 0x7FFF


@dataclass(frozen=True, slots=True)
class _Switch:
    """A claim that one setting decides; `text` is what is wrong where it is not as `wanted`."""

    told: Callable[[Settings], Told | None]
    text: str
    open_point: str
    wanted: bool = True

    def __call__(self, design: Design) -> Iterator[Misfit]:
        told = self.told(design.settings)
        if told is None:
            yield Misfit(text=f"nothing tells whether {self.text}", sources=(), open_point=self.open_point)
        elif bool(told.value) is not self.wanted:
            yield Misfit(text=self.text, sources=(told.source,))


_PORT = _Switch(lambda told: told.debug_closed, "the debug port is open", "approtect-not-recorded")
_SECURE_PORT = replace(_PORT, told=lambda told: told.secure_debug_closed, text="the secure debug port is open")


def debug_closed(design: Design) -> Iterator[Misfit]:
    """Both ports, where the SoC has two."""
    yield from _PORT(design)
    if design.soc.trustzone and design.soc.secure_approtect:
        yield from _SECURE_PORT(design)


def network_update_safe(design: Design) -> Iterator[Misfit]:
    """A swap that is reverted puts the old application beside the new network core (sysbuild/Kconfig.mcuboot, help)."""
    wanted, mode = design.settings.network_update, design.settings.update_mode
    if wanted is None or not wanted.value:
        return
    if mode is None:
        text = "nothing tells whether an update of the network core can be reverted halfway"
        yield Misfit(text=text, sources=(wanted.source,), open_point="update-mode-not-told")
    elif str(mode.value).startswith("swap"):
        text = "an update of the network core is not reverted with the application that came with it"
        yield Misfit(text=text, sources=(wanted.source, mode.source))


def image_key_wrapped(design: Design) -> Iterator[Misfit]:
    """The swap status of encrypted images, in a slot or scratch that lies outside (CONFIG_BOOT_SWAP_SAVE_ENCTLV)."""
    told, mode, encrypted = (
        design.settings.image_key_wrapped,
        design.settings.update_mode,
        design.settings.updates_encrypted,
    )
    outside = [
        slot
        for slot in design.partitions
        if slot.role in {Role.SECONDARY, Role.SCRATCH} and slot.memory is MemoryKind.EXTERNAL
    ]
    if (encrypted is not None and not encrypted.value) or (mode is not None and not str(mode.value).startswith("swap")):
        return
    if not outside or (told is not None and told.value):
        return
    sure = told is not None and mode is not None and encrypted is not None
    text = f"while images are swapped, their key stands in clear in `{outside[0].name}`, which lies outside"
    sources = (*([told.source] if told is not None else []), *(slot.source for slot in outside))
    yield Misfit(text=text, sources=sources, open_point="" if sure else "image-key-not-told")


def pure_inside(design: Design) -> Iterator[Misfit]:
    """Such a signature is checked over the image in one piece, in mapped memory (BOOT_SIGNATURE_TYPE_PURE, help)."""
    told = design.settings.pure_signature
    if told is not None and not told.value:
        return
    for slot in design.partitions:
        if slot.role is Role.SECONDARY and slot.memory is MemoryKind.EXTERNAL:
            text = (
                f"images in `{slot.name}` are signed without a digest, and lie where they cannot be read in one piece"
            )
            sources = (slot.source, *([told.source] if told is not None else []))
            yield Misfit(text=text, sources=sources, open_point="" if told is not None else "pure-signature-not-told")


def staging_reached(design: Design) -> Iterator[Misfit]:
    """MCUboot may fail to boot where no driver of the chip is there (partition_manager.rst, external flash)."""
    told = design.settings.external_driver
    if told is not None and told.value:
        return
    for slot in design.partitions:
        if slot.role is Role.SECONDARY and slot.memory is MemoryKind.EXTERNAL:
            text = f"updates wait in `{slot.name}`, outside, and no driver of that chip is built in"
            sources = (slot.source, *([told.source] if told is not None else []))
            yield Misfit(text=text, sources=sources, open_point="" if told is not None else "driver-not-told")


def version_countable(design: Design) -> Iterator[Misfit]:
    """NSIB's counter has 15 bits where its slots are halfwords, which they are but on nRF54L (ncs-boot 1.6, 1.8)."""
    version = design.settings.second_stage_version
    if version is None or not design.soc.known:
        yield Misfit(text="nothing tells the version that NSIB counts", sources=(), open_point="version-not-told")
    elif design.soc.nvm is not NvmKind.RRAM and int(version.value) > LARGEST_COUNTED:
        text = f"version {version.value} does not fit the first stage's counter, which ends at {LARGEST_COUNTED}"
        yield Misfit(text=text, sources=(version.source,))


def sectors_suffice(design: Design) -> Iterator[Misfit]:
    """CONFIG_BOOT_MAX_IMG_SECTORS against the slots in internal memory."""
    most = design.settings.image_sectors
    if most is None or not design.soc.known:
        yield Misfit(text="nothing tells how many sectors a slot may have", sources=(), open_point="sectors-not-told")
        return
    for slot in design.partitions:
        if slot.role not in {Role.PRIMARY, Role.SECONDARY} or slot.memory is not MemoryKind.INTERNAL:
            continue
        sectors = -(-slot.range.size // design.soc.page)
        if sectors > int(most.value):
            text = f"`{slot.name}` has {sectors} sectors, and MCUboot keeps track of {most.value}"
            yield Misfit(text=text, sources=(slot.source, most.source))


SETTINGS: dict[str, Callable[[Design], Iterator[Misfit]]] = {
    # The last boot stage calls fprotect, or takes its own rights away.
    "locks_itself": _Switch(
        lambda told: told.protects_itself, "the last boot stage does not write-protect itself", "fprotect-not-told"
    ),
    "debug_closed": debug_closed,
    # Downgrade prevention, in software or hardware.
    "downgrade_refused": _Switch(
        lambda told: told.downgrade_prevention, "an older version is taken as any other", "downgrade-not-told"
    ),
    # Serial recovery writes the primary slot without asking who sends.
    "recovery_absent": _Switch(
        lambda told: told.serial_recovery, "serial recovery takes images", "serial-recovery-not-told", wanted=False
    ),
    # Mcumgr over Bluetooth.
    "management_guarded": _Switch(
        lambda told: told.open_management, "updates by radio need no pairing", "management-not-told", wanted=False
    ),
    # An empty key file makes the build generate a throw-away key.
    "nsib_key_given": _Switch(
        lambda told: told.nsib_key_given,
        "the build makes a throw-away key for the first stage",
        "nsib-key-not-told",
    ),
    # A boot stage without signatures takes whatever is whole.
    "signatures_checked": _Switch(
        lambda told: told.signatures_checked,
        "images are taken by their digest alone, which anybody can compute",
        "signature-not-told",
    ),
    # The image that starts, at each boot; what was verified once may have been changed since.
    "primary_verified": _Switch(
        lambda told: told.primary_verified, "the primary image is not verified at every boot", "validation-not-told"
    ),
    # NSIB's monotonic counter.
    "nsib_counts": _Switch(
        lambda told: told.nsib_counter,
        "the first stage starts any signed release of the second, however old",
        "nsib-counter-not-told",
    ),
    "network_update_safe": network_update_safe,
    "sectors_suffice": sectors_suffice,
    # CONFIG_BOOT_KEYS_REVOCATION, which must be on from the first release on (nRF54L, dfu_config.rst).
    "keys_revocable": _Switch(
        lambda told: told.keys_revocable, "a key before the one in use is accepted for ever", "revocation-not-told"
    ),
    # What happens when the hardware counter has no free slot (modules/mcuboot, _COUNTER_LIMITED).
    "counter_bounded": _Switch(
        lambda told: told.counter_bounded,
        "an update is installed when the counter is used up, and the counter no longer tells",
        "counter-room-not-told",
    ),
    # CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST: what the signature does not cover, and MCUboot does not know.
    "fields_listed": _Switch(
        lambda told: told.fields_listed, "unsigned fields of any kind are taken", "fields-not-told"
    ),
    # CONFIG_MCUBOOT_CLEANUP_ARM_CORE, which the SDK's fragment for TF-M turns on (modules/mcuboot/tfm.conf).
    "cleaned_up": _Switch(
        lambda told: told.cleaned_up, "MCUboot starts TF-M with its own settings of the core", "clean-up-not-told"
    ),
    "test_options_off": _Switch(
        lambda told: told.test_options, "an option for testing alone is on", "test-options-not-told", wanted=False
    ),
    "pure_inside": pure_inside,
    "network_debug_closed": _Switch(
        lambda told: told.network_debug_closed,
        "the debug port of the network core is open",
        "network-debug-not-told",
    ),
    # CONFIG_XIP_SPLIT_IMAGE: verified once on the chip, fetched from there ever after.
    "code_inside": _Switch(
        lambda told: told.split_image,
        "part of the application is executed on an external chip",
        "split-not-told",
        wanted=False,
    ),
    # MCUBOOT_CHECK_HEADER_LOAD_ADDRESS, _VERIFY_IMG_ADDRESS, _UUID_VID, _UUID_CID: any of them tells.
    "places_checked": _Switch(
        lambda told: told.places_checked,
        "an update for one slot is taken for another that shares its place to wait",
        "places-not-told",
    ),
    "staging_reached": staging_reached,
    "image_key_wrapped": image_key_wrapped,
    "version_countable": version_countable,
}
