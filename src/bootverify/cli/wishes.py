"""What may be asked of `check` beside its questions: who proves, and how and where the answers are told."""

from enum import Enum
from pathlib import Path

from bootverify.cli.app import Solvers
from bootverify.dataclass import dataclass
from bootverify.policy.standard import Standard


class Format(Enum):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked of each design, who proves it, and how and where it is told, as the options say."""

    subjects: list[str]
    sdk: str | None
    solver: Solvers
    rlimit: int
    format: Format
    output: Path | None
    also: tuple[tuple[Format, Path], ...]  # further forms of the same answers
    certificates: Path | None
    traces: Path | None
    waivers: Path | None
    baseline: Path | None
    explain: bool
    coverage: bool
    standards: tuple[Standard, ...]
    ledger: bool
