"""A run of the executor as the boot log that someone who knows the chain recognises."""

from bootverify.design.design import Design
from bootverify.machine.action import Reset, TakeStep
from bootverify.machine.trace import Trace


def boot_log(design: Design, trace: Trace) -> str:
    """What each step and action said, with a rule before each restart, and where the device is at the end."""
    sdk = f", nRF Connect SDK {design.sdk}" if design.sdk else ""
    lines = [f"*** {design.name} on {design.soc.title}{sdk} ***"]
    for step in trace.steps:
        if isinstance(step.action, Reset):
            lines.append("---")
        mark = " " if isinstance(step.action, TakeStep) else ">"
        lines += [f"{mark} {line}" for line in step.observation.log]
    at = trace.steps[-1].observation.at if trace.steps else "off"
    lines.append(f"the device is at {at}")
    return "\n".join(lines) + "\n"


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
