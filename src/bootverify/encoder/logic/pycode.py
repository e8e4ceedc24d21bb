"""A transition system as generated Python over strings of small numbers, for explicit search.

Every value is its index in the sort's order (truth values: 0 and 1); a state is `bytes`, or a tuple where a sort has
more values than a byte. The text is generated from our own terms; nothing of a user's input reaches it but through
indices.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import BOOL, Op, Term, Value, conjuncts, domain, evaluate, nodes

State = bytes | tuple[int, ...]
Choice = tuple[int, ...]
Step = Callable[[State], list[tuple[Choice, State]]]
BYTE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The names of the transitions that may happen at each value of a variable, and at no other."""

    location: Term
    names: Mapping[Value, frozenset[str]]


class Compiled:
    """`system` ready to run; states give values in the order of `system.variables`."""

    def __init__(self, system: System, there: There | None = None) -> None:
        """`there` says what may happen where, as far as that is known."""
        self.system = system
        self._index = {variable: i for i, variable in enumerate(system.variables)}
        self._values = [(variable, domain(variable.sort)) for variable in system.variables]
        self._numbers = [(each, {value: i for i, value in enumerate(values)}) for each, values in self._values]
        self._packed = all(len(values) <= BYTE for _, values in self._values)
        self._steps: dict[int, Step] = {}
        self._made: dict[int, list[tuple[int, Step]]] = {}
        known = there is not None and there.location in self._index
        self._pivot, self._possible = self._told(there) if there and known else self._dispatch()

    def initial(self) -> list[State]:
        """Every start state, in a fixed order."""
        starts = [
            [domain(variable.sort).index(value) for value in self.system.init[variable]]
            for variable in self.system.variables
        ]
        return [self._state(values) for values in product(*starts)]

    def successors(self, state: State) -> list[tuple[int, Choice, State]]:
        """Transition number, input values and next state, in a fixed order."""
        possible = self._steps_at(state[self._pivot]) if self._possible else ()
        return [(i, choice, after) for i, step in possible for choice, after in step(state)]

    def possible(self, state: State) -> Sequence[int]:
        """The numbers of the transitions that may happen in `state`, in their order; some of them may not."""
        return self._possible[state[self._pivot]] if self._possible else ()

    def _steps_at(self, value: int) -> list[tuple[int, Step]]:
        found = self._made.get(value)
        if found is None:
            found = self._made[value] = [(i, self.step(i)) for i in self._possible[value]]
        return found

    def step(self, number: int) -> Step:
        """The function of a transition; made when it is first asked for, since many never are."""
        found = self._steps.get(number)
        if found is None:
            transition = self.system.transitions[number]
            terms = (transition.guard, *transition.updates.values())
            mentioned = set(transition.updates).union(*(term.free for term in terms)) - set(transition.inputs)
            index = tuple(sorted((self._index[variable], variable) for variable in mentioned))
            found = self._steps[number] = _made(
                transition.guard, tuple(transition.updates.items()), transition.inputs, index, packed=self._packed
            )
        return found

    def _told(self, there: There) -> tuple[int, list[list[int]]]:
        names = [each.name for each in self.system.transitions]
        possible = [there.names.get(value, frozenset()) for value in domain(there.location.sort)]
        return self._index[there.location], [[i for i, name in enumerate(names) if name in here] for here in possible]

    def _dispatch(self) -> tuple[int, list[list[int]]]:
        """A variable that many guards ask about by itself, and the transitions possible at each of its values."""
        alone = [_alone(transition.guard) for transition in self.system.transitions]
        asked = Counter(variable for parts in alone for variable in parts if variable in self._index)
        if not asked:
            return 0, [list(range(len(alone))) for _ in domain(self.system.variables[0].sort)] if self._index else []
        pivot = max(self.system.variables, key=lambda variable: asked[variable])
        return self._index[pivot], [
            [
                i
                for i, parts in enumerate(alone)
                if all(evaluate(conjunct, {pivot: value}) for conjunct in parts.get(pivot, ()))
            ]
            for value in domain(pivot.sort)
        ]

    def predicate(self, term: Term) -> Callable[[State], bool]:
        """`term`, a truth value over the state variables, as a function of a state."""
        code = _Code(self._index, {})
        lines = ["def test(s):", *code.body([term], "    ")]
        lines.append(f"    return bool({code.reference(term)})")
        namespace: dict[str, Callable[[State], bool]] = {}
        exec("\n".join(lines), namespace)  # noqa: S102 - our own generated text
        return namespace["test"]

    def decode(self, state: State) -> dict[Term, Value]:
        """The values of all variables in `state`."""
        return {variable: values[number] for (variable, values), number in zip(self._values, state, strict=True)}

    def encode(self, values: Mapping[Term, Value]) -> State:
        """The state in which the variables have `values`; KeyError when one is missing or foreign."""
        return self._state([numbers[values[variable]] for variable, numbers in self._numbers])

    def _state(self, numbers: Iterable[int]) -> State:
        return bytes(numbers) if self._packed else tuple(numbers)


