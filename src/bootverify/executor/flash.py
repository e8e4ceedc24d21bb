"""Non-volatile memory as bytes: what a write, an erase and a power cut leave behind.

Every lasting change goes through `Flash.write` or `Flash.erase`, and each such call is one operation of the shared
`Power` budget: that is what "cut after N operations" counts, and where a torn operation stops half-way.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.executor.torn import blend, halfway
from bootverify.machine.tear import Part, Tear


class WriteRule(Enum):
    """What a write does to bytes that are already programmed."""

    AND = "and"  # NOR flash: bits only fall from 1 to 0
    OVERWRITE = "overwrite"  # RRAM: the new value stands
    OTP_HALFWORD = "otp-halfword"  # nRF53, nRF91: a half-word takes one value, while it reads 0xFFFF
    OTP_WORD = "otp-word"  # nRF54L UICR: a word takes one value, while it reads 0xFFFFFFFF


class PowerLost(Exception):  # noqa: N818 - an event of the simulated world, not an error of the program
    """The supply is gone; the boot under way stops exactly here."""


class AccessRefused(Exception):  # noqa: N818 - an event of the simulated world
    """The flash driver refuses a misaligned or outside access; the call has no effect."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one lasting operation left: `content` at index `at` of a memory's data, where `before` stood.

    `fresh`: what is there now does not depend on what stood there.
    """

    flash: "Flash"
    at: int
    before: bytes
    content: bytes
    fresh: bool

    @property
    def half(self) -> int:
        """The first half of it in whole write units; 0 where it is one unit."""
        return halfway(len(self.content), self.flash.align)

    def torn(self, tear: Tear) -> bytes | None:
        """What is left of the operation when it is torn; None when it cannot be, being one write unit, or one bit."""
        whole = len(self.content) <= 1 or not _several_bits(self.before, self.content)
        if whole if tear.part is Part.BITS else not self.half:
            return None
        return blend(tear, self.before, self.content, self.at, self.flash.align)


def _several_bits(before: bytes, after: bytes) -> bool:
    return (int.from_bytes(before, "little") ^ int.from_bytes(after, "little")).bit_count() > 1


class Journal(list[Change]):
    """Every lasting operation, in order; who wants to know more of a boot is told here, and may end it by raising."""

    def reads(self, flash: "Flash", at: int, length: int) -> None:
        """So many bytes from index `at` are about to be read; nothing is kept of that."""

    def arrives(self, state: Callable[[], Hashable]) -> None:
        """A boot loader stands between two steps, and what it does next follows from `state()` and the memories."""


@dataclass(slots=True)
class Power:
    """The budget of lasting operations until the supply is cut.

    `cut_after` None means for ever. `torn` is what is left of the operation that meets the cut. `refused` counts
    accesses that the driver refused, `reprogrammed` bytes that would have needed a bit to rise. A `journal` gets every
    operation.
    """

    cut_after: int | None = None
    torn: Tear | None = None
    spent: int = 0
    refused: int = 0
    reprogrammed: int = 0
    journal: Journal | None = None

    def spend(self, torn_effect: Callable[[Tear], None], operations: int = 1) -> None:
        """Account for operations about to happen; raise `PowerLost` instead of letting them happen."""
        if self.cut_after is not None and self.spent >= self.cut_after:
            if self.torn is not None:
                torn_effect(self.torn)
            raise PowerLost
        self.spent += operations

    def undisturbed(self, operations: int) -> bool:
        """Whether the next `operations` all happen and nobody looks in between, so that they may happen at once."""
        return self.journal is None and (self.cut_after is None or self.spent + operations <= self.cut_after)


@dataclass(slots=True)
class Flash:
    """One memory of `size` bytes from address `start`.

    `page` is the erase unit in bytes (0: no erase, as in OTP and RRAM), `align` the write unit in bytes.
    Addresses are absolute; pages and write units count from `start`.
    Reading and writing outside, or misaligned, raises `AccessRefused`.
    """

    start: int
    size: int
    page: int = 4096
    align: int = 4
    rule: WriteRule = WriteRule.AND
    erased: int = 0xFF
    power: Power = field(default_factory=Power)
    watch: Callable[[int], None] | None = None  # told the start of an area before each access that code makes to it
    data: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.data = bytearray([self.erased]) * self.size

    @property
    def end(self) -> int:
        """First address behind the memory."""
        return self.start + self.size

    def holds(self, address: int, length: int = 1) -> bool:
        """Whether the whole span lies in this memory."""
        return self.start <= address and address + length <= self.end

    def read(self, address: int, length: int) -> bytes:
        """The `length` bytes from `address`."""
        if length < 0 or not self.holds(address, length):
            raise AccessRefused
        at = address - self.start
        if self.power.journal is not None:
            self.power.journal.reads(self, at, length)
        return bytes(self.data[at : at + length])

    def view(self, address: int, length: int) -> memoryview:
        """As `read` of a span that is inside, without a copy: it changes with the memory."""
        at = address - self.start
        if self.power.journal is not None:
            self.power.journal.reads(self, at, length)
        return memoryview(self.data)[at : at + length]

    def shows(self, address: int, value: bytes) -> bool:
        """Whether `value` stands at `address`; nothing is copied."""
        at = address - self.start
        if self.power.journal is not None:
            self.power.journal.reads(self, at, len(value))
        return self.data.startswith(value, at)

    def write(self, address: int, value: bytes, operations: int = 1) -> None:
        """Program `value`; one operation, or as many as nobody disturbs (`Power.undisturbed`)."""
        if not self.holds(address, len(value)) or (address - self.start) % self.align or len(value) % self.align:
            raise AccessRefused
        self.power.spend(lambda tear: self._program(address, self._torn(tear, address, value)), operations)
        before = self._held(address, len(value))
        self._program(address, value)
        self._note(address, before, fresh=self.rule is WriteRule.OVERWRITE)

    def erase(self, address: int, length: int) -> None:
        """Erase whole pages; one operation."""
        inside = self.page and self.holds(address, length)
        if not inside or (address - self.start) % self.page or length % self.page:
            raise AccessRefused
        blank = bytes([self.erased]) * length
        self.power.spend(lambda tear: self.load(address, self._torn(tear, address, blank)))
        before = self._held(address, length)
        self.load(address, blank)
        self._note(address, before, fresh=True)

    def copy(self) -> "Flash":
        """The same bytes in a memory of their own, with a supply of its own."""
        twin = copy(self)
        twin.data, twin.power, twin.watch = bytearray(self.data), Power(), None
        return twin

    def load(self, address: int, value: bytes) -> None:
        """Put bytes there as a programmer or a test does: no rule, no operation."""
        at = address - self.start
        self.data[at : at + len(value)] = value

    def _held(self, address: int, length: int) -> bytes:
        """What a change is about to replace, where a journal wants to know."""
        at = address - self.start
        return b"" if self.power.journal is None else bytes(self.data[at : at + length])

    def _torn(self, tear: Tear, address: int, value: bytes) -> bytes:
        """What is left of `value` on its way there: what stays as it is reads as what stands there."""
        at = address - self.start
        return blend(tear, bytes(self.data[at : at + len(value)]), value, at, self.align)

    def _note(self, address: int, before: bytes, *, fresh: bool) -> None:
        if self.power.journal is not None:
            at = address - self.start
            content = bytes(self.data[at : at + len(before)])
            self.power.journal.append(Change(self, at, before, content, fresh))

    def _program(self, address: int, value: bytes) -> None:
        at = address - self.start
        old = self.data[at : at + len(value)]
        new = bytes(value)
        match self.rule:
            case WriteRule.AND if old.count(0xFF) == len(old):
                new = value
            case WriteRule.AND:
                self.power.reprogrammed += sum(
                    was != self.erased and bool(now & ~was) for was, now in zip(old, value, strict=True)
                )
                merged = int.from_bytes(old, "little") & int.from_bytes(value, "little")
                new = merged.to_bytes(len(value), "little")
            case WriteRule.OVERWRITE:
                pass
            case WriteRule.OTP_HALFWORD:
                new = _once(bytes(old), value, 2)
            case WriteRule.OTP_WORD:
                new = _once(bytes(old), value, 4)
        self.data[at : at + len(value)] = new


def _once(old: bytes, value: bytes, unit: int) -> bytes:
    """`value` where the unit of `old` is still erased, `old` elsewhere."""
    parts = []
    for i in range(0, len(value), unit):
        fresh = old[i : i + unit] == b"\xff" * unit
        parts.append(value[i : i + unit] if fresh else old[i : i + unit])
    return b"".join(parts)


@contextmanager
def powered(memories: list[Flash], power: Power) -> Iterator[Power]:
    """Let all `memories` draw on one budget for the length of a boot."""
    before = [memory.power for memory in memories]
    for memory in memories:
        memory.power = power
    try:
        yield power
    finally:
        for memory, old in zip(memories, before, strict=True):
            memory.power = old
