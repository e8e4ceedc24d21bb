"""Hash-consed terms over truth values and finite enumerations, with constant folding. No solver is known here.

The form of a term depends on how it was built, never on what was built before it: the same design gives the same text.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum as PyEnum
from functools import lru_cache
from itertools import count
from sys import getrefcount
from typing import Final, final


@final
class Sort:
    """A finite sort: its name and its values in order. Equal sorts are the same object. Truth values are `BOOL`."""

    __slots__ = ("constants", "name", "values")
    constants: "dict[Value, Term]"  # those that were asked for
    name: str
    values: tuple[str, ...]

    def __new__(cls, name: str, values: tuple[str, ...]) -> "Sort":
        """The sort of that name with these values."""
        found = _SORTS.get((name, values))
        if found is None:
            found = _SORTS[name, values] = super().__new__(cls)
            found.name, found.values, found.constants = name, values, {}
        return found

    def __repr__(self) -> str:
        return self.name


_SORTS: "dict[tuple[str, tuple[str, ...]], Sort]" = {}
BOOL: Final = Sort("Bool", ("false", "true"))
Value = bool | str


class Op(PyEnum):
    """The node kinds."""

    CONST = "const"
    VAR = "var"
    NOT = "not"
    AND = "and"
    OR = "or"
    EQ = "="
    ITE = "ite"

    __hash__ = object.__hash__  # members are one object each; the enumeration's own goes by the name, in Python


class Term:
    """One node; equal terms are the same object."""

    __slots__ = ("arguments", "free", "id", "name", "op", "size", "sort", "value")

    def __init__(self, op: Op, sort: Sort, value: Value, arguments: "tuple[Term, ...]", number: int) -> None:
        self.op = op
        self.sort = sort
        self.value = value
        self.name = str(value)  # of a variable
        self.arguments = arguments
        self.size: int = 1 + sum([argument.size for argument in arguments])  # written out, in nodes
        self.id = number
        if op is Op.VAR:
            self.free: frozenset[Term] = frozenset((self,))
        elif not arguments:
            self.free = frozenset()
        elif len(arguments) == 1:
            self.free = arguments[0].free
        else:
            widest = max([argument.free for argument in arguments], key=len)
            free = widest.union(*[argument.free for argument in arguments])
            self.free = widest if len(free) == len(widest) else free  # most terms share that of an argument

    def __repr__(self) -> str:
        return show(self)


_LEAVES: dict[tuple[Op, Sort, Value], Term] = {}
_INNER: dict[tuple[Op, tuple[Term, ...]], Term] = {}
_numbers = count()
_room = [400_000]  # inner terms that are kept before those are looked for that nobody holds


def _leaf(op: Op, sort: Sort, value: Value) -> Term:
    key = (op, sort, value)
    found = _LEAVES.get(key)
    if found is None:
        found = _LEAVES[key] = Term(op, sort, value, (), next(_numbers))
    return found


def _make(op: Op, sort: Sort, arguments: tuple[Term, ...]) -> Term:
    """An inner node; its sort follows from the others, so it is no part of the key."""
    key = (op, arguments)
    found = _INNER.get(key)
    if found is None:
        if len(_INNER) >= _room[0]:
            let_go()
        found = _INNER[key] = Term(op, sort, "", arguments, next(_numbers))
    return found


def let_go() -> None:
    """Forget the inner terms that nobody holds but this table, so that thousands of designs fit into one process.

    Later terms come first, for only they hold earlier ones; no number is given twice.
    """
    keys = list(_INNER)
    while keys:
        key = keys.pop()
        if getrefcount(_INNER[key]) == 2:  # the table and this call
            del _INNER[key]
    _room[0] = max(_room[0], 2 * len(_INNER))


_FALSE: Final = _leaf(Op.CONST, BOOL, False)
_TRUE: Final = _leaf(Op.CONST, BOOL, True)


def true() -> Term:
    """The truth."""
    return _TRUE


def false() -> Term:
    """The falsehood."""
    return _FALSE


def var(name: str, sort: Sort = BOOL) -> Term:
    """The variable of that name and sort."""
    return _leaf(Op.VAR, sort, name)


def const(sort: Sort, value: Value) -> Term:
    """A value of `sort`; TypeError when it has no such value."""
    if sort is BOOL:
        if not isinstance(value, bool):
            raise TypeError(f"`{value}` is no truth value")
        return _TRUE if value else _FALSE
    found = sort.constants.get(value)
    if found is None:
        if value not in sort.values:
            raise TypeError(f"`{value}` is no value of {sort}")
        found = sort.constants[value] = _leaf(Op.CONST, sort, value)
    return found


def not_(operand: Term) -> Term:
    """Negation."""
    _boolean(operand)
    if operand.op is Op.NOT:
        return operand.arguments[0]
    if operand.op is Op.CONST:
        return _FALSE if operand.value else _TRUE
    return _make(Op.NOT, BOOL, (operand,))


def and_(*operands: Term) -> Term:
    """Conjunction of any number of terms; of none: true."""
    return _junction(Op.AND, operands, neutral=True)


def or_(*operands: Term) -> Term:
    """Disjunction of any number of terms; of none: false."""
    return _junction(Op.OR, operands, neutral=False)


def _junction(op: Op, operands: Iterable[Term], *, neutral: bool) -> Term:
    kept: dict[int, Term] = {}
    for operand in operands:
        if operand.sort is not BOOL:
            _boolean(operand)
        if operand.op is Op.CONST:
            if operand.value is not neutral:
                return operand
        elif operand.op is op:
            for part in operand.arguments:  # no constant: it was put together here
                kept[part.id] = part
        else:
            kept[operand.id] = operand
    for part in kept.values():
        if part.op is Op.NOT and part.arguments[0].id in kept:
            return const(BOOL, not neutral)
    if not kept:
        return const(BOOL, neutral)
    if len(kept) == 1:
        return next(iter(kept.values()))
    return _make(op, BOOL, tuple(kept.values()))


def eq(left: Term, right: Term | Value) -> Term:
    """Equality of two terms of one sort, or of a term and a value."""
    if not isinstance(right, Term):
        right = const(left.sort, right)
    if left.sort is not right.sort:
        raise TypeError(f"{left.sort} is not {right.sort}")
    if left is right:
        return true()
    if left.op is Op.CONST and right.op is Op.CONST:
        return const(BOOL, left.value == right.value)
    if left.sort is BOOL:
        for one, other in ((left, right), (right, left)):
            if one.op is Op.CONST:
                return other if one.value else not_(other)
    if left.op is Op.CONST or (left.op is right.op is Op.VAR and left.name > right.name):
        left, right = right, left
    if left.op is Op.ITE and right.op is Op.CONST:
        condition, then, otherwise = left.arguments
        return ite(condition, eq(then, right), eq(otherwise, right))
    return _make(Op.EQ, BOOL, (left, right))


def ite(condition: Term, then: Term, otherwise: Term) -> Term:
    """`then` where `condition` holds, else `otherwise`."""
    _boolean(condition)
    if then.sort is not otherwise.sort:
        raise TypeError(f"{then.sort} is not {otherwise.sort}")
    if condition.op is Op.CONST:
        return then if condition.value else otherwise
    if then is otherwise:
        return then
    if then.sort is BOOL:
        return and_(or_(not_(condition), then), or_(condition, otherwise))
    return _make(Op.ITE, then.sort, (condition, then, otherwise))


def implies(premise: Term, conclusion: Term) -> Term:
    """Implication."""
    return or_(not_(premise), conclusion)


def member(term: Term, values: Iterable[Value]) -> Term:
    """Whether `term` is one of `values`; all of a sort's values make it true."""
    chosen = list(dict.fromkeys(values))
    if term.sort is not BOOL and set(chosen) == set(term.sort.values):
        return true()
    return or_(*(eq(term, value) for value in chosen))


