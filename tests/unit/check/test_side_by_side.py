"""Two tasks at once, the second in a copy of this process."""

import os
import time
from dataclasses import replace

import pytest
from tests.gate.bases import base

from bootverify.check.run import Options, check_design
from bootverify.check.side_by_side import both
from bootverify.sources.attackers import all_attackers
from bootverify.sources.design_file import design_of
from bootverify.sources.policies import all_policies
from bootverify.sources.support import load_support


def test_both_answers_come_back_and_the_second_from_another_process():
    (first, here), (second, there) = both(lambda: ("a", os.getpid()), lambda: ("b", os.getpid()))
    assert (first, second) == ("a", "b")
    assert here == os.getpid() != there


def test_a_second_task_that_ends_early_is_done_here_with_its_error():
    here = os.getpid()

    def second() -> str:
        if os.getpid() != here:
            os._exit(3)
        return "done here"

    assert both(lambda: "a", second) == ("a", "done here")
    with pytest.raises(ZeroDivisionError):
        both(lambda: "a", lambda: 1 // 0)


def test_an_error_of_the_first_task_leaves_no_process_behind():
    with pytest.raises(KeyError):
        both(lambda: {}["nothing"], lambda: time.sleep(600))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_check_in_two_processes_gives_the_report_of_one():
    given = design_of(base("nrf52832")), all_policies(), all_attackers(), load_support()
    together, apart = (check_design(*given, options=Options(apart=each)) for each in (False, True))
    assert apart == together
    assert any(each.replayed for each in apart.findings)
    assert apart != replace(together, findings=together.findings[1:])
