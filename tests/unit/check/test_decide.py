"""What a decider calls proved or refuted is so for every move; where one is missing, or does not get on, nothing is."""

from dataclasses import replace

import pytest
from tests.designs import shapes

from bootverify.check.decide import Decider, NoWay, Open, Outcome, Proved, Reached
from bootverify.check.proof.theory import Theories, Theory
from bootverify.check.question import Question
from bootverify.design.design import Design
from bootverify.design.life import Recovery
from bootverify.policy.parse import parse
from bootverify.policy.policy import Claim, ClaimKind, SubjectKind
from bootverify.sources.attackers import load_attacker
from bootverify.sources.policies import load_policy

POLICY = load_policy("authentic-only")


def _outcome(design: Design, kind: ClaimKind, text: str, attacker: str, boots: int = 0) -> Outcome:
    claim = Claim(kind=kind, formula=parse(text, "image"), text=text, boots=boots)
    ask = replace(POLICY.asks[0], subject=SubjectKind.IMAGE, claim=claim)
    question = Question(policy=POLICY, ask=ask, subject=design.image("app"), attacker=load_attacker(attacker))
    return Decider(design, Theories()).decide(question)


ASKED = [
    (ClaimKind.ALWAYS, "authentic(it)", Proved),
    (ClaimKind.NEVER, "not authentic(it)", Proved),
    (ClaimKind.POSSIBLE, "not authentic(it)", NoWay),
]


@pytest.mark.parametrize(("kind", "text", "found"), ASKED, ids=lambda each: getattr(each, "value", None))
def test_nothing_is_proved_or_refuted_where_a_move_is_missing(kind, text, found):
    for recovery, missing in ((Recovery.ABSENT, False), (Recovery.GUARDED, True)):
        design = shapes.small()
        design = replace(design, life=replace(design.life, recovery=recovery))
        outcome = _outcome(design, kind, text, "serial-port")
        assert isinstance(outcome, Open if missing else found)
        assert not missing or "what the recovery port takes" in outcome.because


def test_a_recovery_is_not_proved_to_end_well_by_what_its_states_do_not_remember():
    design = replace(shapes.small(), sdk="3.4.0")
    assert isinstance(_outcome(design, ClaimKind.NEVER, "older(it)", "remote-ota"), Reached)
    outcome = _outcome(design, ClaimKind.RECOVERS, "not older(it)", "remote-ota", 1)
    assert isinstance(outcome, Open)
    assert outcome.missing


def test_a_recovery_is_not_proved_where_a_step_does_not_get_on(monkeypatch):
    design = replace(shapes.small(), sdk="3.4.0")
    asked = (design, ClaimKind.RECOVERS, "running(it)", "remote-ota", 1)
    assert isinstance(_outcome(*asked), Proved)
    monkeypatch.setattr(Theory, "gets_on", False)
    assert not isinstance(_outcome(*asked), Proved)
    monkeypatch.setattr(Theory, "establish", lambda *_: None)
    monkeypatch.setattr(Theory, "settle", lambda *_: pytest.fail("what a search met proves nothing either"))
    assert isinstance(_outcome(*asked), Open)
