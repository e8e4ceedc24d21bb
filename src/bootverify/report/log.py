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
