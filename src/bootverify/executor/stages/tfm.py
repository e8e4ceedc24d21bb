"""TF-M's attribution of memory, in the vendor's order: target_cfg_53_91.c (soc.md 8.1), target_cfg_54l.c (8.2)."""

from bootverify.design.boot import Program, SetUpTrustZone
from bootverify.executor.device import Device
from bootverify.executor.units.mpc import ENABLE as MPC_ENABLE
from bootverify.executor.units.mpc import LOCK as MPC_LOCK
from bootverify.executor.units.mpc import SECURE as MPC_SECURE
from bootverify.executor.units.mpc import Mpc
from bootverify.executor.units.sau import ENABLE as SAU_ENABLE
from bootverify.executor.units.sau import REGION_ENABLE, Sau
from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, WRITE, Spu
from bootverify.ranges import AddressRange

TFM_OVERRIDES = 5  # TF-M sets overrides 0 to 4; 1 opens RAM, 2 to 4 stay off and locked (soc.md 2.5)


def set_up_trustzone(device: Device, step: SetUpTrustZone) -> None:
    """Attribute memory as TF-M does on this part."""
    if device.mpc is not None and device.sau is not None:
        _open_above(device, device.mpc, device.sau, step)
    else:
        _attribute_regions(device, step)


def _open_above(device: Device, mpc: Mpc, sau: Sau, step: SetUpTrustZone) -> None:
    """SAU region 0 and MPC override 0: from the non-secure image up to the UICR; the override is locked, as are 1 to 4.

    Neither write-protects anything (PERMMASK names the attribution alone). The rounding is the registers' own.
    """
    unit = device.design.soc.attribution
    assert unit is not None
    if step.non_secure:
        start = min(span.range.start for span in step.non_secure)
        sau.select(0)
        sau.write_base(start)
        sau.write_limit(unit.end - 1 | REGION_ENABLE)
        sau.write_control(SAU_ENABLE)
        mpc.write_start(0, start)
        mpc.write_end(0, unit.end)
        mpc.write_permission(0, 0)
        mpc.write_mask(0, MPC_SECURE)
        mpc.write_config(0, MPC_LOCK | MPC_ENABLE)
        device.log.append(
            f"{device.running}: non-secure to {unit.end:#x}: SAU from {start:#x}, MPC from {mpc.overrides[0].start:#x}"
        )
    for index in range(1, TFM_OVERRIDES):
        mpc.write_config(index, MPC_LOCK)


def _attribute_regions(device: Device, step: SetUpTrustZone) -> None:
    """Attribute flash: everything secure, own code locked, then open and lock what is non-secure.

    Ranges are turned into regions by division: from the region of the first byte to that of the last. A region that
    is locked already keeps its setting (release build).
    """
    spu = device.spu
    # EFFECT 1: every region that no boot stage owns becomes secure, all permissions, unlocked
    owned = {region for area in _boot_areas(device) for region in _regions(spu, area)}
    for region in range(spu.count):
        if region not in owned:
            spu.write_register(region, SECURE | READ | WRITE | EXECUTE)
    # EFFECT 2: the secure code range, locked before anything is opened (since TF-M 3168ecf73)
    if step.locks_first:
        _set(device, step.secure_code.range, SECURE | READ | EXECUTE | LOCK, "secure, read and execute")
    # EFFECT 3: the non-secure image, then the secondary slot and non-secure storage
    for span in step.non_secure:
        _set(device, span.range, READ | WRITE | EXECUTE | LOCK, "non-secure, all access")
    for span in step.non_secure_data:
        _set(device, span.range, READ | WRITE | LOCK, "non-secure, read and write")


def _set(device: Device, area: AddressRange, value: int, words: str) -> None:
    ignored = [region for region in _regions(device.spu, area) if not device.spu.write_register(region, value)]
    note = f"; {len(ignored)} regions were locked and keep their setting" if ignored else ""
    device.log.append(f"{device.running}: SPU {area}: {words}, locked{note}")


def _regions(spu: Spu, area: AddressRange) -> range:
    if not area.size:
        return range(0)
    first = (area.start - spu.start) // spu.granule
    last = (area.end - 1 - spu.start) // spu.granule
    return range(first, min(last, spu.count - 1) + 1)


def _boot_areas(device: Device) -> list[AddressRange]:
    design = device.design
    return [
        design.partition(slot).range
        for image in design.images
        if any(stage.program in {Program.NSIB, Program.MCUBOOT} for stage in design.stages_of(image.name))
        for slot in image.slots
    ]
