"""A boot of a build's own bytes as a log: what was programmed, what each stage did, and what nothing told."""

from bootverify.design.firmware import Firmware
from bootverify.executor.programmed.story import Ending, Story

_WORDS = {
    Ending.RUNS: "the device is at",
    Ending.STOPS: "the device stops:",
    Ending.CUT: "the device is off:",
    Ending.OPEN: "it is open what happens:",
}


def programmed_log(firmware: Firmware, story: Story) -> str:
    """The text of one boot."""
    design = firmware.design
    sdk = f", {design.release}" if design.sdk else ""
    lines = [f"*** {design.name} on {design.soc.title}{sdk}: the bytes of the build ***"]
    lines += [f"  {line}" for line in story.lines]
    lines.append(f"{_WORDS[story.ending]} {story.why or f'{story.at}.run'}")
    lines += [f"not told: {each}" for each in story.unknown]
    return "\n".join(lines) + "\n"
