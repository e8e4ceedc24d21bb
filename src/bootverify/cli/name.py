"""What names mean and what there is: explain, list, schema, version."""

from enum import Enum
from typing import Annotated

from bootverify import __version__
from bootverify.cli.app import deliver
from bootverify.cli.arguments import Argument
from bootverify.report.explanation import explained, listing
from bootverify.sources.schemas import KINDS, schema_text


class Kind(Enum):
    """What can be listed."""

    POLICIES = "policies"
    ATTACKERS = "attackers"
    SOCS = "socs"
    STAGES = "stages"


def explain(name: Annotated[str, Argument(metavar="NAME")]) -> int:
    """Explain a policy, attacker, SoC, stage, capability, verdict or exit code."""
    deliver(explained(name))
    return 0


def list_(kind: Annotated[Kind, Argument(metavar="policies|attackers|socs|stages")]) -> int:
    """List what there is by name."""
    deliver(listing(kind.value))
    return 0


def schema(kind: Annotated[str, Argument(metavar="|".join((*KINDS, "report")))]) -> int:
    """Print the JSON Schema of a kind of file, for editors and other programs."""
    deliver(schema_text(kind))
    return 0


def version() -> int:
    """Print the version (also: bootverify --version)."""
    deliver(f"bootverify {__version__}\n")
    return 0
