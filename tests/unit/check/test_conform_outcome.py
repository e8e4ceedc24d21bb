"""Counting recorded runs: what stops early is told as a disagreement, and hides no other vector."""

from bootverify.check.conform.outcome import Conformity, Disagreement, Unsupported


def _raises(error):
    def work():
        raise error
        yield

    return work


def test_a_vector_that_stops_the_executor_is_a_disagreement():
    outcome = Conformity()
    outcome.run("c", "k", "v1", _raises(IndexError("past the end")))
    outcome.run("c", "k", "v2", lambda: ())
    assert (outcome.total.agreed, outcome.total.disagreed) == (1, 1)
    assert "IndexError: past the end" in outcome.disagreements[0].text


def test_what_is_not_modelled_is_counted_apart():
    outcome = Conformity()
    outcome.run("c", "k", "v", _raises(Unsupported("a mode")))
    assert outcome.total.unsupported == 1
    assert not outcome.disagreements


def test_a_difference_is_kept_with_its_step():
    outcome = Conformity()
    found = Disagreement(vector="v", step=3, what="result", expected="boot", got="fail")
    outcome.run("c", "k", "v", lambda: (found,))
    assert outcome.disagreements == [found]
    assert found.text == "v step 3: result: expected boot, got fail"
