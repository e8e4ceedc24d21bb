"""Whether a formula makes sense: names are known, predicates and comparisons get what fits them.

A formula that passes here evaluates on both back ends.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NoReturn

from bootverify.policy.formula import (
    And,
    Attribute,
    Call,
    Compare,
    Comparison,
    Formula,
    Literal,
    Member,
    Name,
    Not,
    Or,
    Quantified,
    predicates_in,
)
from bootverify.policy.vocabulary import ATTRIBUTES, COLLECTIONS, PREDICATES, Fixed

Known = Mapping[str, str]  # name -> attacker, stage, image, key, partition or map


class ClaimError(ValueError):
    """The text is no claim; `column` counts from 1."""

    def __init__(self, column: int, message: str) -> None:
        self.column = column
        super().__init__(f"column {column}: {message}")


def check(formula: Formula, it: str) -> None:
    """Pass iff `formula` can be asked where the subject, `it`, is a stage, an image, a key, ...

    Raises:
        ClaimError: it cannot; at the place in the text where it goes wrong.
    """
    _check(formula, {"it": it, "attacker": "attacker"})


def check_fixed(formula: Formula) -> None:
    """Pass iff `formula` asks for attributes of `it` alone.

    Raises:
        ClaimError: there is a predicate or an `all`, `any` in it.
    """
    match formula:
        case Call():
            words = "`applies` is decided before anything runs: only attributes of `it`"
            raise ClaimError(formula.column, words)
        case Quantified():
            raise ClaimError(1, f"`applies` speaks of `it` alone, not of all {formula.collection}")
        case Not(operand):
            check_fixed(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                check_fixed(operand)
        case Attribute() | Literal() | Compare() | Member():
            return


def uses_layout(formula: Formula) -> bool | None:
    """Whether its predicates are of the design alone; None when it has none. Mixing them counts as not."""
    match formula:
        case Call(predicate=name):
            return PREDICATES[name].layout
        case Not(operand):
            return uses_layout(operand)
        case And(operands) | Or(operands):
            values = {uses_layout(operand) for operand in operands} - {None}
            return all(values) if values else None
        case Quantified(body=body):
            return uses_layout(body)
        case _:
            return None


def uses_history(formula: Formula) -> bool:
    """Whether some predicate asks what has been before."""
    return any(PREDICATES[name].history for name in predicates_in(formula))


def _check(formula: Formula, known: Known) -> None:
    match formula:
        case Call():
            _call(formula, known)
        case Not(operand):
            _check(operand, known)
        case And(operands) | Or(operands):
            for operand in operands:
                _check(operand, known)
        case Quantified():
            if formula.variable in known:
                raise ClaimError(1, f"`{formula.variable}` is taken; use another name after `for`")
            inner = {**known, formula.variable: COLLECTIONS[formula.collection]}
            if formula.condition is not None:
                _check(formula.condition, inner)
            _check(formula.body, inner)
        case Literal(value):
            assert isinstance(value, bool)  # the grammar lets no other stand alone
        case Attribute():
            if _fixed(formula, known).values is not bool:
                message = f"`{formula.name}` is neither true nor false; compare it with something"
                raise ClaimError(formula.column, message)
        case Compare():
            _compare(formula, known)
        case Member(item, among):
            for literal in among:
                _pair(item, literal, known)


def _call(call: Call, known: Known) -> None:
    if call.predicate not in PREDICATES:
        _unknown(call.column, f"no predicate is called `{call.predicate}`", call.predicate, PREDICATES)
    wanted = PREDICATES[call.predicate].arguments
    if len(call.arguments) != len(wanted):
        raise ClaimError(call.column, f"write `{call.predicate}({', '.join(wanted)})`")
    for argument, kind in zip(call.arguments, wanted, strict=True):
        given = _kind(argument, known)
        there = given == "network" and PREDICATES[call.predicate].network and kind != "attacker"
        if given != kind and {given, kind} != {"stage", "image"} and not there:
            words = f"`{call.predicate}` is asked of {_a(kind)}; `{argument.id}` is {_a(given)}"
            raise ClaimError(argument.column, words)


def _compare(compare: Compare, known: Known) -> None:
    item, other = compare.left, compare.right
    if isinstance(item, Literal):
        item, other = other, item
    kind = _pair(item, other, known)
    if compare.op not in {Comparison.EQ, Comparison.NE} and kind is not int:
        raise ClaimError(_column(item), f"`{compare.op.value}` compares numbers")


def _pair(item: Attribute | Literal, other: Attribute | Literal, known: Known) -> object:
    """The common type of two values that are compared: bool, int or str."""
    if isinstance(item, Literal):
        raise ClaimError(1, "two fixed values are compared; one should be an attribute")
    fixed = _fixed(item, known)
    kind = fixed.type
    theirs = _fixed(other, known).type if isinstance(other, Attribute) else type(other.value)
    if kind is not theirs:
        raise ClaimError(item.column, f"`{item.name}` is {_TYPES[kind]}, not {_TYPES[theirs]}")
    if isinstance(other, Literal) and isinstance(fixed.values, tuple):
        word = str(other.value)
        if word not in fixed.values:
            words = f"`{item.name}` is never `{word}`; it is one of {', '.join(fixed.values)}"
            raise ClaimError(item.column, words)
    return kind


def _fixed(attribute: Attribute, known: Known) -> Fixed:
    kind = _kind(attribute.of, known)
    allowed = ATTRIBUTES.get(kind, {})
    if attribute.name not in allowed:
        words = f"{_a(kind)} has no `{attribute.name}`"
        _unknown(attribute.column, words, attribute.name, allowed)
    return allowed[attribute.name]


def _kind(name: Name, known: Known) -> str:
    if name.id not in known:
        _unknown(name.column, f"nothing is called `{name.id}` here", name.id, known)
    return known[name.id]


def _unknown(column: int, message: str, word: str, known: Mapping[str, object]) -> NoReturn:
    near = get_close_matches(word, known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(known)}" if known else ""
    raise ClaimError(column, message + hint)


def _column(item: Attribute | Literal) -> int:
    return item.column if isinstance(item, Attribute) else 1


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


_TYPES: dict[type, str] = {bool: "true or false", int: "a number", str: "a text"}
