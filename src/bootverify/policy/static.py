"""Which subjects a policy is asked of: formulas over fixed attributes, decided on the design."""

from bootverify.design.boot import Image, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.memory import Partition
from bootverify.design.network import NetworkStage
from bootverify.policy.formula import (
    And,
    Attribute,
    Compare,
    Comparison,
    Formula,
    Literal,
    Member,
    Not,
    Or,
)
from bootverify.policy.vocabulary import attribute


def applies(design: Design, formula: Formula, subject: Stage | Image | Key | Partition | NetworkStage | Design) -> bool:
    """Whether `formula`, which may speak of `it` and its attributes only, is true of `subject`."""
    match formula:
        case Literal(value):
            return bool(value)
        case Attribute():
            return bool(_value(design, formula, subject))
        case Not(operand):
            return not applies(design, operand, subject)
        case And(operands):
            return all(applies(design, operand, subject) for operand in operands)
        case Or(operands):
            return any(applies(design, operand, subject) for operand in operands)
        case Compare(left, op, right):
            return compared(_value(design, left, subject), op, _value(design, right, subject))
        case Member(item, among):
            return _value(design, item, subject) in {literal.value for literal in among}
        case _:
            raise AssertionError(f"the type check lets no such condition through: {formula}")


def _value(
    design: Design, term: Attribute | Literal, subject: Stage | Image | Key | Partition | NetworkStage | Design
) -> str | int | bool:
    return term.value if isinstance(term, Literal) else attribute(design, subject, term.name)


def compared(left: str | int | bool, op: Comparison, right: str | int | bool) -> bool:
    """How two values compare; only numbers have an order, which the type check sees to."""
    if op is Comparison.EQ:
        return left == right
    if op is Comparison.NE:
        return left != right
    assert isinstance(left, int)
    assert isinstance(right, int)
    match op:
        case Comparison.LT:
            return left < right
        case Comparison.LE:
            return left <= right
        case Comparison.GT:
            return left > right
        case Comparison.GE:
            return left >= right
