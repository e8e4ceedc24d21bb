"""The step `protect`: the vendor's fprotect over each span, as NSIB and MCUboot call it."""

from bootverify.design.boot import Program, Protect
from bootverify.design.protection import Access, Lock, Span
from bootverify.executor.device import Device, Halt
from bootverify.executor.fprotect import (
    Fprotect,
    FprotectAcl,
    FprotectAcl2021,
    FprotectBprot,
    FprotectRram,
    FprotectSpu,
    region_set,
)
from bootverify.executor.units.acl import Acl
from bootverify.executor.units.bprot import Bprot
from bootverify.executor.units.rramc import (
    BOOT_REGION,
    EXECUTE,
    FREE_REGION,
    LOCK,
    READ,
    SECURE,
    WRITE,
    Rramc,
)
from bootverify.executor.units.spu import Spu

WORDS = {  # what a unit's entry leaves to everybody
    FprotectSpu: "secure, read and execute only",
    FprotectAcl: "write denied",
    FprotectAcl2021: "write denied, as it believes",
    FprotectBprot: "write denied",
    FprotectRram: "read and execute only",
}


def protect(device: Device, step: Protect) -> None:
    """Protect the spans of `step`, in order.

    A failed call stops NSIB and lets MCUboot loop for ever (ncs-boot 1.1 step 1, 2.1): the device halts.
    """
    stage = device.design.stages[device.stage].name
    if isinstance(device.guard, Rramc) and Access.READ in step.deny:
        _take_all(device, device.guard, step.spans[0])
        return
    library = _library(device, step)
    lasting = step.lock is Lock.UNTIL_RESET
    for span in step.spans:
        code = _call(library, span, step.deny, lasting=lasting)
        if code:
            device.halt(Halt.PROTECT_FAILED, f"{stage}: fprotect {span.range} returns {code}{_why(device, span)}")
            return
        words = "no access" if Access.READ in step.deny else WORDS[type(library)]
        lock = "locked until reset" if lasting else "not locked"
        device.log.append(f"{stage}: fprotect {span.range}: {words}, {lock}")


def _take_all(device: Device, rramc: Rramc, span: Span) -> None:
    """What NSIB and MCUboot do with their own region at hand-over, from RAM: no access, locked (soc.md 3).

    NSIB's is region 3, MCUboot's region 4; one that has no size yet gets it first.
    """
    stage = device.design.stages[device.stage]
    region = BOOT_REGION if stage.program is Program.NSIB else FREE_REGION
    if not rramc.config[region] & rramc.size_field:
        region_set(rramc, region, span.range.start, span.range.size, READ | WRITE | EXECUTE | SECURE)
    rramc.write_config(region, (rramc.config[region] & ~(READ | WRITE | EXECUTE)) | LOCK)
    start, end = rramc.range(region)
    device.log.append(f"{stage.name}: RRAMC region {region} [{start:#x}, {end:#x}): no access, locked until reset")


def _library(device: Device, step: Protect) -> Fprotect:
    """The back end of this part, as the running program has it: what it counts it counts from its own start."""
    if not step.counts_entries:
        return library(device, counted=None)
    steps = device.design.stages[device.stage].steps[: device.step]
    return library(device, counted=sum(len(each.spans) for each in steps if isinstance(each, Protect)))


def library(device: Device, *, counted: int | None) -> Fprotect:
    """The back end for the unit of `device`; `counted`: entries that a program of before 2021-06 used, else None."""
    guard = device.design.soc.guard
    size = device.design.soc.flash.size
    match device.guard:
        case Spu() as spu:
            return FprotectSpu(spu)
        case Acl() as acl if counted is not None:
            return FprotectAcl2021(acl, acl.page, acl.page, guard.largest or size, used=counted)
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
