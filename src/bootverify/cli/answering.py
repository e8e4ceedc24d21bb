"""What `check` does once its input is read: answer every question about a design, and tell what was found."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bootverify.check.accepted import Accepted
from bootverify.check.run import Options, check_design
from bootverify.check.side_by_side import cores
from bootverify.check.verdict import Report
from bootverify.cli.app import complain, deliver, write
from bootverify.cli.bar import bar
from bootverify.cli.wishes import Format, Wishes
from bootverify.design.design import Design
from bootverify.machine.trace import to_json
from bootverify.policy.rules import Rules
from bootverify.report import rendered
from bootverify.report.text import Manner, text

if TYPE_CHECKING:
    from bootverify.report.clauses import ByClause
    from bootverify.sources.written import Written
    from bootverify.whatif.coverage import Weighed

LONGEST_ROOT = 16  # characters of a directory's name that are repeated before each place in it


def answer(source: str, design: Design, rules: Rules, wishes: Wishes) -> int:
    """Answer the questions about `design`, which was read from `source`, and tell the answers: the exit code."""
    options = Options(
        solvers=wishes.solver.names,
        rlimit=wishes.rlimit,
        any_attacker=rules.any_attacker,
        certificates=wishes.certificates is not None,
        explain=wishes.explain,
        apart=cores() > 1,
    )
    accepting = _accepting(wishes)
    with bar() as progress:
        report = check_design(
            design,
            rules.policies,
            rules.attackers,
            rules.support,
            subjects=wishes.subjects,
            options=options,
            progress=progress,
        )
    accepted = accepting(report)
    report, problems = accepted.report, accepted.problems
    _write_findings(report, wishes.certificates, wishes.traces)
    weighed = None
    if wishes.explain or wishes.coverage:
        report, weighed = _tried(report, source, rules, wishes)
    colour = wishes.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    manner = Manner(colour=colour, explain=wishes.explain, ledger=wishes.ledger, root=_root(source))
    clauses = _by_clause(report, rules, wishes)
    deliver(_told(report, wishes.format, manner, weighed, clauses), wishes.output)
    for form, file in wishes.also:
        deliver(_told(report, form, replace(manner, colour=False), weighed, clauses), file)
    for discrepancy in report.discrepancies:
        complain(f"executor and encoder disagree, which is a defect of bootverify: {discrepancy}")
    if problems:
        complain("\n".join(problems))
        return 2
    return report.exit_code


def _accepting(wishes: Wishes) -> Callable[[Report], Accepted]:
    """What marks the violations that somebody accepts; who does is read before anything is asked."""
    if wishes.waivers is None and wishes.baseline is None:
        return lambda report: Accepted(report=report, problems=())
    from bootverify import api  # noqa: PLC0415 - few accept anything

    today = date.today()  # noqa: DTZ011 - local day
    return api.accepting(waivers=wishes.waivers, baseline=wishes.baseline, today=today)


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


def _document(source: str, ncs: str | None) -> "Written":
    """The input as it is written, to be tried with other values."""
    from bootverify.cli.inputs import written_of  # noqa: PLC0415 - few ask
    from bootverify.sources.mutate import mutated  # noqa: PLC0415

    written = written_of(source)
    return written if ncs is None else mutated(written, {"sdk": ncs})


def _tried(report: Report, source: str, rules: Rules, wishes: Wishes) -> tuple[Report, "tuple[Weighed, ...] | None"]:
    """The report with what would break it, and what each fact weighs: as far as that is asked for."""
    from bootverify.check.session import Session  # noqa: PLC0415 - few ask
    from bootverify.whatif.breaks import with_breaks  # noqa: PLC0415 - most of what-if comes with it
    from bootverify.whatif.coverage import coverage_of  # noqa: PLC0415

    options = Options(rlimit=wishes.rlimit, any_attacker=rules.any_attacker)
    session = Session(rules.policies, rules.attackers, rules.support, options)
    asked = _document(source, wishes.sdk), session, wishes.subjects
    with bar() as progress:
        report = with_breaks(report, *asked, progress=progress) if wishes.explain else report
        return report, coverage_of(*asked, progress=progress) if wishes.coverage else None


def _by_clause(report: Report, rules: Rules, wishes: Wishes) -> "tuple[ByClause, ...]":
    """What the answers say of the clauses of the standards that are asked for."""
    if not wishes.standards:
        return ()
    from bootverify.report.clauses import by_clause  # noqa: PLC0415 - few ask
    from bootverify.sources.policies import all_policies  # noqa: PLC0415

    policies = {each.id: each for each in (*all_policies(), *rules.policies)}
    return by_clause(report, wishes.standards, tuple(policies.values()))


def _told(
    report: Report,
    form: Format,
    manner: Manner,
    weighed: "tuple[Weighed, ...] | None",
    clauses: "tuple[ByClause, ...]",
) -> str:
    if form is Format.JSON:
        from bootverify.report.records import json_report  # noqa: PLC0415 - few ask

        return json_report(report, weighed, clauses)
    if form is not Format.TEXT:
        return rendered(report, form.value, () if form in {Format.SARIF, Format.JUNIT} else clauses)
    told = [text(report, manner)]
    if weighed is not None:
        from bootverify.report.coverage import coverage_text  # noqa: PLC0415 - few ask

        told.append(coverage_text(weighed))
    if clauses:
        from bootverify.report.clauses import clauses_text  # noqa: PLC0415 - few ask

        told.append(clauses_text(clauses))
    return "\n".join(told)
