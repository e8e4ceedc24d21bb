"""Three solvers behind one door: they agree, keep to their bounds, and say clearly when one is missing."""

import subprocess
import sys

import pytest

from bootverify.check import solver as door
from bootverify.check.solver import CORES, Sat, Unknown, Unsat, available, chosen, enough, solve
from bootverify.errors import SolverUnavailable

SOLVERS = ["z3", "cvc5", "bitwuzla"]
HEAD = "(set-logic QF_BV)\n(declare-const |a b| Bool)\n(declare-const c (_ BitVec 2))\n"
OPEN = HEAD + "(assert |a b|)\n(check-sat)\n"
SHUT = HEAD + "(assert (! |a b| :named |lemma 1|))\n(assert (! (not |a b|) :named goal))\n(check-sat)\n"
CORE = "(set-option :produce-unsat-cores true)\n" + SHUT.replace(
    "(check", "(assert (! (= c #b01) :named more))\n(check"
)


@pytest.mark.parametrize("name", SOLVERS)
def test_each_solver_tells_what_can_hold_from_what_cannot(name):
    assert solve(OPEN, name) == Sat()
    assert isinstance(solve(SHUT, name), Unsat)


def test_z3_names_the_assertions_that_suffice_and_no_more():
    assert solve(CORE) == Unsat(core=("goal", "lemma 1"))
    assert solve(CORE.replace("(not |a b|)", "|a b|")) == Sat()


def test_of_what_is_enough_nothing_can_be_left_out_and_what_comes_first_stays() -> None:
    told = [("first", "(or |a b| p)"), ("second", "(not p)"), ("third", "|a b|"), ("fourth", "p")]
    guarded = "".join(f"(declare-const {name} Bool)\n(assert (=> {name} {fact}))\n" for name, fact in told)
    text = HEAD + "(declare-const p Bool)\n(assert (not |a b|))\n" + guarded
    assert enough(text, ("first", "second", "third")) == Unsat(core=("first", "second"))
    assert enough(text, ("third", "first", "second")) == Unsat(core=("third",))
    assert enough(text, ("first", "fourth")) == Sat()
    assert enough(text + "(assert |a b|)\n", ()) == Unsat()
    assert isinstance(enough(text, ("fifth",)), Unknown)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("text", ["(assert (= x y))\n(check-sat)\n", HEAD + "(assert\n(check-sat)\n", "", "(check-sat"])
def test_a_question_that_makes_no_sense_is_never_answered(name, text):
    assert isinstance(solve(text, name), Unknown)


def test_an_error_before_the_question_is_no_answer():
    assert isinstance(solve(HEAD + "(assert d)\n(assert false)\n(check-sat)\n"), Unknown)


def test_a_bound_that_is_met_is_an_admission():
    hard = "(set-logic QF_BV)\n" + "".join(f"(declare-const x{i} (_ BitVec 40))\n" for i in range(2))
    hard += "(assert (! (= (bvmul x0 x1) #x0123456789) :named product))\n"
    hard += "".join(f"(assert (bvult #x0000000001 x{i}))\n(assert (bvult x{i} #x0000100000))\n" for i in range(2))
    for start in ("", CORES + "\n"):
        assert isinstance(solve(f"{start}{hard}(check-sat)\n", rlimit=1000), Unknown)


def test_a_solver_that_is_not_known_or_not_installed_is_named(monkeypatch):
    with pytest.raises(SolverUnavailable, match="no solver is called `yices`; one of z3, cvc5, bitwuzla, or all"):
        solve(OPEN, "yices")
    door._module.cache_clear()
    monkeypatch.setitem(sys.modules, "cvc5", None)
    with pytest.raises(SolverUnavailable, match="`cvc5` is not installed; pip install cvc5"):
        chosen("z3,cvc5")
    door._module.cache_clear()


def test_all_means_every_solver_that_is_installed():
    assert chosen("all") == tuple(available())
    assert chosen("cvc5, z3") == ("cvc5", "z3")


def test_no_solver_is_loaded_before_a_question_is_asked():
    code = "import sys, bootverify.check.run; print([m for m in ('z3', 'cvc5', 'bitwuzla') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
