"""The application, the options that commands share, and what becomes of errors."""

import re
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from bootverify.errors import BootverifyError, Discrepancy, InputError

# Control characters and those that turn the direction of what is written, but for line ends and our own colours.
_STEERS = re.compile(r"(?!\x1b\[(?:0|3[123](?:;1)?)m)(?!\r\n)[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

HELP = "Checks secure-boot designs on microcontrollers: proofs for what holds, replayed attacks for what does not."
app = typer.Typer(
    help=HELP,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

Input = Annotated[str, typer.Argument(metavar="INPUT", help="A design.yaml, a build directory, or -.")]
DesignOutput = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the design there.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there.")]
Sdk = Annotated[str | None, typer.Option("--ncs", metavar="RELEASE", help="Release of the nRF Connect SDK, as 2.6.1.")]
Policies = Annotated[list[str] | None, typer.Option("--policy", metavar="ID|FILE|DIR", help="Only these policies.")]
Subjects = Annotated[list[str] | None, typer.Option("--subject", metavar="NAME", help="Only this stage, image, key.")]
Attackers = Annotated[list[str] | None, typer.Option("--attacker", metavar="NAME|FILE", help="Only these attackers.")]

Rlimit = Annotated[int, typer.Option("--rlimit", min=1, metavar="N", help="Bound on the work for one proof or search.")]

# What a command needs to know of a build's own bytes, beside the files.
Soc = Annotated[str, typer.Option("--soc", metavar="NAME", help="The SoC, where the files do not tell.")]
MapFile = Annotated[Path | None, typer.Option("--map", metavar="FILE", help="partitions.yml of bare files.")]
PublicKeys = Annotated[
    list[Path] | None, typer.Option("--public-key", metavar="PEM", help="A key that MCUboot verifies with.")
]
SecretKeys = Annotated[
    list[Path] | None, typer.Option("--key", metavar="FILE", help="A secret key that opens encrypted images.")
]
Made = Annotated[bool, typer.Option("--made", help="Images of our own making, not a build's bytes.")]


class Plain(Enum):
    """Forms of what is not a report."""

    TEXT = "text"
    JSON = "json"


class Solvers(Enum):
    """Who has to agree."""

    Z3 = "z3"
    ALL = "all"

    @property
    def names(self) -> tuple[str, ...]:
        """The solvers, as they are installed."""
        from bootverify.check.solver import chosen  # noqa: PLC0415 - most commands ask no solver

        return chosen(self.value)


@app.callback(help=HELP)
def commands() -> None:
    """Have a command named even where its family has no other, which would else be taken for the whole program."""


def run(arguments: list[str]) -> int:
    """The exit code of the program called with `arguments` (docs/INTERFACE.md, "Exit codes")."""
    try:
        result = app(arguments or ["--help"], prog_name="bootverify", standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except InputError as error:
        complain("\n".join(str(fault) for fault in error.faults))
        return 2
    except Discrepancy as error:
        complain(f"executor and encoder disagree, which is a defect of bootverify: {error}")
        return 4
    except BootverifyError as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        return 0
    except OSError as error:  # a name too long for a file, a full disk: what no reader expects
        complain(f"{error.filename or 'bootverify'}: {(error.strerror or str(error)).lower()}")
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # a wrong option or argument
            complain(_misuse(error))
            return 2
        raise
    return int(result or 0) if arguments else 2


def _misuse(error: Any) -> str:  # noqa: ANN401 - an error of the library's that reads the command line
    """What is wrong with the command line, in one line, and where to read on."""
    said = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "bootverify"
    return f"{command}: {said[:1].lower()}{said[1:]}; `{command} --help` tells more"


def deliver(told: str, output: Path | None = None) -> None:
    """Print, or write to the file that the user named."""
    if output is None:
        typer.echo(harmless(told), nl=False)
    else:
        write(output, harmless(told))


def write(path: Path, content: str) -> None:
    """Write a file of ours, with the directories above it; InputError when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise InputError.at(str(path), 0, f"cannot be written: {(error.strerror or '').lower()}") from None


def read(path: Path) -> str:
    """The text of a small file of the user's; InputError when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError.at(str(path), 0, f"cannot be read: {reason.lower()}; check the path") from None


def complain(message: str) -> None:
    """Say it on standard error."""
    sys.stderr.write(harmless(message) + "\n")


def harmless(told: str) -> str:
    r"""Without what steers a terminal but our own colours: a title or an option of the input can be anything.

    >>> harmless("app\x1b[2J")
    'app\\u001b[2J'
    """
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", told)  # an escape that JSON has too
