"""The provision data as NSIB reads it, and the words it changes there: key tokens, the counter.

Nothing here is checked for plausibility: a wrong key count moves the counters, as on the device.
"""

from enum import Enum, auto

from bootverify.dataclass import dataclass
from bootverify.executor.memory import ADDRESSES
from bootverify.executor.nsib.config import INVALID
from bootverify.executor.nsib.event import Finding
from bootverify.executor.nsib.provision import (
    COUNTER_NSIB,
    ERASED_HALFWORD,
    HASH,
    KEY_ENTRY,
    TYPE_COUNTERS,
    StorageLayout,
    token,
)
from bootverify.executor.nsib.run import Panic, Run

REVOKED_TOKEN = 0x50FA0000  # with the key's index in the top byte


class LifeCycle(Enum):
    """The states of nrf_lcs, in order; each is entered by a word that is no longer erased."""

    ASSEMBLY_AND_TEST = auto()
    PROVISIONING = auto()
    SECURED = auto()
    DECOMMISSIONED = auto()


def life_cycle(run: Run) -> LifeCycle:
    """The highest state that was entered, whatever the words below it say.

    "Any value other than "erased" counts as entered; the highest entered state wins."
    """
    layout, start = run.config.storage_layout, run.config.storage
    words = {
        LifeCycle.DECOMMISSIONED: 3 * layout.unit,
        LifeCycle.SECURED: layout.unit,
        LifeCycle.PROVISIONING: 0,
    }
    for state, offset in words.items():
        if _slot_word(run, start + offset) != _erased(layout):
            return state
    return LifeCycle.ASSEMBLY_AND_TEST


def slot_addresses(run: Run) -> tuple[int, int]:
    """Where slots 0 and 1 start."""
    layout = run.config.storage_layout
    return _field(run, layout.s0), _field(run, layout.s1)


# ---- public keys


def key_count(run: Run) -> int:
    """How many keys the provision data says it has."""
    return _field(run, run.config.storage_layout.key_count)


def key_is_valid(run: Run, index: int) -> bool:
    """Whether the token of key `index` says so.

    Up to 2.6 all tokens but one are valid. Since then there are two good values per index, and any
    other panics.
    """
    value = run.memory.word(_key(run, index))
    if not run.config.release.indexed_tokens:
        return value != INVALID
    if value == REVOKED_TOKEN | index << 24:
        return False
    if value == token(index, indexed=True):
        return True
    raise Panic


def key_hash(run: Run, index: int) -> bytes:
    """The truncated hash of key `index`."""
    return run.memory.read(_key(run, index) + 4, HASH)


def keys_usable(run: Run) -> Finding | None:
    """None, or why every image fails (verify_public_keys).

    A half-word 0xFFFF of a hash could still be written in OTP, so it must not occur in a valid key.
    """
    limit = run.config.release.key_limit
    if limit is not None and key_count(run) > limit:
        return Finding.TOO_MANY_KEYS
    for index in range(key_count(run)):
        if key_is_valid(run, index):
            for at in range(0, HASH, 2):
                if _halfword(run, _key(run, index) + 4 + at) == ERASED_HALFWORD:
                    return Finding.KEY_HASH_FFFF
    return None


def revoke_key(run: Run, index: int) -> None:
    """Take key `index` out of use for good, if it is not already."""
    if key_is_valid(run, index):
        run.program(_key(run, index), INVALID)


# ---- the rollback counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter; `value` is the highest before the first free slot, 0 when there is none; `used` slots are written."""

    slots: int
    used: int
    value: int
    free_slot: int | None


def counter(run: Run) -> Counter | None:
    """The counter of NSIB as it stands; None when the provision data has none.

    Slots hold values inverted. The first erased slot ends the list.
    """
    at = _counter_address(run)
    if at is None:
        return None
    layout = run.config.storage_layout
    slots = _halfword(run, at + 2)
    highest = 0
    for i in range(slots):
        slot = at + 4 + i * layout.unit
        value = _slot_word(run, slot) ^ _erased(layout)
        if value == 0:
            return Counter(slots=slots, used=i, value=highest, free_slot=slot)
        highest = max(highest, value)
    return Counter(slots=slots, used=slots, value=highest, free_slot=None)


def stored_version(run: Run) -> int | None:
    """The version below which no image is accepted; None when there is no counter."""
    found = counter(run)
    return None if found is None else found.value >> 1


def record_version(run: Run, version: int, slot: int) -> Finding | None:
    """Append `version` to the counter; None, or why that was refused.

    The value is cut to the width of a counter slot, its lowest bit says slot 0.
    """
    at = _counter_address(run)
    if at is None or _halfword(run, at + 2) == ERASED_HALFWORD:
        return Finding.COUNTER_SLOTS_UNREADABLE
    if _halfword(run, at + 2) == 0:
        return Finding.COUNTER_ZERO_SLOTS
    erased = _erased(run.config.storage_layout)
    value = (version << 1 | (slot == 0)) & erased
    found = counter(run)
    assert found is not None
    if value <= found.value:
        return Finding.COUNTER_NOT_INCREASING
    if found.free_slot is None:
        return Finding.COUNTER_FULL
    _program_slot(run, found.free_slot, value ^ erased)
    return None


def _counter_address(run: Run) -> int | None:
    """Where the first counter of NSIB starts, behind as many keys as the count says."""
    collection = _key(run, key_count(run))
    if _halfword(run, collection) != TYPE_COUNTERS:
        return None
    at = collection + 4
    for _ in range(_halfword(run, collection + 2)):
        slots = _halfword(run, at + 2)
        if _halfword(run, at) == COUNTER_NSIB:
            return at
        at += 4 + slots * run.config.storage_layout.unit
    return None


# ---- single values


def _key(run: Run, index: int) -> int:
    first = run.config.storage + run.config.storage_layout.keys
    return (first + KEY_ENTRY * index) % ADDRESSES


def _field(run: Run, offset: int) -> int:
    return run.memory.word(run.config.storage + offset)


def _halfword(run: Run, address: int) -> int:
    """One half of the word around it: OTP answers whole words only."""
    return run.memory.word(address & ~3) >> 8 * (address & 2) & 0xFFFF


def _slot_word(run: Run, address: int) -> int:
    if run.config.storage_layout is StorageLayout.WORDS:
        return run.memory.word(address)
    return _halfword(run, address)


def _program_slot(run: Run, address: int, value: int) -> None:
    """Write a counter slot; of the word around a half-word the other half is masked with ones."""
    if run.config.storage_layout is StorageLayout.WORDS:
        run.program(address, value)
        return
    shift = 8 * (address & 2)
    run.program(address & ~3, value << shift | 0xFFFF << (16 - shift))


def _erased(layout: StorageLayout) -> int:
    return (1 << 8 * layout.unit) - 1
