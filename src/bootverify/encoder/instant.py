"""One instant in plain values: packing it, and everything that may come after it.

For checks that compare a concrete device with this system: abstract the device as the docstring of
`frame` says, then ask whether the abstraction after an action is among the successors of the one
before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from bootverify.encoder.boot_system import BootSystem
from bootverify.encoder.frame import Frame
from bootverify.encoder.frame_contents import CRAFTED, ERASED
from bootverify.encoder.frame_hardware import NO_SLOT
from bootverify.encoder.pycode import Compiled, State, inputs_of
from bootverify.encoder.terms import Term, Value, domain
from bootverify.machine.action import Action, ProgramRegion, Reset, TakeStep

Facts = Mapping[str, Value]


def values(frame: Frame, facts: Facts) -> dict[Term, Value]:
    """The assignment that `facts` give, by variable name.

    Names that this frame has no variable for are passed over. `taken[...]` and `carries[...]` are computed if absent.

    Raises:
        KeyError: a variable has no fact.
    """
    complete = {**_taken(frame, facts), **_carried(frame), **facts}
    return {variable: complete[variable.name] for variable in frame.variables}


def covers(frame: Frame, wide: Mapping[Term, Value], narrow: Mapping[Term, Value]) -> bool:
    """Whether everything that can happen after `narrow` is also told of `wide`.

    So it is when they are equal, but for registers that `wide` calls tampered: those permit all.
    """
    programmable = [region for region in frame.regions if region.tampered in region.variables]
    registers = {field: region for region in programmable for field in region.variables}
    for variable in frame.variables:
        region = registers.get(variable)
        if region is not None and wide[region.tampered]:
            continue
        if wide[variable] != narrow[variable]:
            return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """What may come next, by which transition, and the actions that it stands for."""

    transition: str
    actions: tuple[Action, ...]
    after: Mapping[str, Value]


@dataclass(frozen=True)
class Instants:
    """Explicit steps of a boot system over plain values."""

    boot: BootSystem
    _told: dict[tuple[object, ...], bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _compiled(self) -> Compiled:
        return Compiled(self.boot.system)

    def start(self) -> dict[str, Value]:
        """The factory state."""
        return self._plain(self._compiled.initial()[0])

    def successors(self, facts: Facts) -> Iterator[Successor]:
        """Everything that may follow `facts`; no change is always possible, and not listed."""
        for number, chosen, state in self._compiled.successors(self._packed(facts)):
            yield Successor(
                transition=self.boot.system.transitions[number].name,
                actions=self._actions(number, chosen),
                after=self._plain(state),
            )

    def instant(self, facts: Facts) -> dict[Term, Value]:
        """The facts as an assignment to the variables of the frame, in their order."""
        return values(self.boot.frame, facts)

    def after(self, before: Mapping[Term, Value], action: Action | None = None) -> Iterator[dict[Term, Value]]:
        """What may follow `before`; with `action`, by a transition that stands for an action of that kind."""
        old = self._compiled.encode(before)
        for number in self._compiled.possible(old):
            if action is None or self._may_be(number, action):
                for chosen, state in self._compiled.step(number)(old):
                    if action is None or self._of_kind(number, chosen, action):
                        yield self._compiled.decode(state)

    def allows(self, before: Facts, after: Facts, action: Action | None = None) -> bool:
        """Whether some successor of `before`, or `before` itself, covers `after`.

        With `action`, only transitions count that stand for an action of its kind.
        """
        frame = self.boot.frame
        new = values(frame, after)
        if covers(frame, values(frame, before), new):
            return True
        return any(covers(frame, state, new) for state in self.after(values(frame, before), action))

    def _may_be(self, number: int, action: Action) -> bool:
        """Whether the transition can stand for an action of that kind, whatever its inputs."""
        region = action.region if isinstance(action, ProgramRegion) else None
        kind = (number, type(action), region, isinstance(action, TakeStep) and action.cut_after is not None)
        if kind not in self._told:
            ranges = [range(len(domain(each.sort))) for each in self.boot.system.transitions[number].inputs]
            told = [each for chosen in product(*ranges) for each in self._actions(number, chosen)]
            self._told[kind] = _is_kind(told, action)
        return self._told[kind]

    def _of_kind(self, number: int, chosen: tuple[int, ...], action: Action) -> bool:
        return _is_kind(self._actions(number, chosen), action)

    def _actions(self, number: int, chosen: tuple[int, ...]) -> tuple[Action, ...]:
        transition = self.boot.system.transitions[number]
        return self.boot.moves[transition.name].actions(inputs_of(transition, chosen))

    def _packed(self, facts: Facts) -> State:
        return self._compiled.encode(values(self.boot.frame, facts))

    def _plain(self, state: State) -> dict[str, Value]:
        return {variable.name: value for variable, value in self._compiled.decode(state).items()}


def _is_kind(told: Iterable[Action], action: Action) -> bool:
    """Whether one of the actions that are told is of the kind of `action`."""
    if isinstance(action, ProgramRegion):
        return any(isinstance(each, ProgramRegion) and each.region == action.region for each in told)
    # Where power goes before anything lasted, a cut step is a reset.
    cut = isinstance(action, TakeStep) and action.cut_after is not None
    return any(type(each) is type(action) or (cut and isinstance(each, Reset)) for each in told)


def _carried(frame: Frame) -> dict[str, Value]:
    """What the design says of placements, once for all instants."""
    return {variable.name: frame.init[variable][0] for variable in frame.carried.values()}


def _taken(frame: Frame, facts: Facts) -> dict[str, Value]:
    """What follows from the contents and the active slot."""
    found: dict[str, Value] = {}
    for image in frame.design.images:
        stores = frame.cells.of_image(image.name)
        name = frame.taken(image.name).name
        if len(stores) < 2 or name in facts:
            continue
        if len(image.slots) > 1:
            active = facts["active"]
            taken = active if active in image.slots else NO_SLOT
            found[name] = ERASED if taken == NO_SLOT else facts[f"content[{taken}]"]
        else:
            held = {facts[frame.content(store).name] for store in stores}
            found[name] = held.pop() if len(held) == 1 else CRAFTED
    return found
