"""What terms fold to, what replaces them and what is generated from them mean the same as what was written."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies_terms import TRIO, TRIOS, VARIABLES, assignments, bare_truths, systems, truths, valued

from bootverify.check.proof.fixpoint import candidate_lemmas
from bootverify.check.solver import Unsat, solve
from bootverify.encoder.logic.obligations import all_preserved, all_start
from bootverify.encoder.logic.pycode import Compiled
from bootverify.encoder.logic.system import System
from bootverify.encoder.logic.terms import (
    Op,
    and_,
    const,
    domain,
    eq,
    evaluate,
    ite,
    member,
    nodes,
    not_,
    or_,
    substitute,
)

BUILD = {Op.NOT: not_, Op.AND: and_, Op.OR: or_, Op.EQ: eq, Op.ITE: ite}


def folded(term):
    done = {}
    for node in nodes(term):
        built = BUILD.get(node.op)
        done[node.id] = built(*(done[each.id] for each in node.arguments)) if built else node
    return done[term.id]


@settings(max_examples=500, deadline=None)
@given(bare_truths(), assignments())
def test_folding_keeps_the_value(term, values):
    assert evaluate(folded(term), values) == evaluate(term, values)


@settings(max_examples=300, deadline=None)
@given(truths(), assignments(), truths(2), valued(TRIO, TRIOS, 2))
def test_replacing_variables_is_evaluating_with_their_values(term, values, flag, trio):
    by = {VARIABLES[0]: flag, TRIOS[0]: trio}
    after = {**values, **{variable: evaluate(value, values) for variable, value in by.items()}}
    assert evaluate(substitute(term, by), values) == evaluate(term, after)


@settings(max_examples=300, deadline=None)
@given(truths(), assignments())
def test_a_term_over_constants_folds_to_its_value(term, values):
    by = {variable: const(variable.sort, value) for variable, value in values.items()}
    assert substitute(term, by) is const(term.sort, evaluate(term, values))


@settings(max_examples=300, deadline=None)
@given(truths(), assignments())
def test_generated_python_agrees_with_evaluation(term, values):
    system = System(variables=VARIABLES, init={each: (domain(each.sort)[0],) for each in VARIABLES}, transitions=())
    compiled = Compiled(system)
    assert compiled.predicate(term)(compiled.encode(values)) == evaluate(term, values)


@given(st.sets(st.sampled_from(TRIO.values)), assignments())
def test_membership_is_being_one_of_the_values(values, at):
    assert evaluate(member(TRIOS[0], values), at) == (at[TRIOS[0]] in values)


def reached(system: System) -> list[dict]:
    """Every state, by explicit search."""
    compiled = Compiled(system)
    found = dict.fromkeys(compiled.initial())
    pending = list(found)
    while pending:
        for _, _, after in compiled.successors(pending.pop()):
            if after not in found:
                found[after] = None
                pending.append(after)
    return [compiled.decode(state) for state in found]


@settings(max_examples=50, deadline=None)
@given(systems(), st.booleans())
def test_lemmas_of_the_fixpoint_hold_in_every_state_that_is_reached(pair, with_mode):
    system, at = pair
    mode = None
    if with_mode:
        never_falls = [
            each
            for each in VARIABLES[:3]
            if all(evaluate_is_true(transition.updates.get(each)) for transition in system.transitions)
        ]
        mode = never_falls[0] if never_falls else None
    lemmas = candidate_lemmas(system, at, mode)
    states = reached(system)
    for lemma in lemmas:
        assert all(evaluate(lemma.term, state) for state in states), lemma.text


def evaluate_is_true(update) -> bool:
    return update is None or (update.op is Op.CONST and update.value is True)


@settings(max_examples=25, deadline=None)
@given(systems())
def test_lemmas_of_the_fixpoint_are_inductive_together(pair):
    system, at = pair
    terms = [lemma.term for lemma in candidate_lemmas(system, at)]
    assert isinstance(solve(all_start(system, terms).text), Unsat)
    assert isinstance(solve(all_preserved(system, terms).text), Unsat)


@settings(max_examples=40, deadline=None)
@given(systems(), st.data())
def test_a_slice_does_the_same_to_the_variables_that_it_keeps(pair, data):
    system, _ = pair
    wanted = data.draw(st.sampled_from(VARIABLES))
    kept = system.sliced([wanted])
    seen = {state[wanted] for state in reached(system)}
    assert {state[wanted] for state in reached(kept)} == seen
