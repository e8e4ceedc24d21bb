"""Somebody the boot system has moves for, in the place of somebody it has none for: who can do less, who can do more.

What breaks for who can do less is broken; what holds against who can do more holds (SEMANTICS, "What is told").
"""

from collections.abc import Iterator

from bootverify.check.question import exists
from bootverify.check.verdict import Verdict
from bootverify.design.attacker import TOLD_ONLY, Attacker, Capability
from bootverify.design.design import Design

# On the bus of the application core the network core is what the application's code is, and it is held off until that
# runs (soc.md 6: FORCEOFF at each reset, EXTDOMAIN); its own flash is no part of the boot system.
_AT_LEAST = {Capability.RUN_NETWORK_CORE: Capability.RUN_APPLICATION}


def stand_ins(design: Design, attacker: Attacker) -> Iterator[tuple[Attacker, Verdict]]:
    """Who may be asked about instead, each with the only verdict that then counts."""
    beyond = attacker.capabilities & TOLD_ONLY
    played = attacker.capabilities - beyond
    if not beyond:
        return
    if played and (less := _with(design, played)) is not None:
        yield less, Verdict.VIOLATED
    if beyond <= _AT_LEAST.keys() and not _early(design):
        more = _with(design, played | {_AT_LEAST[each] for each in beyond})
        if more is not None:
            yield more, Verdict.HOLDS


def _early(design: Design) -> bool:
    """Whether code of somebody else's may run on the network core while the boot stages do.

    MCUboot lets that core run to hand an update over: b0n then, or who wrote over it where it does not lock itself.
    """
    fed = any(stage.fed_by for stage in design.network)
    parts = {part.name: part.range for part in design.partitions}
    first = [(stage, parts.get(stage.partition)) for stage in design.network if stage.boots]
    return fed and any(
        area is None or not any(span.range.covers(area) for span in stage.locks) for stage, area in first
    )


def _with(design: Design, capabilities: frozenset[Capability]) -> Attacker | None:
    """The one of ours who can do exactly this in `design`."""
    from bootverify.sources.attackers import all_attackers  # noqa: PLC0415 - few questions need them

    ours = (each for each in all_attackers() if each.capabilities == capabilities)
    return next((each for each in ours if not exists(design, each)), None)
