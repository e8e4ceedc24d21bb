"""What the README shows is what the program prints; `make golden` rewrites it."""

import os
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from bootverify.cli import FAMILIES, app, load, run

TOP = Path(__file__).resolve().parents[2]
README = TOP / "README.md"
BLOCK = re.compile(r"(```console\n\$ bootverify (?P<command>[^\n]*)\n)(?P<shown>.*?)(```\n)", re.DOTALL)
WRITE = os.environ.get("BOOTVERIFY_GOLDEN") == "write"


def _blocks() -> list[str]:
    return [block["command"] for block in BLOCK.finditer(README.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("command", _blocks())
def test_a_command_of_the_readme_prints_what_it_shows(command, capsys, monkeypatch):
    monkeypatch.chdir(TOP)
    run(shlex.split(command))
    out = capsys.readouterr().out
    text = README.read_text(encoding="utf-8")
    block = next(block for block in BLOCK.finditer(text) if block["command"] == command)
    if WRITE:
        start, end = block.span("shown")
        README.write_text(text[:start] + out + text[end:], encoding="utf-8")
        return
    assert out == block["shown"]


def test_every_command_is_in_the_readme():
    load(*FAMILIES)
    named = {info.name or info.callback.__name__.rstrip("_") for info in app.registered_commands}
    text = README.read_text(encoding="utf-8")
    assert not [name for name in named if f"`bootverify {name}" not in text and f"$ bootverify {name}" not in text]


def test_the_interface_names_the_options_that_commands_have_and_no_others():
    load(*FAMILIES)
    block = (TOP / "docs" / "INTERFACE.md").read_text(encoding="utf-8").split("```")[1]
    told: dict[str, set[str]] = {}
    for entry in re.split(r"(?m)^bootverify ", block)[1:]:
        told.setdefault(entry.split()[0], set()).update(re.findall(r"(?<!bootverify )--[a-z][a-z-]*", entry))
    there = {
        name: {option for each in command.params for option in each.opts if option.startswith("--")}
        for name, command in get_command(app).commands.items()
    }
    assert told == there
