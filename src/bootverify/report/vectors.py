"""The outcome of running recorded vectors, as a table and as JSON."""

import json

from bootverify.check.conform.outcome import Conformity

MOST_SHOWN = 20


def conformity_text(outcome: Conformity) -> str:
    """A line for each configuration and category, the first disagreements, and last the totals."""
    width = max((len(name) for name, _ in outcome.by), default=0)
    other = max((len(category) for _, category in outcome.by), default=0)
    lines = [
        f"{name.ljust(width)}  {category.ljust(other)}  {tally.agreed:>6} agreed {tally.disagreed:>5} disagreed"
        f" {tally.unsupported:>5} unsupported"
        for (name, category), tally in outcome.by.items()
    ]
    lines += [each.text for each in outcome.disagreements[:MOST_SHOWN]]
    if len(outcome.disagreements) > MOST_SHOWN:
        lines.append(f"and {len(outcome.disagreements) - MOST_SHOWN} more (--format json lists them)")
    total = outcome.total
    lines.append(f"{total.agreed} agreed, {total.disagreed} disagreed, {total.unsupported} unsupported")
    return "\n".join(lines) + "\n"


def conformity_json(outcome: Conformity) -> str:
    """The same as records; every disagreement with its vector and step."""
    total = outcome.total
    document = {
        "schema": "bootverify-conform/1",
        "by": [
            {
                "configuration": name,
                "category": category,
                "agreed": tally.agreed,
                "disagreed": tally.disagreed,
                "unsupported": tally.unsupported,
            }
            for (name, category), tally in outcome.by.items()
        ],
        "disagreements": [
            {"vector": each.vector, "step": each.step, "what": each.what, "expected": each.expected, "got": each.got}
            for each in outcome.disagreements
        ],
        "total": {"agreed": total.agreed, "disagreed": total.disagreed, "unsupported": total.unsupported},
    }
    return json.dumps(document, indent=1) + "\n"
