"""policies/README.md is what the policies say of themselves; `make golden` rewrites it."""

import os
from pathlib import Path

from bootverify.sources.policies import all_policies

README = Path(__file__).resolve().parents[2] / "policies" / "README.md"
HEAD = """# Policies

One file a policy: claim, reason, repair, references, and mutations that must break it (each is a test). This list is
made from them by `make golden`; `bootverify explain ID` tells one whole.

| policy | what should hold | asked of | kind | severity |
|---|---|---|---|---|
"""


def _table() -> str:
    lines = []
    for policy in all_policies():
        subjects = ", ".join(dict.fromkeys(ask.subject.value for ask in policy.asks))
        kinds = ", ".join(dict.fromkeys(ask.claim.kind.value for ask in policy.asks))
        lines.append(f"| `{policy.id}` | {policy.title} | {subjects} | {kinds} | {policy.severity.value} |")
    return HEAD + "\n".join(lines) + "\n"


def test_the_list_of_policies_is_up_to_date():
    if os.environ.get("BOOTVERIFY_GOLDEN") == "write":
        README.write_text(_table(), encoding="utf-8")
    assert README.read_text(encoding="utf-8") == _table()