def inputs_of(transition: Transition, choice: Choice) -> dict[str, Value]:
    """The chosen input values of a transition by name."""
    return {each.name: domain(each.sort)[value] for each, value in zip(transition.inputs, choice, strict=True)}


def _alone(guard: Term) -> dict[Term, list[Term]]:
    """The conjuncts of a guard that read one variable, by that."""
    found: dict[Term, list[Term]] = {}
    for conjunct in conjuncts(guard):
        if len(conjunct.free) == 1:
            found.setdefault(next(iter(conjunct.free)), []).append(conjunct)
    return found


@lru_cache(maxsize=4096)
def _made(
    guard: Term,
    updates: tuple[tuple[Term, Term], ...],
    inputs: tuple[Term, ...],
    index: tuple[tuple[int, Term], ...],
    *,
    packed: bool,
) -> Step:
    """The function of a transition over states in which its variables have these places; attackers share many."""
    namespace: dict[str, Any] = {"mutable": bytearray if packed else list, "state": bytes if packed else tuple}
    source = "\n".join(_step(guard, dict(updates), inputs, {variable: place for place, variable in index}))
    exec(source, namespace)  # noqa: S102 - our own generated text
    made: Step = namespace["step"]
    return made


def _step(guard: Term, updates: Mapping[Term, Term], inputs: tuple[Term, ...], index: Mapping[Term, int]) -> list[str]:
    """A function of a state. What no input decides is computed once, before the loops over inputs, if at all."""
    names = {each: f"i{position}" for position, each in enumerate(inputs)}
    code = _Code(index, names)
    parts_of_guard = conjuncts(guard)
    early = [each for each in parts_of_guard if each.free.isdisjoint(names)]
    late = [each for each in parts_of_guard if not each.free.isdisjoint(names)]
    lines = ["def step(s):"]
    for each in early:
        lines += code.body([each], "    ")
        lines.append(f"    if not {code.reference(each)}: return []")
    parts = [part for term in (*late, *updates.values()) for part in nodes(term)]
    lines += code.body([part for part in parts if part.free.isdisjoint(names)], "    ")
    lines.append("    found = []")
    indent = "    "
    for each, name in names.items():
        lines.append(f"{indent}for {name} in range({len(domain(each.sort))}):")
        indent += "    "
    for each in late:
        lines += code.body([each], indent)
        lines.append(f"{indent}if not {code.reference(each)}: continue")
    lines += code.body(updates.values(), indent)
    lines.append(f"{indent}n = mutable(s)")
    for target, value in updates.items():
        lines.append(f"{indent}n[{index[target]}] = int({code.reference(value)})")
    choice = "".join(f"{name}, " for name in names.values())
    lines.append(f"{indent}found.append((({choice}), state(n)))")
    lines.append("    return found")
    return lines


class _Code:
    """The text of one function; every inner node is assigned to a local once, arguments first."""

    def __init__(self, index: Mapping[Term, int], names: Mapping[Term, str]) -> None:
        self._index = index
        self._names = names
        self._done: set[int] = set()

    def body(self, terms: Iterable[Term], indent: str) -> list[str]:
        """The assignments that `terms` still need."""
        lines = []
        for node in nodes(*terms):
            if node.op in {Op.CONST, Op.VAR} or node.id in self._done:
                continue
            self._done.add(node.id)
            lines.append(f"{indent}t{node.id} = {self._text(node)}")
        return lines

    def _text(self, node: Term) -> str:
        parts = [self.reference(argument) for argument in node.arguments]
        match node.op:
            case Op.NOT:
                return f"not {parts[0]}"
            case Op.AND:
                return " and ".join(parts)
            case Op.OR:
                return " or ".join(parts)
            case Op.EQ:
                return f"{parts[0]} == {parts[1]}"
            case Op.ITE:
                return f"{parts[1]} if {parts[0]} else {parts[2]}"
            case Op.CONST | Op.VAR:
                return self.reference(node)

    def reference(self, term: Term) -> str:
        """How a node is read once it is assigned."""
        match term.op:
            case Op.CONST:
                return str(int(term.value) if term.sort is BOOL else term.sort.values.index(str(term.value)))
            case Op.VAR:
                return self._names[term] if term in self._names else f"s[{self._index[term]}]"
            case _:
                return f"t{term.id}"