def domain(sort: Sort) -> tuple[Value, ...]:
    """The values of a sort."""
    return (False, True) if sort is BOOL else sort.values


def conjuncts(term: Term) -> tuple[Term, ...]:
    """The terms that must all hold for `term` to hold."""
    return term.arguments if term.op is Op.AND else (term,)


def nodes(*roots: Term, larger: int = 0) -> Iterator[Term]:
    """Every node below `roots` once, arguments before what uses them; those alone that are `larger` in size."""
    seen: set[int] = set()
    stack: list[tuple[Term, bool]] = [(root, False) for root in reversed(roots) if root.size > larger]
    while stack:
        term, ready = stack.pop()
        if term.id in seen:
            continue
        if ready:
            seen.add(term.id)
            yield term
            continue
        stack.append((term, True))
        below = [each for each in reversed(term.arguments) if each.size > larger and each.id not in seen]
        stack.extend((argument, False) for argument in below)


@lru_cache(maxsize=50_000)
def ordered(term: Term) -> tuple[Term, ...]:
    """Every node of `term` once, arguments before what uses them; remembered, for terms that are walked often."""
    return tuple(nodes(term))


def substitute(term: Term, by: Mapping[Term, Term]) -> Term:
    """`term` with variables replaced; constants fold."""
    return Substitution(by).of(term)


