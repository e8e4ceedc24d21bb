"""Formula -> term: the encoder's reading of claims."""

from collections.abc import Mapping

from bootverify.design.boot import Image, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.memory import Partition
from bootverify.encoder.boot.predicates import Predicates
from bootverify.encoder.terms import Term, and_, false, not_, or_, true
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

Thing = Stage | Image | Key | Partition
Bound = Mapping[str, Thing]


def compiled(predicates: Predicates, formula: Formula, names: Bound) -> Term:
    """The term that is true of exactly the frames in which `formula` holds."""
    design = predicates.design
    match formula:
        case Call():
            return _call(predicates, formula, names)
        case Not(operand):
            return not_(compiled(predicates, operand, names))
        case And(operands):
            return and_(*(compiled(predicates, operand, names) for operand in operands))
        case Or(operands):
            return or_(*(compiled(predicates, operand, names) for operand in operands))
        case Quantified():
            bodies = []
            for thing in _things(design, formula.collection):
                inner = {**names, formula.variable: thing}
                chosen = true() if formula.condition is None else compiled(predicates, formula.condition, inner)
                body = compiled(predicates, formula.body, inner)
                bodies.append(or_(not_(chosen), body) if formula.every else and_(chosen, body))
            return and_(*bodies) if formula.every else or_(*bodies)
        case Literal(value):
            return _truth(bool(value))
        case Attribute():
            return _truth(bool(_fixed(design, formula, names)))
        case Member(item, among):
            return _truth(any(_fixed(design, item, names) == literal.value for literal in among))
        case Compare(left, op, right):
            return _truth(_compared(_fixed(design, left, names), op, _fixed(design, right, names)))


def _call(predicates: Predicates, call: Call, names: Bound) -> Term:
    design = predicates.design
    things = [names[argument.id] for argument in call.arguments if argument.id != "attacker"]
    images = [_as_image(design, thing) for thing in things]
    match call.predicate:
        case "intact":
            stage = things[0] if isinstance(things[0], Stage) else design.stages_of(things[0].name)[0]
            return predicates.intact(stage)
        case "starting":
            return predicates.starting(_sure(images[0]))
        case "running":
            return predicates.running(_sure(images[0]))
        case "authentic":
            return predicates.authentic(_sure(images[0]))
        case "writable":
            return predicates.writable(_sure(images[0]))
        case "carried":
            return predicates.carried(_key(things[0]), _sure(images[1]))
        case "knows":
            return predicates.knows(_key(things[0]))
        case "usable":
            return predicates.usable(_key(things[0]))
        case "shipped":
            return predicates.shipped(_key(things[0]))
        case "renewed":
            return predicates.renewed(_key(things[0]))
        case other:
            raise AssertionError(f"the type check lets no `{other}` through")


def _as_image(design: Design, thing: Thing) -> Image | None:
    if isinstance(thing, Stage):
        return design.image(thing.image)
    return thing if isinstance(thing, Image) else None


def _sure(image: Image | None) -> Image:
    assert image is not None
    return image


def _key(thing: Thing) -> Key:
    assert isinstance(thing, Key)
    return thing


def _things(design: Design, collection: str) -> tuple[Thing, ...]:
    tables: dict[str, tuple[Thing, ...]] = {
        "keys": design.keys,
        "images": design.images,
        "stages": design.stages,
        "partitions": design.partitions,
    }
    return tables[collection]


def _fixed(design: Design, term: Attribute | Literal, names: Bound) -> str | int | bool:
    return term.value if isinstance(term, Literal) else attribute(design, names[term.of.id], term.name)


def _compared(left: str | int | bool, op: Comparison, right: str | int | bool) -> bool:
    if op is Comparison.EQ:
        return left == right
    if op is Comparison.NE:
        return left != right
    assert isinstance(left, int)
    assert isinstance(right, int)
    return {
        Comparison.LT: left < right,
        Comparison.LE: left <= right,
        Comparison.GT: left > right,
        Comparison.GE: left >= right,
    }[op]


def _truth(value: bool) -> Term:
    return true() if value else false()
