"""Non-volatile memory as bytes: what a write, an erase and a power cut leave behind.

Every lasting change goes through `Flash.write` or `Flash.erase`, and each such call is one operation of the shared
`Power` budget: that is what "cut after N operations" counts, and where a torn operation stops half-way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum


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
    """What one lasting operation left: `content` at index `at` of a memory's data; torn, only `half` bytes of it."""

    flash: "Flash"
    at: int
    content: bytes
    half: int


@dataclass(slots=True)
class Power:
    """The budget of lasting operations until the supply is cut.

    `cut_after` None means for ever. With `torn`, half of the operation that meets the cut is still done. `refused`
    counts accesses that the driver refused, `reprogrammed` bytes that would have needed a bit to rise. A `journal` gets
    every operation.
    """

    cut_after: int | None = None
    torn: bool = False
    spent: int = 0
    refused: int = 0
    reprogrammed: int = 0
    journal: list[Change] | None = None

    def spend(self, torn_effect: Callable[[], None], operations: int = 1) -> None:
        """Account for operations about to happen; raise `PowerLost` instead of letting them happen."""
        if self.cut_after is not None and self.spent >= self.cut_after:
            if self.torn:
                torn_effect()
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
        return bytes(self.data[at : at + length])

    def shows(self, address: int, value: bytes) -> bool:
        """Whether `value` stands at `address`; nothing is copied."""
        return self.data.startswith(value, address - self.start)

    def write(self, address: int, value: bytes, operations: int = 1) -> None:
        """Program `value`; one operation, or as many as nobody disturbs (`Power.undisturbed`)."""
        if not self.holds(address, len(value)) or (address - self.start) % self.align or len(value) % self.align:
            raise AccessRefused
        half = len(value) // 2 // self.align * self.align
        self.power.spend(lambda: self._program(address, value[:half]), operations)
        self._program(address, value)
        self._note(address, len(value), half)

    def erase(self, address: int, length: int) -> None:
        """Erase whole pages; one operation."""
        inside = self.page and self.holds(address, length)
        if not inside or (address - self.start) % self.page or length % self.page:
            raise AccessRefused
        self.power.spend(lambda: self._blank(address, length // 2))
        self._blank(address, length)
        self._note(address, length, length // 2)

    def copy(self) -> "Flash":
        """The same bytes in a memory of their own, with a supply of its own."""
        twin = replace(self, power=Power(), watch=None)
        twin.data = bytearray(self.data)
        return twin

    def load(self, address: int, value: bytes) -> None:
        """Put bytes there as a programmer or a test does: no rule, no operation."""
        at = address - self.start
        self.data[at : at + len(value)] = value

    def _note(self, address: int, length: int, half: int) -> None:
        if self.power.journal is not None:
            at = address - self.start
            self.power.journal.append(Change(self, at, bytes(self.data[at : at + length]), half))

    def _blank(self, address: int, length: int) -> None:
        at = address - self.start
        self.data[at : at + length] = bytes([self.erased]) * length

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
