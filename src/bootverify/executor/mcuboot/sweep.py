"""Cuts the power of a boot at every operation, nested and torn, and sees whether later boots recover.

A boot is a function of the flash, so the content after a cut is the start and the first operations of the uncut run:
these are replayed from a journal, and each content is looked at once, however many cuts lead to it.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Change, Flash, Journal, Power, powered
from bootverify.executor.mcuboot.boot import BootResult, Outcome, boot_go
from bootverify.executor.mcuboot.config import BootConfig

MOST_BOOTS = 8  # a test, its revert and their ends take four


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`cuts` were tried and led to `states` different contents; `stuck` tells of those without recovery."""

    cuts: int
    states: int
    stuck: tuple[str, ...]

    @property
    def recovered(self) -> int:
        """The number of contents from which later boots recover."""
        return self.states - len(self.stuck)


def sweep(
    config: BootConfig,
    *,
    depth: int = 1,
    torn: bool = True,
    accept: Callable[[BootResult], bool] = lambda _: True,
) -> Sweep:
    """Cut the next boot everywhere, and with `depth` the recovering boots too; the flash is left as it was.

    Recovered: a boot starts an image and changes nothing, and `accept` agrees with what it started.
    """
    return _Sweep(config, torn, accept).run(depth)


@dataclass(slots=True)
class _Sweep:
    config: BootConfig
    torn: bool
    accept: Callable[[BootResult], bool]
    flashes: list[Flash] = field(init=False)
    outcomes: dict[bytes, str] = field(init=False, default_factory=dict)  # content -> why it is stuck, or nothing
    explored: dict[bytes, int] = field(init=False, default_factory=dict)  # content -> cuts in a row tried from it
    states: set[bytes] = field(init=False, default_factory=set)
    stuck: list[str] = field(init=False, default_factory=list)
    cuts: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        areas = [area for pair in self.config.images for area in (pair.primary, pair.secondary)]
        areas += [self.config.scratch] if self.config.scratch is not None else []
        unique = {id(area.flash): area.flash for area in areas}
        self.flashes = list(unique.values())

    def run(self, depth: int) -> Sweep:
        start = self._content()
        self._explore(depth, "cut")
        self._restore(start)
        return Sweep(cuts=self.cuts, states=len(self.states), stuck=tuple(self.stuck))

    def _explore(self, depth: int, told: str) -> None:
        """Cut the boot of the content at hand at every operation; leaves the flash changed."""
        start = self._content()
        journal = Journal()
        with powered(self.flashes, Power(journal=journal)):
            boot_go(self.config)
        self._restore(start)
        for number, change in enumerate(journal):
            for name in self._cut_states(change):
                self._judge(depth, f"{told} after {number}{name}")
            _apply(change, len(change.content))
        self._judge(depth, f"{told} after {len(journal)}")

    def _cut_states(self, change: Change) -> Iterator[str]:
        """The content before an operation, and with half of it done."""
        yield ""
        if self.torn and change.half:
            before = bytes(change.flash.data[change.at : change.at + change.half])
            _apply(change, change.half)
            yield " and a half"
            change.flash.data[change.at : change.at + change.half] = before

    def _judge(self, depth: int, told: str) -> None:
        """Look at the content at hand, unless that was done before; it is there again afterwards."""
        self.cuts += 1
        content = self._content()
        key = _digest(content)
        if key not in self.states:
            self.states.add(key)
            why = self._settled()
            self._restore(content)
            if why:
                self.stuck.append(f"{told}: {why}")
        if depth > 1 and self.explored.get(key, 0) < depth:
            self.explored[key] = depth
            self._explore(depth - 1, f"{told}, then")
            self._restore(content)

    def _settled(self) -> str:
        """Boot until nothing changes; why there is nothing to start then, empty when there is."""
        passed = []
        why = f"nothing settled in {MOST_BOOTS} boots"
        for _ in range(MOST_BOOTS):
            key = _digest(self._content())
            if key in self.outcomes:
                why = self.outcomes[key]
                break
            passed.append(key)
            with powered(self.flashes, Power()) as power:
                result = boot_go(self.config)
            if not power.spent:
                why = self._verdict(result)
                break
        self.outcomes |= dict.fromkeys(passed, why)
        return why

    def _verdict(self, result: BootResult) -> str:
        if result.outcome is not Outcome.BOOT:
            return f"{result.outcome.value} {result.why}".strip()
        return "" if self.accept(result) else "what is started is not what it should be"

    def _content(self) -> tuple[bytes, ...]:
        return tuple(bytes(flash.data) for flash in self.flashes)

    def _restore(self, content: tuple[bytes, ...]) -> None:
        for flash, data in zip(self.flashes, content, strict=True):
            flash.data[:] = data


def _apply(change: Change, length: int) -> None:
    change.flash.data[change.at : change.at + length] = change.content[:length]


def _digest(content: tuple[bytes, ...]) -> bytes:
    made = hashlib.sha256()
    for each in content:
        made.update(each)
    return made.digest()
