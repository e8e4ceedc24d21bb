"""The step `set_up_trustzone`: TF-M's own set-up (executor/tfm) of the ranges that the design gives."""

from bootverify.design.boot import Program, SetUpTrustZone
from bootverify.executor.device import Device, Halt
from bootverify.executor.making.vendor_build import DEBUG, RELEASE, Build, StoppedError
from bootverify.executor.stages import spm
from bootverify.executor.tfm import mpc_setup, spu_setup
from bootverify.executor.tfm.layout import Layout
from bootverify.executor.tfm.spu_setup import Applied
from bootverify.executor.units.mpc import Mpc
from bootverify.executor.units.sau import Sau
from bootverify.executor.units.spu import EXECUTE, SECURE
from bootverify.ranges import AddressRange


def set_up_trustzone(device: Device, step: SetUpTrustZone) -> None:
    """Attribute memory as TF-M does on this part, a debug build up to the first assertion that fails; or as SPM does.

    The design says nothing of RAM and veneers.
    """
    if step.by is Program.SPM:
        spm.divide_flash(device, step)
        return
    build = DEBUG if step.debug_build else RELEASE
    layout = Layout(
        secure_code=step.secure_code.range,
        non_secure=tuple(span.range for span in step.non_secure),
        storage=tuple(span.range for span in step.non_secure_data),
        bootloaders=_boot_areas(device),
        locks_code=step.locks_first,
    )
    if device.mpc is not None and device.sau is not None:
        _open_above(device, device.mpc, device.sau, layout, build)
        return
    stage, before = device.running, device.spu.copy()
    try:
        done = spu_setup.init_memory(device.spu, layout, build=build)
    except StoppedError as stop:
        # Which registers were set before it stopped is not modelled: no code runs until a reset clears them.
        device.guard = before
        device.halt(Halt.ASSERTION, f"{stage}: a debug build stops: {stop.label}")
        return
    device.log += [f"{stage}: SPU {_told(applied)}" for applied in done]


def _open_above(device: Device, mpc: Mpc, sau: Sau, layout: Layout, build: Build) -> None:
    unit = device.design.soc.attribution
    assert unit is not None
    try:
        mpc_setup.init_memory(mpc.copy(), layout, build=build, end=unit.end)
    except StoppedError as stop:  # before the first override; the SAU is set, and no code runs until a reset clears it
        device.halt(Halt.ASSERTION, f"{device.running}: a debug build stops: {stop.label}")
        return
    mpc_setup.init_sau(sau, layout, unit.end)
    mpc_setup.init_memory(mpc, layout, end=unit.end)
    starts = f"SAU from {sau.base[0]:#x}, MPC from {mpc.overrides[0].start:#x}"
    device.log.append(f"{device.running}: non-secure to {unit.end:#x}: {starts}")


def _told(applied: Applied) -> str:
    if applied.value & SECURE:
        words = "secure, read and execute"
    else:
        words = "non-secure, all access" if applied.value & EXECUTE else "non-secure, read and write"
    note = f"; {applied.ignored} regions were locked and keep their setting" if applied.ignored else ""
    return f"{applied.area}: {words}, locked{note}"


def _boot_areas(device: Device) -> tuple[tuple[str, AddressRange], ...]:
    """The slots of the stages before TF-M, which the reset of regions leaves out."""
    design = device.design
    return tuple(
        (slot, design.partition(slot).range)
        for image in design.images
        if any(stage.program in {Program.NSIB, Program.MCUBOOT} for stage in design.stages_of(image.name))
        for slot in image.slots
    )
