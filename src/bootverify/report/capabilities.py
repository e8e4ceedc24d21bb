"""The weakest attackers as text: each minimal set of capabilities with its attack, and who was shown to be kept out."""

from collections.abc import Iterator

from bootverify.check.verdict import Finding, Verdict
from bootverify.design.design import Design
from bootverify.report.log import chapters
from bootverify.report.wrapping import wrapped
from bootverify.whatif.attackers import Breaking, Weakest, words


def attackers_text(design: Design, found: Weakest, policy: str) -> str:
    """The minimal sets, smallest first."""
    if not found.asked:
        return (
            "\n".join(wrapped(f"{policy} in {design.name}: it applies to nothing there, so nothing was asked", 0, 2))
            + "\n"
        )
    count = len(found.breaking)
    sets = f"{count} minimal set{'' if count == 1 else 's'} of capabilities break{'s' if count == 1 else ''} it"
    lines = wrapped(f"{policy} in {design.name}: {sets if count else 'no set of capabilities breaks it'}", 0, 2)
    for each in found.breaking:
        lines += ["", *_breaking(design, each)]
    if found.open_:
        lines += ["", "Not decided:"]
        lines += [line for chosen in found.open_ for line in wrapped(words(design, chosen), 2, 4)]
    lines.append("")
    if any(not each.capabilities for each in found.breaking):
        lines.append("So does everybody: nothing more is needed.")
    elif found.cleared:
        lines += wrapped(f"Kept against everything else at once: {words(design, found.cleared)}.", 0, 2)
    else:
        lines += wrapped(f"Sets of up to {found.most} capabilities were tried; larger ones were not.", 0, 2)
    return "\n".join(lines) + "\n"


def _breaking(design: Design, each: Breaking) -> Iterator[str]:
    yield from wrapped(words(design, each.capabilities), 0, 2)
    told: set[tuple[str, ...]] = set()
    for finding in each.report.findings:
        if finding.verdict is not Verdict.VIOLATED:
            continue
        yield from wrapped(f"{finding.subject}: {_generic(finding)}", 2, 4)
        ran = tuple(line for chapter in (chapters(finding.trace) if finding.trace else []) for line in chapter)
        if finding.trace is None or not ran or ran in told:
            continue
        told.add(ran)
        for number, chapter in enumerate(chapters(finding.trace), start=1):
            yield from wrapped(f"{number:>3}  {chapter[0].replace(finding.attacker, 'he')}", 4, 9)
            for line in chapter[1:]:
                yield from wrapped(line.replace(finding.attacker, "he"), 9, 11)


def _generic(finding: Finding) -> str:
    return finding.because.replace(f"by {finding.attacker}", "by him").replace(finding.attacker, "he")
