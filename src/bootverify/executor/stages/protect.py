"""The step `protect`: fprotect_area over each span, as NSIB and MCUboot call it."""

from bootverify.design.boot import Protect
from bootverify.design.protection import Lock
from bootverify.executor.device import Device, Halt
from bootverify.executor.fprotect import fprotect_area


def protect(device: Device, step: Protect) -> None:
    """Write-protect the spans of `step`, in order.

    A failed call stops NSIB and lets MCUboot loop for ever (ncs-boot 1.1 step 1, 2.1): the device halts.
    """
    stage = device.design.stages[device.stage].name
    lasting = step.lock is Lock.UNTIL_RESET
    for span in step.spans:
        code = fprotect_area(device.spu, span.range.start, span.range.size, lock=lasting)
        if code:
            granule = device.design.soc.guard.granule
            device.halt(
                Halt.PROTECT_FAILED, f"{stage}: fprotect {span.range} returns {code}: no multiple of {granule:#x}"
            )
            return
        lock = "locked until reset" if lasting else "not locked"
        device.log.append(f"{stage}: fprotect {span.range}: secure, read and execute only, {lock}")
