"""Running counterexamples again, and re-checking proofs: replay, certify."""

from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.cli.app import Solvers, app, read


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="Of `check --traces` or `boot --trace`.")],
    design: Annotated[str | None, typer.Option(metavar="INPUT", help="Run it on this design.")] = None,
) -> int:
    """Run a counterexample again."""
    again = api.replay_file(trace, design=design)
    for number, step in enumerate(again.steps, start=1):
        for line in step.observation.log or (f"the device is at {step.observation.at}",):
            typer.echo(f"{number:>3}  {line}")
    if again.agrees:
        typer.echo(f"replayed: {len(again.steps)} steps, each as recorded")
        return 0
    typer.echo(f"differs: {again.difference}")
    return 1


@app.command()
def certify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Certificates of `check --certificates`.")],
    against: Annotated[str | None, typer.Option(metavar="INPUT", help="Also that they speak of this design.")] = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree.")] = Solvers.ALL,
) -> int:
    """Re-check certificates alone."""
    solvers = solver.names
    design = api.load(against) if against else None
    worst = 0
    for file in files:
        problems = api.recheck(read(file), solvers=solvers, against=design)
        for problem in problems:
            typer.echo(f"{file}: {problem}")
        if not problems:
            typer.echo(f"{file}: proved ({', '.join(solvers)})")
        worst = max(worst, 1 if problems else 0)
    return worst
