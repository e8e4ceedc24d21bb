"""Every content that power cuts can leave, however many in a row: does a later boot come through from each?

A boot follows from what the memories hold, so each content is looked at once, however many cuts lead to it. Three
things make that quick, and none changes an answer (`mcuboot.sweep` does the same plainly, and is held against this):

* The contents on the way of a boot are taken back from its end, operation by operation: no boot runs twice.
* A boot that comes to where another one was, same memories and same state of the boot loader, goes on as that did.
* Bytes that no boot reads before it erases them are dead: contents that differ in dead bytes alone share one fate. So
  an operation on dead bytes, whole or torn, leads to nothing new.
"""

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.executor.content_key import ContentKey, Mask
from bootverify.executor.flash import Change, Flash, Journal, Power, powered
from bootverify.machine.tear import HALF, Tear

DEEPEST = 100_000  # calls inside each other; each new content on the way to another one takes a few
MOST_BOOTS = 64  # uncut boots until nothing changes any more; a test, its revert and their ends take four

Kept = tuple[Hashable, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class End:
    """Where a boot ends, in words, and whether that is what should run."""

    good: bool
    what: str


Boot = Callable[[], End]
"""One boot from reset, with the power on."""
GOING_ROUND = End(good=False, what="each boot leaves another content, over and over")
KNOWN = 1 << 32  # more contents are never waited for at once


@dataclass(frozen=True, slots=True)
class Cut:
    """One boot of a history, cut after so many operations; None: not cut. `tear` is what is left of the next one."""

    after: int | None
    tear: Tear | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brick:
    """A history after which no boot comes through, and where they end."""

    boots: tuple[Cut, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a sweep found.

    `operations` are those of the first boot, `cuts` the places in it where the power was lost, whole and torn, `stuck`
    how many of them nothing recovers from. `twice` counts histories of two cuts: at each place of the boot that follows
    each first cut. `contents` are the different ones that cuts leave, however many (where some differ in dead bytes
    alone, one stands for what can come of all), `bricks` those that nothing recovers from, `booted` the boots that it
    took. `ends` counts the contents by where boots end that nobody cuts, `worst` is a shortest history that bricks.
    """

    operations: int
    cuts: int
    stuck: int
    twice: int
    contents: int
    bricks: int
    booted: int
    ends: dict[str, int]
    worst: Brick | None


@dataclass(slots=True)
class Rest:
    """What outlives a power cut beside the memories, and what a boot keeps in RAM beside the boot loader's own.

    `kept` is the value of the first now, and what puts it back; `situation` the value of the second.
    """

    kept: Callable[[], Kept] = lambda: ((), lambda: None)
    situation: Callable[[], Hashable] = lambda: ()


def sweep(
    memories: Sequence[Flash],
    boot: Boot,
    *,
    tears: Sequence[Tear] = (HALF,),
    rest: Rest | None = None,
    progress: Callable[[float], None] | None = None,
) -> Survey:
    """Cut the power of `boot` everywhere, and of the boots that follow; the memories are left as they were.

    Recovered: boots that nobody cuts end in one that leaves what it found, and starts what should run.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        return _Sweep(ContentKey(memories), boot, tuple(tears), rest or Rest(), progress).run()
    finally:
        sys.setrecursionlimit(before)


@dataclass(slots=True)
class _Fate:
    """What becomes of a content: where boots end that nobody cuts; the blocks that this depends on.

    `places` is the number of places in the boot from here at which the power can be lost. Until everything that can
    come of it is known, `waits` is the number of the first content under way that it can lead back to: then `live` is
    not complete, and nothing may be concluded from it.
    """

    end: End
    live: Mask
    places: int
    waits: int = KNOWN


class _Merged(Exception):  # noqa: N818 - an event, no error
    """The boot goes on as an earlier one did: what became of that."""

    def __init__(self, fate: _Fate) -> None:
        self.fate = fate
        super().__init__()


class _Tape(Journal):
    """One boot, as far as it is new: the contents on its way, what it read and touched, and where it stood.

    `read[i]` are the blocks read between operations i and i+1, `keys[i]` names the content in between.
    """

    def __init__(self, owner: "_Sweep") -> None:
        super().__init__()
        self.owner = owner
        self.totals, self.read = [owner.content.total], [0]
        self.origin = owner.rest.kept()
        self.kept: list[Kept] = []  # as each operation found it, and as the end left it
        self.touched: list[Mask] = []
        self.undo: list[tuple[int, ...]] = []
        self.stood: dict[int, Hashable] = {}
        self.ending = GOING_ROUND
        self.merged: _Fate | None = None

    def append(self, change: Change, /) -> None:
        """One operation is done."""
        super().append(change)
        content = self.owner.content
        # What is kept beside the memories does not change during an operation: it is as the operation found it.
        self.kept.append(self.owner.rest.kept())
        self.undo.append(content.follow(change))
        self.touched.append(content.blocks(change.flash, change.at, len(change.content)))
        self.totals.append(content.total)
        self.read.append(0)

    def reads(self, flash: Flash, at: int, length: int) -> None:
        """Remember which blocks."""
        self.read[-1] |= self.owner.content.blocks(flash, at, length)

    def arrives(self, state: Callable[[], Hashable]) -> None:
        """Stop where an earlier boot has been; else remember the place."""
        last = self[-1]
        key = (self.totals[-1], self.owner.rest.kept()[0], self.owner.rest.situation(), last.at, state())
        known = self.owner.stood.get(key)
        if known is not None:
            raise _Merged(known)
        self.stood[len(self)] = key

    def key(self, number: int) -> Hashable:
        """The content after that many operations, and what is kept beside it."""
        return self.totals[number], self.kept[number][0]

    @property
    def start(self) -> Hashable:
        """The content at reset."""
        return self.totals[0], self.origin[0]

    @property
    def end(self) -> Hashable:
        """The content after the last operation."""
        return self.key(len(self))


@dataclass(slots=True)
class _Sweep:
    content: ContentKey
    boot: Boot
    tears: tuple[Tear, ...]
    rest: Rest
    progress: Callable[[float], None] | None
    fates: dict[Hashable, _Fate] = field(init=False, default_factory=dict)  # by content
    stood: dict[Hashable, _Fate] = field(init=False, default_factory=dict)  # by where a boot stood
    waiting: list[_Fate] = field(init=False, default_factory=list)  # those that wait for a content under way
    assumed: list[tuple[Hashable, _Fate, Mask]] = field(init=False, default_factory=list)
    different: set[Hashable] = field(init=False, default_factory=set)  # contents that are alike to none before them
    under_way: int = field(init=False, default=0)  # contents whose boots are being taken back
    first: list[_Fate] = field(init=False, default_factory=list)  # at each place of the first boot
    booted: int = field(init=False, default=0)
    worst: Brick | None = field(init=False, default=None)

    def run(self) -> Survey:
        """Look at the content at hand, and at all that cuts make of it."""
        operations = self._explore(())
        return Survey(
            operations=operations,
            cuts=len(self.first),
            stuck=sum(not each.end.good for each in self.first),
            twice=sum(each.places for each in self.first),
            contents=len(self.fates),
            bricks=sum(not each.end.good for each in self.fates.values()),
            booted=self.booted,
            ends=dict(Counter(each.end.what for each in self.fates.values())),
            worst=self.worst,
        )

    def _explore(self, path: tuple[Cut, ...]) -> int:
        """Find the fate of the content at hand by boots that nobody cuts, then that of every content on their way.

        `path` leads here; the content is there again afterwards. The number of operations of the first boot. What was
        taken for alike too early is remembered, and all is done again.
        """
        while True:
            marks = (len(self.fates), len(self.stood), len(self.waiting), len(self.assumed), self.worst)
            tapes: list[_Tape] = []
            end = self._uncut(tapes)
            for number, tape in enumerate(tapes, start=self.under_way):
                self.fates[tape.start] = _Fate(end, tape.read[0], 0, number)
            self.under_way += len(tapes)
            for number in reversed(range(len(tapes))):
                self._take_back(tapes[number], end, (*path, *(Cut(None),) * number))
                self.under_way -= 1
                self._conclude(self.fates[tapes[number].start], self.under_way, marks[2])
                if self.progress is not None and not path:
                    self.progress(sum(map(len, tapes[number:])) / max(1, sum(map(len, tapes))))
            if not self._refuted(marks[3]):
                break
            fates, stood, waiting, assumed, self.worst = marks
            _shorten(self.fates, fates)
            _shorten(self.stood, stood)
            del self.waiting[waiting:], self.assumed[assumed:]
        self._note(path, end)
        return len(tapes[0])

    def _refuted(self, since: int) -> bool:
        """Whether something known by now depends on what a content taken for alike has differently."""
        before = len(self.different)
        self.different |= {key for key, fate, touched in self.assumed[since:] if fate.live & touched}
        self.assumed[since:] = [each for each in self.assumed[since:] if each[1].waits != KNOWN]
        return len(self.different) > before

    def _conclude(self, fate: _Fate, number: int, since: int) -> None:
        """All that can come of content `number` is seen: with it those are known that lead back to it and no further.

        What they depend on is then what it depends on, and what was found of their own.
        """
        if fate.waits < number:
            self.waiting.append(fate)
            return
        for each in (fate, *self.waiting[since:]):
            each.live |= fate.live
            each.waits = KNOWN
        del self.waiting[since:]

    def _uncut(self, tapes: list[_Tape]) -> End:
        """Boot until nothing changes, or to where an earlier boot was."""
        passed: set[Hashable] = set()
        while len(tapes) < MOST_BOOTS:
            tape = self._tape()
            tapes.append(tape)
            passed.add(tape.start)
            if tape.merged is not None:
                return tape.merged.end
            if tape.end in self.fates:
                return self.fates[tape.end].end
            if tape.end == tape.start:  # it may erase what is erased, each time
                return tape.ending
            if tape.end in passed:
                return GOING_ROUND
        return GOING_ROUND

    def _tape(self) -> _Tape:
        """One boot from the content at hand, which it changes."""
        tape = _Tape(self)
        self.booted += 1
        with powered(list(self.content.memories), Power(journal=tape)):
            try:
                tape.ending = self.boot()
            except _Merged as merged:
                tape.merged = merged.fate
        tape.kept.append(self.rest.kept())
        return tape

    def _take_back(self, tape: _Tape, end: End, path: tuple[Cut, ...]) -> None:
        """Take a boot back from its end, and look at each content on the way; then the fate of its start is known."""
        flow = self._what_follows(tape, end)
        near = self.fates.get(tape.end, flow)
        own = [near]
        for number in reversed(range(len(tape))):
            flow.live |= tape.read[number + 1]
            if number + 1 in tape.stood:
                self._remember(tape.stood[number + 1], replace(flow))
            if tape[number].fresh:
                flow.live &= ~self.content.inside(tape[number])
            found = self._before(tape, number, near, path)
            for fate in found:
                flow.live |= fate.live
                flow.waits = min(flow.waits, fate.waits)
            flow.places += len(found)
            near = found[-1]
            own += found
        tape.origin[1]()
        known = self.fates[tape.start]
        known.live, known.places, known.waits = flow.live | tape.read[0], flow.places, flow.waits
        if not path:
            self.first = own

    def _remember(self, place: Hashable, fate: _Fate) -> None:
        self.stood[place] = fate
        if fate.waits != KNOWN:
            self.waiting.append(fate)

    def _what_follows(self, tape: _Tape, end: End) -> _Fate:
        """What comes after the end of a tape: the rest of an earlier boot, or boots of what it leaves, or nothing."""
        if tape.merged is not None:
            return replace(tape.merged)
        after = self.fates.get(tape.end)
        if after is None or tape.end == tape.start:
            return _Fate(end, 0, 1)
        return _Fate(end, after.live, 1, after.waits)

    def _before(self, tape: _Tape, number: int, near: _Fate, path: tuple[Cut, ...]) -> list[_Fate]:
        """Take one operation back; the fates of what is left of it torn, and, last, of the content before it.

        `near` is the fate of the content after it.
        """
        change = tape[number]
        self.content.back(change, tape.undo[number])
        tape.kept[number][1]()
        same = tape.kept[number][0] == tape.kept[number + 1][0]
        alike = (near, tape.touched[number]) if same and not near.live & tape.touched[number] else None
        found = []
        for tear in self.tears:
            torn = change.torn(tear)
            if torn is not None:
                undo = self.content.put(change, torn)
                found.append(self._look(alike, (*path, Cut(number, tear))))
                self.content.back(change, undo)
        if tape.key(number) == tape.start:
            return [*found, self.fates[tape.start]]
        return [*found, self._look(alike, (*path, Cut(number)))]

    def _look(self, alike: tuple[_Fate, Mask] | None, path: tuple[Cut, ...]) -> _Fate:
        """The fate of the content at hand.

        `alike` is that of a content which differs in some blocks only, and as far as is known in nothing that matters.
        """
        key = (self.content.total, self.rest.kept()[0])
        if key not in self.fates:
            if alike is not None and key not in self.different:
                self.fates[key] = alike[0]
                if alike[0].waits != KNOWN:
                    self.assumed.append((key, *alike))
            else:
                self._explore(path)
        self._note(path, self.fates[key].end)
        return self.fates[key]

    def _note(self, path: tuple[Cut, ...], end: End) -> None:
        if not end.good and (self.worst is None or len(path) < len(self.worst.boots)):
            self.worst = Brick(boots=path, why=end.what)


def _shorten(table: dict[Hashable, _Fate], size: int) -> None:
    """Take out what was put in last."""
    while len(table) > size:
        table.popitem()
