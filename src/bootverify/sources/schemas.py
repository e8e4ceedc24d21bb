"""JSON Schemas of the files that users write, from the models that read them."""

import json
from typing import Any

from pydantic import BaseModel

from bootverify.errors import InputError
from bootverify.sources.catalog import names
from bootverify.sources.model_files import SocEntry, StageEntry
from bootverify.sources.rule_files import AttackerEntry, PolicyEntry, StandardEntry
from bootverify.sources.schema import DesignEntry

KINDS: dict[str, type[BaseModel]] = {
    "design": DesignEntry,
    "policy": PolicyEntry,
    "soc": SocEntry,
    "stage": StageEntry,
    "attacker": AttackerEntry,
    "standard": StandardEntry,
}

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_PLACE = {"file": _TEXT, "line": {"type": "integer", "minimum": 0}}
_VERDICTS = ["holds", "violated", "undefined", "vacuous", "unknown", "not-applicable"]
_FACTS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "object", "required": ["file", "line", "text"], "properties": {**_PLACE, "text": _TEXT}},
}
_QUESTION: dict[str, Any] = {
    "policy": _TEXT,
    "title": _TEXT,
    "subject": _TEXT,
    "kind": _TEXT,
    "attacker": _TEXT,
    "severity": {"enum": ["critical", "high", "medium", "low"]},
    "verdict": {"enum": _VERDICTS},
    "strength": {"type": "string", "pattern": "^(proved|replayed|computed|depth:.*|)$"},
    "because": _TEXT,
    "facts": _FACTS,
    "broken_by": _FACTS,
    "trace": {"type": ["array", "null"], "items": {"type": "object", "required": ["action", "observation"]}},
    "replayed": {"type": "boolean"},
    "witnesses": _TEXTS,
    "lemmas": _TEXTS,
    "certificate": {"type": ["string", "null"]},
    "open_points": _TEXTS,
    "assumptions": _TEXTS,
    "repair": _TEXT,
}
_WEIGHED: dict[str, Any] = {
    **_PLACE,
    "path": _TEXT,
    "value": {},
    "tried": _TEXTS,
    "decides": {"type": ["string", "null"]},
}
_BY_CLAUSE = {
    "clause": _TEXT,
    "asks": _TEXT,
    "said": {"enum": [*_VERDICTS[:-1], "accepted", "not asked", "no policy"]},
    "policies": {"type": "array", "items": {"type": "object", "required": ["policy", "said"]}},
}
REPORT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Report of bootverify check --format json (docs/INTERFACE.md)",
    "type": "object",
    "required": ["schema", "tool", "design", "questions", "ledger", "summary"],
    "properties": {
        "schema": {"const": "bootverify-report/1"},
        "tool": {"type": "object", "required": ["version", "solvers", "models"]},
        "design": {"type": "object", "required": ["name", "soc", "sdk", "sources"]},
        "questions": {
            "type": "array",
            "items": {"type": "object", "required": list(_QUESTION), "properties": _QUESTION},
        },
        "ledger": {
            "type": "array",
            "items": {"type": "object", "required": ["file", "line", "what"], "properties": {**_PLACE, "what": _TEXT}},
        },
        "summary": {"type": "object", "required": _VERDICTS, "additionalProperties": {"type": "integer"}},
        "assumptions": _TEXTS,
        "standards": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["standard", "title", "clauses"],
                "properties": {
                    "clauses": {
                        "type": "array",
                        "items": {"type": "object", "required": list(_BY_CLAUSE), "properties": _BY_CLAUSE},
                    },
                },
            },
        },
        "coverage": {
            "type": "array",
            "items": {"type": "object", "required": list(_WEIGHED), "properties": _WEIGHED},
        },
    },
}


def json_schema(kind: str) -> dict[str, Any]:
    """The schema of the files of `kind`; KeyError for an unknown kind."""
    schema = KINDS[kind].model_json_schema()
    if kind == "design":
        schema["properties"]["soc"]["examples"] = list(names("models/socs"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text(kind: str) -> str:
    """The schema of the files of `kind`, or of the JSON report, as JSON text.

    Raises:
        InputError: there is no such kind.
    """
    if kind != "report" and kind not in KINDS:
        raise InputError.at(kind, 0, f"no kind of file is called so; one of: {', '.join((*KINDS, 'report'))}")
    schema = REPORT if kind == "report" else json_schema(kind)
    return json.dumps(schema, indent=1) + "\n"
