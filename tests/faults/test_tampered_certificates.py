"""A certificate that was tampered with is refused, be its seal renewed or not."""

import re
from collections.abc import Callable
from random import Random

import pytest
from tests.unit.check.test_certificate import certificates, design, resealed

from bootverify.check.certificate import recheck
from bootverify.check.recheck.verify import SEAL

Tampering = Callable[[list[str], Random], None]


def defined(lines: list[str], start: str, random: Random) -> int:
    return random.choice([i for i, line in enumerate(lines) if line.startswith(f"(define-fun {start}")])


def with_body(line: str, body: Callable[[str], str]) -> str:
    """The definition with another body; the sort is the last word before it."""
    head = re.match(r"\(define-fun (\|[^|]*\||\w+) (\(\)|\(\(.*?\)\)) (\|[^|]*\||Bool) ", line).group()
    return f"{head}{body(line[len(head) : -1])})"


def a_dropped_action(lines, random):
    starts = [i for i, line in enumerate(lines) if line.startswith("(set-info :transition")]
    ends = [*starts[1:], next(i for i, line in enumerate(lines) if line.startswith("; --- the claim"))]
    which = random.randrange(len(starts))
    del lines[starts[which] : ends[which]]


def a_weakened_guard(lines, random):
    i = defined(lines, "|guard of ", random)
    lines[i] = with_body(lines[i], lambda _: "true")


def a_guard_without_its_first_condition(lines, random):
    i = random.choice(
        [i for i, line in enumerate(lines) if re.match(r"\(define-fun \|guard of .*Bool \(and \(=", line)]
    )
    lines[i] = re.sub(r"Bool \(and \(= \|[^|]*\| \|[^|]*\|\)", "Bool (and true", lines[i])


def an_impossible_guard(lines, random):
    i = defined(lines, "|guard of ", random)
    lines[i] = with_body(lines[i], lambda _: "false")


def another_next_value(lines, random):
    i = random.choice(
        [i for i, line in enumerate(lines) if " after " in line and re.search(r"Bool (true|false)\)$", line)]
    )
    lines[i] = with_body(lines[i], lambda body: "false" if body == "true" else "true")


def a_dropped_assignment(lines, random):
    del lines[
        random.choice([i for i, line in enumerate(lines) if re.match(r"\(define-fun \|.* after .*\| \(\)", line)])
    ]


def a_negated_lemma(lines, random):
    i = defined(lines, "|lemma ", random)
    lines[i] = with_body(lines[i], lambda body: f"(not {body})")


def an_empty_lemma(lines, random):
    i = defined(lines, "|lemma ", random)
    lines[i] = with_body(lines[i], lambda _: "true")


def other_words_for_a_lemma(lines, random):
    lines[defined(lines, "|lemma ", random) - 1] = "; the device is safe"


def a_dropped_lemma(lines, random):
    i = defined(lines, "|lemma ", random)
    del lines[i - 1 : i + 1]


def the_claim_is_true(lines, random):
    i = defined(lines, "|claim| ", random)
    lines[i] = with_body(lines[i], lambda _: "true")


def the_claim_is_negated(lines, random):
    i = defined(lines, "|claim| ", random)
    lines[i] = with_body(lines[i], lambda body: f"(not {body})")


def another_expected_answer(lines, random):
    i = random.choice([i for i, line in enumerate(lines) if line.startswith("(set-info :status")])
    lines[i] = lines[i].replace("status sat", "status ?").replace("unsat", "sat").replace("?", "unsat")


def a_dropped_question(lines, random):
    i = random.choice([i for i, line in enumerate(lines) if line == "(push 1)"])
    del lines[i - 1 : lines.index("(pop 1)", i) + 1]


def a_dropped_premise(lines, random):
    del lines[random.choice([i for i, line in enumerate(lines) if line.startswith("(assert (not")])]


def an_unsatisfiable_start(lines, random):
    i = defined(lines, "|start of ", random)
    lines[i] = with_body(lines[i], lambda _: "false")


def another_start(lines, random):
    i = random.choice([i for i, line in enumerate(lines) if re.match(r"\(define-fun \|start of .*Bool \|", line)])
    lines[i] = with_body(lines[i], lambda body: f"(not {body})")


def a_changed_hash(lines, random):
    i = random.choice([i for i, line in enumerate(lines) if "sha256" in line])
    at = random.randrange(lines[i].index("sha256") + 7, len(lines[i]) - 2)
    digit = random.choice([each for each in "0123456789abcdef" if each != lines[i][at]])
    lines[i] = lines[i][:at] + digit + lines[i][at + 1 :]


def another_head(lines, random):
    heads = ("policy", "subject", "subject-kind", "attacker", "claim", "verdict", "capabilities", "bootverify")
    i = random.choice([i for i, line in enumerate(lines) if line.startswith(tuple(f"(set-info :{h} " for h in heads))])
    lines[i] = lines[i].replace(' "', ' "not-', 1)


def a_free_bound(lines, random):
    bounds = [i for i, line in enumerate(lines) if line.startswith("(assert (bvule")]
    del lines[random.choice(bounds)]


