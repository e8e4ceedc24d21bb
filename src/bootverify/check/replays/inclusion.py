"""The inclusion check: whatever the executor does is among what the encoder says may happen.

Too little in the encoder would be a wrong `holds`, so a step that it does not foresee is a discrepancy, whoever meets
it. Facts are read off the bytes (`abstract`); what a swap that was cut hides is followed through the history, as the
set of all instants of the encoder that explain what was seen.
"""

from collections.abc import Iterator, Mapping, Sequence

from bootverify.check.replays.abstract import abstracted
from bootverify.encoder.instant import Instants
from bootverify.encoder.logic.terms import Term, Value
from bootverify.encoder.variables.frame import Frame
from bootverify.errors import Discrepancy
from bootverify.executor.run import mark
from bootverify.executor.world import World
from bootverify.machine.action import Action, Reset, TakeStep

Instant = Mapping[Term, Value]


class Inclusion:
    """Follows one device of the executor with the encoder's instants.

    INVARIANT: `instants` is never empty; the device is what one of them says, however it came there.
    """

    def __init__(self, steps: Instants, world: World) -> None:
        """Start with the device as it is; nothing is midway."""
        self.steps = steps
        self.instants: tuple[Instant, ...] = (self._seen(world),)

    def copy(self) -> "Inclusion":
        """The same history, for a copy of the device."""
        twin = object.__new__(Inclusion)
        twin.steps, twin.instants = self.steps, self.instants
        return twin

    def watch(self, action: Action, after: World) -> None:
        """Note that `action` led to `after`.

        Raises:
            Discrepancy: no transition that stands for such an action explains it.
        """
        seen = self._seen(after)
        frame = self.steps.boot.frame
        possible = list(self._possible(action))
        explaining = [each for each in possible if explains(frame, each, seen)]
        if not explaining:
            raise Discrepancy(self._complaint(possible, action, after, seen))
        midway = [each for each in explaining if hidden(frame, each)]
        # Of what hides nothing the narrowest reading, which allows the fewest successors, checks the most; but the same
        # bytes may also be a swap that has hardly begun.
        sure = [each for each in explaining if not hidden(frame, each)]
        settled = [{**seen, **{each: told[each] for each in frame.untold}} for told in sure]
        self.instants = tuple(_distinct([*settled, *midway]))

    def _possible(self, action: Action) -> Iterator[Instant]:
        """What may be there after `action`; nothing may have changed.

        Power that goes after the last write of a step leaves the whole step, and a reset: a counter may have risen.
        """
        cut = isinstance(action, TakeStep) and action.cut_after is not None
        for before in self.instants:
            yield before
            for after in self.steps.after(before, action):
                yield after
                if cut:
                    yield from self.steps.after(after, Reset())

    def _seen(self, world: World) -> Instant:
        return self.steps.instant(abstracted(self.steps.boot.frame, world))

    def _complaint(self, possible: Sequence[Instant], action: Action, after: World, seen: Instant) -> str:
        frame = self.steps.boot.frame
        nearest = min(possible, key=lambda each: len(differences(frame, each, seen)))
        found = ", ".join(
            f"{variable.name} is {seen[variable]}, not {nearest[variable]}"
            for variable in differences(frame, nearest, seen)
        )
        what = f"{after.design.name} against {after.attacker.name}: {action} leads the executor to {mark(after.device)}"
        return f"{what}, which the encoder does not foresee; next to its nearest instant, {found}"


def explains(frame: Frame, told: Instant, seen: Instant) -> bool:
    """Whether a device that reads as `seen` may be at the instant `told`."""
    return not differences(frame, told, seen)


def differences(frame: Frame, told: Instant, seen: Instant) -> list[Term]:
    """The variables in which `seen` is no case of `told`.

    Registers that `told` calls tampered may read anything, and so may all that a swap that was cut hides; what a swap
    left open no byte tells.
    """
    free = hidden(frame, told) | {*frame.untold}
    for region in frame.regions:
        if told.get(region.tampered):
            free |= set(region.variables)
    return [variable for variable in frame.variables if told[variable] != seen[variable] and variable not in free]


def hidden(frame: Frame, told: Instant) -> set[Term]:
    """What bytes do not tell while a pair is midway: its contents, its request, and that it is midway."""
    found: set[Term] = set()
    for image, request in frame.requests.items():
        flag = frame.midway(image)
        if not told.get(flag):
            continue
        stores, staging = frame.pair(image)
        found |= {flag, frame.mixed(image), request, *(frame.content(store) for store in stores)}
        if staging is not None:
            found.add(frame.content(staging))
        if image in frame.unshifted:
            found.add(frame.unshifted[image])
        found |= {*frame.bare.get(image, ())}
        if image in frame.takings:
            found.add(frame.takings[image])
    return found


def _distinct(instants: Sequence[Instant]) -> list[Instant]:
    return list({tuple(each.values()): each for each in instants}.values())
