"""Running the executor: boot a design, run recorded vectors."""

from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.check.conform import conform as run_vectors
from bootverify.cli.app import Input, Plain, Sdk, app, write
from bootverify.machine.trace import to_json
from bootverify.report.log import boot_log
from bootverify.report.vectors import conformity_json, conformity_text


@app.command()
def boot(
    source: Input,
    ncs: Sdk = None,
    actions: Annotated[Path | None, typer.Option(metavar="FILE", help="What happens after the first boot.")] = None,
    attacker: Annotated[str, typer.Option(metavar="NAME", help="Who acts in the actions.")] = "",
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the run as a trace.")] = None,
) -> int:
    """Run the reference executor on real signed images and print its boot log."""
    design = api.load(source, sdk=ncs)
    told = api.boot(design, api.actions_in(actions) if actions else (), attacker=attacker)
    if trace is not None:
        write(trace, to_json(told))
    typer.echo(boot_log(design, told), nl=False)
    return 0


@app.command()
def conform(
    directory: Annotated[Path, typer.Argument(metavar="DIR")],
    format: Annotated[Plain, typer.Option(help="Form of the result.")] = Plain.TEXT,  # noqa: A002
) -> int:
    """Run recorded vectors of the vendors' boot code against the executor."""
    outcome = run_vectors(directory)
    typer.echo(conformity_json(outcome) if format is Plain.JSON else conformity_text(outcome), nl=False)
    total = outcome.total
    return 0 if total.agreed and not total.disagreed and not total.unsupported else 1
