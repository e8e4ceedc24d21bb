"""Claims that a single setting of the configuration decides."""

from collections.abc import Callable, Iterator

from bootverify.design.design import Design
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
}
