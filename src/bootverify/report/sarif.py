"""The report as SARIF 2.1.0, as code-scanning services take it (OASIS, Static Analysis Results Interchange Format)."""

import hashlib
import json
from typing import Any

from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.machine.trace import Trace

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
KINDS = {
    Verdict.VIOLATED: "fail",
    Verdict.HOLDS: "pass",
    Verdict.NOT_APPLICABLE: "notApplicable",
    Verdict.UNDEFINED: "open",
    Verdict.UNKNOWN: "open",
    Verdict.VACUOUS: "review",
}


def sarif(report: Report) -> str:
    """The report as one SARIF run; rules are the policies, code flows the steps of the counterexamples."""
    rules: dict[str, dict[str, Any]] = {}
    for finding in report.findings:
        rules.setdefault(finding.policy, _rule(finding))
    numbers = {rule: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "bootverify", "version": report.version, "rules": list(rules.values())}},
        "results": [_result(report, finding, numbers[finding.policy]) for finding in report.findings],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.policy,
        "shortDescription": {"text": finding.title},
        "defaultConfiguration": {"level": LEVELS.get(finding.severity, "warning")},
    }
    if finding.repair:
        rule["help"] = {"text": finding.repair}
    return rule


def _result(report: Report, finding: Finding, number: int) -> dict[str, Any]:
    level = LEVELS.get(finding.severity, "warning") if finding.verdict is Verdict.VIOLATED else "none"
    result: dict[str, Any] = {
        "ruleId": finding.policy,
        "ruleIndex": number,
        "kind": KINDS[finding.verdict],
        "level": level,
        "message": {
            "text": f"{finding.subject} against {finding.attacker}: {finding.because or finding.verdict.value}"
        },
        "locations": [_location(fact) for fact in finding.facts[:1]] or [_file(report)],
        "partialFingerprints": {"question/v1": _fingerprint(finding)},
    }
    if finding.accepted:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding.accepted}]
    if len(finding.facts) > 1:
        result["relatedLocations"] = [
            {"id": i, **_location(fact), "message": {"text": fact.text}} for i, fact in enumerate(finding.facts[1:], 1)
        ]
    if finding.trace is not None and finding.trace.steps:
        result["codeFlows"] = [_flow(report, finding, finding.trace)]
    return result


def _fingerprint(finding: Finding) -> str:
    """Stable while the question is: lines and file names may move."""
    words = f"{finding.policy}\0{finding.subject}\0{finding.attacker}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _location(fact: Fact) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": fact.source.file}}
    if fact.source.line:
        place["region"] = {"startLine": fact.source.line}
    return {"physicalLocation": place}


def _file(report: Report) -> dict[str, Any]:
    files = report.design.files
    return {"physicalLocation": {"artifactLocation": {"uri": files[0].file if files else report.design.name}}}


def _flow(report: Report, finding: Finding, trace: Trace) -> dict[str, Any]:
    where = _location(finding.facts[0]) if finding.facts else _file(report)
    steps = [
        {"location": {**where, "message": {"text": "; ".join(step.observation.log) or step.observation.at}}}
        for step in trace.steps
    ]
    return {"threadFlows": [{"locations": steps}]}
