"""A claim's formula as a term: names bound, fixed properties evaluated, predicates translated."""

from collections.abc import Mapping

from bootverify.design.boot import Image, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.memory import Partition
from bootverify.design.network import NetworkStage
from bootverify.encoder.claims.predicates import Predicates
from bootverify.encoder.logic.terms import Term, and_, not_, or_, true
from bootverify.policy.formula import (
    And,
    Attribute,
    Call,
    Compare,
    Comparison,
    Formula,
    Literal,
    Member,
    Not,
    Or,
    Quantified,
)
from bootverify.policy.vocabulary import attribute

Thing = Stage | Image | Key | Partition | NetworkStage
Things = Mapping[str, Thing]  # what `it` and the bound variables stand for


def compiled(predicates: Predicates, formula: Formula, things: Things) -> Term:
    """The term that is true of an instant iff `formula` is, with its names bound as in `things`."""
    design = predicates.frame.design
    match formula:
        case Call():
            return _call(predicates, formula, things)
        case Not(operand):
            return not_(compiled(predicates, operand, things))
        case And(operands):
            return and_(*(compiled(predicates, operand, things) for operand in operands))
        case Or(operands):
            return or_(*(compiled(predicates, operand, things) for operand in operands))
        case Quantified():
            return _quantified(predicates, formula, things)
        case Compare() | Member() | Literal() | Attribute():
            return true() if fixed(design, formula, things) else not_(true())


def fixed(design: Design, formula: Compare | Member | Literal | Attribute, things: Things) -> bool:
    """The truth of a condition over fixed properties alone."""
    match formula:
        case Literal() | Attribute():
            return bool(_value(design, formula, things))
        case Member(item, among):
            return _value(design, item, things) in {literal.value for literal in among}
        case Compare(left, op, right):
            return _compared(_value(design, left, things), op, _value(design, right, things))


def _compared(left: str | int | bool, op: Comparison, right: str | int | bool) -> bool:
    if op is Comparison.EQ:
        return left == right
    if op is Comparison.NE:
        return left != right
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(f"texts have no order: {left} {op.value} {right}")
    match op:
        case Comparison.LT:
            return left < right
        case Comparison.LE:
            return left <= right
        case Comparison.GT:
            return left > right
        case Comparison.GE:
            return left >= right


def _quantified(predicates: Predicates, formula: Quantified, things: Things) -> Term:
    design = predicates.frame.design
    collections: dict[str, tuple[Thing, ...]] = {
        "keys": design.keys,
        "images": design.images,
        "stages": design.stages,
        "partitions": design.partitions,
    }
    bodies = []
    for thing in collections[formula.collection]:
        bound = {**things, formula.variable: thing}
        body = compiled(predicates, formula.body, bound)
        if formula.condition is not None:
            condition = compiled(predicates, formula.condition, bound)
            body = or_(not_(condition), body) if formula.every else and_(condition, body)
        bodies.append(body)
    return and_(*bodies) if formula.every else or_(*bodies)


def _call(predicates: Predicates, call: Call, things: Things) -> Term:
    """The predicate of the state; `attacker` is the one of the frame, so it is passed over."""
    design = predicates.frame.design
    arguments = [things[name.id] for name in call.arguments if name.id != "attacker"]
    match call.predicate, arguments:
        case name, [NetworkStage() as program]:
            return predicates.of_network(name, program)
        case "intact", [thing]:
            return predicates.intact(_stage(design, thing))
        case "starting", [thing]:
            return predicates.starting(_image(design, thing))
        case "running", [thing]:
            return predicates.running(_image(design, thing))
        case "authentic", [thing]:
            return predicates.authentic(_image(design, thing))
        case "writable", [thing]:
            return predicates.writable(_image(design, thing))
        case "exposed", [Partition() as partition]:
            return predicates.exposed(partition)
        case "knows", [Key() as key]:
            return predicates.knows(key)
        case "shown", [Stage() | Image() as thing]:
            return predicates.shown(thing)
        case "usable", [Key() as key]:
            return predicates.usable(key)
        case "shipped", [Key() as key]:
            return predicates.shipped(key)
        case "carried", [Key() as key, thing]:
            return predicates.carried(key, _image(design, thing))
        case "older", [thing]:
            return predicates.older(_image(design, thing))
        case "renewed", [Key() as key]:
            return predicates.renewed(key)
        case _:
            raise TypeError(f"no predicate `{call.predicate}` of {len(call.arguments)} such things")


def _image(design: Design, thing: Thing) -> Image:
    if isinstance(thing, Stage):
        return design.image(thing.image)
    if isinstance(thing, Image):
        return thing
    raise TypeError(f"`{thing.name}` is no image")


def _stage(design: Design, thing: Thing) -> Stage:
    if isinstance(thing, Image):
        return design.stages_of(thing.name)[0]
    if isinstance(thing, Stage):
        return thing
    raise TypeError(f"`{thing.name}` is no stage")


def _value(design: Design, term: Attribute | Literal, things: Things) -> str | int | bool:
    if isinstance(term, Literal):
        return term.value
    return attribute(design, things[term.of.id], term.name)
