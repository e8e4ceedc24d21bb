"""Hypothesis: small terms over a few variables, their assignments, and small transition systems."""

from functools import cache

from hypothesis import strategies as st

from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import BOOL, Op, Sort, Term, _make, and_, const, domain, eq, ite, not_, or_, var

TRIO = Sort("Trio", ("x", "y", "z"))
PLACE = Sort("Place", ("p0", "p1", "p2", "p3", "p4"))
FLAGS = [var(name) for name in ("a", "b", "c")]
TRIOS = (var("t", TRIO), var("u", TRIO))
VARIABLES = (*FLAGS, *TRIOS)


@cache  # a strategy is looked through when it is first drawn from, which takes longer than to draw
def valued(sort: Sort, variables: tuple[Term, ...], depth: int) -> st.SearchStrategy[Term]:
    """Terms of an enumeration."""
    leaves = st.sampled_from([*variables, *(const(sort, value) for value in sort.values)])
    if depth == 0:
        return leaves
    return leaves | st.builds(
        ite, truths(depth - 1), valued(sort, variables, depth - 1), valued(sort, variables, depth - 1)
    )


@cache
def truths(depth: int = 3) -> st.SearchStrategy[Term]:
    """Truth values."""
    leaves = st.sampled_from([*FLAGS, const(BOOL, True), const(BOOL, False)])
    if depth == 0:
        return leaves
    below = truths(depth - 1)
    trio = valued(TRIO, TRIOS, depth - 1)
    several = st.lists(below, min_size=0, max_size=3)
    return st.one_of(
        leaves,
        st.builds(not_, below),
        several.map(lambda parts: and_(*parts)),
        several.map(lambda parts: or_(*parts)),
        st.builds(eq, trio, trio),
        st.builds(eq, below, below),
        st.builds(ite, below, below, below),
    )


def assignments(variables=VARIABLES) -> st.SearchStrategy[dict]:
    """A value for each variable."""
    return st.fixed_dictionaries({variable: st.sampled_from(domain(variable.sort)) for variable in variables})


def bare(op: Op, *arguments: Term) -> Term:
    """The node as written: nothing is folded."""
    sort = arguments[1].sort if op is Op.ITE else BOOL
    return _make(op, sort, arguments)


@cache
def bare_truths(depth: int = 3) -> st.SearchStrategy[Term]:
    """Truth values that nothing folded."""
    leaves = st.sampled_from([*FLAGS, const(BOOL, True), const(BOOL, False)])
    if depth == 0:
        return leaves
    below = bare_truths(depth - 1)
    trio = st.sampled_from([*TRIOS, *(const(TRIO, value) for value in TRIO.values)])
    choice = st.builds(lambda c, x, y: bare(Op.ITE, c, x, y), below, trio, trio)
    pair = st.tuples(choice | trio, choice | trio)
    junction = st.lists(below, min_size=2, max_size=3)
    return st.one_of(
        leaves,
        below.map(lambda x: bare(Op.NOT, x)),
        junction.map(lambda parts: bare(Op.AND, *parts)),
        junction.map(lambda parts: bare(Op.OR, *parts)),
        pair.map(lambda two: bare(Op.EQ, *two)),
        st.tuples(below, below).map(lambda two: bare(Op.EQ, *two)),
        st.tuples(below, below, below).map(lambda three: bare(Op.ITE, *three)),
    )


@st.composite
def systems(draw) -> tuple[System, Term]:
    """A small system and the variable that tells where it is."""
    at = var("at", PLACE)
    transitions = []
    for number in range(draw(st.integers(1, 5))):
        chosen = var(f"choice in {number}")
        places = draw(st.lists(st.sampled_from(PLACE.values), min_size=1, max_size=2))
        here = or_(*(eq(at, place) for place in places))
        updates: dict[Term, Term] = {at: const(PLACE, draw(st.sampled_from(PLACE.values)))}
        for flag in draw(st.lists(st.sampled_from(FLAGS), max_size=2)):
            updates[flag] = draw(truths(2) | st.just(chosen))
        for trio in draw(st.lists(st.sampled_from(TRIOS), max_size=1)):
            updates[trio] = draw(valued(TRIO, TRIOS, 2))
        guard = and_(here, draw(truths(2)))
        transitions.append(Transition(name=str(number), guard=guard, updates=updates, inputs=(chosen,)))
    init = {variable: (domain(variable.sort)[0],) for variable in (at, *VARIABLES)}
    return System(variables=(at, *VARIABLES), init=init, transitions=tuple(transitions)), at
