"""Answering questions, and re-checking answers: check, replay, certify."""

import sys
from collections.abc import Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bootverify import api
from bootverify.check.side_by_side import cores
from bootverify.check.solver import RLIMIT
from bootverify.check.verdict import Report
from bootverify.cli.app import (
    Attackers,
    Output,
    Policies,
    Rlimit,
    Sdk,
    Solvers,
    Subjects,
    app,
    complain,
    deliver,
    read,
    write,
)
from bootverify.cli.bar import bar
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.machine.trace import to_json
from bootverify.report import rendered
from bootverify.report.text import Manner, text
from bootverify.sources.written import Written

if TYPE_CHECKING:
    from bootverify.check.session import Session
    from bootverify.whatif.coverage import Weighed

WORST = (0, 3, 1, 2, 4)  # exit codes; of several designs the last one of these counts
LONGEST_ROOT = 16  # characters of a directory's name that are repeated before each place in it


class Format(Enum):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"


@app.command()
def check(
    sources: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Designs, build directories, or -.")],
    policy: Policies = None,
    subject: Subjects = None,
    attacker: Attackers = None,
    ncs: Sdk = None,
    format: Annotated[Format, typer.Option(help="Form of the report.")] = Format.TEXT,  # noqa: A002 - its name
    output: Output = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree on every proof.")] = Solvers.Z3,
    rlimit: Rlimit = RLIMIT,
    certificates: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a certificate of each proof.")] = None,
    traces: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each counterexample as a trace.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show all that a verdict rests on.")] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="List the facts on which no answer depends.")] = False,
    ledger: Annotated[bool, typer.Option("--ledger", help="List what was met and not modelled.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Anything met and not modelled is an error.")] = False,
    waivers: Annotated[Path | None, typer.Option(metavar="FILE", help="Violations accepted until a day.")] = None,
    baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="JSON report of an earlier check.")] = None,
) -> int:
    """Answer every policy about a design, or about several, one after the other."""
    files = [each for each in (output, certificates, traces, waivers, baseline) if each is not None]
    if len(sources) > 1 and (files or format is not Format.TEXT):
        words = "several designs are told as text alone; name one with a form, a file to write, waivers or a baseline"
        raise InputError.at(sources[1], 0, words)
    if coverage and format not in {Format.TEXT, Format.JSON}:
        raise InputError.at(sources[0], 0, f"--coverage has no place in {format.value}; use --format text or json")
    with bar() as progress:
        designs = [api.load(source, sdk=ncs, progress=progress) for source in sources]
    listed = [f"{each.file}:{each.line}: {each.what}: not modelled" for design in designs for each in design.ledger]
    if strict and listed:
        complain("\n".join(listed))
        return 2
    options = api.Options(
        solvers=solver.names,
        rlimit=rlimit,
        certificates=certificates is not None,
        explain=explain,
        apart=cores() > 1,
    )

    def answered(source: str, design: Design) -> int:
        with bar() as progress:
            report = api.check(
                design,
                policies=policy or (),
                subjects=subject or (),
                attackers=attacker or (),
                options=options,
                progress=progress,
            )
        today = date.today()  # noqa: DTZ011 - local day
        accepted = api.accepted(report, waivers=waivers, baseline=baseline, today=today)
        report = accepted.report
        _write_findings(report, certificates, traces)
        colour = output is None and sys.stdout.isatty()
        manner = Manner(colour=colour, explain=explain, ledger=ledger, root=_root(source))
        weighed = None
        if explain or coverage:
            session = api.session(policies=policy or (), attackers=attacker or (), options=api.Options(rlimit=rlimit))
            written = _document(source, ncs)
            report, weighed = _tried(report, written, session, subject or (), explain=explain, coverage=coverage)
        deliver(_told(report, format, manner, weighed), output)
        for discrepancy in report.discrepancies:
            complain(f"executor and encoder disagree, which is a defect of bootverify: {discrepancy}")
        if accepted.problems:
            complain("\n".join(accepted.problems))
            return 2
        return report.exit_code

    codes: list[int] = []
    for source, design in zip(sources, designs, strict=True):
        if codes:
            typer.echo()
        codes.append(answered(source, design))
    return max(codes, key=WORST.index)


def _root(source: str) -> str:
    """The directory that was read, where its name is too long to be told with each place."""
    root = source.rstrip("/")
    return root if len(root) > LONGEST_ROOT and Path(root).is_dir() else ""


def _write_findings(report: Report, certificates: Path | None, traces: Path | None) -> None:
    """The certificates and counterexamples of a report, as files."""
    for finding in report.findings:
        if certificates is not None and finding.certificate is not None:
            write(certificates / finding.certificate_file, finding.certificate)
        if traces is not None and finding.trace is not None:
            name = f"{finding.policy}.{finding.subject}.{finding.attacker}.trace.json"
            write(traces / name.replace("/", "_"), to_json(finding.trace))


def _document(source: str, ncs: str | None) -> Written:
    """The input as it is written, to be tried with other values."""
    from bootverify.cli.inputs import written_of  # noqa: PLC0415 - few ask
    from bootverify.sources.mutate import mutated  # noqa: PLC0415

    written = written_of(source)
    return written if ncs is None else mutated(written, {"sdk": ncs})


def _tried(
    report: Report, written: Written, session: "Session", subjects: Sequence[str], *, explain: bool, coverage: bool
) -> tuple[Report, "tuple[Weighed, ...] | None"]:
    """The report with what would break it, and what each fact weighs: as far as that is asked for."""
    from bootverify.whatif.breaks import with_breaks  # noqa: PLC0415 - few ask, and most of what-if comes with it
    from bootverify.whatif.coverage import coverage_of  # noqa: PLC0415

    with bar() as progress:
        report = with_breaks(report, written, session, subjects, progress=progress) if explain else report
        return report, coverage_of(written, session, subjects, progress=progress) if coverage else None


def _told(report: Report, form: Format, manner: Manner, weighed: "tuple[Weighed, ...] | None") -> str:
    if weighed is not None:
        from bootverify.report.coverage import coverage_text  # noqa: PLC0415 - few ask
        from bootverify.report.records import json_report  # noqa: PLC0415

        told = f"{text(report, manner)}\n{coverage_text(weighed)}"
        return told if form is Format.TEXT else json_report(report, weighed)
    return text(report, manner) if form is Format.TEXT else rendered(report, form.value)


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE")],
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
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
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
