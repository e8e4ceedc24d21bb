"""Running counterexamples again, and re-checking proofs: replay, certify."""

from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.cli.app import Solvers, app, deliver


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="Of `check --traces` or `boot --trace`.")],
    design: Annotated[str | None, typer.Option(metavar="INPUT", help="Run it on this design.")] = None,
) -> int:
    """Run a counterexample again."""
    again = api.replay_file(trace, design=design)
    told = again.trace
    if told.policy:
        deliver(f"*** {told.policy} of {told.subject} against {told.attacker}: {told.design} ***\n")
    for number, step in enumerate(again.steps, start=1):
        for line in step.observation.log or (f"the device is at {step.observation.at}",):
            deliver(f"{number:>3}  {line}\n")
    if again.agrees:
        deliver(f"replayed: {len(again.steps)} steps, each as recorded\n")
        return 0
    deliver(f"differs: {again.difference}\n")
    return 1


@app.command()
def certify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Certificates of `check --certificates`.")],
    against: Annotated[str | None, typer.Option(metavar="INPUT", help="Also that they speak of this design.")] = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree.")] = Solvers.ALL,
) -> int:
    """Re-check certificates alone."""
    solvers = solver.names
    texts = [api.read_certificate(file) for file in files]
    design = api.load(against) if against else None
    worst = 0
    for file, text in zip(files, texts, strict=True):
        problems = api.recheck(text, solvers=solvers, against=design)
        for problem in problems:
            deliver(f"{file}: {problem}\n")
        if not problems:
            deliver(f"{file}: proved ({', '.join(solvers)})\n")
        worst = max(worst, 1 if problems else 0)
    return worst
