"""A script of actions on a device that holds a build's own bytes, recorded step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from hashlib import sha256

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.firmware import Firmware
from bootverify.executor.flash_map import Held
from bootverify.executor.programmed.byte_map import ByteMap
from bootverify.executor.programmed.life import Life
from bootverify.executor.programmed.story import Ending
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Action, Boot, Deliver, Overwrite, Reset, Upload
from bootverify.machine.content import File
from bootverify.machine.observation import Observation
from bootverify.machine.trace import Step


@dataclass(slots=True)
class Lived:
    """What happened: each step, what the partitions held after it, and what nothing told.

    `refused` tells which action could not happen, and why; nothing happened after it.
    """

    life: Life
    steps: list[Step] = field(default_factory=list)
    maps: list[tuple[Held, ...]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refused: str = ""

    @property
    def ending(self) -> Ending:
        """How the last boot ended; a device that was wiped stops."""
        assert self.life.story is not None, "it has been booted"
        return Ending.STOPS if self.life.wiped else self.life.story.ending


def live(
    firmware: Firmware,
    actions: Sequence[Action],
    attacker: Attacker,
    published: Mapping[str, str],
    files: Mapping[str, bytes],
    *,
    exact: bool = False,
) -> Lived:
    """Let `actions` happen to a device that was programmed with `firmware`.

    Between two actions it boots where it has power and is off, unless `exact`: then the actions are a recording.
    """
    life = Life.start(firmware, attacker, published, files)
    found, shown = Lived(life), ByteMap(life)

    def happens(action: Action) -> None:
        life.act(action)
        unknown = life.story.unknown if life.story is not None else ()
        found.unknown += [each for each in unknown if each not in found.unknown]
        seen = Observation(at=life.at, log=tuple(life.log), receipt=life.receipt)
        found.steps.append(Step(action=_recorded(action, files), observation=seen))
        found.maps.append(shown.held())

    for number, action in enumerate(actions, start=1):
        boots = isinstance(action, Boot | Reset)  # a restart is a boot here
        try:
            if not exact and life.off and not boots:
                happens(Boot())
            happens(Boot() if isinstance(action, Reset) else action)
        except NotEnabled as error:
            found.refused = f"action {number} cannot happen: {error}"
            return found
    if not exact and life.off:
        happens(Boot())
    return found


def _recorded(action: Action, files: Mapping[str, bytes]) -> Action:
    """The action with the digest of the file that it names."""
    if not isinstance(action, Deliver | Upload | Overwrite) or not isinstance(action.content, File):
        return action
    digest = sha256(files.get(action.content.file, b"")).hexdigest()
    return replace(action, content=File(action.content.file, digest))
