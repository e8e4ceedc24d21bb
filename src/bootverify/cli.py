"""The terminal: arguments in, text and exit codes out; everything else is asked of `api`."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from bootverify import __version__, api
from bootverify.check.conform import conform as run_vectors
from bootverify.check.solver import available
from bootverify.errors import BootverifyError, Discrepancy, InputError
from bootverify.machine.trace import to_json
from bootverify.report import FORMATS
from bootverify.report.explanation import explained, listing
from bootverify.report.log import boot_log
from bootverify.report.text import Manner, text
from bootverify.report.vectors import conformity_json, conformity_text
from bootverify.sources.schemas import KINDS, schema_text

app = typer.Typer(
    help="Checks secure-boot designs on microcontrollers: proofs for what holds, replayed attacks for what does not.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Input = Annotated[str, typer.Argument(metavar="INPUT", help="A design.yaml, a build directory, or -.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there.")]
Sdk = Annotated[str | None, typer.Option("--ncs", metavar="RELEASE", help="Release of the nRF Connect SDK, as 2.6.1.")]


class Format(Enum):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class Plain(Enum):
    """Forms of what is not a report."""

    TEXT = "text"
    JSON = "json"


class Solvers(Enum):
    """Who has to agree."""

    Z3 = "z3"
    ALL = "all"


class Kind(Enum):
    """What can be listed."""

    POLICIES = "policies"
    ATTACKERS = "attackers"
    SOCS = "socs"
    STAGES = "stages"


def run(arguments: list[str]) -> int:
    """The exit code of the program called with `arguments` (docs/INTERFACE.md, "Exit codes")."""
    try:
        result = app(arguments, standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except InputError as error:
        _complain("\n".join(str(fault) for fault in error.faults))
        return 2
    except Discrepancy as error:
        _complain(f"executor and encoder disagree, which is a defect of bootverify: {error}")
        return 4
    except BootverifyError as error:
        _complain(str(error))
        return 2
    except BrokenPipeError:
        return 0
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # a wrong option or argument
            _complain(f"{error.format_message()} (bootverify --help)")
            return 2
        raise
    return int(result or 0)


@app.command()
def check(
    source: Input,
    policy: Annotated[list[str] | None, typer.Option(metavar="ID|FILE|DIR", help="Only these policies.")] = None,
    subject: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this stage, image, key, ...")] = None,
    attacker: Annotated[list[str] | None, typer.Option(metavar="NAME|FILE", help="Only these attackers.")] = None,
    ncs: Sdk = None,
    format: Annotated[Format, typer.Option(help="Form of the report.")] = Format.TEXT,  # noqa: A002 - its name
    output: Output = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree on every proof.")] = Solvers.Z3,
    certificates: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a certificate of each proof.")] = None,
    traces: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each counterexample as a trace.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show all that a verdict rests on.")] = False,
    ledger: Annotated[bool, typer.Option("--ledger", help="List what was met and not modelled.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Anything met and not modelled is an error.")] = False,
) -> int:
    """Answer every policy about a design."""
    design = api.load(source, sdk=ncs)
    if strict and design.ledger:
        listed = [f"{each.file}:{each.line}: {each.what}: not modelled" for each in design.ledger]
        _complain("\n".join(listed))
        return 2
    solvers = tuple(available()) if solver is Solvers.ALL else ("z3",)
    options = api.Options(solvers=solvers, certificates=certificates is not None, explain=explain)
    report = api.check(design, policies=policy or (), subjects=subject or (), attackers=attacker or (), options=options)
    for finding in report.findings:
        if certificates is not None and finding.certificate is not None:
            _write(certificates / finding.certificate_file, finding.certificate)
        if traces is not None and finding.trace is not None:
            name = f"{finding.policy}.{finding.subject}.{finding.attacker}.trace.json"
            _write(traces / name.replace("/", "_"), to_json(finding.trace))
    if format is Format.TEXT:
        colour = output is None and sys.stdout.isatty()
        told = text(report, Manner(colour=colour, explain=explain, ledger=ledger))
    else:
        told = FORMATS[format.value](report)
    _deliver(told, output)
    for discrepancy in report.discrepancies:
        _complain(f"executor and encoder disagree, which is a defect of bootverify: {discrepancy}")
    return report.exit_code


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
        _write(trace, to_json(told))
    typer.echo(boot_log(design, told), nl=False)
    return 0


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE")],
    design: Annotated[str | None, typer.Option(metavar="INPUT", help="Run it on this design.")] = None,
) -> int:
    """Run a counterexample again."""
    again = api.replay_file(trace, design=design)
    for number, step in enumerate(again.run.steps, start=1):
        for line in step.observation.log or (f"the device is at {step.observation.at}",):
            typer.echo(f"{number:>3}  {line}")
    if again.agrees:
        typer.echo(f"replayed: {len(again.run.steps)} steps, each as recorded")
        return 0
    typer.echo(f"differs: {again.difference}")
    return 1


@app.command()
def certify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    against: Annotated[str | None, typer.Option(metavar="INPUT", help="Also that they speak of this design.")] = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree.")] = Solvers.ALL,
) -> int:
    """Re-check certificates alone."""
    solvers = tuple(available()) if solver is Solvers.ALL else ("z3",)
    design = api.load(against) if against else None
    worst = 0
    for file in files:
        problems = api.recheck(_read(file), solvers=solvers, against=design)
        for problem in problems:
            typer.echo(f"{file}: {problem}")
        if not problems:
            typer.echo(f"{file}: proved ({', '.join(solvers)})")
        worst = max(worst, 1 if problems else 0)
    return worst


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


@app.command()
def explain(name: Annotated[str, typer.Argument(metavar="NAME")]) -> int:
    """Explain a policy, attacker, SoC, stage, capability, verdict or exit code."""
    typer.echo(explained(name), nl=False)
    return 0


@app.command(name="list")
def list_(kind: Annotated[Kind, typer.Argument(metavar="policies|attackers|socs|stages")]) -> int:
    """List what there is by name."""
    typer.echo(listing(kind.value), nl=False)
    return 0


@app.command()
def schema(kind: Annotated[str, typer.Argument(metavar="|".join((*KINDS, "report")))]) -> int:
    """Print the JSON Schema of a kind of file, for editors and other programs."""
    typer.echo(schema_text(kind), nl=False)
    return 0


@app.command()
def version() -> int:
    """Print the version (also: bootverify --version)."""
    typer.echo(f"bootverify {__version__}")
    return 0


def _deliver(told: str, output: Path | None) -> None:
    if output is None:
        typer.echo(told, nl=False)
    else:
        _write(output, told)


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise InputError.at(str(path), 0, f"cannot be written: {(error.strerror or '').lower()}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError.at(str(path), 0, f"cannot be read: {reason.lower()}; check the path") from None


def _complain(message: str) -> None:
    sys.stderr.write(message + "\n")
