"""A device that a guess is tried on: each further thing happens to a copy, so that many guesses may begin alike."""

from collections.abc import Callable

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.executor.run import act, steps_of_boot, take_step
from bootverify.executor.world import World
from bootverify.machine.action import Action, TakeStep


def _nowhere(_: World) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A device and what was done to it since production."""

    world: World
    done: tuple[Action, ...]

    @classmethod
    def start(cls, design: Design, attacker: Attacker, *, history: bool = False) -> "Way":
        """A device fresh from production; `history` as for a world."""
        return cls(world=World.start(design, attacker, history=history), done=())

    def then(self, *actions: Action) -> "Way":
        """After more has happened.

        Raises:
            NotEnabled: one of them cannot happen there.
        """
        world = self.world.copy()
        for action in actions:
            act(world, action)
        return Way(world=world, done=(*self.done, *actions))

    def cut(self, step: TakeStep) -> "Way":
        """After that step was cut; whether it is cut so in the encoder's eyes, too, a replay finds out."""
        world = self.world.copy()
        take_step(world, step)
        return Way(world=world, done=(*self.done, step))

    def boots(self, stops: Callable[[World], bool] = _nowhere) -> "Way":
        """To where the device stays, or the first place at which it `stops`."""
        world, done = self.world.copy(), self.done
        for step in steps_of_boot(world.device):
            if stops(world):
                break
            act(world, step)
            done = (*done, step)
        return Way(world=world, done=done)
