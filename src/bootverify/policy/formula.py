"""The formula tree of claims: a small closed language with Python's grammar.

Names are `it` (the subject), `attacker`, and the variables of `all(...)` and `any(...)`. What the
predicates and attributes mean is in `vocabulary`; each back end evaluates the tree in its own way.
"""

from enum import Enum

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """`it`, `attacker`, or a bound variable."""

    id: str
    column: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """A fixed property of a thing, such as `it.role`."""

    of: Name
    name: str
    column: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number or truth value."""

    value: str | int | bool


class Comparison(Enum):
    """The comparison operators of the language."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Compare:
    """Two fixed values compared."""

    left: "Attribute | Literal"
    op: Comparison
    right: "Attribute | Literal"


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a fixed value is one of several literals."""

    item: "Attribute | Literal"
    among: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A predicate of the state, such as `knows(attacker, it)`."""

    predicate: str
    arguments: tuple[Name, ...]
    column: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    operand: "Formula"


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction."""

    operands: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction."""

    operands: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Quantified:
    """`all(body for variable in collection if condition)`, or `any`.

    `collection` is `keys`, `images`, `stages` or `partitions`.
    """

    every: bool
    body: "Formula"
    variable: str
    collection: str
    condition: "Formula | None" = None


Formula = Attribute | Literal | Compare | Member | Call | Not | And | Or | Quantified


def predicates_in(formula: Formula) -> frozenset[str]:
    """The names of the predicates that occur in it, but for the conditions of its quantifiers."""
    match formula:
        case Call(predicate=name):
            return frozenset({name})
        case Not(operand):
            return predicates_in(operand)
        case And(operands) | Or(operands):
            return frozenset[str]().union(*map(predicates_in, operands))
        case Quantified(body=body):
            return predicates_in(body)
        case _:
            return frozenset()
