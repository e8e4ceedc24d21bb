"""A search by way of a smaller space finds what a search of the space as it is finds, path for path."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies_terms import FLAGS, PLACE, systems, truths

from bootverify.check.proof import search
from bootverify.check.proof.granted import granted
from bootverify.check.proof.search import Exhausted, Path, shortest
from bootverify.encoder.logic.pycode import Compiled
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Term, and_, const, eq, evaluate, not_, or_, true, var

AT = var("at", PLACE)
ALWAYS = true()
OFFERED = (var("offered one"), var("offered two"))


def offer(variable: Term, where: Term = ALWAYS) -> Transition:
    return Transition(name=f"offer {variable}", guard=and_(not_(variable), where), updates={variable: true()})


@st.composite
def offering(draw) -> tuple[System, Term]:
    """A system in which two things may be done at any time, a few steps wait for them, and what to look for."""
    system, _ = draw(systems())
    wait = st.sampled_from([true(), *OFFERED, or_(*OFFERED), and_(*OFFERED)])
    waiting = tuple(replace(each, guard=and_(each.guard, draw(wait))) for each in system.transitions)
    where = st.sampled_from([true(), eq(AT, const(PLACE, "p0")), not_(FLAGS[0]), FLAGS[0], OFFERED[0]])
    offers = draw(st.permutations([offer(each, draw(where)) for each in OFFERED]))
    first = draw(st.booleans())
    transitions = (*offers, *waiting) if first else (*waiting, *offers)
    init = {**system.init, **dict.fromkeys(OFFERED, (False,))}
    asked = draw(st.sampled_from([true(), *OFFERED]))
    bad = and_(eq(AT, const(PLACE, draw(st.sampled_from(PLACE.values)))), draw(truths(1)), asked)
    return System(variables=(*system.variables, *OFFERED), init=init, transitions=transitions), bad


def searched(system: System, bad: Term, small: int) -> Path | Exhausted:
    before, search.SMALL = search.SMALL, small
    try:
        found = shortest(system, bad)
    finally:
        search.SMALL = before
    assert isinstance(found, Path | Exhausted)
    return found


@given(asked=offering())
@settings(max_examples=300, deadline=None)
def test_the_way_by_a_smaller_space_is_the_way(asked):
    system, bad = asked
    direct, guided = searched(system, bad, 1_000_000), searched(system, bad, 0)
    if isinstance(direct, Path):
        assert guided == direct
        return
    assert isinstance(guided, Exhausted)
    sliced = system.sliced(bad.free)
    for state in reached(sliced):
        assert evaluate(guided.met, state)
        assert not evaluate(bad, state)


def reached(system: System) -> list[dict[Term, object]]:
    compiled = Compiled(system)
    known = set(compiled.initial())
    pending = list(known)
    while pending:
        new = {after for _, _, after in compiled.successors(pending.pop())} - known
        known |= new
        pending += new
    return [compiled.decode(state) for state in known]


def waits(guard: Term, **updates: Term) -> System:
    go = Transition(name="go", guard=guard, updates={AT: const(PLACE, "p1"), **{var(k): v for k, v in updates.items()}})
    variables = (AT, *OFFERED, FLAGS[0], var("done"))
    init = {AT: ("p0",), **dict.fromkeys(variables[1:], (False,))}
    return System(variables=variables, init=init, transitions=(go, *map(offer, OFFERED)))


def test_only_what_nobody_minds_is_taken_for_done():
    one, two = OFFERED
    there = eq(AT, const(PLACE, "p1"))
    assert granted(waits(and_(one, two)), there) == (one, two)
    assert granted(waits(and_(one, not_(two))), there) == (one,)
    assert granted(waits(one), and_(there, not_(two))) == (one,)
    assert granted(waits(one, done=two), there) == (one,)
    system = waits(and_(one, two))
    for late in (there, one, not_(two)):
        offered = (*system.transitions[:2], offer(two, late))
        assert granted(replace(system, transitions=offered), there) == ((one, two) if late is not_(two) else (one,))
    early = (system.transitions[0], offer(one, not_(two)), offer(two))
    assert granted(replace(system, transitions=early), there) == (one,)
    started = replace(system, init={**system.init, one: (False, True)})
    assert granted(started, there) == (two,)


def test_a_state_that_is_wanted_before_what_may_be_done_is_done_is_found():
    """The smaller space is never in such a state: the claim that asks for it is asked of the space as it is."""
    one, _ = OFFERED
    found = searched(waits(true()), and_(eq(AT, const(PLACE, "p1")), not_(one)), 0)
    assert isinstance(found, Path)
    assert [each.transition for each in found.steps] == ["go"]


def test_a_longer_way_is_taken_where_the_shorter_one_has_to_wait():
    def go(start: str, to: str, guard: Term) -> Transition:
        here = and_(eq(AT, const(PLACE, start)), guard)
        return Transition(name=f"{start} to {to}", guard=here, updates={AT: const(PLACE, to)})

    ways = (go("p0", "p4", and_(*OFFERED)), go("p0", "p1", true()), go("p1", "p4", true()))
    system = replace(waits(true()), transitions=(*ways, *map(offer, OFFERED)))
    found = searched(system, and_(eq(AT, const(PLACE, "p4")), or_(OFFERED[0], not_(FLAGS[0]))), 0)
    assert isinstance(found, Path)
    assert [each.transition for each in found.steps] == ["p0 to p1", "p1 to p4"]
