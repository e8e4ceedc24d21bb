"""Claims that settings of the configuration decide, one alone or against the map."""

from collections.abc import Callable, Iterator

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.settings import Told
from bootverify.machine.misfit import Misfit


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
}
