"""Steps are asked once what they keep, given what bears on them; what is proved of one is not said of another."""

from dataclasses import replace

from bootverify.check.proof.keeping import Keeping
from bootverify.check.solver import Unsat, solve
from bootverify.encoder.logic.obligations import Obligation
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Sort, Term, const, eq, implies, not_, or_, true, var

PLACE = Sort("Place", ("first", "second", "last"))
AT, LOCK, OPEN, OTHER = var("at", PLACE), var("lock"), var("open"), var("other")
LOCKED, SHUT = implies(eq(AT, "last"), LOCK), implies(LOCK, not_(OPEN))
LOCKS = Transition(
    name="locks", guard=eq(AT, "first"), updates={LOCK: true(), OPEN: not_(true()), AT: const(PLACE, "second")}
)
GOES = Transition(name="goes", guard=eq(AT, "second"), updates={AT: const(PLACE, "last")})
OPENS = Transition(name="opens", guard=not_(LOCK), updates={OPEN: true()})
AWAY = implies(eq(AT, "second"), LOCK)


def _system(*steps: Transition) -> System:
    variables = (AT, LOCK, OPEN, OTHER)
    init = {AT: ("first",), LOCK: (False,), OPEN: (False,), OTHER: (False,)}
    return System(variables=variables, init=init, transitions=steps)


class _Asked:
    """Asks z3, and remembers what."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, obligation: Obligation) -> bool:
        self.texts.append(obligation.text)
        return isinstance(solve(obligation.text), Unsat)


def _keep(keeping: Keeping, system: System, lemmas: list[Term], asked: _Asked) -> bool:
    return keeping.keep(system, frozenset((AT,)), lemmas, lemmas, asked)


def test_what_steps_keep_is_asked_once_and_of_another_step_that_alone() -> None:
    keeping, asked, lemmas = Keeping(), _Asked(), [LOCKED, AWAY, SHUT]
    assert _keep(keeping, _system(LOCKS, GOES, OPENS), lemmas, asked)
    assert _keep(keeping, _system(OPENS, LOCKS), lemmas, asked)
    assert len(asked.texts) == 1
    swaps = Transition(name="swaps", guard=true(), updates={OTHER: not_(OTHER)})
    assert _keep(keeping, _system(LOCKS, GOES, OPENS, swaps), lemmas, asked)
    assert len(asked.texts) == 1  # nothing is said of what it assigns to
    unlocks = Transition(name="unlocks", guard=OTHER, updates={LOCK: not_(true())})
    assert not _keep(keeping, _system(LOCKS, GOES, OPENS, unlocks), lemmas, asked)
    assert len(asked.texts) == 2
    assert "second" not in asked.texts[-1]


def test_a_step_that_fails_is_not_remembered_as_one_that_keeps() -> None:
    keeping, asked = Keeping(), _Asked()
    for guard in (true(), LOCK):
        opens = replace(OPENS, guard=guard)
        assert not _keep(keeping, _system(opens), [SHUT], asked)
        assert not _keep(keeping, _system(opens), [SHUT], asked)


def test_what_a_step_keeps_given_one_lemma_is_asked_again_without_it() -> None:
    keeping, asked = Keeping(), _Asked()
    assert _keep(keeping, _system(GOES), [LOCKED, AWAY], asked)
    assert not _keep(keeping, _system(GOES), [LOCKED], asked)


def test_what_relates_variables_bears_on_a_step_that_asks_about_one_of_them() -> None:
    keeping, asked = Keeping(), _Asked()
    copies = Transition(name="copies", guard=LOCK, updates={OTHER: OPEN})
    assert _keep(keeping, _system(copies), [SHUT, not_(OTHER)], asked)
    assert not _keep(keeping, _system(copies), [or_(LOCK, not_(OPEN)), not_(OTHER)], asked)


def test_what_is_known_of_a_variable_that_another_lemma_relates_to_a_guard_bears_on_the_step() -> None:
    sets = Transition(name="sets", guard=LOCK, updates={OTHER: true()})
    assert _keep(Keeping(), _system(sets), [implies(LOCK, OPEN), not_(OPEN), not_(OTHER)], _Asked())
    assert not _keep(Keeping(), _system(sets), [implies(LOCK, OPEN), not_(OTHER)], _Asked())
