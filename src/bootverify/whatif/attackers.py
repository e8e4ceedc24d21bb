"""The weakest attacker: all minimal sets of capabilities that break a policy.

Whoever can do more can break what he could break before, so a set that holds clears all its subsets; the search goes
up by size and never looks above a set that breaks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from bootverify.check.verdict import Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.attacker import TOLD_ONLY, Attacker, Capability
from bootverify.design.design import Design
from bootverify.design.life import Recovery
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Attribution

Ask = Callable[[Attacker], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """A minimal set of capabilities that violates, and the report that shows the attack."""

    capabilities: frozenset[Capability]
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakest:
    """All minimal sets up to `most` capabilities; `open_` are sets whose question got no answer.

    `asked`: the policy applies to something in the design, whoever attacks.
    """

    breaking: tuple[Breaking, ...]
    open_: tuple[frozenset[Capability], ...]
    cleared: frozenset[Capability]
    most: int
    asked: bool


def weakest(ask: Ask, capabilities: Iterable[Capability], *, most: int = 3) -> Weakest:
    """The minimal breaking subsets of `capabilities` with at most `most` members.

    `cleared` is the largest set that was shown to hold when that ended the search: nothing within it breaks.
    """
    pool = sorted(capabilities, key=lambda each: each.value)
    breaking: list[Breaking] = []
    opened: list[frozenset[Capability]] = []
    asked = False
    for size in range(most + 1):
        for chosen in _untried(pool, size, breaking, opened):
            report = ask(_attacker(chosen))
            asked = asked or bool(report.asked)
            verdicts = {finding.verdict for finding in report.findings}
            if Verdict.VIOLATED in verdicts:
                breaking.append(Breaking(capabilities=chosen, report=report))
            elif verdicts & {Verdict.UNKNOWN, Verdict.UNDEFINED, Verdict.VACUOUS}:
                opened.append(chosen)
        rest = frozenset(pool).difference(*(each.capabilities for each in breaking if len(each.capabilities) == 1))
        rest = rest.difference(*opened)
        if size == 1 and rest and _holds(ask(_attacker(rest))):
            return Weakest(breaking=tuple(breaking), open_=tuple(opened), cleared=rest, most=len(pool), asked=True)
    return Weakest(breaking=tuple(breaking), open_=tuple(opened), cleared=frozenset(), most=most, asked=asked)


def possible(design: Design, *, told: bool = False) -> tuple[Capability, ...]:
    """The capabilities that somebody can have in this design; whoever may send an update may send an old one.

    Factory files are read by nobody unless the claims are `told` ones: the boot system has no moves for it.
    """
    missing: set[Capability] = {Capability.REPLAY_RELEASE, *TOLD_ONLY}
    if told:
        missing.remove(Capability.READ_FACTORY_FILES)
    if not design.has_tfm:
        missing.add(Capability.RUN_SECURE_PARTITION)
    if design.application is None:
        missing.add(Capability.RUN_APPLICATION)
    if not any(part.memory is MemoryKind.EXTERNAL for part in design.partitions):
        missing |= {Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL}
    if design.life.recovery in {None, Recovery.ABSENT}:
        missing.add(Capability.USE_CABLE)
    return tuple(each for each in Capability if each not in missing)


def words(design: Design, capabilities: Iterable[Capability]) -> str:
    """A set of capabilities for the reader; running code names the state it runs in."""
    told = []
    for each in sorted(capabilities, key=lambda capability: capability.value):
        name = each.value
        if each is Capability.RUN_APPLICATION and design.application is not None and design.soc.trustzone:
            secure = design.application.attribution is Attribution.SECURE
            name += f" ({'secure' if secure else 'non-secure'} state)"
        told.append(name)
    return " + ".join(told) or "nothing but what is published"


def _untried(
    pool: Sequence[Capability],
    size: int,
    breaking: Sequence[Breaking],
    opened: Sequence[frozenset[Capability]],
) -> Iterator[frozenset[Capability]]:
    for chosen in map(frozenset, combinations(pool, size)):
        if not any(known <= chosen for known in (*opened, *(each.capabilities for each in breaking))):
            yield chosen


def _attacker(capabilities: frozenset[Capability]) -> Attacker:
    name = "+".join(sorted(each.value for each in capabilities)) or "onlooker"
    return Attacker(name=name, title="a set of capabilities", capabilities=capabilities)


def _holds(report: Report) -> bool:
    return bool(report.findings) and all(finding.verdict is Verdict.HOLDS for finding in report.findings)
