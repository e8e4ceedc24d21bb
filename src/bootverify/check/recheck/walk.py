"""Walks through the system of a certificate by evaluating it: what a solver calls impossible must not happen."""

from collections.abc import Mapping
from random import Random

from bootverify.check.recheck.reader import Expression, Refused
from bootverify.check.recheck.system import System, Value

WALKS = 2
MOST_STEPS = 40

State = Mapping[str, Value]


def walk(system: System) -> None:
    """Go at random from the start, the same ways for the same text.

    Raises:
        Refused: the claim, or a lemma, is broken on one, or a recovery gets stuck.
    """
    random = Random(len(system.bodies))  # noqa: S311 - no secret
    starts = {
        name: [each for each in system.values[sort] if value(system, f"start of {name}", {name: each}, {})]
        for name, sort in system.variables.items()
    }
    if not all(starts.values()):
        raise Refused("a variable has no start")
    for _ in range(WALKS):
        state: State = {name: random.choice(values) for name, values in starts.items()}
        for _ in range(MOST_STEPS):
            for name in ("claim", *system.lemmas):
                if not value(system, system.applied(name), state, {}):
                    raise Refused(f"`{name}` is broken on a walk from the start")
            state = _step(system, state, random)


def _step(system: System, state: State, random: Random) -> State:
    """The state after a transition that changes something, with inputs as they fall; the same where there is none."""
    here = {**state, **{name: random.choice(system.values[sort]) for name, sort in system.inputs.items()}}
    stuck = system.recovers and not value(system, system.applied("over"), state, {})
    for transition in random.sample([*system.updates], len(system.updates)):
        changed = after(system, transition, here)
        if changed is not None and {**state, **changed} != state:
            return {**state, **changed}
        stuck = stuck and changed is None
    if stuck:
        raise Refused("a recovery is stuck on a walk from the start")
    return state


def after(system: System, transition: str, here: State) -> dict[str, Value] | None:
    """What changes; None where the guard forbids the transition. `here` gives inputs, too."""
    done: dict[str, Value] = {}
    if not value(system, f"guard of {transition}", here, done):
        return None
    return {name: value(system, f"{name} after {transition}", here, done) for name in system.updates[transition]}


def value(system: System, body: Expression, scope: State, done: dict[str, Value]) -> Value:
    """The value of an expression; `done` keeps those of definitions, for one state."""
    match body:
        case "true" | "false":
            return body == "true"
        case str(name) if name in scope:
            return scope[name]
        case str(name) if name not in system.bodies:
            return name  # of a sort
        case str(name):
            if name not in done:
                done[name] = value(system, system.bodies[name], scope, done)
            return done[name]
        case ("not", operand):
            return not value(system, operand, scope, done)
        case ("and", *operands):
            return all(value(system, each, scope, done) for each in operands)
        case ("or", *operands):
            return any(value(system, each, scope, done) for each in operands)
        case ("=", left, right):
            return value(system, left, scope, done) == value(system, right, scope, done)
        case ("ite", condition, then, otherwise):
            return value(system, then if value(system, condition, scope, done) else otherwise, scope, done)
        case ("let", ((str(name), bound),), inner):
            return value(system, inner, {**scope, name: value(system, bound, scope, done)}, done)
        case (str(name), *arguments):
            given = [value(system, each, scope, done) for each in arguments]
            return value(system, system.bodies[name], dict(zip(system.parameters[name], given, strict=True)), {})
        case _:
            raise AssertionError(body)
