"""What a theory calls established rests on no lemma that is wrong, nor on what one of its solvers leaves open."""

from collections.abc import Callable

import pytest
from tests.designs import shapes

from bootverify.check.proof import theory
from bootverify.check.proof.fixpoint import Lemma
from bootverify.check.proof.prove import Reasoner
from bootverify.check.proof.search import Exhausted
from bootverify.check.proof.theory import Theories, Theory
from bootverify.check.solver import Answer, Unknown, solve
from bootverify.design.attacker import Attacker, Capability
from bootverify.encoder.logic.terms import Term, eq, false, true

FOE = Attacker(name="sender", title="", capabilities=frozenset({Capability.SEND_UPDATE}))


def _theory(*solvers: str) -> Theory:
    return Reasoner(shapes.s01(), FOE, Theories(solvers or ("z3",))).theory


def _at(known: Theory, value: str) -> Term:
    return eq(known.location, value)


def _first(known: Theory) -> str:
    (first,) = known.system.init[known.location]
    return str(first)


WRONG: dict[str, Callable[[Theory], Term]] = {
    "does not hold at the start, and is kept": lambda known: known.boot.frame.published["app 2"],
    "is broken by a step": lambda known: _at(known, _first(known)),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_lemma_that_is_wrong_proves_nothing(how):
    known = _theory()
    wrong = WRONG[how](known)
    lemmas = (*known._ranges, Lemma(term=wrong, text="wrong"))
    known.__dict__.update(_ranges=lemmas, _found=lemmas)
    assert not known.inductive
    assert known.establish(wrong) is None
    assert known.establish(known.lemmas[0].term) is None


def test_a_guess_that_a_step_breaks_proves_nothing_beside_ranges_that_hold():
    known = _theory()
    guess = Lemma(term=_at(known, _first(known)), text="wrong")
    known.__dict__.update(_surviving=(guess,), _found=(*known._ranges, guess))
    assert known._all_keep([each.term for each in known._found], [each.term for each in known._ranges])
    assert not known.inductive


@pytest.mark.parametrize("how", WRONG)
def test_what_a_search_met_is_no_lemma_where_it_is_wrong(how):
    known = _theory()
    assert known._keeps([known.lemmas[0]])
    wrong = WRONG[how](known)
    assert not known._keeps([Lemma(term=wrong, text="wrong")])
    assert not known._learned(Exhausted(states=1, met=wrong))
    assert known.lemmas == known._found


def test_of_claims_that_speak_of_no_variable_the_true_one_is_established_and_the_false_one_is_not():
    known = _theory()
    assert known.establish(true()) is not None
    assert known.establish(false()) is None
    assert known.settle(false()) is None


def test_what_one_of_several_solvers_leaves_open_is_not_established(monkeypatch):
    claim = _theory().lemmas[0].term
    silent: list[str] = []

    def answers(text: str, solver: str = "z3", **more: object) -> Answer:
        return Unknown(reason="tired") if solver in silent else solve(text, solver, **more)

    monkeypatch.setattr(theory, "solve", answers)
    assert _theory("z3", "cvc5").establish(claim) is not None
    late = _theory("z3", "cvc5")
    assert late.inductive
    silent.append("cvc5")
    assert late.establish(claim) is None
    assert "tired" in late.gave_up
    assert not _theory("z3", "cvc5").inductive
