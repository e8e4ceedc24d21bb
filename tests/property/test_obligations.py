"""What a solver is asked of a small system, by hand: every state that satisfies the lemmas, every step from it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies_terms import FLAGS, PLACE, TRIOS, VARIABLES, systems, truths

from bootverify.check.proof.fixpoint import candidate_lemmas
from bootverify.check.proof.keeping import Keeping
from bootverify.check.solver import Sat, Unsat, enough, solve
from bootverify.encoder.logic.obligations import all_preserved, all_start, each_preserved, implied, named
from bootverify.encoder.logic.pycode import Compiled
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Term, const, domain, eq, evaluate, implies, not_, or_, var

AT = var("at", PLACE)
EVERY = st.sampled_from(VARIABLES)


def facts() -> st.SearchStrategy[Term]:
    """Lemmas as a fixpoint gives them, as guesses relate variables, or any."""
    here = st.sampled_from(PLACE.values).map(lambda place: eq(AT, place))
    flag = st.sampled_from(FLAGS) | st.sampled_from(FLAGS).map(not_)
    trio = st.builds(eq, st.sampled_from(TRIOS), st.sampled_from(TRIOS[0].sort.values))
    fact = flag | trio | st.builds(implies, flag, trio) | truths(2)
    return fact | st.builds(implies, here, fact) | st.builds(or_, here, fact)


def starting(system: System, anything: set[Term]) -> System:
    return replace(system, init={**system.init, **{each: domain(each.sort) for each in anything}})


def states(system: System) -> list[tuple[int, ...]]:
    return Compiled(starting(system, set(system.variables))).initial()


def kept(system: System, lemmas: list[Term], goals: list[Term]) -> list[bool]:
    """Whether each goal is true after every step from a state in which all lemmas are."""
    compiled = Compiled(system)
    given_, wanted = ([compiled.predicate(each) for each in terms] for terms in (lemmas, goals))
    left = [state for state in states(system) if all(lemma(state) for lemma in given_)]
    after = {to for state in left for _, _, to in compiled.successors(state)}
    # A goal that fails already and is not given may go on failing where no step touches it.
    return [all(goal(state) for state in after) for goal in wanted]


@st.composite
def asked(draw) -> tuple[System, list[Term]]:
    """A system that may start in many ways, and lemmas, most of them its own: one may be left out, others added."""
    system, at = draw(systems())
    own = [each.term for each in candidate_lemmas(system, at)]
    lemmas = [each for each in own if draw(st.integers(0, 5))] + draw(st.lists(facts(), max_size=3))
    return starting(system, draw(st.sets(EVERY, max_size=2))), list(dict.fromkeys(lemmas))


def unsat(text: str) -> bool:
    answer = solve(text)
    assert isinstance(answer, Sat | Unsat)
    return isinstance(answer, Unsat)


@settings(max_examples=60, deadline=None)
@given(asked())
def test_lemmas_are_kept_where_every_step_from_a_state_that_satisfies_them_leads_to_another(pair):
    system, lemmas = pair
    wanted = kept(system, lemmas, lemmas)
    assert unsat(all_preserved(system, lemmas).text) is all(wanted)
    each = each_preserved(system, lemmas, lemmas)
    answer = solve(each.text, wanted=each.telling)
    assert isinstance(answer, Unsat) is all(wanted)
    if isinstance(answer, Sat):
        broken = {name for name, value in answer.values if value}
        assert broken
        assert broken <= {name for name, is_kept in zip(each.telling, wanted, strict=True) if not is_kept}


@settings(max_examples=60, deadline=None)
@given(asked())
def test_lemmas_hold_at_the_start_where_each_start_satisfies_them(pair):
    system, lemmas = pair
    compiled = Compiled(system)
    starts = [compiled.decode(state) for state in compiled.initial()]
    assert unsat(all_start(system, lemmas).text) is all(evaluate(each, at) for each in lemmas for at in starts)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts(), max_size=4, unique=True), facts())
def test_lemmas_imply_a_claim_where_no_state_tells_them_apart(lemmas, claim):
    system = System(
        variables=(AT, *VARIABLES), init={each: domain(each.sort) for each in (AT, *VARIABLES)}, transitions=()
    )
    every = [dict(zip(system.variables, values, strict=True)) for values in _every(system)]

    def follows(chosen: list[Term]) -> bool:
        return all(evaluate(claim, at) for at in every if all(evaluate(each, at) for each in chosen))

    query = implied(claim, lemmas)
    assert unsat(query.text) is follows(lemmas)
    answer = enough(query.guarded, query.optional)
    assert isinstance(answer, Unsat) is follows(lemmas)
    if isinstance(answer, Unsat):
        core = named(answer.core)
        assert follows([lemmas[number] for number in core])
        assert not any(follows([lemmas[number] for number in core - {each}]) for each in core)


def _every(system: System) -> list[tuple[object, ...]]:
    compiled = Compiled(system)
    return [tuple(compiled.decode(state).values()) for state in compiled.initial()]


@settings(max_examples=40, deadline=None)
@given(asked(), st.booleans(), st.data())
def test_what_is_remembered_of_steps_is_true_of_every_system_that_has_them(pair, counts, data):
    """One memory serves systems that differ in a step, and lemmas that differ in one; `t` may stand for the mode."""
    system, lemmas = pair
    places, keeping = frozenset((AT, TRIOS[0]) if counts else (AT,)), Keeping()
    for _ in range(3):
        steps = [_changed(each, data) for each in system.transitions]
        other = replace(system, transitions=tuple(each for each in steps if each is not None))
        given_ = [each for each in lemmas if data.draw(st.integers(0, 3))]
        broken = {goal for goal, is_kept in zip(given_, kept(other, given_, given_), strict=True) if not is_kept}
        alike: dict[frozenset[Term], list[Term]] = {}
        for goal in given_:
            alike.setdefault(goal.free - places, []).append(goal)
        for goals in (*([goal] for goal in given_), *alike.values()):
            said = keeping.keep(other, places, given_, goals, lambda obligation: unsat(obligation.text))
            assert not said or broken.isdisjoint(goals)


def _changed(step: Transition, data: st.DataObject) -> Transition | None:
    """The step as it is, or with another guard, another value or without one that it assigns; or none."""
    match data.draw(st.integers(0, 6)):
        case 0:
            return None
        case 1:
            return replace(step, guard=data.draw(truths(2)))
        case 2:
            return replace(step, updates={**step.updates, AT: const(PLACE, data.draw(st.sampled_from(PLACE.values)))})
        case 3:
            gone = data.draw(st.sampled_from([*step.updates]))
            return replace(step, updates={each: value for each, value in step.updates.items() if each is not gone})
        case 4:
            return replace(step, updates={**step.updates, data.draw(st.sampled_from(FLAGS)): data.draw(truths(1))})
        case _:
            return step
