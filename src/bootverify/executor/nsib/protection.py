"""Calls of the write protection, with their entry in the log."""

from bootverify.executor.nsib.event import Protected
from bootverify.executor.nsib.run import Run
from bootverify.ranges import AddressRange


def protect(run: Run, area: AddressRange) -> int:
    """Protect `area` until reset; 0, or a negative error number."""
    assert run.protection is not None, "a build with fprotect needs a protection unit"
    code = run.protection.protect(area.start, area.size)
    run.events.append(Protected(start=area.start, length=area.size, code=code))
    return code
