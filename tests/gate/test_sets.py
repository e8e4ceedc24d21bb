"""The gate on two sets: each seeded regression is blocked and names the attack, each harmless refactoring is equal."""

from functools import cache

import pytest

from bootverify import api
from bootverify.check.verdict import Report
from bootverify.cli import run
from bootverify.sources.design_file import design_of
from bootverify.whatif.compare import Change, compared
from tests.gate.bases import BASES, base, text_of
from tests.gate.harmless import Harmless, harmless
from tests.gate.seeded import SEEDS, Seed

REFACTORINGS = list(harmless(200))
SAMPLED = ("rot-immutable", "map-no-overlap", "slot-sizes-equal", "key-rotatable")


@cache
def _before(name: str) -> Report:
    return api.check(design_of(base(name)))


def test_the_sets_are_as_large_as_they_should_be():
    assert len(SEEDS) >= 80
    assert {seed.base for seed in SEEDS} == set(BASES)
    assert len({seed.name for seed in SEEDS}) == len(SEEDS)
    assert len({text_of(each.new) for each in REFACTORINGS}) == 200


def _diff(tmp_path, capsys, old, new, *policies: str) -> tuple[int, str]:
    paths = []
    for name, written in (("old.yaml", old), ("new.yaml", new)):
        (tmp_path / name).write_text(text_of(written))
        paths.append(str(tmp_path / name))
    asked = [part for policy in policies for part in ("--policy", policy)]
    code = run(["diff", *paths, *asked])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("seed", SEEDS[::14], ids=lambda seed: seed.name)
def test_a_seeded_regression_is_blocked_on_the_command_line(seed: Seed, tmp_path, capsys):
    code, out = _diff(tmp_path, capsys, seed.old, seed.new, seed.policy)
    assert code == 1
    assert f"weaker    {seed.policy}" in out


@pytest.mark.parametrize("each", REFACTORINGS[1::41], ids=lambda each: each.name)
def test_a_refactoring_passes_on_the_command_line(each: Harmless, tmp_path, capsys):
    code, out = _diff(tmp_path, capsys, each.old, each.new, *SAMPLED)
    assert code == 0
    assert not any(word in out for word in ("weaker", "stronger", "incomparable"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_every_seeded_regression_is_blocked(seed: Seed):
    questions = compared(_before(seed.base), api.check(design_of(seed.new)))
    weaker = [each for each in questions if each.change is Change.WEAKER]
    assert seed.policy in {each.policy for each in weaker}
    assert all(each.new is not None and each.new.because for each in weaker)


@pytest.mark.slow
@pytest.mark.parametrize("each", REFACTORINGS, ids=lambda each: each.name)
def test_every_refactoring_is_equal(each: Harmless):
    report = api.check(design_of(each.new))
    assert not report.discrepancies
    assert [q for q in compared(_before(each.base), report) if q.change is not Change.EQUAL] == []