class Substitution:
    """One replacement of variables for many terms: what they share is replaced once."""

    __slots__ = ("_by", "_done")

    def __init__(self, by: Mapping[Term, Term]) -> None:
        self._by = by
        self._done: dict[int, Term] = {variable.id: value for variable, value in by.items()}

    def of(self, term: Term) -> Term:
        """`term` with the variables replaced; constants fold."""
        found = self._done.get(term.id)
        if found is None:
            found = self._done[term.id] = term if term.free.isdisjoint(self._by) else self._rebuilt(term)
        return found

    def _rebuilt(self, term: Term) -> Term:
        """A junction stops at the first part that decides it, a choice looks at the branch that is taken."""
        of = self.of
        match term.op:
            case Op.AND | Op.OR:
                neutral = term.op is Op.AND
                parts = []
                for argument in term.arguments:
                    part = of(argument)
                    if part.op is not Op.CONST:
                        parts.append(part)
                    elif part.value is not neutral:
                        return part
                return _junction(term.op, parts, neutral=neutral)
            case Op.ITE:
                condition = of(term.arguments[0])
                if condition.op is Op.CONST:
                    return of(term.arguments[1 if condition.value else 2])
                return ite(condition, of(term.arguments[1]), of(term.arguments[2]))
            case Op.NOT:
                return not_(of(term.arguments[0]))
            case Op.EQ:
                return eq(of(term.arguments[0]), of(term.arguments[1]))
            case Op.CONST | Op.VAR:
                return term


class Valuation:
    """The values of terms under one assignment; what neither a connective nor a choice needs is not looked at.

    `within` is a valuation of all but the variables that this one adds: what does not read them is valued there, once.
    """

    __slots__ = ("_assignment", "_done", "_within")

    def __init__(self, assignment: Mapping[Term, Value], within: "Valuation | None" = None) -> None:
        self._assignment = assignment
        self._within = within
        self._done: dict[int, Value] = {}

    def of(self, term: Term) -> Value:
        """The value of `term`; KeyError names a variable that was needed and has none."""
        found = self._done.get(term.id)
        if found is None:
            outside = self._within is not None and term.free.isdisjoint(self._assignment)
            found = self._done[term.id] = self._within.of(term) if outside and self._within else self._valued(term)
        return found

    def _valued(self, term: Term) -> Value:
        match term.op:
            case Op.CONST:
                return term.value
            case Op.VAR:
                return self._assignment[term]
            case Op.NOT:
                return not self.of(term.arguments[0])
            case Op.AND:
                return all(map(self.of, term.arguments))
            case Op.OR:
                return any(map(self.of, term.arguments))
            case Op.EQ:
                return self.of(term.arguments[0]) == self.of(term.arguments[1])
            case Op.ITE:
                return self.of(term.arguments[1 if self.of(term.arguments[0]) else 2])


def evaluate(term: Term, assignment: Mapping[Term, Value]) -> Value:
    """The value of `term`; KeyError names a variable that was needed and has none."""
    return Valuation(assignment).of(term)


def show(term: Term) -> str:
    """The term as one readable line."""
    parts = [show(argument) for argument in term.arguments]
    match term.op:
        case Op.CONST:
            return str(term.value).lower() if term.sort is BOOL else str(term.value)
        case Op.VAR:
            return term.name
        case Op.NOT:
            return f"not {parts[0]}"
        case Op.AND:
            return "(" + " and ".join(parts) + ")"
        case Op.OR:
            return "(" + " or ".join(parts) + ")"
        case Op.EQ:
            return f"{parts[0]} = {parts[1]}"
        case Op.ITE:
            return f"({parts[1]} if {parts[0]} else {parts[2]})"


def _boolean(term: Term) -> None:
    if term.sort is not BOOL:
        raise TypeError(f"`{show(term)}` is of sort {term.sort}, not a truth value")
