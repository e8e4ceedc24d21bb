"""A transition system as generated Python over tuples of small numbers, for explicit search.

Every value is its index in the sort's order (truth values: 0 and 1). The text is generated from our own terms; nothing
of a user's input reaches it but through indices.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from bootverify.encoder.system import System, Transition
from bootverify.encoder.terms import BOOL, Op, Term, Value, domain, nodes

State = tuple[int, ...]
Choice = tuple[int, ...]


class Compiled:
    """`system` ready to run; states are tuples in the order of `system.variables`."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._index = {variable: i for i, variable in enumerate(system.variables)}
        namespace: dict[str, Any] = {}
        exec(_source(system, self._index), namespace)  # noqa: S102 - our own generated text
        self.steps: list[Callable[[State], list[tuple[Choice, State]]]] = [
            namespace[f"step_{i}"] for i in range(len(system.transitions))
        ]

    def initial(self) -> list[State]:
        """Every start state, in a fixed order."""
        starts = [
            [domain(variable.sort).index(value) for value in self.system.init[variable]]
            for variable in self.system.variables
        ]
        return [tuple(values) for values in product(*starts)]

    def successors(self, state: State) -> list[tuple[int, Choice, State]]:
        """Transition number, input values and next state, in a fixed order."""
        return [(i, choice, after) for i, step in enumerate(self.steps) for choice, after in step(state)]

    def predicate(self, term: Term) -> Callable[[State], bool]:
        """`term`, a truth value over the state variables, as a function of a state."""
        lines = ["def test(s):", *_body([term], self._index, {}, "    ")]
        lines.append(f"    return bool({_reference(term, self._index, {})})")
        namespace: dict[str, Callable[[State], bool]] = {}
        exec("\n".join(lines), namespace)  # noqa: S102 - our own generated text
        return namespace["test"]

    def decode(self, state: State) -> dict[Term, Value]:
        """The values of all variables in `state`."""
        return {
            variable: domain(variable.sort)[value] for variable, value in zip(self.system.variables, state, strict=True)
        }

    def encode(self, values: Mapping[Term, Value]) -> State:
        """The state in which the variables have `values`; KeyError or ValueError when one is missing or foreign."""
        return tuple(domain(variable.sort).index(values[variable]) for variable in self.system.variables)


def inputs_of(transition: Transition, choice: Choice) -> dict[str, Value]:
    """The chosen input values of a transition by name."""
    return {each.name: domain(each.sort)[value] for each, value in zip(transition.inputs, choice, strict=True)}


def _source(system: System, index: Mapping[Term, int]) -> str:
    lines: list[str] = []
    for number, transition in enumerate(system.transitions):
        lines += _step(number, transition, index)
    return "\n".join(lines)


def _step(number: int, transition: Transition, index: Mapping[Term, int]) -> list[str]:
    names = {each: f"i{position}" for position, each in enumerate(transition.inputs)}
    first = [transition.guard] if transition.guard.free.isdisjoint(transition.inputs) else []
    lines = [f"def step_{number}(s):"]
    if first:
        lines += _body(first, index, names, "    ")
        lines.append(f"    if not {_reference(transition.guard, index, names)}: return []")
    lines.append("    found = []")
    indent = "    "
    for each in transition.inputs:
        lines.append(f"{indent}for {names[each]} in range({len(domain(each.sort))}):")
        indent += "    "
    lines += _body([transition.guard, *transition.updates.values()], index, names, indent)
    lines.append(f"{indent}if {_reference(transition.guard, index, names)}:")
    lines.append(f"{indent}    n = list(s)")
    for target, value in transition.updates.items():
        lines.append(f"{indent}    n[{index[target]}] = int({_reference(value, index, names)})")
    choice = "".join(f"{name}, " for name in names.values())
    lines.append(f"{indent}    found.append((({choice}), tuple(n)))")
    lines.append("    return found")
    return lines


def _body(terms: Sequence[Term], index: Mapping[Term, int], names: Mapping[Term, str], indent: str) -> list[str]:
    """Assignments of every inner node to a local, arguments first."""
    lines = []
    text = ""
    for node in nodes(*terms):
        parts = [_reference(argument, index, names) for argument in node.arguments]
        match node.op:
            case Op.CONST | Op.VAR:
                continue
            case Op.NOT:
                text = f"not {parts[0]}"
            case Op.AND:
                text = " and ".join(parts)
            case Op.OR:
                text = " or ".join(parts)
            case Op.EQ:
                text = f"{parts[0]} == {parts[1]}"
            case Op.ITE:
                text = f"{parts[1]} if {parts[0]} else {parts[2]}"
        lines.append(f"{indent}t{node.id} = {text}")
    return lines


def _reference(term: Term, index: Mapping[Term, int], names: Mapping[Term, str]) -> str:
    match term.op:
        case Op.CONST:
            return str(int(term.value) if term.sort is BOOL else term.sort.values.index(str(term.value)))
        case Op.VAR:
            return names[term] if term in names else f"s[{index[term]}]"
        case _:
            return f"t{term.id}"
