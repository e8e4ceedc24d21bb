"""TF-M's attribution of flash on SPU parts, in the vendor's order (target_cfg_53_91.c; soc.md 8.1)."""

from bootverify.design.boot import Program, SetUpTrustZone
from bootverify.executor.device import Device
from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, WRITE, Spu
from bootverify.ranges import AddressRange


def set_up_trustzone(device: Device, step: SetUpTrustZone) -> None:
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
    # EFFECT 2: the secure code range, locked before anything is opened; releases before 2.6 do not
    if step.locks_code:
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
