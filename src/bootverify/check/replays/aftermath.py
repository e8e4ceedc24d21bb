"""What the attacker goes on to do once a key is in his hands: read the update that carries it, open what it opens.

A trace ends where its claim is broken; that a key travels says little to who does not know what it opens. These steps
are tried on the executor like any other, and one that cannot happen is left out. No verdict rests on them.
"""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.check.question import Question
from bootverify.check.replays.replay import Replay
from bootverify.design.boot import EncryptionType
from bootverify.design.design import Design
from bootverify.design.keys import Key, Purpose
from bootverify.executor.run import act, observed
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Inspect, Publish, Unwrap
from bootverify.machine.trace import Step
from bootverify.policy.formula import predicates_in

_ABOUT_KEYS = {"shipped", "carried", "knows"}


def continued(design: Design, question: Question, run: Replay) -> Replay:
    """The run with what follows from its last state, where the claim speaks of keys that got about."""
    if not predicates_in(question.ask.claim.formula) & _ABOUT_KEYS:
        return run
    subject = question.subject
    keys = [subject] if isinstance(subject, Key) else [key for key in design.keys if key.secret]
    world, steps = run.world.copy(), list(run.steps)
    for key in keys:
        for action in _reads(world, key):
            _does(world, action, steps)
        for action in _opens(design, world, key):
            _does(world, action, steps)
    return replace(run, world=world, steps=tuple(steps))


def _reads(world: World, key: Key) -> Iterator[Action]:
    """He reads the published updates that have the value among their bytes, until he knows it."""
    for (image, release, slot), package in list(world.published.items()):
        if world.value(key) in package.plain and not (key.published or world.knowledge.knows(key.name)):
            yield Inspect(image=image, release=release, slot=slot)


def _opens(design: Design, world: World, key: Key) -> Iterator[Action]:
    """He opens the first release of each image whose updates the key decrypts."""
    for use in key.uses if key.published or world.knowledge.knows(key.name) else ():
        if use.purpose is not Purpose.DECRYPT or not use.image:
            continue
        image = design.image(use.image)
        if image.encryption is EncryptionType.NONE or not image.updatable:
            continue
        slot = design.variants(image)[0]
        release = next((each for name, each, _ in world.published if name == image.name), 0)
        if not release:
            release = 1
            yield Publish(image=image.name, release=release, slot=slot)
        yield Unwrap(image=image.name, release=release, key=key.name)


def _does(world: World, action: Action, steps: list[Step]) -> None:
    try:
        act(world, action)
    except NotEnabled:
        return
    steps.append(Step(action=action, observation=observed(world)))
