"""What users write becomes the parameters of a command, or a complaint that says what to write."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest

from bootverify.cli import COMMANDS, command, run
from bootverify.cli.arguments import Argument, Option, WrongArguments, called


class Form(Enum):
    TEXT = "text"
    JSON = "json"


SEEN: list[dict[str, object]] = []


def example(
    *,
    sources: Annotated[list[str], Argument(metavar="INPUT")],
    policy: Annotated[list[str] | None, Option(metavar="ID", help="100% of it")] = None,
    every_tear: Annotated[bool, Option(help="")] = False,
    output: Annotated[Path | None, Option(short="-o", metavar="FILE", help="")] = None,
    form: Annotated[Form, Option(help="")] = Form.TEXT,
    seeds: Annotated[int, Option(min=1, max=64, help="")] = 1,
) -> int:
    """Do nothing."""
    SEEN.append({"sources": sources, "policy": policy, "tear": every_tear, "to": output, "form": form, "seeds": seeds})
    return 3


def test_arguments_and_options_come_in_any_order():
    words = ["a", "--policy", "p", "-", "--form=json", "--every-tear", "-o", "x", "--policy", "q", "--seeds", "64"]
    assert called(example, "example", words) == 3
    assert SEEN.pop() == {
        "sources": ["a", "-"],
        "policy": ["p", "q"],
        "tear": True,
        "to": Path("x"),
        "form": Form.JSON,
        "seeds": 64,
    }


def test_what_is_not_given_is_what_the_command_says():
    called(example, "example", ["a"])
    assert SEEN.pop() == {"sources": ["a"], "policy": None, "tear": False, "to": None, "form": Form.TEXT, "seeds": 1}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "INPUT"),
        (["a", "--polcy", "p"], r"takes no `--polcy`; did you mean `--policy`\?"),
        (["a", "--pol", "p"], "takes no `--pol`"),
        (["a", "--policy"], "expected one argument"),
        (["a", "--form", "pdf"], "`pdf` is none of text, json"),
        (["a", "--seeds", "0"], "0 is out of bounds; give 1 to 64"),
        (["a", "--seeds", "two"], "`two` is no whole number"),
    ],
)
def test_a_wrong_call_is_told_with_where_to_look(words, complaint):
    with pytest.raises(WrongArguments, match=rf"{complaint}.*\(bootverify example --help\)"):
        called(example, "example", words)
    assert not SEEN


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_how_it_is_called(name, capsys):
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: bootverify {name} ")
    assert " ".join((command(name).__doc__ or "").split())[:60] in " ".join(shown.split())


def test_without_a_command_all_are_told(capsys):
    assert run([]) == 2
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert not [name for name in COMMANDS if f"\n  {name} " not in told]


def test_a_command_that_is_not_known_is_told_with_the_nearest(capsys):
    assert run(["chek", "x"]) == 2
    assert capsys.readouterr().err == "no command is called `chek`; did you mean `check`? (bootverify --help)\n"
