"""The line that a group of answers begins with: a word, policy, subjects, attackers and severity in columns."""

from collections.abc import Iterator, Sequence

from bootverify.check.verdict import Finding
from bootverify.report.wrapping import WIDTH, wrapped

SEVERITIES = ("critical", "high", "medium", "low")
LEAST_POLICY, LEAST_SUBJECT, WIDEST_SUBJECT = 22, 13, 20  # columns


def columns(groups: Sequence[Sequence[Finding]]) -> tuple[int, int]:
    """The widths of policy and subject."""
    policies = max((len(group[0].policy) for group in groups), default=0)
    about = max((wide for group in groups if (wide := len(subjects(group))) <= WIDEST_SUBJECT), default=0)
    return max(policies, LEAST_POLICY), max(about, LEAST_SUBJECT)


def subjects(group: Sequence[Finding]) -> str:
    """What the answers are about, each once."""
    return ", ".join(dict.fromkeys(each.subject for each in group))


def attackers(group: Sequence[Finding]) -> str:
    """Whom they are about; of a map, which is the same whoever attacks, nobody is named."""
    return "any attacker" if group[0].kind == "map" else ", ".join(dict.fromkeys(each.attacker for each in group))


def titled(word: str, width: int, group: Sequence[Finding], widths: tuple[int, int]) -> Iterator[str]:
    """`word`, of which `width` columns are seen, and the rest; what is too long for its column gets a line."""
    first, about, who = group[0], subjects(group), attackers(group)
    shown = about if len(about) <= widths[1] else ""
    room = WIDTH - width - 1 - widths[0] - 1 - widths[1] - 1 - 9
    beside = who if len(who) <= room else ""
    named = f"{first.policy.ljust(widths[0])} {shown.ljust(widths[1])}"
    yield f"{word} {named} {beside.ljust(room)} {first.severity.rjust(8)}"
    if not shown:
        yield from wrapped(f"of {about}", 2, 5)
    if not beside:
        yield from wrapped(f"against {who}", 2, 10)
