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
