"""What a scan found, as SARIF 2.1.0: how code-scanning services follow a key from one build to the next."""

from typing import Any

from bootverify.report.sarif import SCORES, hashed, sarif_of, tool, uri
from bootverify.report.scan import means
from bootverify.secrets.find import Find, ScanResult

_ABOUT = "Private or symmetric key material in a file"
_RULE: dict[str, Any] = {
    "id": "key-material",
    "name": "KeyMaterial",
    "shortDescription": {"text": _ABOUT},
    "fullDescription": {"text": _ABOUT},
    "defaultConfiguration": {"level": "error"},
    "properties": {"tags": ["security"], "precision": "very-high", "security-severity": SCORES["critical"]},
}


def scan_sarif(result: ScanResult, version: str) -> str:
    """One run with one rule, and a result for each find; what was set apart is none."""
    run = {
        "tool": tool(version, [_RULE]),
        "invocations": [{"executionSuccessful": True, "exitCode": result.exit_code}],
        "artifacts": [{"location": {"uri": uri(each.file)}} for each in result.files],
        "results": [_result(find) for find in result.finds],
        "columnKind": "unicodeCodePoints",
    }
    return sarif_of(run)


def _result(find: Find) -> dict[str, Any]:
    place = find.place
    region = {"byteOffset": place.offset, "byteLength": place.size}
    lasting = hashed(_RULE["id"], find.form.value, find.fingerprint or str(place))
    return {
        "ruleId": _RULE["id"],
        "ruleIndex": 0,
        "kind": "fail",
        "level": "error",
        "message": {"text": "; ".join([str(find), *means(find)])},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(place.file)}, "region": region}}],
        "partialFingerprints": {"key/v1": lasting, "place/v1": hashed(lasting, place.file)},
        "properties": {"fingerprint": find.fingerprint, "form": find.form.value},
    }
