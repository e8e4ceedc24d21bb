"""Names what several memories hold by a digest that follows each change: only the blocks that changed are hashed."""

import hashlib
from collections.abc import Sequence
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Change, Flash

BLOCK = 0x1000  # bytes that are told apart where a memory has no pages
_SIZE = 16  # bytes of a digest
Mask = int
"""A set of blocks, block n as bit n."""


@dataclass(slots=True)
class ContentKey:
    """`total` is the sum of the blocks' digests, each of which tells its place, too."""

    memories: Sequence[Flash]
    total: int = field(init=False, default=0)
    layout: dict[int, tuple[int, int]] = field(init=False, default_factory=dict)  # memory: its first block, their size
    digests: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        for flash in self.memories:
            size = flash.page or BLOCK
            low, self.layout[id(flash)] = len(self.digests), (len(self.digests), size)
            for at in range(0, flash.size, size):
                self.digests.append(_digest(flash.data[at : at + size], low + at // size))
        self.total = sum(self.digests)

    def blocks(self, flash: Flash, at: int, length: int) -> Mask:
        """The blocks that a span touches."""
        low, size = self.layout[id(flash)]
        first, last = at // size, (at + (length or 1) - 1) // size
        return ((1 << last - first + 1) - 1) << low + first

    def inside(self, change: Change) -> Mask:
        """The blocks that a change covers whole."""
        low, size = self.layout[id(change.flash)]
        first, end = -(-change.at // size), (change.at + len(change.content)) // size
        return ((1 << end - first) - 1) << low + first if end > first else 0

    def follow(self, change: Change) -> tuple[int, ...]:
        """Take account of a change that was made; what `back` needs to take it back."""
        low, size = self.layout[id(change.flash)]
        first, last = change.at // size, (change.at + len(change.content) - 1) // size
        old = tuple(self.digests[low + first : low + last + 1])
        for block in range(first, last + 1):
            self._set(low + block, _digest(change.flash.data[block * size : (block + 1) * size], low + block))
        return old

    def put(self, change: Change, value: bytes) -> tuple[int, ...]:
        """Let `value` stand where the change was; what `back` needs to take it back."""
        change.flash.data[change.at : change.at + len(value)] = value
        return self.follow(change)

    def back(self, change: Change, digests: tuple[int, ...]) -> None:
        """Let stand there what stood before the change."""
        change.flash.data[change.at : change.at + len(change.before)] = change.before
        low, size = self.layout[id(change.flash)]
        for block, digest in enumerate(digests, start=low + change.at // size):
            self._set(block, digest)

    def _set(self, block: int, digest: int) -> None:
        self.total += digest - self.digests[block]
        self.digests[block] = digest


def _digest(held: bytearray, block: int) -> int:
    made = hashlib.blake2b(held, digest_size=_SIZE, salt=block.to_bytes(8, "little"))
    return int.from_bytes(made.digest(), "little")
