"""Whoever waits sees how far a check is; a report has no trace of it."""

import sys

from tests.designs import shapes

from bootverify import api
from bootverify.cli import bar as bars


def test_a_check_tells_its_share_from_nothing_on_and_never_back():
    shares = []
    report = api.check(shapes.s01(), policies=["rot-immutable"], progress=shares.append)
    assert len(shares) == len(report.findings) > 1
    assert shares[0] == 0
    assert shares == sorted(set(shares))
    assert shares[-1] < 1


def test_a_bar_shows_on_a_terminal_once_a_second_has_passed(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(bars.time, "monotonic", lambda: now[0])
    with bars.bar() as show:
        now[0] = 0.9
        show(0.25)
        assert capsys.readouterr().err == ""
        now[0] = 1.1
        show(0.5)
        assert " 50%" in capsys.readouterr().err
    assert set(capsys.readouterr().err) <= {"\r", " "}


def test_no_bar_where_standard_error_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    with bars.bar() as show:
        assert show is None
