"""Walks through the system of a certificate by evaluating it: what a solver calls impossible must not happen."""

from collections.abc import Iterator, Mapping
from random import Random

from bootverify.check.recheck.reader import Expression
from bootverify.check.recheck.script import BOOL, Script, Transition

WALKS = 2
MOST_STEPS = 40

Value = bool | str
State = Mapping[str, Value]


def walked(script: Script) -> Iterator[str]:
    """The lemmas and claims found broken on random walks from the start; the walks are the same for the same text."""
    random = Random(len(script.definitions))  # noqa: S311 - no secret
    started = _start(script)
    for name in script.variables:
        if not started[name]:
            yield f"`{name}` has no start"
            return
    for _ in range(WALKS):
        state: State = {name: random.choice(values) for name, values in started.items()}
        for _ in range(MOST_STEPS):
            for lemma in ("claim", *script.lemmas):
                if not value(script, script.applied(lemma), dict(state), {}):
                    yield f"`{lemma}` is broken on a walk from the start"
                    return
            following = _step(script, state, random)
            if following is None:
                if "over" in script.definitions and not value(script, script.applied("over"), dict(state), {}):
                    yield "a recovery is stuck on a walk from the start"
                break
            state = following


def _start(script: Script) -> dict[str, list[Value]]:
    return {
        name: [each for each in values_of(script, sort) if value(script, f"start of {name}", {name: each}, {})]
        for name, sort in script.variables.items()
    }


def _step(script: Script, state: State, random: Random) -> State | None:
    """One transition that is possible with inputs as they fall; preferably one that changes something."""
    possible: State | None = None
    for transition in random.sample(script.transitions, len(script.transitions)):
        inputs = {name: random.choice(values_of(script, script.inputs[name])) for name in transition.inputs}
        following = after(script, transition, {**state, **inputs})
        if following is not None:
            possible = {**state, **following}
            if possible != state:
                return possible
    return possible


def after(script: Script, transition: Transition, here: State) -> dict[str, Value] | None:
    """What changes; None where the guard forbids the transition. `here` gives inputs, too."""
    done: dict[str, Value] = {}
    scope = dict(here)
    if not value(script, transition.guard, scope, done):
        return None
    return {name: value(script, transition.after(name), scope, done) for name in transition.updates}


def values_of(script: Script, sort: str) -> list[Value]:
    """The values of a sort."""
    return [False, True] if sort == BOOL else [*script.sorts[sort]]


def value(script: Script, body: Expression, scope: dict[str, Value], done: dict[str, Value]) -> Value:
    """The value of an expression; `done` keeps those of definitions, for one state."""
    match body:
        case "true" | "false":
            return body == "true"
        case str(name):
            if name in scope:
                return scope[name]
            if name in script.values:
                return name
            if name not in done:
                done[name] = value(script, script.definitions[name].body, scope, done)
            return done[name]
        case ("not", operand):
            return not value(script, operand, scope, done)
        case ("and", *operands):
            return all(value(script, each, scope, done) for each in operands)
        case ("or", *operands):
            return any(value(script, each, scope, done) for each in operands)
        case ("=", left, right):
            return value(script, left, scope, done) == value(script, right, scope, done)
        case ("ite", condition, then, otherwise):
            return value(script, then if value(script, condition, scope, done) else otherwise, scope, done)
        case ("let", ((str(name), bound),), inner):
            return value(script, inner, {**scope, name: value(script, bound, scope, done)}, done)
        case (str(name), *arguments):
            made = script.definitions[name]
            given = [value(script, each, scope, done) for each in arguments]
            inner_scope = {name: each for (name, _), each in zip(made.parameters, given, strict=True)}
            return value(script, made.body, inner_scope, {})
        case _:
            raise AssertionError(body)
