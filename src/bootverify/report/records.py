"""The report as plain records and as JSON, in the form that docs/INTERFACE.md promises."""

import json
from collections.abc import Sequence
from typing import Any

from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.machine.trace import Step, action_to_dict
from bootverify.report.clauses import ByClause, clauses_record
from bootverify.report.coverage import coverage_record
from bootverify.whatif.coverage import Weighed

SCHEMA = "bootverify-report/1"


def json_report(report: Report, coverage: Sequence[Weighed] | None = None, clauses: Sequence[ByClause] = ()) -> str:
    """The report as indented JSON; same in, same out.

    `coverage`: what the facts of the design weigh; `clauses`: what is said of standards; each where it was asked for.
    """
    told = record(report)
    if clauses:
        told["standards"] = clauses_record(clauses)
    if coverage is not None:
        told["coverage"] = coverage_record(coverage)
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def record(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    design = report.design
    return {
        "schema": SCHEMA,
        "tool": {
            "version": report.version,
            "solvers": dict(report.solvers),
            "models": dict(report.models),
        },
        "design": {
            "name": design.name,
            "title": design.title,
            "soc": design.soc.name,
            "sdk": design.sdk,
            "sources": [{"file": each.file, "sha256": each.sha256} for each in design.files],
        },
        "questions": [question(finding) for finding in report.findings],
        "ledger": [{"file": each.file, "line": each.line, "what": each.what} for each in report.ledger],
        "summary": {verdict.value: report.count(verdict) for verdict in Verdict},
        "assumptions": list(report.assumptions),
    }


def question(finding: Finding) -> dict[str, Any]:
    """One answered question as plain values."""
    return {
        "policy": finding.policy,
        "title": finding.title,
        "subject": finding.subject,
        "kind": finding.kind,
        "attacker": finding.attacker,
        "severity": finding.severity,
        "verdict": finding.verdict.value,
        "strength": finding.strength,
        "because": finding.because,
        "facts": [_fact(fact) for fact in finding.facts],
        "broken_by": [_fact(fact) for fact in finding.broken_by],
        "trace": [_step(step) for step in finding.trace.steps] if finding.trace else None,
        "replayed": finding.replayed,
        "witnesses": list(finding.witnesses),
        "lemmas": list(finding.lemmas),
        "certificate": finding.certificate_file or None,
        "open_points": list(finding.open_points),
        "assumptions": list(finding.assumptions),
        "repair": finding.repair,
        "accepted": finding.accepted,
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {"file": fact.source.file, "line": fact.source.line, "text": fact.text, "written": fact.source.text}


def _step(step: Step) -> dict[str, Any]:
    seen = step.observation
    return {
        "action": action_to_dict(step.action),
        "observation": {"at": seen.at, "facts": list(seen.facts), "log": list(seen.log)},
    }
