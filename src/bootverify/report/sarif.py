"""The report as SARIF 2.1.0, as code-scanning services take it (OASIS, Static Analysis Results Interchange Format)."""

import hashlib
import json
from typing import Any
from urllib.parse import quote

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.design.design import Design
from bootverify.design.identity import identities
from bootverify.design.source import Source
from bootverify.machine.trace import Trace
from bootverify.report.markdown import linked
from bootverify.report.steps import source_of
from bootverify.sources.citations import document, titled

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}  # as code scanning sorts them
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
    natures = {(each.kind, each.name): each.nature for each in identities(report.design)}
    run = {
        "tool": tool(report.version, list(rules.values())),
        "automationDetails": {"id": f"bootverify/{report.design.name}/"},
        "invocations": [{"executionSuccessful": not report.discrepancies, "exitCode": report.exit_code}],
        "artifacts": [
            {"location": {"uri": uri(each.file)}, "hashes": {"sha-256": each.sha256}} for each in report.design.files
        ],
        "results": [_result(report, finding, numbers[finding.policy], natures) for finding in report.findings],
        "columnKind": "unicodeCodePoints",
    }
    return sarif_of(run)


def tool(version: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Who speaks, in a run of SARIF."""
    driver = {"name": "bootverify", "version": version, "semanticVersion": version, "rules": rules}
    return {"driver": driver}


def sarif_of(run: dict[str, Any]) -> str:
    """A log of that one run, as text."""
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.policy,
        "name": "".join(word.capitalize() for word in finding.policy.split("-")),
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": finding.title},
        "defaultConfiguration": {"level": LEVELS.get(finding.severity, "warning")},
        "properties": {
            "tags": ["security", "secure-boot"],
            "precision": "very-high",
            "security-severity": SCORES.get(finding.severity, "5.5"),
        },
    }
    words = " ".join(finding.repair.split())
    text, told = ([words], [f"**To do:** {words}"]) if words else ([], [])
    if finding.references:
        text += ["Rests on:", *map(titled, finding.references)]
        told += ["**Rests on:**", "", *(f"- {linked(each)}" for each in finding.references)]
    if text:
        rule["help"] = {"text": "\n".join(text), "markdown": "\n".join(told)}
    if address := next(filter(None, (document(each).address for each in finding.references)), ""):
        rule["helpUri"] = address
    return rule


def _result(report: Report, finding: Finding, number: int, natures: dict[tuple[str, str], str]) -> dict[str, Any]:
    level = LEVELS.get(finding.severity, "warning") if finding.verdict is Verdict.VIOLATED else "none"
    places = [fact.source for fact in finding.facts] or [_first(report.design)]
    result: dict[str, Any] = {
        "ruleId": finding.policy,
        "ruleIndex": number,
        "kind": KINDS[finding.verdict],
        "level": level,
        "message": {
            "text": f"{finding.subject} against {finding.attacker}: {finding.because or finding.verdict.value}"
        },
        "locations": [{**_location(places[0]), "logicalLocations": [_subject(finding)]}],
        "partialFingerprints": _fingerprints(finding, natures),
        "properties": {"verdict": finding.verdict.value, "strength": finding.strength, "attacker": finding.attacker},
    }
    if finding.accepted:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding.accepted}]
    if len(finding.facts) > 1:
        result["relatedLocations"] = [
            {"id": i, **_location(fact.source), "message": {"text": fact.text}}
            for i, fact in enumerate(finding.facts[1:], 1)
        ]
    if finding.trace is not None and finding.trace.steps:
        result["codeFlows"] = [_flow(report.design, places[0], finding.trace)]
    return result


def _subject(finding: Finding) -> dict[str, Any]:
    kind = finding.kind or "subject"
    return {"name": finding.subject, "fullyQualifiedName": f"{kind}/{finding.subject}", "kind": kind}


def _fingerprints(finding: Finding, natures: dict[tuple[str, str], str]) -> dict[str, str]:
    """By name, and by what the subject is: that one stays when a partition, key or file is called otherwise.

    Services follow a result by `primaryLocationLineHash`, so it is the one that stays.
    """
    nature = natures.get((finding.kind, finding.subject), "") or finding.subject
    lasting = hashed(finding.policy, finding.kind, nature, finding.attacker)
    return {
        "primaryLocationLineHash": f"{lasting}:1",
        "identity/v1": lasting,
        "question/v1": hashed(finding.policy, finding.subject, finding.attacker),
    }


def hashed(*words: str) -> str:
    """What services follow a result by: short, and the same for the same words."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]


def _location(source: Source) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(source.file)}}
    if source.line:
        place["region"] = {"startLine": source.line}
        if source.text:
            place["region"]["snippet"] = {"text": source.text}
    return {"physicalLocation": place}


def uri(file: str) -> str:
    """The name of a file as a URI reference: as the user wrote it, with what a URI cannot hold escaped."""
    return quote(file.replace("\\", "/"), safe="/:@!$&'()*+,;=~-._")


def _first(design: Design) -> Source:
    return Source(file=design.files[0].file if design.files else design.name)


def _flow(design: Design, where: Source, trace: Trace) -> dict[str, Any]:
    """The steps of the attack in order, each at the line that it is about."""
    last = len(trace.steps)
    steps = []
    for number, step in enumerate(trace.steps, start=1):
        told = "; ".join(step.observation.log) or f"the device is at {step.observation.at}"
        steps.append(
            {
                "location": {**_location(source_of(design, step.action) or where), "message": {"text": told}},
                "executionOrder": number,
                "importance": "essential" if number == last else "important",
            }
        )
    return {"message": {"text": "as it ran on the executor, from reset"}, "threadFlows": [{"locations": steps}]}
