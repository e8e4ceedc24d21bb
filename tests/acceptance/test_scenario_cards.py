"""Scenario cards through the program: what was answered rightly stays so, and nothing is answered wrongly."""

from functools import cache
from pathlib import Path

import pytest
from tests.scenario_cards import WORDS, Asked, answer, questions

SHARED = Path(__file__).resolve().parents[3] / "shared" / "scenarios"
ANSWERED = Path(__file__).with_name("answered.txt")
ASKED = {asked.name: asked for asked in questions(SHARED)} if SHARED.is_dir() else {}

pytestmark = pytest.mark.skipif(not ASKED, reason="the shared scenario cards are absent")


@cache
def _answer(asked: str) -> str:
    return answer(ASKED[asked])


@pytest.mark.parametrize("name", sorted(ASKED))
def test_no_card_is_answered_wrongly(name: str) -> None:
    asked: Asked = ASKED[name]
    got = _answer(name)
    assert got == asked.expected or got not in WORDS, f"{name}: {got}, expected {asked.expected}"


@pytest.mark.parametrize("name", ANSWERED.read_text(encoding="utf-8").splitlines())
def test_what_was_answered_rightly_stays_so(name: str) -> None:
    assert _answer(name) == ASKED[name].expected
