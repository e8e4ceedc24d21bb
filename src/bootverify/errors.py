"""Every exception that bootverify raises on purpose.

::

    BootverifyError
    |- InputError          the user's files or arguments are wrong: exit code 2
    |- Discrepancy         executor and encoder disagree: our bug, exit code 4
    `- SolverUnavailable   a solver that was asked for by name is not installed: exit code 2
"""

from bootverify.dataclass import dataclass


class BootverifyError(Exception):
    """Base of all errors below; never raised itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one place of the input, in the user's words.

    `line` counts from 1; 0 means that the fault concerns the whole file.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class InputError(BootverifyError):
    """The input is wrong; carries every fault that was found, not only the first."""

    def __init__(self, faults: list[Fault] | tuple[Fault, ...]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    @classmethod
    def at(cls, file: str, line: int, message: str) -> "InputError":
        """The error with a single fault."""
        return cls([Fault(file=file, line=line, message=message)])


class Discrepancy(BootverifyError):  # noqa: N818 - the field's word
    """Executor and encoder disagree about one action; never shown as a finding about the design."""


class SolverUnavailable(BootverifyError):  # noqa: N818 - reads as what it says
    """A solver that was asked for by name is not installed."""
