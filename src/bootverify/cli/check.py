"""Answering questions about designs: check. What it does with them is in `answering`, which is loaded meanwhile."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from bootverify.check.solver import RLIMIT, warm
from bootverify.cli.app import Attackers, Output, Policies, Rlimit, Sdk, Solvers, Subjects, app, complain
from bootverify.cli.given import given
from bootverify.cli.wishes import Format, Wishes
from bootverify.errors import InputError
from bootverify.policy.standard import Standard

WORST = (0, 3, 1, 2, 4)  # exit codes; of several designs the last one of these counts


@app.command()
def check(
    sources: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Designs, build directories, or -.")],
    policy: Policies = None,
    subject: Subjects = None,
    attacker: Attackers = None,
    ncs: Sdk = None,
    format: Annotated[Format, typer.Option(help="Form of the report.")] = Format.TEXT,  # noqa: A002 - its name
    output: Output = None,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="FORM=FILE", help="Also write the report in this form.")
    ] = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree on every proof.")] = Solvers.Z3,
    rlimit: Rlimit = RLIMIT,
    certificates: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a certificate of each proof.")] = None,
    traces: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each counterexample as a trace.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show all that a verdict rests on.")] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="List the facts on which no answer depends.")] = False,
    standard: Annotated[
        list[str] | None,
        typer.Option("--standard", metavar="NAME|FILE|all", help="Also by the clauses of this standard."),
    ] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="List what was met and not modelled.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Anything met and not modelled is an error.")] = False,
    waivers: Annotated[Path | None, typer.Option(metavar="FILE", help="Violations accepted until a day.")] = None,
    baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="JSON report of an earlier check.")] = None,
) -> int:
    """Answer every policy about a design, or about several."""
    further = tuple(map(_form_and_file, also or ()))
    files = [each for each in (output, also, certificates, traces, waivers, baseline) if each]
    if len(sources) > 1 and (files or format is not Format.TEXT):
        words = "several designs are told as text alone; name one with a form, a file to write, waivers or a baseline"
        raise InputError.at(sources[1], 0, words)
    if coverage and format not in {Format.TEXT, Format.JSON}:
        raise InputError.at(sources[0], 0, f"--coverage has no place in {format.value}; use --format text or json")
    if standard and format in {Format.SARIF, Format.JUNIT}:
        words = f"--standard has no place in {format.value}; use --format text, json, markdown or html"
        raise InputError.at(sources[0], 0, words)
    wishes = Wishes(
        subjects=subject or [],
        sdk=ncs,
        solver=solver,
        rlimit=rlimit,
        format=format,
        output=output,
        also=further,
        certificates=certificates,
        traces=traces,
        waivers=waivers,
        baseline=baseline,
        explain=explain,
        coverage=coverage,
        standards=_standards(standard),
        ledger=ledger,
    )
    found = given(sources, sdk=ncs, policies=policy or (), attackers=attacker or (), load=_answering)
    listed = [
        f"{each.file}:{each.line}: {each.what}: not modelled" for design in found.designs for each in design.ledger
    ]
    if strict and listed:
        complain("\n".join(listed))
        return 2
    from bootverify.cli.answering import answer  # noqa: PLC0415 - loaded while the input was read

    codes: list[int] = []
    for source, design in zip(sources, found.designs, strict=True):
        if codes:
            typer.echo()
        codes.append(answer(source, design, found.rules, wishes))
    return max(codes, key=WORST.index)


def _form_and_file(written: str) -> tuple[Format, Path]:
    """What `--also` asks for."""
    form, _, file = written.partition("=")
    if not file or form not in {each.value for each in Format}:
        forms = ", ".join(each.value for each in Format)
        raise InputError.at(written, 0, f"--also wants FORM=FILE, FORM one of {forms}")
    return Format(form), Path(file)


def _standards(named: list[str] | None) -> tuple[Standard, ...]:
    if not named:
        return ()
    from bootverify.sources.standards import standards  # noqa: PLC0415 - few ask

    return standards(named)


def _answering() -> None:
    """Load what answers, and have z3 ready."""
    import_module("bootverify.cli.answering")
    warm()
