"""Key management unit of nRF5340 and nRF91: 128 slots of 128 bits behind a secure-only window.

Documents: nRF5340 Product Specification, KMU (secure access only; READKEY, PUSHKEY, revoking); register files for the
meaning of KEYSLOT.CONFIG.PERM (bit 0 write, 1 read, 2 push, 16 state).
"""

from dataclasses import dataclass, field, replace

SLOT_BYTES = 16
UNREADABLE = bytes.fromhex("addeadde") * (SLOT_BYTES // 4)  # PS KMU, READKEY: a refused read returns 0xDEADDEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySlot:
    """One slot; `destination` is the address a push writes to."""

    value: bytes
    destination: int
    readable: bool = False
    pushable: bool = True
    writable: bool = False
    active: bool = True


@dataclass(slots=True)
class Kmu:
    """The slots that were written; an absent slot is erased."""

    count: int
    slots: dict[int, KeySlot] = field(default_factory=dict)

    def provision(self, first: int, value: bytes, *, destination: int, readable: bool) -> None:
        """Write `value` over consecutive slots, as production does (destination advances by one slot's bytes)."""
        for i in range(0, len(value), SLOT_BYTES):
            self.slots[first + i // SLOT_BYTES] = KeySlot(
                value=value[i : i + SLOT_BYTES], destination=destination + i, readable=readable
            )

    def read(self, slot: int, *, secure: bool) -> bytes | None:
        """What a CPU read of the slot's value returns; None when the window refuses the access altogether."""
        if not secure:
            return None
        held = self.slots.get(slot)
        if held is None:
            return b"\xff" * SLOT_BYTES
        return held.value if held.readable and held.active else UNREADABLE

    def push(self, slot: int, *, secure: bool) -> tuple[int, bytes] | None:
        """Where a push delivers the slot's value, and the value; None when nothing is pushed."""
        held = self.slots.get(slot)
        if not secure or held is None or not held.pushable or not held.active:
            return None
        return held.destination, held.value

    def revoke(self, slot: int, *, secure: bool) -> bool:
        """Revoke for good; the value is zeroised. Whether it had an effect."""
        held = self.slots.get(slot)
        if not secure or held is None or not held.active:
            return False
        self.slots[slot] = replace(held, active=False, value=bytes(SLOT_BYTES))
        return True

    def erase(self) -> None:
        """ERASEALL takes the UICR and with it all slots."""
        self.slots.clear()
