"""The options that commands share, what becomes of errors, and where output goes."""

import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

from bootverify.cli.arguments import Argument, Option, WrongArguments
from bootverify.errors import BootverifyError, Discrepancy, InputError

Input = Annotated[str, Argument(metavar="INPUT", help="A design.yaml, a build directory, or -.")]
Output = Annotated[Path | None, Option(short="-o", metavar="FILE", help="Write the report there.")]
Sdk = Annotated[str | None, Option(metavar="RELEASE", help="Release of the nRF Connect SDK, as 2.6.1.")]
Policies = Annotated[list[str] | None, Option(metavar="ID|FILE|DIR", help="Only these policies.")]
Subjects = Annotated[list[str] | None, Option(metavar="NAME", help="Only this stage, image, key.")]
Attackers = Annotated[list[str] | None, Option(metavar="NAME|FILE", help="Only these attackers.")]

Rlimit = Annotated[int, Option(min=1, metavar="N", help="Bound on the work for one proof or search.")]

# What a command needs to know of a build's own bytes, beside the files.
Soc = Annotated[str, Option(metavar="NAME", help="The SoC, where the files do not tell.")]
MapFile = Annotated[Path | None, Option(metavar="FILE", help="partitions.yml of bare files.")]
PublicKeys = Annotated[list[Path] | None, Option(metavar="PEM", help="A key that MCUboot verifies with.")]
SecretKeys = Annotated[list[Path] | None, Option(metavar="FILE", help="A secret key that opens encrypted images.")]
Made = Annotated[bool, Option(help="Images of our own making, not a build's bytes.")]


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


def guarded(ask: Callable[[], int]) -> int:
    """The exit code that `ask` gives; an error is told, and has a code too (docs/INTERFACE.md, "Exit codes")."""
    try:
        return ask()
    except InputError as error:
        complain("\n".join(str(fault) for fault in error.faults))
        return 2
    except Discrepancy as error:
        complain(f"executor and encoder disagree, which is a defect of bootverify: {error}")
        return 4
    except (BootverifyError, WrongArguments) as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130
    except SystemExit as ended:  # after --help
        return int(ended.code or 0)


def deliver(told: str, output: Path | None = None) -> None:
    """Print, or write to the file that the user named."""
    if output is None:
        sys.stdout.write(told)
    else:
        write(output, told)


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
    sys.stderr.write(message + "\n")
