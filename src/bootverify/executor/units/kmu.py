"""Key management unit of nRF5340 and nRF91: 128 slots of 128 bits behind a secure-only window.

Documents: nRF5340 Product Specification, KMU (secure access only; WRITEKEY, READKEY, PUSHKEY, revoking); register files
for SELECTKEYSLOT and KEYSLOT.CONFIG (DEST; PERM with bit 0 write, 1 read, 2 push, 16 state); soc.md 5.1.
"""

from dataclasses import field, replace
from enum import Enum

from bootverify.dataclass import dataclass

SLOT_BYTES = 16
UNREADABLE = bytes.fromhex("addeadde") * (SLOT_BYTES // 4)  # PS KMU, READKEY: a refused read returns 0xDEADDEAD
WRITE, READ, PUSH, STATE = 0x1, 0x2, 0x4, 0x1_0000  # in PERM, where 1 allows and 1 is active
HALF = 0xFFFF
ERASED_WORD = 0xFFFF_FFFF


class PushEvent(Enum):
    """What TASKS_PUSH_KEYSLOT ends with."""

    PUSHED = "pushed"
    REVOKED = "revoked"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySlot:
    """One slot; `destination` is the address a push writes to. An empty one is open to any secure code."""

    value: bytes = b"\xff" * SLOT_BYTES
    destination: int = ERASED_WORD
    permission: int = ERASED_WORD

    @property
    def active(self) -> bool:
        """Not revoked."""
        return bool(self.permission & STATE)

    def allows(self, bit: int) -> bool:
        """Whether an active slot has this permission."""
        return self.active and bool(self.permission & bit)


EMPTY = KeySlot()


@dataclass(slots=True)
class Kmu:
    """The slots that were written; an absent slot is erased. `selected` is sticky: it outlives the code that chose."""

    count: int
    slots: dict[int, KeySlot] = field(default_factory=dict)
    selected: int | None = None
    blocked: bool = False  # STATUS.BLOCKED

    def copy(self) -> "Kmu":
        """The same slots in a unit of its own."""
        return Kmu(self.count, dict(self.slots), self.selected, self.blocked)

    def reset(self) -> None:
        """Every reset: no slot selected; the slots are in the UICR and stay."""
        self.selected = None
        self.blocked = False

    def erase(self) -> None:
        """ERASEALL takes the UICR and with it all slots."""
        self.slots.clear()

    # ---- the registers, for secure code

    def select(self, identity: int) -> None:
        """Write SELECTKEYSLOT.ID: a slot's number plus 1; 0 selects none."""
        self.selected = identity - 1 if 0 < identity <= self.count else None

    def write_permission(self, slot: int, value: int) -> bool:
        """Write PERM; whether all of it took effect.

        Each half is writable only while it reads 0xFFFF: permissions can be set once, and so can STATE, whose half a
        revocation uses up. Revoking zeroises the value.
        """
        held = self.slots.get(slot, EMPTY)
        taken = 0
        for half in (HALF, HALF << 16):
            taken |= (value if held.permission & half == half else held.permission) & half
        self._put(slot, replace(held, permission=taken, value=held.value if taken & STATE else bytes(SLOT_BYTES)))
        return taken == value

    def write_destination(self, slot: int, value: int) -> None:
        """Write DEST, which lies in UICR: bits only fall (ps-nrf5340, NVMC)."""
        held = self.slots.get(slot, EMPTY)
        self._put(slot, replace(held, destination=held.destination & value))

    def write_key(self, slot: int, value: bytes) -> bool:
        """Write the four words of a value; only while the slot is selected, active and writable."""
        held = self.slots.get(slot, EMPTY)
        if self.selected != slot or not held.allows(WRITE):
            self.blocked = True
            return False
        fallen = bytes(old & new for old, new in zip(held.value, value, strict=True))
        self._put(slot, replace(held, value=fallen))
        return True

    def read_key(self, slot: int) -> bytes:
        """Read the four words of a value.

        "no slot selected, slot not readable, slot revoked, or address of another slot": the read returns 0xDEADDEAD.
        """
        held = self.slots.get(slot, EMPTY)
        if self.selected != slot or not held.allows(READ):
            self.blocked = True
            return UNREADABLE
        return held.value

    def push_selected(self) -> tuple[PushEvent, tuple[int, bytes] | None]:
        """TASKS_PUSH_KEYSLOT: its event, and where the value of the selected slot went, if it did.

        Nothing looks at the destination: memory that the CPU reads gets the value like a key register.
        """
        if self.selected is None:
            return PushEvent.ERROR, None
        held = self.slots.get(self.selected, EMPTY)
        if not held.active:
            return PushEvent.REVOKED, None
        if not held.allows(PUSH) or held.destination == ERASED_WORD:
            return PushEvent.ERROR, None
        return PushEvent.PUSHED, (held.destination, held.value)

    # ---- what software does with them

    def provision(self, first: int, value: bytes, *, destination: int, readable: bool, reusable: bool = False) -> None:
        """Write `value` over consecutive slots, as production does (destination advances by one slot's bytes).

        The SDK's permissions: not writable any more, pushable, and readable only if so wanted. What would lie behind
        the last slot is nowhere, and no slot is `reusable` once it was revoked.
        """
        del reusable
        permission = ERASED_WORD & ~WRITE & (ERASED_WORD if readable else ~READ)
        for i in range(0, len(value), SLOT_BYTES):
            part = KeySlot(value=value[i : i + SLOT_BYTES], destination=destination + i, permission=permission)
            if first + i // SLOT_BYTES < self.count:
                self._put(first + i // SLOT_BYTES, part)

    def read(self, slot: int, *, secure: bool) -> bytes | None:
        """What a CPU that selects the slot reads of its value; None when the window refuses the access altogether."""
        if not secure:
            return None
        self.select(slot + 1)
        return self.read_key(slot)

    def push(self, slot: int, *, secure: bool) -> tuple[int, bytes] | None:
        """Where a push of the slot delivers its value, and the value; None when nothing is pushed."""
        if not secure:
            return None
        self.select(slot + 1)
        return self.push_selected()[1]

    def revoke(self, slot: int, *, secure: bool) -> bool:
        """Revoke for good; the value is zeroised. Whether it had an effect."""
        held = self.slots.get(slot)
        if not secure or held is None or not held.active:
            return False
        self.write_permission(slot, held.permission & ~STATE)
        return not self.slots[slot].active

    def _put(self, slot: int, held: KeySlot) -> None:
        if not 0 <= slot < self.count:
            raise IndexError(f"this part has {self.count} key slots, so no slot {slot}")
        self.slots[slot] = held
