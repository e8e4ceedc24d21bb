"""Boxes and ranges as bits say what plain sets of values say."""

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies_terms import FLAGS, PLACE, VARIABLES, bare_truths, systems, truths

from bootverify.check.proof.boxes import reachable_boxes
from bootverify.check.proof.term_ranges import _loose, passing, possible
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import and_, const, domain, eq, evaluate, not_, var


def some_values(variable):
    return st.sets(st.sampled_from(domain(variable.sort)), min_size=1)


RANGES = st.fixed_dictionaries({variable: some_values(variable) for variable in VARIABLES})


def bits(variable, values) -> int:
    return sum(1 << i for i, value in enumerate(domain(variable.sort)) if value in values)


def rows(variables, ranges):
    """Every assignment within the ranges."""
    among = [[value for value in domain(each.sort) if value in ranges[each]] for each in variables]
    return [dict(zip(variables, values, strict=True)) for values in product(*among)]


@settings(max_examples=150, deadline=None)
@given(truths() | bare_truths(), RANGES)
def test_the_values_of_a_term_are_those_of_all_combinations(term, ranges):
    free = tuple(sorted(term.free, key=lambda each: each.id))
    given_ = tuple(bits(each, ranges[each]) for each in free)
    wanted = {evaluate(term, row) for row in rows(free, ranges)}
    assert possible(term, free, given_) == bits(term, wanted)
    assert _loose(term, free, given_) | bits(term, wanted) == _loose(term, free, given_)


@settings(max_examples=150, deadline=None)
@given(truths() | bare_truths(), RANGES)
def test_what_a_condition_leaves_of_each_range_are_the_values_with_which_it_holds(term, ranges):
    free = tuple(sorted(term.free, key=lambda each: each.id))
    held = [row for row in rows(free, ranges) if evaluate(term, row)]
    wanted = tuple(bits(each, {row[each] for row in held}) for each in free) if held else None
    assert passing(term, free, tuple(bits(each, ranges[each]) for each in free)) == wanted


def plain_boxes(system, at):
    """The same fixpoint in sets: every guard, conjunct by conjunct, over all values of what it reads."""
    boxes = dict.fromkeys(domain(at.sort))
    live = set()

    def join(place, values):
        known = boxes[place]
        joined = {each: (known or {}).get(each, set()) | values[each] for each in system.variables}
        boxes[place] = {**joined, at: {place}}
        return boxes[place] != known

    for place in system.init[at]:
        join(place, {each: set(system.init[each]) for each in system.variables})
    while True:
        grew = False
        for place, box in list(boxes.items()):
            for transition in system.transitions if box else ():
                ranges = {**box, **{each: set(domain(each.sort)) for each in transition.inputs}}
                conjuncts = transition.guard.arguments if transition.guard.op.value == "and" else (transition.guard,)
                for conjunct in conjuncts:
                    held = [row for row in rows(tuple(conjunct.free), ranges) if evaluate(conjunct, row)]
                    ranges |= {each: {row[each] for row in held} for each in conjunct.free}
                    if not held:
                        break
                else:
                    live.add(transition.name)
                    after = {
                        target: {evaluate(value, row) for row in rows(tuple(value.free), ranges)}
                        for target, value in transition.updates.items()
                    }
                    for to in after.get(at, {place}):
                        grew |= join(to, {each: after.get(each, ranges[each]) for each in system.variables})
        if not grew:
            return {place: box for place, box in boxes.items() if box}, live


@settings(max_examples=60, deadline=None)
@given(systems(), st.sets(st.sampled_from(VARIABLES)))
def test_boxes_are_those_of_the_plain_fixpoint(pair, anything):
    system, at = pair
    system = replace(system, init={**system.init, **{each: domain(each.sort) for each in anything}})
    wanted, live = plain_boxes(system, at)
    found = reachable_boxes(system, at)
    assert {place for place, _ in found.of} == set(wanted)
    assert found.live == live
    for place, box in wanted.items():
        for variable in system.variables:
            assert set(found.values((place, False), variable)) == box[variable]


def test_what_a_step_assigns_replaces_what_its_guard_left_of_it():
    at, flag = var("at", PLACE), FLAGS[0]
    guard, updates = and_(eq(at, "p0"), flag), {at: const(PLACE, "p1"), flag: not_(flag)}
    step = Transition(name="step", guard=guard, updates=updates)
    boxes = reachable_boxes(
        System(variables=(at, flag), init={at: ("p0",), flag: (False, True)}, transitions=(step,)), at
    )
    assert boxes.values(("p0", False), flag) == (False, True)
    assert boxes.values(("p1", False), flag) == (False,)
