"""Crossing 4: the encoder invents nothing. A path to each of its transitions is told as actions and replayed.

What it allows and the executor never does stands in `MAY_BE`, with the reason why it is told all the same.
"""

from fnmatch import fnmatch
from itertools import islice, product

import pytest
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import instants_of

from bootverify.check.proof.search import Path, PathStep, shortest
from bootverify.check.replays.abstract import abstracted
from bootverify.check.replays.inclusion import explains
from bootverify.check.replays.replay import replay
from bootverify.encoder.concretize import actions
from bootverify.encoder.logic.pycode import Compiled, inputs_of
from bootverify.encoder.logic.system import Transition
from bootverify.encoder.logic.terms import BOOL, Term, const, domain, or_, substitute, true

MAY_BE = {
    "*, revert left*": "whether a swap waits to be confirmed below a staged request has no variable",
    "*, no header": "crafted bytes may lack a header; those that the executor makes have one",
    "*: no header staged*": "crafted bytes may lack a header; those that the executor makes have one",
    "*: erase the staged bootloader*": "crafted bytes may be linked for the running slot; the executor's are not",
    "*: assert on the primary header": "which crafted headers make bootutil assert is not told apart",
    "*: stopped while swapping": "any crafted part is told to have cost the wrapped key; it lies behind the last part",
    "*: complete, image bad*": "contents that are mixed while a swap is midway may be anything",
    "*: fault": "the probe may erase a stage under its feet; the executor goes on to the next fetch",
    "have * open *": "what he has an engine open for him the executor does not follow",
    "*, bit by bit": "what a swap took out behind tags of his he may open; those that the executor makes wrap no key",
    "inspect *, with an image key that a swap noted": "which keys a trailer held when he read it has no variable",
    "*, its seal perhaps not": "images end anywhere: whether an end that is his in part has the seal in it is not told",
    "*, what is left in it": "what a cut or an overwrite leaves of a release may still show its keys; its name is gone",
}


MOST = 12  # choices of a last transition that are tried


def _possible(transition: Transition) -> Term:
    """True where the transition can be taken with some choice."""
    choices = product(*(domain(each.sort) for each in transition.inputs))
    chosen = [dict(zip(transition.inputs, values, strict=True)) for values in choices]
    constants = [{each: _constant(each, value) for each, value in choice.items()} for choice in chosen]
    return or_(*(substitute(transition.guard, each) for each in constants))


def _constant(variable: Term, value: object) -> Term:
    if variable.sort is BOOL:
        return true() if value else const(BOOL, value=False)
    return const(variable.sort, value)


def _witnessed(name: str, attacker: str, most_states: int) -> tuple[set[str], set[str]]:
    """The transitions that the executor follows, and those that it does not, by their names."""
    steps = instants_of(designs()[name], ATTACKERS[attacker])
    system = steps.boot.system
    followed, not_followed = set(), set()
    for transition in system.transitions:
        path = shortest(system, _possible(transition), most_states=most_states)
        if isinstance(path, Path):
            did = any(_follows(steps, told, end) for told, end in islice(_told(steps, path, transition), MOST))
            (followed if did else not_followed).add(transition.name)
    return followed, not_followed


def _told(steps, path, last):
    """The path with all its inputs and one more transition, for each choice of that one; and the instant at its end."""
    system, compiled = steps.boot.system, Compiled(steps.boot.system)
    numbers = {transition.name: i for i, transition in enumerate(system.transitions)}
    state, told = compiled.initial()[0], []
    for step in path.steps:
        number = numbers[step.transition]
        made = [(inputs_of(system.transitions[number], choice), to) for choice, to in compiled.step(number)(state)]
        inputs, state = next(each for each in made if step.inputs.items() <= each[0].items())
        told.append(PathStep(transition=step.transition, inputs=inputs))
    for choice, to in compiled.step(numbers[last.name])(state):
        yield [*told, PathStep(transition=last.name, inputs=inputs_of(last, choice))], compiled.decode(to)


def _follows(steps, told, wanted) -> bool:
    boot = steps.boot

    def goal(world):
        return explains(boot.frame, wanted, steps.instant(abstracted(boot.frame, world)))

    run = replay(boot.frame.design, boot.frame.attacker, actions(boot, told), goal)
    return run.reached is not None


def _unexplained(pairs, most_states):
    followed: set[str] = set()
    others: set[str] = set()
    for name, attacker in pairs:
        did, did_not = _witnessed(name, attacker, most_states)
        followed |= did
        others |= did_not
    assert followed
    invented = others - followed
    return invented, {name for name in invented if not any(fnmatch(name, pattern) for pattern in MAY_BE)}


def test_what_the_encoder_tells_of_a_small_device_can_be_replayed():
    _, unexplained = _unexplained([("small", "remote-ota"), ("small", "code-and-cuts")], 3_000)
    assert not unexplained


WIDE = [
    ("small", "remote-ota"),
    ("small", "code-and-cuts"),
    ("small", "power-cut"),
    ("small", "everything"),
    ("small", "debug-port"),
    ("overwrite", "code-and-cuts"),
    ("unchecked", "app-code-secure"),
    ("open port", "debug-port"),
    ("pushed to ram", "app-code-secure"),
    ("readable slot", "secure-partition"),
    ("key in uicr", "secure-partition"),
    ("s02", "app-code-secure"),
    ("s08", "remote-ota"),
    ("s08", "power-cut"),
]


@pytest.mark.slow
def test_what_the_encoder_tells_of_many_devices_can_be_replayed():
    invented, unexplained = _unexplained(WIDE, 20_000)
    assert not unexplained
    unneeded = [pattern for pattern in MAY_BE if not any(fnmatch(name, pattern) for name in invented)]
    assert not unneeded, "a reason is no longer needed"
