"""What names mean and what there is: explain, list, schema, version."""

from enum import Enum
from typing import Annotated

import typer

from bootverify import __version__
from bootverify.cli.app import app, deliver
from bootverify.report.explanation import explained, listing
from bootverify.sources.schemas import KINDS, schema_text


class Kind(Enum):
    """What can be listed."""

    POLICIES = "policies"
    ATTACKERS = "attackers"
    SOCS = "socs"
    STAGES = "stages"
    STANDARDS = "standards"


@app.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As reports and `bootverify list` have it.")],
) -> int:
    """Explain a name. A policy, attacker, SoC, stage, standard, capability, predicate, verdict or exit code."""
    deliver(explained(name))
    return 0


@app.command(name="list")
def list_(kind: Annotated[Kind, typer.Argument(metavar="policies|attackers|socs|stages|standards")]) -> int:
    """List policies, attackers, SoCs, stages or standards."""
    deliver(listing(kind.value))
    return 0


@app.command()
def schema(kind: Annotated[str, typer.Argument(metavar="|".join((*KINDS, "report")))]) -> int:
    """Print the JSON Schema of a kind of file. For editors and other programs."""
    deliver(schema_text(kind))
    return 0


@app.command()
def version() -> int:
    """Print the version (also: bootverify --version)."""
    deliver(f"bootverify {__version__}\n")
    return 0
