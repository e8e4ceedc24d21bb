"""Whoever waits sees how far a check is; a report has no trace of it."""

import sys

from tests.designs import shapes
from tests.designs.build_dirs import Build, write_build

from bootverify import api
from bootverify.cli import bar as bars
from bootverify.cli import run


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


def test_who_imports_a_build_sees_how_far_the_search_for_keys_is(monkeypatch, tmp_path, capsys):
    build = write_build(tmp_path / "build", Build(boot_loader=bytes(range(256)) * 16))
    later = iter(range(1_000_000))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(bars.time, "monotonic", lambda: 2 * next(later))
    assert run(["import", str(build)]) == 0
    shown = capsys.readouterr()
    assert "%" in shown.err
    assert "chain:" in shown.out
