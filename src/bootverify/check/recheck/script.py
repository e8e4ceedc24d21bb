"""What a certificate says: sorts, variables, start, transitions, claim and lemmas, each definition with its sort.

Nothing is taken on trust: a guard or a next value reads the old state and its own inputs, lemmas and claim read their
parameters alone, a next value is of its variable's sort - so it stays among the values that the sort has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bootverify.check.recheck.reader import Command, Expression, Refused, written

BOOL = "Bool"
WORDS = frozenset({"true", "false", "not", "and", "or", "=", "=>", "ite", "let", "start", "bvule", "bvult"})
_SHARED = re.compile(r"shared [1-9][0-9]*")
CLAIMS = frozenset({"claim", "over"})  # of which the second is of a recovery
_LEMMA = re.compile(r"lemma [1-9][0-9]*")


@dataclass(slots=True)
class Definition:
    """A named expression; `free` are the variables it reads, for a function none but its parameters."""

    parameters: tuple[tuple[str, str], ...]
    sort: str
    body: Expression
    free: frozenset[str]
    uses: frozenset[str]  # the definitions it mentions


@dataclass(slots=True)
class Transition:
    """The variables that change, and those that are chosen freely."""

    name: str
    inputs: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)

    @property
    def guard(self) -> str:
        """The name of its guard."""
        return f"guard of {self.name}"

    def after(self, variable: str) -> str:
        """The name of what `variable` becomes; the variable itself when it stays."""
        return f"{variable} after {self.name}" if variable in self.updates else variable


class Script:
    """All commands up to the invariant, read in order.

    Raises:
        Refused: anything is not as a certificate has it.
    """

    def __init__(self) -> None:
        self.infos: dict[str, str] = {}
        self.sorts: dict[str, list[str]] = {}
        self.values: dict[str, tuple[str, int]] = {}
        self.variables: dict[str, str] = {}
        self.inputs: dict[str, str] = {}
        self.definitions: dict[str, Definition] = {}
        self.transitions: list[Transition] = []
        self.lemmas: list[str] = []
        self.bounded: set[str] = set()
        self._widths: dict[str, int] = {}

    def take(self, command: Command) -> None:
        """One command."""
        try:
            self._taken(command.body)
        except Refused as problem:
            raise Refused(f"line {command.number}: {problem}") from None

    def _taken(self, body: tuple[Expression, ...]) -> None:
        match body:
            case ("set-info", ":transition", str(name)) if name.startswith('"'):
                self._finished_transition()
                if any(each.name == name[1:-1] for each in self.transitions):
                    raise Refused(f"two transitions are called {name}")
                self.transitions.append(Transition(name[1:-1]))
            case ("set-info", str(key), str(value)) if key.startswith(":") and value.startswith('"'):
                if self.sorts or self.variables or key in self.infos:
                    raise Refused(f"`{key}` does not belong here")
                self.infos[key] = value[1:-1]
            case ("set-logic", "QF_BV"):
                pass
            case ("define-sort", str(name), (), ("_", "BitVec", str(width))) if width.isdecimal() and len(width) < 3:
                self._new(name)
                self.sorts[name] = []
                self._widths[name] = int(width)
            case ("define-fun", str(name), (), str(sort), str(bits)) if bits.startswith("#b"):
                self._value(name, sort, bits)
            case ("declare-const", str(name), str(sort)):
                self._declared(name, sort)
            case ("assert", ("bvule", str(name), str(last))):
                self._bounded(name, last)
            case ("define-fun", str(name), tuple(parameters), str(sort), definition):
                self._defined(name, parameters, sort, definition)
            case _:
                raise Refused(f"`{written(body)[:60]}` has no place in a certificate")

    # -- values and variables

    def _new(self, name: str) -> None:
        known = (self.sorts, self.values, self.variables, self.inputs, self.definitions)
        if name in WORDS - {"start"} or any(name in each for each in known) or name == BOOL:
            raise Refused(f"`{name}` is defined twice")

    def _value(self, name: str, sort: str, bits: str) -> None:
        self._new(name)
        index = len(self._values_of(sort))
        if self.variables or bits != f"#b{index:0{self._widths[sort]}b}":
            raise Refused(f"`{name}` is not the next value of `{sort}`")
        self.sorts[sort].append(name)
        self.values[name] = (sort, index)

    def _values_of(self, sort: str) -> list[str]:
        if sort not in self.sorts:
            raise Refused(f"there is no sort `{sort}`")
        return self.sorts[sort]

    def _declared(self, name: str, sort: str) -> None:
        self._new(name)
        if "claim" in self.definitions or (sort != BOOL and not self._values_of(sort)):
            raise Refused(f"`{name}` cannot be declared here")
        if self.transitions:
            self.transitions[-1].inputs.append(name)
            self.inputs[name] = sort
        else:
            self.variables[name] = sort

    def width(self, sort: str) -> int:
        """The bits of a sort."""
        return self._widths[sort]

    def is_ordered(self, name: str) -> bool:
        """Whether it is a variable whose values have numbers."""
        return self.variables.get(name, BOOL) != BOOL

    def needs_bound(self, name: str) -> bool:
        """Whether some bits of the variable name no value."""
        sort = self.variables.get(name) or self.inputs[name]
        return sort != BOOL and len(self.sorts[sort]) != 1 << self._widths[sort]

    def _bounded(self, name: str, last: str) -> None:
        sort = self.variables.get(name) or self.inputs.get(name)
        if sort is None or sort == BOOL or last != self.sorts[sort][-1]:
            raise Refused("an assertion other than that a variable is within its sort")
        self.bounded.add(name)

    # -- definitions

    def _defined(self, name: str, parameters: tuple[Expression, ...], sort: str, body: Expression) -> None:
        self._new(name)
        if sort != BOOL:
            self._values_of(sort)
        scope: dict[str, str] = {}
        for each in parameters:
            if not (isinstance(each, tuple) and len(each) == 2 and self.variables.get(str(each[0])) == each[1]):
                raise Refused(f"`{name}` has a parameter that is no variable of the state")
            scope[str(each[0])] = str(each[1])
        if len(scope) != len(parameters):
            raise Refused(f"`{name}` has a parameter twice")
        typed = Typing(self, scope, closed=name in CLAIMS or bool(_LEMMA.fullmatch(name)))
        if typed.sort(body) != sort:
            raise Refused(f"`{name}` is not of sort {sort}")
        made = Definition(tuple(scope.items()), sort, body, frozenset(typed.free), frozenset(typed.uses))
        self._placed(name, made)
        self.definitions[name] = made

    def _placed(self, name: str, made: Definition) -> None:
        """Whether the definition may stand here, by its name."""
        at = self.transitions[-1] if self.transitions and "claim" not in self.definitions else None
        if name == "claim" and at is not None:
            self._finished_transition()
        elif name == "over" and "claim" in self.definitions and not self.lemmas:
            pass
        elif _LEMMA.fullmatch(name) and "claim" in self.definitions and "invariant" not in self.definitions:
            if name != f"lemma {len(self.lemmas) + 1}":
                raise Refused(f"`{name}` is out of turn")
            self.lemmas.append(name)
        elif made.parameters:
            raise Refused(f"`{name}` is no function")
        elif name == "start" and not self.transitions:
            expected = conjunction([f"start of {each}" for each in self.variables])
            if made.body != expected:
                raise Refused("`start` does not speak of every variable")
        elif name.startswith("start of ") and not self.transitions:
            if name[9:] not in self.variables or made.sort != BOOL or not made.free <= {name[9:]}:
                raise Refused(f"`{name}` speaks of something else")
        elif at is not None and _SHARED.fullmatch(name):
            pass
        elif at is not None and name == at.guard:
            self._reads_own(name, made.free, at)
            if made.sort != BOOL:
                raise Refused(f"`{name}` is no truth value")
        elif at is not None and name.endswith(f" after {at.name}"):
            variable = name[: -len(f" after {at.name}")]
            if self.variables.get(variable) != made.sort:
                raise Refused(f"`{name}` is not of the sort of a variable of the state")
            self._reads_own(name, made.free, at)
            at.updates.append(variable)
        elif name == "invariant" and "claim" in self.definitions:
            if made.body != conjunction([self.applied(each) for each in self.lemmas]):
                raise Refused("`invariant` is not all the lemmas")
        else:
            raise Refused(f"`{name}` has no place here")

    def _reads_own(self, name: str, free: frozenset[str], at: Transition) -> None:
        if foreign := free - self.variables.keys() - set(at.inputs):
            raise Refused(f"`{name}` reads {', '.join(sorted(foreign))}, an input of another transition")

    def _finished_transition(self) -> None:
        if "start" not in self.definitions:
            raise Refused("a transition before the start")
        if self.transitions and self.transitions[-1].guard not in self.definitions:
            raise Refused(f"`{self.transitions[-1].name}` has no guard")

    def applied(self, name: str, at: Transition | None = None) -> Expression:
        """A lemma or the claim in the present state, or after a transition."""
        parameters = [parameter for parameter, _ in self.definitions[name].parameters]
        return (name, *(at.after(each) if at else each for each in parameters)) if parameters else name


class Typing:
    """The sort of an expression, and what it reads; `closed`: its parameters alone."""

    def __init__(self, script: Script, scope: Mapping[str, str], *, closed: bool) -> None:
        self.script = script
        self.scope = dict(scope)
        self.closed = closed
        self.free: set[str] = set()
        self.uses: set[str] = set()

    def sort(self, body: Expression) -> str:
        """The sort; Refused when there is none."""
        match body:
            case str(name):
                return self._symbol(name)
            case ("not", operand):
                self._truth(operand)
                return BOOL
            case ("and" | "or", _, _, *_):
                for operand in body[1:]:
                    self._truth(operand)
                return BOOL
            case ("=", left, right):
                if self.sort(left) != self.sort(right):
                    raise Refused(f"`{written(body)[:60]}` compares two sorts")
                return BOOL
            case ("ite", condition, then, otherwise):
                self._truth(condition)
                found = self.sort(then)
                if self.sort(otherwise) != found:
                    raise Refused(f"`{written(body)[:60]}` is of two sorts")
                return found
            case ("let", ((str(name), bound),), inner):
                if not name.startswith("?") or name in self.scope:
                    raise Refused(f"`{name}` is bound twice")
                self.scope[name] = self.sort(bound)
                return self.sort(inner)
            case (str(name), *arguments) if name in self.script.lemmas or name in CLAIMS:
                return self._application(name, arguments)
            case _:
                raise Refused(f"`{written(body)[:60]}` is no expression of a certificate")

    def _truth(self, body: Expression) -> None:
        if self.sort(body) != BOOL:
            raise Refused(f"`{written(body)[:60]}` is no truth value")

    def _symbol(self, name: str) -> str:
        script = self.script
        if name in {"true", "false"}:
            return BOOL
        if name in self.scope:
            if not name.startswith("?"):
                self.free.add(name)
            return self.scope[name]
        if name in script.values:
            return script.values[name][0]
        if not self.closed:
            found = script.variables.get(name) or script.inputs.get(name)
            if found is not None:
                self.free.add(name)
                return found
            made = script.definitions.get(name)
            if made is not None and not made.parameters:
                self.free |= made.free
                self.uses.add(name)
                return made.sort
        raise Refused(f"`{name}` means nothing here")

    def _application(self, name: str, arguments: list[Expression]) -> str:
        made = self.script.definitions[name]
        if self.closed or [self.sort(each) for each in arguments] != [sort for _, sort in made.parameters]:
            raise Refused(f"`{name}` is given something else than it takes")
        self.uses.add(name)
        return made.sort


def conjunction(parts: list[Expression]) -> Expression:
    """All of them, as a certificate writes it."""
    return parts[0] if len(parts) == 1 else ("and", *parts) if parts else "true"


def disjunction(parts: list[Expression]) -> Expression:
    """Any of them, at least one."""
    return parts[0] if len(parts) == 1 else ("or", *parts)
