"""A device's life as a user wrote it, on images made for a design or on a build's own bytes; recorded, or run again."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.design.firmware import Firmware
from bootverify.errors import InputError
from bootverify.executor.flash_map import Held, flash_map
from bootverify.executor.programmed.lived import live
from bootverify.executor.programmed.story import Ending
from bootverify.executor.run import act, observed, steps_of_boot
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Boot, TakeStep
from bootverify.machine.trace import Inputs, Step, Trace
from bootverify.sources.actions import files_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """The trace, and what its stores hold after each step of it.

    `ending` and `unknown` (what nothing told) are those of real bytes; None and nothing where images were made.
    """

    trace: Trace
    maps: tuple[tuple[Held, ...], ...]
    ending: Ending | None = None
    unknown: tuple[str, ...] = ()


def run_script(
    design: Design, actions: Sequence[Action], foe: Attacker, *, source: str = "", mapped: bool = True
) -> Scripted:
    """Let `actions` happen to a device fresh from production, which boots and runs on between them.

    Raises:
        InputError: nothing boots, or an action cannot happen where it stands.
    """
    where = source or (design.files[0].file if design.files else "")
    if not design.stages:
        why = "nothing here boots: no chain is drawn from it (`bootverify import` says why)"
        raise InputError.at(where or design.name, 0, why)
    run = _Scripted(World.start(design, foe), mapped)
    run.on(actions[0] if actions else None)
    for number, action in enumerate(actions, start=1):
        try:
            run.happens(action)
        except NotEnabled as error:
            raise InputError.at("actions", 0, f"action {number} cannot happen: {error}") from None
        except KeyError as error:
            raise InputError.at("actions", 0, f"action {number} names {error}, which is not in the design") from None
        run.on(actions[number] if number < len(actions) else None)
    return Scripted(trace=_trace(design.name, where, foe, run.steps), maps=tuple(run.maps))


def run_life(
    firmware: Firmware,
    inputs: Inputs,
    actions: Sequence[Action],
    foe: Attacker,
    published: Mapping[str, str],
    *,
    beside: Path | None = None,
) -> Scripted:
    """The same on a device that was programmed with `firmware`, which came of `inputs`; InputError as there."""
    files = files_of(actions, _places(inputs, beside))
    lived = live(firmware, actions, foe, published, files)
    if lived.refused:
        raise InputError.at("actions", 0, lived.refused)
    trace = _trace(firmware.design.name, inputs.files[0], foe, lived.steps, inputs)
    return Scripted(trace=trace, maps=tuple(lived.maps), ending=lived.ending, unknown=tuple(lived.unknown))


def relive(
    firmware: Firmware, trace: Trace, foe: Attacker, published: Mapping[str, str], beside: Path
) -> tuple[tuple[Step, ...], str]:
    """The steps of a recorded life, run again exactly, and which of them could not happen.

    Raises:
        InputError: a file that it names is gone or has other bytes.
    """
    assert trace.programmed is not None, "a life of a build's bytes"
    files = files_of(trace.actions, _places(trace.programmed, beside))
    lived = live(firmware, trace.actions, foe, published, files, exact=True)
    return tuple(lived.steps), lived.refused


def _places(inputs: Inputs, beside: Path | None) -> list[Path]:
    builds = [Path(each) for each in inputs.files if Path(each).is_dir()]
    return [Path(), *([beside] if beside is not None else []), *builds]


def _trace(name: str, file: str, foe: Attacker, steps: Sequence[Step], inputs: Inputs | None = None) -> Trace:
    return Trace(
        design=name, file=file, attacker=foe.name, policy="", subject="", steps=tuple(steps), programmed=inputs
    )


@dataclass(slots=True)
class _Scripted:
    """A run under way."""

    world: World
    mapped: bool
    steps: list[Step] = field(default_factory=list)
    maps: list[tuple[Held, ...]] = field(default_factory=list)

    def on(self, following: Action | None) -> None:
        """Run until the device stays where it is, or `following` is the step that it is about to take, or a restart."""
        if isinstance(following, Boot):
            return
        for step in steps_of_boot(self.world.device):
            if isinstance(following, TakeStep) and (following.stage, following.step) == (step.stage, step.step):
                return
            self.happens(step)

    def happens(self, action: Action) -> None:
        """Let one action happen."""
        act(self.world, action)
        seen = observed(self.world)
        self.steps.append(Step(action=action, observation=seen))
        self.maps.append(flash_map(self.world) if self.mapped else ())
