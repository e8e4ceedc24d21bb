"""A run of the executor as the boot log that someone who knows the chain recognises."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bootverify.design.design import Design
from bootverify.executor.flash_map import Held
from bootverify.machine.action import Boot, Request, Reset, TakeStep
from bootverify.machine.observation import Receipt
from bootverify.machine.trace import Trace

if TYPE_CHECKING:
    from bootverify.check.replays.scripted import (
        Scripted,  # what it records is heavy to load, and reports tell chapters
    )


def boot_log(design: Design, told: "Scripted", *, mapped: bool) -> str:
    """What each step and action said, with a rule before each restart, and where the device is at the end.

    `mapped`: also what the flash holds before the first action, after each one, and after each power cut.
    """
    trace, maps = told.trace, told.maps if mapped else ()
    sdk = f", {design.release}" if design.sdk else ""
    whose = ": the bytes of the build" if trace.programmed is not None else ""
    lines = [f"*** {design.name} on {design.soc.title}{sdk}{whose} ***"]
    for number, step in enumerate(trace.steps):
        if isinstance(step.action, Reset | Boot):
            lines.append("---")
        mark = " " if isinstance(step.action, TakeStep | Boot) else ">"
        lines += [f"{mark} {line}" for line in step.observation.log]
        lines += _receipt(step.observation.receipt)
        following = trace.steps[number + 1].action if number + 1 < len(trace.steps) else None
        cut = isinstance(step.action, TakeStep | Boot) and step.action.cut_after is not None
        if number < len(maps) and (cut or not isinstance(following, TakeStep)):
            lines += _map(maps[number])
    at = trace.steps[-1].observation.at if trace.steps else "off"
    lines.append(f"the device is at {at}")
    lines += [f"not told: {each}" for each in told.unknown]
    return "\n".join(lines) + "\n"


def _receipt(held: Receipt | None) -> list[str]:
    """What the sender of an upload was told, where that is not all, or not what is in flash."""
    if held is None or held.size == held.acknowledged == held.written:
        return []
    told = f"{held.acknowledged:,} of {held.size:,} bytes are acknowledged, {held.written:,} are where they are to stay"
    return [f"  = {told}"]


def chapters(trace: Trace) -> list[list[str]]:
    """The log of the run: the steps of one boot together, each other action by itself."""
    told: list[list[str]] = []
    booting = False
    for step in trace.steps:
        log = list(step.observation.log) or [f"the device is at {step.observation.at}"]
        is_step = type(step.action).__name__ == "TakeStep"
        if is_step and booting:
            told[-1] += log
        else:
            told.append(log)
        booting = is_step
    return told


def _map(held: Sequence[Held]) -> list[str]:
    """The flash, one line a store: range, name, content, what is asked for, what is locked."""
    rows = [(str(each.range), each.name, _told(each), each.open.value) for each in held]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [
        "  | " + " ".join(f"{part:{w}}" for part, w in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows
    ]


def _told(held: Held) -> str:
    return held.content + (f" (asked: {held.request.value})" if held.request is not Request.NONE else "")
