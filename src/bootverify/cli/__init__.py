"""The terminal: arguments in, text and exit codes out; everything else is asked of `api`.

Commands are functions, whose parameters `arguments` reads off; a file of them is loaded when one of its commands is
asked for. `app` holds what they share and turns errors into exit codes.
"""

from functools import partial
from importlib import import_module
from inspect import cleandoc
from textwrap import fill

from bootverify.cli.app import deliver, guarded
from bootverify.cli.arguments import Command, WrongArguments, called, nearest

COMMANDS = {  # name of the command: its file, its function
    "check": ("check", "check"),
    "diff": ("change", "diff"),
    "migrate": ("migrate", "migrate"),
    "whatif": ("whatif", "whatif"),
    "repair": ("whatif", "repair"),
    "attackers": ("change", "attackers"),
    "boot": ("run_device", "boot"),
    "sweep": ("sweep", "sweep"),
    "replay": ("again", "replay"),
    "certify": ("again", "certify"),
    "scan": ("scan", "scan"),
    "conform": ("run_device", "conform"),
    "import": ("importing", "import_"),
    "init": ("importing", "init"),
    "explain": ("name", "explain"),
    "list": ("name", "list_"),
    "schema": ("name", "schema"),
    "version": ("name", "version"),
}
HELP = """usage: bootverify COMMAND ... | --version

Checks secure-boot designs on microcontrollers: proofs for what holds, replayed attacks for what does not.
`bootverify COMMAND --help` tells how a command is called.
"""


def run(arguments: list[str]) -> int:
    """The exit code of the program called with `arguments`; only the file of the command asked for is loaded."""
    return guarded(partial(_run, arguments))


def _run(arguments: list[str]) -> int:
    name, *words = arguments or ["--help"]
    if name in {"--help", "-h"}:
        deliver("\n".join([HELP, *map(_summary, COMMANDS)]) + "\n")
        return 0 if arguments else 2
    if name not in COMMANDS:
        raise WrongArguments(f"no command is called `{name}`{nearest(name, COMMANDS)} (bootverify --help)")
    return called(command(name), name, words)


def command(name: str) -> Command:
    """What does the command called `name`; its file is loaded."""
    file, function = COMMANDS[name]
    found: Command = getattr(import_module(f"bootverify.cli.{file}"), function)
    return found


def load_for(arguments: list[str]) -> None:
    """Load the command that `arguments` ask for."""
    for name in set(arguments[:1]) & COMMANDS.keys():
        command(name)


def _summary(name: str) -> str:
    """A command and the first sentence about it."""
    first = cleandoc(command(name).__doc__ or "").split("\n\n")[0]
    return fill(" ".join(first.split()), 78, initial_indent=f"  {name:11}", subsequent_indent=" " * 13)


__all__ = ["COMMANDS", "command", "load_for", "run"]