def an_added_assumption(lines, random):
    lines.insert(defined(lines, "|start of ", random), "(assert false)")


def an_impossible_bound(lines, random):
    i = random.choice([i for i, line in enumerate(lines) if line.startswith("(assert (bvule")])
    lines.insert(i, re.sub(r"\(bvule (.*) \|[^|]*\|\)", r"(not (bvule \1 \1))", lines[i]))


def a_line_twice(lines, random):
    i = random.randrange(1, len(lines) - 1)
    lines.insert(i, lines[i])


def a_lost_line(lines, random):
    del lines[random.randrange(1, len(lines) - 1)]


def two_lines_swapped(lines, random):
    i = random.randrange(1, len(lines) - 2)
    while lines[i] == lines[i + 1]:
        i = random.randrange(1, len(lines) - 2)
    lines[i], lines[i + 1] = lines[i + 1], lines[i]


def a_recovery_that_is_always_over(lines, random):
    i = defined(lines, "|over| ", random)
    lines[i] = with_body(lines[i], lambda _: "true")


def a_recovery_without_an_end(lines, random):
    del lines[defined(lines, "|over| ", random)]


def a_recovery_that_never_begins(lines, random):
    i = defined(lines, "|boots after a recovery begins| ", random)
    lines[i] = with_body(lines[i], lambda _: "|boots|")


def a_step_that_does_not_get_on(lines, random):
    i = defined(lines, "|boots after recovery, reset 2| ", random)
    lines[i] = with_body(lines[i], lambda _: "|boots|")


def a_stuck_recovery(lines, random):
    i = defined(lines, "|guard of recovery, mcuboot.launch: done| ", random)
    lines[i] = with_body(lines[i], lambda _: "false")


OF_RECOVERIES = (
    a_recovery_that_is_always_over,
    a_recovery_without_an_end,
    a_recovery_that_never_begins,
    a_step_that_does_not_get_on,
    a_stuck_recovery,
)
KINDS: tuple[Tampering, ...] = (
    a_dropped_action,
    a_weakened_guard,
    a_guard_without_its_first_condition,
    an_impossible_guard,
    another_next_value,
    a_dropped_assignment,
    a_negated_lemma,
    an_empty_lemma,
    other_words_for_a_lemma,
    a_dropped_lemma,
    the_claim_is_true,
    the_claim_is_negated,
    another_expected_answer,
    a_dropped_question,
    a_dropped_premise,
    an_unsatisfiable_start,
    another_start,
    a_changed_hash,
    another_head,
    a_free_bound,
    an_added_assumption,
    an_impossible_bound,
    a_line_twice,
    a_lost_line,
    two_lines_swapped,
    *OF_RECOVERIES,
)
BY_THE_TEXT_ALONE = (
    the_claim_is_true,
    the_claim_is_negated,
    a_negated_lemma,
    another_expected_answer,
    a_dropped_question,
    a_dropped_premise,
    an_unsatisfiable_start,
    a_free_bound,
    an_added_assumption,
    an_impossible_bound,
)


def tampered(text: str, kind: Tampering, random: Random) -> str:
    body, _, _ = text.rpartition(SEAL)
    for _ in range(100):
        lines = body.split("\n")
        try:
            kind(lines, random)
        except IndexError:  # nothing of that kind stands in it
            kind = random.choice(KINDS)
            continue
        changed = "\n".join(lines)
        if changed != body:  # a guard may be true as it is
            return changed
    raise AssertionError(kind.__name__)


def refused(count: int, name: str, seed: int, texts: list[str] | None = None) -> None:
    random = Random(seed)
    texts = texts or certificates(name)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        text = random.choice(texts)
        body = tampered(text, kind, random)
        unsealed = body + text[len(text.rpartition(SEAL)[0]) :]
        assert recheck(unsealed, ["z3"]) == ["the seal does not match: the text was changed after it was written"]
        assert recheck(resealed(body + SEAL), ["z3"], design(name)), (number, kind.__name__)


def test_a_hundred_tamperings_are_refused():
    refused(100, "SB-S01", seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SB-S01", "SB-S02", "SB-S04", "SB-S06"])
def test_a_thousand_tamperings_are_refused(name):
    refused(250, name, seed=2)


def recoveries() -> list[str]:
    return [each for each in certificates("hardened") if "\n(define-fun |over| " in each]


@pytest.mark.slow
def test_a_thousand_tamperings_with_a_recovery_are_refused():
    refused(1000, "hardened", seed=4, texts=recoveries())


@pytest.mark.parametrize("kind", OF_RECOVERIES)
def test_a_recovery_that_may_not_end_is_refused_without_the_design(kind):
    [text] = recoveries()
    assert recheck(text, ["z3"], design("hardened")) == []
    for seed in range(3):
        assert recheck(resealed(tampered(text, kind, Random(seed)) + SEAL), ["z3"]), kind.__name__


@pytest.mark.parametrize("kind", BY_THE_TEXT_ALONE)
def test_what_breaks_the_proof_is_refused_without_the_design(kind):
    random = Random(3)
    for text in certificates("SB-S01")[:4]:
        assert recheck(resealed(tampered(text, kind, random) + SEAL), ["z3"]), kind.__name__
