"""The address space that code on the device sees: non-volatile memories and RAM behind one bus."""

from collections.abc import Sequence
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Flash

ADDRESSES = 1 << 32  # pointers wrap here
WORD = 4


class BusFault(Exception):  # noqa: N818 - an event of the simulated world
    """Nothing answers at `address`; `kind` is "read" or "write"."""

    def __init__(self, kind: str, address: int) -> None:
        self.kind = kind
        self.address = address
        super().__init__(f"bus fault: {kind} at {address:#x}")


@dataclass(slots=True)
class Ram:
    """Volatile memory of `size` bytes from `start`, each byte `fill` at first."""

    start: int
    size: int
    fill: int = 0
    data: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.data = bytearray([self.fill]) * self.size

    def holds(self, address: int, length: int = 1) -> bool:
        """Whether the whole span lies in this memory."""
        return self.start <= address and address + length <= self.start + self.size

    def read(self, address: int, length: int) -> bytes:
        """The `length` bytes from `address`."""
        at = address - self.start
        return bytes(self.data[at : at + length])

    def write(self, address: int, value: bytes) -> None:
        """Store `value`; nothing lasting, so no operation of the power budget."""
        at = address - self.start
        self.data[at : at + len(value)] = value


@dataclass(slots=True)
class Memory:
    """All memories that one core reaches.

    INVARIANT: the memories do not overlap.
    """

    flashes: tuple[Flash, ...]
    rams: tuple[Ram, ...] = ()

    @property
    def parts(self) -> Sequence[Flash | Ram]:
        """Every memory."""
        return (*self.flashes, *self.rams)

    def flash_at(self, address: int) -> Flash | None:
        """The non-volatile memory that holds the byte at `address`."""
        return next((flash for flash in self.flashes if flash.holds(address)), None)

    def read(self, address: int, length: int) -> bytes:
        """The `length` bytes from `address`, over the border of adjacent memories too.

        Raises:
            BusFault: with the first address that nothing answers.
        """
        for memory in self.parts:
            if memory.holds(address, length):
                return memory.read(address, length)
        return bytes(self._byte((address + i) % ADDRESSES) for i in range(length))

    def word(self, address: int) -> int:
        """The little-endian word at `address`, which need not be aligned."""
        return int.from_bytes(self.read(address % ADDRESSES, WORD), "little")

    def equals(self, address: int, expected: bytes) -> bool:
        """Whether `expected` stands at `address`; like `memcmp`, reads up to a difference."""
        for memory in self.parts:
            if memory.holds(address, len(expected)):
                return memory.read(address, len(expected)) == expected
        return all(self._byte((address + i) % ADDRESSES) == b for i, b in enumerate(expected))

    def write(self, address: int, value: bytes) -> None:
        """Program non-volatile memory by its rule, or store to RAM.

        Raises:
            BusFault: nothing holds the whole span.
        """
        for memory in self.parts:
            if memory.holds(address, len(value)):
                memory.write(address, value)
                return
        raise BusFault("write", address)

    def store(self, address: int, value: bytes) -> None:
        """What a store instruction does: RAM takes it, anything else faults.

        Non-volatile memory is written through its controller only, which is enabled for the length
        of such a write.
        """
        for ram in self.rams:
            if ram.holds(address, len(value)):
                ram.write(address, value)
                return
        raise BusFault("write", address)

    def _byte(self, address: int) -> int:
        for memory in self.parts:
            if memory.holds(address):
                return memory.read(address, 1)[0]
        raise BusFault("read", address)
