"""The program as these tests call it."""

from pathlib import Path

import pytest

from bootverify.cli import run


@pytest.fixture
def told(capsys):
    """Run the program; gives exit code, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = run([str(each) for each in arguments])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return call


@pytest.fixture
def lived_by(capsys, tmp_path):
    """Run a script; exit code, output, standard error; what runs is replayed from its trace and must agree."""

    def call(source: Path, script: str, *attackers: str) -> tuple[int, str, str]:
        file, trace = tmp_path / "actions.yaml", tmp_path / "trace.json"
        file.write_text(script)
        who = ["--attacker", "+".join(attackers)] if attackers else []
        code = run(["boot", str(source), "--actions", str(file), "--trace", str(trace), *who])
        seen = capsys.readouterr()
        if code != 2:
            assert run(["replay", str(trace)]) == 0
            assert "each as recorded" in capsys.readouterr().out
        return code, seen.out, seen.err

    return call
