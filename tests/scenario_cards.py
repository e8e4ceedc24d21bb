"""Asks scenario cards through the program: the card is the design, its question one policy, subject and attacker."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bootverify.api import check
from bootverify.check.verdict import Verdict
from bootverify.errors import BootverifyError, InputError
from bootverify.sources.importers.card.scenario import load

WORDS = {"holds", "violated", "undefined"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of one card, and what the card expects."""

    card: Path
    number: int
    where: str
    id: str
    policy: str
    subject: str
    attacker: str
    expected: str
    variant: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How it is listed; stable as long as the card is."""
        changed = " (variant)" if self.variant else ""
        return f"{self.id}#{self.number} {self.policy} {self.subject} {self.attacker}{changed}"


def questions(directory: Path) -> Iterator[Asked]:
    """The primary question of each card, then its `also`."""
    for path in sorted(directory.glob("*.yaml")):
        card = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        if not isinstance(card, dict) or card.get("format") != "scenario-card/1":
            continue
        told = [{**card["question"], "expected": card["verdict"]["expected"]}, *card.get("also", ())]
        for number, each in enumerate(told):
            yield Asked(
                card=path,
                number=number,
                where="also" if number else "primary",
                id=card["id"],
                policy=each["property"],
                subject=each["subject"],
                attacker=each["attacker"],
                expected=each["expected"],
                variant=each.get("variant") or {},
            )


def answer(asked: Asked) -> str:
    """The verdict's word as `check` gives it, or why there is none."""
    try:
        design = load(asked.card, asked.variant)
        report = check(design, policies=[asked.policy], subjects=[asked.subject], attackers=[asked.attacker])
    except InputError as error:
        return str(error.faults[0].message)
    except BootverifyError as error:
        return f"{type(error).__name__}: {error}"
    found = {finding.verdict for finding in report.findings}
    for word in (Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS):
        if word in found:
            why = next(finding.because for finding in report.findings if finding.verdict is word)
            return word.value if word.value in WORDS else f"{word.value} ({why[:90]})"
    return next(iter(found)).value if len(found) == 1 else "no question"
