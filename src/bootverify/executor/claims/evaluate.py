"""Formula -> truth value on a world: the executor's reading of claims."""

from collections.abc import Mapping

from bootverify.design.boot import Image, Stage
from bootverify.design.keys import Key
from bootverify.design.memory import Partition
from bootverify.design.network import NetworkStage
from bootverify.executor.claims import predicates
from bootverify.executor.network.predicates import of_network
from bootverify.executor.world import World
from bootverify.policy.formula import (
    And,
    Attribute,
    Call,
    Compare,
    Formula,
    Literal,
    Member,
    Name,
    Not,
    Or,
    Quantified,
)
from bootverify.policy.static import compared
from bootverify.policy.vocabulary import attribute

Thing = Stage | Image | Key | Partition | NetworkStage


def holds(world: World, formula: Formula, names: Mapping[str, Thing]) -> bool:
    """Whether `formula` is true of `world`, with `names` bound to things of the design."""
    match formula:
        case Literal(value):
            return bool(value)
        case Attribute():
            return bool(_value(world, formula, names))
        case Not(operand):
            return not holds(world, operand, names)
        case And(operands):
            return all(holds(world, operand, names) for operand in operands)
        case Or(operands):
            return any(holds(world, operand, names) for operand in operands)
        case Compare(left, op, right):
            return compared(_value(world, left, names), op, _value(world, right, names))
        case Member(item, among):
            return _value(world, item, names) in {literal.value for literal in among}
        case Quantified():
            bound = [{**names, formula.variable: thing} for thing in _collection(world, formula.collection)]
            chosen = [each for each in bound if formula.condition is None or holds(world, formula.condition, each)]
            truths = (holds(world, formula.body, each) for each in chosen)
            return all(truths) if formula.every else any(truths)
        case Call():
            return _call(world, formula, names)


def _call(world: World, call: Call, names: Mapping[str, Thing]) -> bool:
    things = [names[argument.id] for argument in call.arguments if argument.id != "attacker"]
    match call.predicate, things:
        case name, [NetworkStage() as program]:
            return of_network(world, name, program)
        case "intact", [thing]:
            return predicates.intact(world, _stage(world, thing))
        case "starting", [thing]:
            return predicates.starting(world, _image(world, thing))
        case "running", [thing]:
            return predicates.running(world, _image(world, thing))
        case "authentic", [thing]:
            return predicates.authentic(world, _image(world, thing))
        case "writable", [thing]:
            return predicates.writable(world, _image(world, thing))
        case "exposed", [Partition() as partition]:
            return predicates.exposed(world, partition)
        case "knows", [Key() as key]:
            return predicates.knows(world, key)
        case "shown", [Stage() | Image() as thing]:
            return predicates.shown(world, thing)
        case "usable", [Key() as key]:
            return predicates.usable(world, key)
        case "shipped", [Key() as key]:
            return predicates.shipped(world, key)
        case "carried", [Key() as key, thing]:
            return predicates.carried(world, key, _image(world, thing))
        case "older", [thing]:
            return predicates.older(world, _image(world, thing))
        case "renewed", [Key() as key]:
            return predicates.renewed(world, key)
        case _:
            raise AssertionError(f"the type check lets no such call through: {call}")


def _image(world: World, thing: Thing) -> Image:
    if isinstance(thing, Image):
        return thing
    assert isinstance(thing, Stage)
    return world.design.image(thing.image)


def _stage(world: World, thing: Thing) -> Stage:
    if isinstance(thing, Stage):
        return thing
    assert isinstance(thing, Image)
    return world.design.stages_of(thing.name)[0]


def _collection(world: World, name: str) -> tuple[Thing, ...]:
    match name:
        case "keys":
            return world.design.keys
        case "images":
            return world.design.images
        case "stages":
            return world.design.stages
        case "partitions":
            return world.design.partitions
        case _:
            raise AssertionError(f"the type check lets no such collection through: {name}")


def _value(world: World, term: Attribute | Literal, names: Mapping[str, Thing]) -> str | int | bool:
    if isinstance(term, Literal):
        return term.value
    assert isinstance(term.of, Name)
    return attribute(world.design, names[term.of.id], term.name)
