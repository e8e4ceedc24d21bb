"""The step `protect`: fprotect_area over each span, as NSIB and MCUboot call it."""

from bootverify.design.boot import Protect
from bootverify.design.protection import Access, Attribution, Lock
from bootverify.executor.device import Device, Halt
from bootverify.executor.fprotect import SpuFprotect


def protect(device: Device, step: Protect) -> None:
    """Write-protect the spans of `step`, in order.

    A failed call stops NSIB and lets MCUboot loop for ever (ncs-boot 1.1 step 1, 2.1): the device halts.
    """
    stage = device.design.stages[device.stage].name
    library = SpuFprotect(device.spu)
    for span in step.spans:
        if step.lock is Lock.UNTIL_RESET:
            code = library.fprotect_area(span.range.start, span.range.size)
        else:
            code = 0
            granule = device.design.soc.guard.granule
            if not span.range.aligned(granule):
                code = -22
            for region in range(span.range.start // granule, span.range.end // granule) if not code else ():
                device.spu.program(region, attribution=Attribution.SECURE, permits=frozenset({Access.READ, Access.EXECUTE}), lock=False)
        if code:
            device.halt(Halt.PROTECT_FAILED, f"{stage}: fprotect {span.range} returns {code}; not a multiple of {device.design.soc.guard.granule:#x}")
            return
        lock = "locked until reset" if step.lock is Lock.UNTIL_RESET else "not locked"
        device.log.append(f"{stage}: fprotect {span.range}: secure, read and execute only, {lock}")
