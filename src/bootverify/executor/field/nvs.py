"""A settings store of Zephyr's NVS kind: a ring of sectors in which the newest value of each id counts.

Facts: subsys/fs/nvs/nvs.c of Zephyr (nvs_startup, nvs_write, nvs_gc, nvs_prev_ate). Entries (id, offset, length, part,
CRC-8) grow from the end of a sector downwards, data from its start upwards; the last entry of a full sector closes it.
The sector behind the one that is written is kept erased. Nothing in the flash says how many sectors there are.
"""

from dataclasses import field

from bootverify.dataclass import dataclass

HEAD = 8  # bytes of an entry
NO_ID = 0xFFFF  # of an entry that closes a sector, or says that the one behind it was cleaned
ERASED = 0xFF
IDS, ROUNDS = 5, 2  # of a store that is tried


class NvsError(Exception):
    """The store cannot be mounted."""


@dataclass(slots=True)
class Nvs:
    """A store in `data`, with `count` sectors of `sector` bytes; `align` is the flash's write unit in bytes."""

    data: bytearray
    sector: int
    count: int
    align: int = 4
    at: int = 0  # where the next entry goes
    free: int = 0  # where the next data goes
    step: int = field(init=False)

    def __post_init__(self) -> None:
        self.step = -(-HEAD // self.align) * self.align

    # -- what an application does

    def mount(self) -> None:
        """Find the sector that is written: an open one behind a closed one, else the first.

        Raises:
            NvsError: all sectors are closed.
        """
        closed = [self._closed(number) for number in range(self.count)]
        if all(closed):
            raise NvsError
        follows = [n for n in range(self.count) if closed[n] and not closed[(n + 1) % self.count]]
        number = (follows[0] + 1) % self.count if follows else 0
        if not follows and self._entry(self._top(self.count - 1) - self.step) is not None:
            number = self.count - 1  # no sector is closed, and the last one is in use
        self.at = self._last_valid(number)
        self.free = number * self.sector
        while self.at >= self.free and (entry := self._entry(self.at)) is not None:
            if self._valid(entry):
                _, offset, length = self._parts(entry)
                self.free = number * self.sector + self._aligned(offset + length)
            self.at -= self.step
        if not self._blank((number + 1) % self.count):
            self._finish_cleaning(number)
        if self.at == self._top(number) - self.step:
            self._note(NO_ID, self.free % self.sector, 0)

    def write(self, identity: int, value: bytes) -> None:
        """Store `value`; the oldest sector is cleaned when there is no room."""
        size = self._aligned(len(value))
        while self.at < self.free + size + self.step:
            self._close()
            self._clean()
        self.data[self.free : self.free + len(value)] = value
        self._note(identity, self.free % self.sector, len(value))
        self.free += size

    def values(self) -> dict[int, bytes]:
        """The newest value of each id."""
        found: dict[int, bytes] = {}
        for at in self._walk():
            identity, offset, length = self._parts(self._entry(at) or b"\xff" * HEAD)
            start = at // self.sector * self.sector + offset
            if identity != NO_ID:
                found.setdefault(identity, bytes(self.data[start : start + length]))
        return found

    # -- cleaning

    def _finish_cleaning(self, number: int) -> None:
        """The sector behind is not erased: it was left so, or has to be cleaned into this one once more."""
        entries = (self._entry(at) or b"\xff" * HEAD for at in range(self.at + self.step, self._top(number), self.step))
        if not any(self._valid(each) and self._parts(each)[::2] == (NO_ID, 0) for each in entries):
            self._erase(number)
            self.at, self.free = self._top(number) - self.step, number * self.sector
            self._clean()
        else:
            self._erase((number + 1) % self.count)

    def _close(self) -> None:
        number, last = self.at // self.sector, self.at + self.step
        self.at = self._top(number)
        self._note(NO_ID, last % self.sector, 0)
        number = (number + 1) % self.count
        self.at, self.free = self._top(number) - self.step, number * self.sector

    def _clean(self) -> None:
        """Move what still counts of the sector behind the one that is written into it, and erase the other."""
        behind = (self.at // self.sector + 1) % self.count
        if self._closed(behind):
            newest: dict[int, int] = {}
            for at in self._walk():
                newest.setdefault(self._parts(self._entry(at) or b"\xff" * HEAD)[0], at)
            for identity, at in reversed(newest.items()):
                if at // self.sector == behind and identity != NO_ID:
                    _, offset, length = self._parts(self._entry(at) or b"\xff" * HEAD)
                    start = behind * self.sector + offset
                    self.data[self.free : self.free + length] = self.data[start : start + length]
                    self._note(identity, self.free % self.sector, length)
                    self.free += self._aligned(length)
        if self.at >= self.free + self.step:
            self._note(NO_ID, self.free % self.sector, 0)
        self._erase(behind)

    # -- entries

    def _walk(self) -> list[int]:
        """The valid entries from the newest to the oldest; an open sector on the way ends it."""
        found, number, at = [], self.at // self.sector, self.at + self.step
        for _ in range(self.count):
            while at < self._top(number):
                entry = self._entry(at)
                if entry is not None and self._valid(entry):
                    found.append(at)
                at += self.step
            number = (number - 1) % self.count
            closing = self._entry(self._top(number))
            if closing is None:
                break
            _, offset, length = self._parts(closing)
            proper = self._valid(closing) and not length and not (self.sector - offset) % self.step
            at = number * self.sector + offset if proper else self._last_valid(number)
        return found

    def _last_valid(self, number: int) -> int:
        """The lowest valid entry of a sector, which ends where its data begin; the closing one's place if none is."""
        found, end, at = self._top(number), number * self.sector, self._top(number) - self.step
        while at > end:
            entry = self._entry(at)
            if entry is not None and self._valid(entry):
                _, offset, length = self._parts(entry)
                found, end = at, number * self.sector + offset + length
            at -= self.step
        return found - self.step if found == self._top(number) else found

    def _note(self, identity: int, offset: int, length: int) -> None:
        head = b"".join(part.to_bytes(2, "little") for part in (identity, offset, length)) + b"\xff"
        self.data[self.at : self.at + HEAD] = head + bytes([crc8(head)])
        self.at -= self.step

    def _entry(self, at: int) -> bytes | None:
        """The entry there; None where the flash is erased."""
        held = bytes(self.data[at : at + HEAD])
        return None if held == b"\xff" * HEAD else held

    def _valid(self, entry: bytes) -> bool:
        return entry[-1] == crc8(entry[:-1]) and self._parts(entry)[1] < self.sector - self.step

    @staticmethod
    def _parts(entry: bytes) -> tuple[int, int, int]:
        identity, offset, length = (int.from_bytes(entry[i : i + 2], "little") for i in (0, 2, 4))
        return identity, offset, length

    def _top(self, number: int) -> int:
        return (number + 1) * self.sector - self.step

    def _closed(self, number: int) -> bool:
        return self._entry(self._top(number)) is not None

    def _blank(self, number: int) -> bool:
        area = self.data[number * self.sector : (number + 1) * self.sector]
        return area.count(ERASED) == len(area)

    def _erase(self, number: int) -> None:
        self.data[number * self.sector : (number + 1) * self.sector] = bytes([ERASED]) * self.sector

    def _aligned(self, size: int) -> int:
        return -(-size // self.align) * self.align


def crc8(data: bytes) -> int:
    """CRC-8-CCITT from 0xFF.

    >>> hex(crc8(b"123456789"))
    '0xfb'
    """
    value = 0xFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07) & 0xFF if value & 0x80 else value << 1
    return value


def misread(count: int, later: int, *, sector: int, align: int, behind: bytes) -> int | None:
    """The first sector in which a store of `count` sectors may be written when one of `later` misreads it; else None.

    `behind` is what lies behind the store, where the later one is longer. A store goes round and round, so it is looked
    at in each sector of its first and of its second round.
    """
    store = Nvs(bytearray([ERASED]) * (sector * count), sector, count, align)
    store.mount()
    before, entered = -1, 0
    for turn in range(count * sector):
        store.write(1 + turn % IDS, turn.to_bytes(4, "little") * 12)
        number = store.at // sector
        if number == before or turn % IDS:
            continue
        before, entered = number, entered + 1
        room = (bytes(store.data) + behind).ljust(later * sector, b"\xff")[: later * sector]
        other = Nvs(bytearray(room), sector, later, align)
        try:
            other.mount()
        except NvsError:
            return number
        if other.values() != store.values():
            return number
        if entered == ROUNDS * count:
            break
    return None
