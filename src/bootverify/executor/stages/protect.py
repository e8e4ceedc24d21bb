"""The step `protect`: the vendor's fprotect over each span, as NSIB and MCUboot call it."""

from bootverify.design.boot import Protect
from bootverify.design.protection import Access, Lock, Span
from bootverify.executor.device import Device, Halt
from bootverify.executor.fprotect import Fprotect, FprotectAcl, FprotectBprot, FprotectRram, FprotectSpu
from bootverify.executor.units.acl import Acl
from bootverify.executor.units.bprot import Bprot
from bootverify.executor.units.rramc import Rramc
from bootverify.executor.units.spu import Spu

WORDS = {  # what a unit's entry leaves to everybody
    FprotectSpu: "secure, read and execute only",
    FprotectAcl: "write denied",
    FprotectBprot: "write denied",
    FprotectRram: "read and execute only",
}


def protect(device: Device, step: Protect) -> None:
    """Protect the spans of `step`, in order.

    A failed call stops NSIB and lets MCUboot loop for ever (ncs-boot 1.1 step 1, 2.1): the device halts.
    """
    stage = device.design.stages[device.stage].name
    library = _library(device)
    lasting = step.lock is Lock.UNTIL_RESET
    for span in step.spans:
        code = _call(library, span, step.deny, lasting=lasting)
        if code:
            device.halt(Halt.PROTECT_FAILED, f"{stage}: fprotect {span.range} returns {code}{_why(device, span)}")
            return
        words = "no access" if Access.READ in step.deny else WORDS[type(library)]
        lock = "locked until reset" if lasting else "not locked"
        device.log.append(f"{stage}: fprotect {span.range}: {words}, {lock}")


def _library(device: Device) -> Fprotect:
    """The back end of this part, as a program finds it when it starts."""
    guard = device.design.soc.guard
    size = device.design.soc.flash.size
    match device.guard:
        case Spu() as spu:
            return FprotectSpu(spu)
        case Acl() as acl:
            return FprotectAcl(acl, acl.page, acl.page, size // acl.page, guard.largest or size)
        case Bprot() as bprot:
            return FprotectBprot(bprot)
        case Rramc() as rramc:
            return FprotectRram(rramc, combined=True)


def _call(library: Fprotect, span: Span, deny: frozenset[Access], *, lasting: bool) -> int:
    start, length = span.range.start, span.range.size
    if isinstance(library, FprotectAcl) and Access.READ in deny:
        return library.area_no_access(start, length)
    if isinstance(library, FprotectSpu | FprotectRram):
        return library.area(start, length, lock=lasting)
    return library.area(start, length)


def _why(device: Device, span: Span) -> str:
    granule = device.design.soc.guard.granule
    ragged = span.range.start % granule or span.range.size % granule
    return f": no multiple of {granule:#x}" if ragged else ": too long, or no entry is free"
