"""Running counterexamples again, and re-checking proofs: replay, certify."""

from pathlib import Path
from typing import Annotated

from bootverify import api
from bootverify.cli.app import Solvers, deliver, read
from bootverify.cli.arguments import Argument, Option


def replay(
    trace: Annotated[Path, Argument(metavar="TRACE")],
    design: Annotated[str | None, Option(metavar="INPUT", help="Run it on this design.")] = None,
) -> int:
    """Run a counterexample again."""
    again = api.replay_file(trace, design=design)
    for number, step in enumerate(again.steps, start=1):
        for line in step.observation.log or (f"the device is at {step.observation.at}",):
            deliver(f"{number:>3}  {line}\n")
    if again.agrees:
        deliver(f"replayed: {len(again.steps)} steps, each as recorded\n")
        return 0
    deliver(f"differs: {again.difference}\n")
    return 1


def certify(
    files: Annotated[list[Path], Argument(metavar="FILE")],
    against: Annotated[str | None, Option(metavar="INPUT", help="Also that they speak of this design.")] = None,
    solver: Annotated[Solvers, Option(help="Which solvers must agree.")] = Solvers.ALL,
) -> int:
    """Re-check certificates alone."""
    solvers = solver.names
    design = api.load(against) if against else None
    worst = 0
    for file in files:
        problems = api.recheck(read(file), solvers=solvers, against=design)
        for problem in problems:
            deliver(f"{file}: {problem}\n")
        if not problems:
            deliver(f"{file}: proved ({', '.join(solvers)})\n")
        worst = max(worst, 1 if problems else 0)
    return worst
