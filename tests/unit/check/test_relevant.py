"""What is left out before a question about behaviour is asked is read by nobody who answers it."""

from dataclasses import fields, replace

import pytest
from tests.designs import shapes
from tests.differential.small_scope import in_scope
from tests.differential.test_modes import MODES, NRF52840
from tests.gate.bases import base

from bootverify.check.decide import DYNAMIC, Deciders, Disagreed, Proved, Reached
from bootverify.check.proof.theory import Theories
from bootverify.check.question import Question, questions
from bootverify.check.relevant import relevant
from bootverify.design.boot import UpgradeMode
from bootverify.design.design import Design
from bootverify.design.settings import Settings, Told
from bootverify.sources.attackers import all_attackers, load_attacker
from bootverify.sources.design_file import design_of
from bootverify.sources.policies import all_policies

LEFT_OUT = ("title", "files", "ledger", "memories", "planned", "settings", "artifacts", "contradictions", "partial_map")


class Unread:
    """Stands for a part of a design that nobody may look at."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _looked_at(self, *_: object) -> object:
        name = object.__getattribute__(self, "_name")
        raise AssertionError(f"`{name}` is left out by `relevant`, and it was read")

    __getattr__ = __iter__ = __len__ = __bool__ = __contains__ = __getitem__ = __str__ = _looked_at


def blinded(design: Design, question: Question) -> Design:
    seen = relevant(design, question)
    unread = {each.name: Unread("settings") for each in fields(Settings) if each.name != "image_key_wrapped"}
    blind = {name: Unread(name) for name in LEFT_OUT if name not in {"files", "settings"}}
    return replace(seen, **blind, files=(), settings=replace(seen.settings, **unread))


@pytest.mark.parametrize("name", ["nrf52832", "nrf54l15"])
def test_nobody_who_answers_reads_what_is_left_out(name):
    design = design_of(base(name))
    deciders = Deciders(Theories(), blinded)
    asked = [each for each in questions(design, all_policies(), all_attackers()) if each.ask.claim.kind in DYNAMIC]
    outcomes = [deciders.decide(design, each) for each in asked]
    assert not any(isinstance(each, Disagreed) for each in outcomes)
    assert {Proved, Reached} <= {type(each) for each in outcomes}


@pytest.mark.parametrize("mode", UpgradeMode)
def test_a_question_sees_as_much_of_each_upgrade_mode_as_it_needs(mode):
    in_place = in_scope(chain=NRF52840, mode=MODES.index(mode.value)) if mode.in_place else None
    design = in_place or shapes.small(mode)
    policies = [each for each in all_policies() if each.id in {"authentic-only", "rot-immutable"}]
    for question in questions(design, policies, [load_attacker("remote-ota"), load_attacker("ext-flash-write")]):
        whole, seen = (Deciders(Theories(), how).decide(design, question) for how in (None, relevant))
        assert type(seen) is type(whole)
        if isinstance(whole, Proved):
            assert [each.text for each in seen.lemmas] == [each.text for each in whole.lemmas]


def test_every_part_that_is_left_out_is_named_here():
    """A part that `relevant` begins to leave out comes into the list above, and is tried there."""
    design = design_of(base("nrf52832"))
    full = replace(design, title="t", ledger=(object(),), memories=(object(),), planned=(object(),))
    full = replace(
        full,
        settings=Settings(bootloader=Told(value=True)),
        artifacts=(object(),),
        contradictions=(object(),),
        partial_map=True,
    )
    asked = next(each for each in questions(design, all_policies(), all_attackers()) if each.ask.claim.kind in DYNAMIC)
    seen = relevant(full, asked)
    names = [name for name in Design.__slots__ if getattr(seen, name) != getattr(full, name)]
    assert set(names) - {"partitions", "lifecycle"} == set(LEFT_OUT)


def test_the_blind_would_be_seen():
    with pytest.raises(AssertionError, match="`settings` is left out"):
        len(Unread("settings"))
    with pytest.raises(AssertionError, match="`settings` is left out"):
        _ = Unread("settings").serial_recovery
