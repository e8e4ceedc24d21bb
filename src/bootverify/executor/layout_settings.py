"""Claims that settings of the configuration decide, one alone or against the map."""

from collections.abc import Callable, Iterator

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.settings import Told
from bootverify.design.soc import NvmKind
from bootverify.machine.misfit import Misfit

LARGEST_COUNTED = 0x7FFF


def locks_itself(design: Design) -> Iterator[Misfit]:
    """The last boot stage calls fprotect, or takes its own rights away."""
    yield from _wanted(
        design.settings.protects_itself, "the last boot stage does not write-protect itself", "fprotect-not-told"
    )


def debug_closed(design: Design) -> Iterator[Misfit]:
    """Both ports, where the SoC has two."""
    yield from _wanted(design.settings.debug_closed, "the debug port is open", "approtect-not-recorded")
    if design.soc.trustzone and design.soc.secure_approtect:
        told = design.settings.secure_debug_closed
        yield from _wanted(told, "the secure debug port is open", "approtect-not-recorded")


def downgrade_refused(design: Design) -> Iterator[Misfit]:
    """Downgrade prevention, in software or hardware."""
    yield from _wanted(
        design.settings.downgrade_prevention, "an older version is taken as any other", "downgrade-not-told"
    )


def recovery_absent(design: Design) -> Iterator[Misfit]:
    """Serial recovery writes the primary slot without asking who sends."""
    yield from _unwanted(design.settings.serial_recovery, "serial recovery takes images", "serial-recovery-not-told")


def management_guarded(design: Design) -> Iterator[Misfit]:
    """Mcumgr over Bluetooth."""
    yield from _unwanted(design.settings.open_management, "updates by radio need no pairing", "management-not-told")


def nsib_key_given(design: Design) -> Iterator[Misfit]:
    """An empty key file makes the build generate a throw-away key."""
    text = "the build makes a throw-away key for the first stage"
    yield from _wanted(design.settings.nsib_key_given, text, "nsib-key-not-told")


def signatures_checked(design: Design) -> Iterator[Misfit]:
    """A boot stage without signatures takes whatever is whole."""
    text = "images are taken by their digest alone, which anybody can compute"
    yield from _wanted(design.settings.signatures_checked, text, "signature-not-told")


def primary_verified(design: Design) -> Iterator[Misfit]:
    """The image that starts, at each boot; what was verified once may have been changed since."""
    text = "the primary image is not verified at every boot"
    yield from _wanted(design.settings.primary_verified, text, "validation-not-told")


def nsib_counts(design: Design) -> Iterator[Misfit]:
    """NSIB's monotonic counter."""
    text = "the first stage starts any signed release of the second, however old"
    yield from _wanted(design.settings.nsib_counter, text, "nsib-counter-not-told")


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


def keys_revocable(design: Design) -> Iterator[Misfit]:
    """CONFIG_BOOT_KEYS_REVOCATION, which must be on from the first release on (nRF54L, dfu_config.rst)."""
    text = "a key before the one in use is accepted for ever"
    yield from _wanted(design.settings.keys_revocable, text, "revocation-not-told")


def counter_bounded(design: Design) -> Iterator[Misfit]:
    """What happens when the hardware counter has no free slot (modules/mcuboot, _COUNTER_LIMITED)."""
    text = "an update is installed when the counter is used up, and the counter no longer tells"
    yield from _wanted(design.settings.counter_bounded, text, "counter-room-not-told")


def fields_listed(design: Design) -> Iterator[Misfit]:
    """CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST: what the signature does not cover, and MCUboot does not know."""
    text = "unsigned fields of any kind are taken"
    yield from _wanted(design.settings.fields_listed, text, "fields-not-told")


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


def _wanted(told: Told | None, text: str, open_point: str) -> Iterator[Misfit]:
    if told is None:
        yield Misfit(text=f"nothing tells whether {text}", sources=(), open_point=open_point)
    elif not told.value:
        yield Misfit(text=text, sources=(told.source,))


def _unwanted(told: Told | None, text: str, open_point: str) -> Iterator[Misfit]:
    if told is None:
        yield Misfit(text=f"nothing tells whether {text}", sources=(), open_point=open_point)
    elif told.value:
        yield Misfit(text=text, sources=(told.source,))


SETTINGS: dict[str, Callable[[Design], Iterator[Misfit]]] = {
    "locks_itself": locks_itself,
    "debug_closed": debug_closed,
    "downgrade_refused": downgrade_refused,
    "recovery_absent": recovery_absent,
    "management_guarded": management_guarded,
    "nsib_key_given": nsib_key_given,
    "signatures_checked": signatures_checked,
    "primary_verified": primary_verified,
    "nsib_counts": nsib_counts,
    "network_update_safe": network_update_safe,
    "sectors_suffice": sectors_suffice,
    "keys_revocable": keys_revocable,
    "counter_bounded": counter_bounded,
    "fields_listed": fields_listed,
    "image_key_wrapped": image_key_wrapped,
    "version_countable": version_countable,
}
