"""Key management unit of nRF54L: 250 slots in memory that only the unit reaches; values are pushed, never read back.

Documents: nRF54L15 Datasheet, KMU (push, revoke, read metadata); nRF54LM20A Datasheet, KMU (provision, block, error
handling); lib_kmu.h of the SDK for revocation policies and the SRC structure; soc.md 5.3.
"""

from dataclasses import field, replace
from enum import Enum

from bootverify.dataclass import dataclass

SLOT_BYTES = 16
SICR = range(0x00FF_E000, 0x0100_0000)  # where the slots are kept; no destination may point there
DESTINATION_ALIGNMENT = 16


class SlotState(Enum):
    """Only erased slots can be provisioned; a revoked one is dead until ERASEALL."""

    ERASED = "erased"
    PROVISIONED = "provisioned"
    REVOKED = "revoked"


class Policy(Enum):
    """RPOLICY: what revoking does; code 0 is reserved."""

    ROTATING = 1  # the slot can be provisioned again
    LOCKED = 2  # cannot be revoked
    REVOKED = 3  # once, then dead until ERASEALL


class Event(Enum):
    """What a task ends with."""

    DONE = "done"
    REVOKED = "revoked"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One slot, as provisioned."""

    value: bytes = bytes(SLOT_BYTES)
    destination: int = 0
    policy: Policy = Policy.LOCKED
    metadata: int = 0
    state: SlotState = SlotState.ERASED


EMPTY = Slot()


@dataclass(slots=True)
class KmuV2:
    """The slots that were written, and the blocks of this boot.

    `can_block`: the part has the BLOCK task (nRF54LM20, LV10A, LC10A); all have PUSHBLOCK.
    """

    count: int = 250
    can_block: bool = False
    slots: dict[int, Slot] = field(default_factory=dict)
    push_blocked: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)

    def copy(self) -> "KmuV2":
        """The same slots and blocks in a unit of its own."""
        return KmuV2(self.count, self.can_block, dict(self.slots), set(self.push_blocked), set(self.blocked))

    def reset(self) -> None:
        """Blocks end; slots stay."""
        self.push_blocked.clear()
        self.blocked.clear()

    def erase(self) -> None:
        """ERASEALL takes the SICR with all slots, dead and locked ones too."""
        self.slots.clear()

    # ---- the tasks; the unit answers secure code only ("secure only" in the instance table)

    def provision_slot(self, slot: int, content: Slot, *, secure: bool) -> Event:
        """TASKS_PROVISION: fill an erased slot.

        "dest must be 16-byte aligned and must not point into SICR" (soc.md 5.3).
        """
        refused = content.destination % DESTINATION_ALIGNMENT or content.destination in SICR
        if not self._reached(slot, secure) or slot in self.blocked or refused:
            return Event.ERROR
        if self.state(slot) is not SlotState.ERASED:
            return Event.ERROR
        self.slots[slot] = replace(content, state=SlotState.PROVISIONED)
        return Event.DONE

    def push_slot(self, slot: int, *, secure: bool) -> tuple[Event, tuple[int, bytes] | None]:
        """TASKS_PUSH: the event, and where the value went.

        "A key slot can be pushed only when it is in the PROVISIONED state and if it is not push-blocked." That the
        target took the value is not told: a push can end with success though the target ignored it.
        """
        if not self._reached(slot, secure) or slot in self.blocked | self.push_blocked:
            return Event.ERROR, None
        held = self.slots.get(slot, EMPTY)
        match held.state:
            case SlotState.REVOKED:
                return Event.REVOKED, None
            case SlotState.ERASED:
                return Event.ERROR, None
            case SlotState.PROVISIONED:
                return Event.DONE, (held.destination, held.value)

    def revoke_slot(self, slot: int, *, secure: bool) -> Event:
        """TASKS_REVOKE, as the slot's policy has it."""
        if not self._reached(slot, secure) or slot in self.blocked or self.state(slot) is SlotState.ERASED:
            return Event.ERROR
        held = self.slots[slot]
        if held.state is SlotState.REVOKED:
            return Event.REVOKED
        match held.policy:
            case Policy.LOCKED:
                return Event.ERROR
            case Policy.ROTATING:
                del self.slots[slot]
            case Policy.REVOKED:
                self.slots[slot] = Slot(policy=held.policy, state=SlotState.REVOKED)
        return Event.DONE

    def read_metadata(self, slot: int, *, secure: bool) -> tuple[Event, int | None]:
        """TASKS_READMETADATA: readable while provisioned, blocked or not; it is all that can be read of a slot."""
        if not self._reached(slot, secure):
            return Event.ERROR, None
        held = self.slots.get(slot, EMPTY)
        match held.state:
            case SlotState.PROVISIONED:
                return Event.DONE, held.metadata
            case SlotState.REVOKED:
                return Event.REVOKED, None
            case SlotState.ERASED:
                return Event.ERROR, None

    def block_push(self, slot: int, *, secure: bool) -> Event:
        """TASKS_PUSHBLOCK: no push until reset. An erased slot can still be provisioned, and then not be pushed."""
        if not self._reached(slot, secure):
            return Event.ERROR
        self.push_blocked.add(slot)
        return Event.DONE

    def block(self, slot: int, *, secure: bool) -> Event:
        """TASKS_BLOCK, where the part has it: no push, provision or revoke until reset.

        The SDK never uses it: its block call prefers PUSHBLOCK on every part (soc.md 5.3).
        """
        if not self.can_block or not self._reached(slot, secure):
            return Event.ERROR
        self.blocked.add(slot)
        return Event.DONE

    def state(self, slot: int) -> SlotState:
        """The state of a slot."""
        return self.slots.get(slot, EMPTY).state

    # ---- as the other units of the kind are used

    def provision(self, first: int, value: bytes, *, destination: int, readable: bool, reusable: bool = False) -> None:
        """Write `value` over consecutive slots, as production does, locked; a slot that is taken keeps its value.

        `readable` has no meaning here: there is no read-back of values.
        """
        del readable
        policy = Policy.ROTATING if reusable else Policy.LOCKED
        for i in range(0, len(value), SLOT_BYTES):
            content = value[i : i + SLOT_BYTES].ljust(SLOT_BYTES, b"\0")
            part = Slot(value=content, destination=destination + i, policy=policy)
            self.provision_slot(first + i // SLOT_BYTES, part, secure=True)

    def read(self, _slot: int, *, secure: bool) -> bytes | None:
        """No CPU reads a value, whoever asks."""
        del secure
        return None

    def push(self, slot: int, *, secure: bool) -> tuple[int, bytes] | None:
        """Where a push of the slot delivers its value, and the value; None when nothing is pushed."""
        return self.push_slot(slot, secure=secure)[1]

    def revoke(self, slot: int, *, secure: bool) -> bool:
        """Revoke as the policy has it; whether it had an effect."""
        return self.revoke_slot(slot, secure=secure) is Event.DONE

    def _reached(self, slot: int, secure: bool) -> bool:
        return secure and 0 <= slot < self.count
