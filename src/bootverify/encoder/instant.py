"""One instant in plain values: packing it, and everything that may come after it.

For checks that compare a concrete device with this system: abstract the device as the docstring of
`frame` says, then ask whether the abstraction after an action is among the successors of the one
before.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from bootverify.dataclass import dataclass
from bootverify.encoder.boot_system import BootSystem
from bootverify.encoder.logic.system import Transition
from bootverify.encoder.logic.terms import Term, Valuation, Value, conjuncts, domain
from bootverify.encoder.variables.contents import CRAFTED, ERASED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import NO_SLOT
from bootverify.machine.action import Action, Meanwhile, ProgramRegion, Reset, TakeStep

Facts = Mapping[str, Value]
Kind = tuple[type[Action], int | None]  # of a register also its number


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

    def start(self) -> dict[str, Value]:
        """The factory state."""
        init = self.boot.system.init
        return {variable.name: init[variable][0] for variable in self.boot.system.variables}

    def successors(self, facts: Facts) -> Iterator[Successor]:
        """Everything that may follow `facts`; no change is always possible, and not listed."""
        before = self.instant(facts)
        told = Valuation(before)
        for transition in self.boot.system.transitions:
            for actions, after in self._taken(transition, before, told):
                plain = {variable.name: value for variable, value in after.items()}
                yield Successor(transition=transition.name, actions=actions, after=plain)

    def instant(self, facts: Facts) -> dict[Term, Value]:
        """The facts as an assignment to the variables of the frame, in their order."""
        return values(self.boot.frame, facts)

    def after(self, before: Mapping[Term, Value], action: Action | None = None) -> Iterator[dict[Term, Value]]:
        """What may follow `before`; with `action`, by a transition that stands for an action of that kind."""
        told = Valuation(before)
        wanted = None if action is None else _kinds(action)
        for transition in self.boot.system.transitions if wanted is None else self._standing_for(wanted):
            for actions, after in self._taken(transition, before, told):
                if wanted is None or not wanted.isdisjoint(map(_kind, actions)):
                    yield after

    def allows(self, before: Facts, after: Facts, action: Action | None = None) -> bool:
        """Whether some successor of `before`, or `before` itself, covers `after`.

        With `action`, only transitions count that stand for an action of its kind.
        """
        frame = self.boot.frame
        new = values(frame, after)
        if covers(frame, values(frame, before), new):
            return True
        return any(covers(frame, state, new) for state in self.after(values(frame, before), action))

    def _taken(
        self, transition: Transition, before: Mapping[Term, Value], told: Valuation
    ) -> Iterator[tuple[tuple[Action, ...], dict[Term, Value]]]:
        """The actions and the next instant of `transition`, for each choice of its inputs that it allows."""
        for chosen in _allowed(transition, told):
            here = Valuation(chosen, told) if chosen else told
            after = {**before, **{target: here.of(value) for target, value in transition.updates.items()}}
            yield self._actions(transition, chosen), after

    def _standing_for(self, kinds: frozenset[Kind]) -> tuple[Transition, ...]:
        """The transitions that can stand for an action of one of `kinds`."""
        if kinds not in self._by_kinds:
            told = self.boot.system.transitions
            self._by_kinds[kinds] = tuple(each for each in told if not kinds.isdisjoint(self._kinds_of[each.name]))
        return self._by_kinds[kinds]

    @cached_property
    def _by_kinds(self) -> dict[frozenset[Kind], tuple[Transition, ...]]:
        return {}

    @cached_property
    def _kinds_of(self) -> dict[str, frozenset[Kind]]:
        """The kinds of action that each transition can stand for, by its name."""
        return {name: frozenset(map(_kind, each.all_actions())) for name, each in self.boot.moves.items()}

    def _actions(self, transition: Transition, chosen: Mapping[Term, Value]) -> tuple[Action, ...]:
        return self.boot.moves[transition.name].actions({each.name: value for each, value in chosen.items()})


def _allowed(transition: Transition, told: Valuation) -> Iterator[dict[Term, Value]]:
    """The choices that the guard allows; what it says of the first inputs is looked at before the others are chosen."""
    first, *others = _in_turn(transition.guard, transition.inputs)
    if not all(map(told.of, first)):
        return
    kept: list[dict[Term, Value]] = [{}]
    for added, asked in zip(transition.inputs, others, strict=True):
        kept = [{**each, added: value} for each in kept for value in domain(added.sort)]
        if asked:
            kept = [each for each in kept if all(map(Valuation(each, told).of, asked))]
    yield from kept


@lru_cache(maxsize=4096)
def _in_turn(guard: Term, inputs: tuple[Term, ...]) -> tuple[tuple[Term, ...], ...]:
    """What a guard says where no input is chosen, then what it says more with each input in turn."""
    turns: list[list[Term]] = [[] for _ in range(len(inputs) + 1)]
    for conjunct in conjuncts(guard):
        last = max((number for number, each in enumerate(inputs, start=1) if each in conjunct.free), default=0)
        turns[last].append(conjunct)
    return tuple(map(tuple, turns))


def _kind(action: Action) -> Kind:
    """What two actions must share to be of one kind: of a register the region, of a step that somebody writes in it."""
    match action:
        case ProgramRegion(region=region):
            return type(action), region
        case TakeStep(meanwhile=Meanwhile()):
            return type(action), 1
        case _:
            return type(action), None


def _kinds(action: Action) -> frozenset[Kind]:
    """The kinds of transition that may explain `action`.

    Where power goes before anything lasted, it is a reset; where a foreign write changes nothing, it is any step.
    """
    found = {_kind(action)}
    if isinstance(action, TakeStep):
        found.add((TakeStep, None))
        if action.cut_after is not None:
            found.add((Reset, None))
    return frozenset(found)


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
            taken = facts[frame.active[image.name].name]  # of an image that is loaded `facts` tell what was copied
            found[name] = ERASED if taken == NO_SLOT else facts[f"content[{taken}]"]
        else:
            held = {facts[frame.content(store).name] for store in stores}
            found[name] = held.pop() if len(held) == 1 else CRAFTED
    return found
