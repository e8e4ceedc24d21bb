"""The checker of certificates, on systems of two variables: each way to prove nothing is refused by the text alone."""

import pytest

from bootverify.check.certificate import _sealed
from bootverify.check.recheck import verify
from bootverify.check.recheck.reader import Refused
from bootverify.check.recheck.verify import FORM, SEAL, problems, read
from bootverify.check.recheck.walk import walk
from bootverify.encoder.logic.script import proof_text, system_text
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Sort, Term, const, eq, implies, not_, or_, true, var

PLACE = Sort("Place", ("first", "second", "last"))
AT, LOCK = var("at", PLACE), var("lock")
LOCKS = Transition(name="locks", guard=eq(AT, "first"), updates={AT: const(PLACE, "second"), LOCK: true()})
GOES = Transition(name="goes", guard=LOCK, updates={AT: const(PLACE, "last")})
UNLOCKS = Transition(name="unlocks", guard=LOCK, updates={LOCK: not_(true())})
LOCKED = implies(not_(eq(AT, "first")), LOCK)
CLAIM = implies(eq(AT, "last"), LOCK)


def _certificate(*lemmas: Term, claim: Term = CLAIM, steps: tuple[Transition, ...] = (LOCKS, GOES)) -> str:
    system = System(variables=(AT, LOCK), init={AT: ("first",), LOCK: (False,)}, transitions=steps)
    head = f'{FORM}\n(set-info :claim "always: it is locked")\n(set-logic QF_BV)\n'
    return _sealed(head + system_text(system, claim) + proof_text(system, claim, [(each, "words") for each in lemmas]))


def _found(text: str) -> str:
    return " ".join(problems(text, ["z3"]))


def test_a_proof_is_accepted():
    assert problems(_certificate(LOCKED), ["z3"]) == []


SKIPS = Transition(name="skips", guard=eq(AT, "second"), updates={AT: const(PLACE, "last")})
WRONG = {
    "a lemma that a step breaks": (_certificate(LOCKED, steps=(LOCKS, GOES, UNLOCKS)), "broken on a walk"),
    "a lemma that does not hold at the start": (_certificate(LOCK), "`lemma 1` is broken on a walk"),
    "a claim that the lemmas do not imply": (_certificate(or_(LOCK, eq(AT, "first"), eq(AT, "last"))), "imply"),
    "a claim that is true of every state": (_certificate(LOCKED, claim=or_(LOCK, not_(LOCK), CLAIM)), "every state"),
    "a lemma that is kept with another alone": (_certificate(CLAIM, steps=(LOCKS, SKIPS)), "`skips` keeps lemma 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_proves_nothing_is_refused(name):
    text, why = WRONG[name]
    assert why in _found(text)


@pytest.mark.parametrize("name", ["a lemma that a step breaks", "a lemma that does not hold at the start"])
def test_what_breaks_on_a_walk_is_refused_without_a_solver(name):
    system, _ = read(WRONG[name][0])
    with pytest.raises(Refused, match="is broken on a walk"):
        walk(system)


def test_nothing_may_follow_the_last_question():
    body = _certificate(LOCKED).rpartition(SEAL)[0]
    assert "is missing" in _found(_sealed(f"{body}(assert false)\n"))


def test_a_text_that_begins_otherwise_is_no_certificate():
    body = _certificate(LOCKED).rpartition(SEAL)[0]
    assert "this is no certificate" in _found(_sealed(body.replace(FORM, "; another form", 1)))
    assert "this is no certificate" in _found(body)


def test_a_text_of_more_characters_than_are_read_is_refused(monkeypatch):
    text = _certificate(LOCKED)
    for most, found in ((len(text), ""), (len(text) - 1, f"it is longer than {len(text) - 1} characters")):
        monkeypatch.setattr(verify, "MOST_CHARACTERS", most)
        assert _found(text) == found
