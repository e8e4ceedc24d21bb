"""Crossing 2: whatever the executor does next is among what the encoder says may come next, and both see it alike."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed
from tests.differential.histories import around, hostile, registers, step_of
from tests.differential.walks import TEARS

CUTS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 20, 40, 100, 200, 333, 400, 500, 600, 800, 1000)


def _edges(followed: Followed) -> tuple[int, ...]:
    """The first and last region of each group: where a rule could be off by one."""
    groups = followed.steps.boot.frame.cells.groups
    return tuple(dict.fromkeys(i for group in groups for i in (group[0], group[-1])))


def _actions(followed: Followed) -> st.SearchStrategy:
    """What to try next; the device's own step more often than anything else."""
    design = followed.world.design
    others = [
        st.sampled_from(list(around(design))),
        st.sampled_from(list(hostile(design))),
        st.sampled_from(list(registers(_edges(followed)))),
    ]
    taken = step_of(followed.world)
    if taken is None or followed.facts["at"] == followed.steps.boot.frame.run_mark:
        return st.one_of(*others)
    cut = st.builds(
        lambda after, torn: step_of(followed.world, cut_after=after, torn=torn),
        st.sampled_from(CUTS),
        st.sampled_from(TEARS),
    )
    return st.one_of(st.just(taken), st.just(taken), st.just(taken), cut, *others)


def _follow(data: st.DataObject, most: int) -> None:
    name = data.draw(st.sampled_from(sorted(designs())), label="design")
    attacker = data.draw(st.sampled_from(sorted(ATTACKERS)), label="attacker")
    followed = Followed(designs()[name], ATTACKERS[attacker])
    for _ in range(most):
        if followed.tries(data.draw(_actions(followed))):
            assert not followed.disagreements()


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=QUIET, phases=[Phase.generate])
@given(st.data())
def test_each_step_of_a_random_history_is_foreseen(data):
    _follow(data, most=40)


@pytest.mark.slow
@settings(max_examples=600, deadline=None, suppress_health_check=QUIET, phases=[Phase.generate])
@given(st.data())
def test_each_step_of_many_long_histories_is_foreseen(data):
    _follow(data, most=80)


QUICK = {
    ("s02", "everything"),
    ("small", "everything"),
    ("key in uicr", "app-code-ns"),
    ("sb-s16", "everything"),
    ("told-kmu", "everything"),
}
PAIRS = [(name, attacker) for name in sorted(designs()) for attacker in ("everything", "remote-ota", "app-code-ns")]


@pytest.mark.parametrize(
    ("name", "attacker"), [pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.slow) for pair in PAIRS]
)
def test_from_each_mark_of_a_boot_every_action_is_foreseen(name, attacker):
    followed = Followed(designs()[name], ATTACKERS[attacker])
    seen = set()
    while (here := followed.facts["at"]) not in seen:
        seen.add(here)
        twin = Followed(followed.world.design, followed.world.attacker)
        twin.does(*followed.history)
        for action in (*around(twin.world.design), *hostile(twin.world.design), *registers(_edges(twin)[:4])):
            start, inclusion = twin.world.copy(), twin.inclusion.copy()
            if twin.tries(action):
                assert not twin.disagreements(), action
            twin.world, twin.inclusion = start, inclusion
        if (step := step_of(followed.world)) is not None:
            followed.does(step)
    assert len(seen) > 1
