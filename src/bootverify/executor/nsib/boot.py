"""NSIB from reset to the start of an image, or to its return (samples/bootloader/src/main.c)."""

from bootverify.executor.flash import PowerLost
from bootverify.executor.memory import ADDRESSES, BusFault, Memory
from bootverify.executor.nsib.config import NsibConfig
from bootverify.executor.nsib.event import (
    Booted,
    Ending,
    Faulted,
    Finding,
    NothingBooted,
    NsibResult,
    Panicked,
    PowerCut,
    Stop,
)
from bootverify.executor.nsib.fwinfo import FwInfo, find_fw_info, invalidate
from bootverify.executor.nsib.handover import hand_over, lock_keys
from bootverify.executor.nsib.protection import protect
from bootverify.executor.nsib.run import Fprotect, KeyStore, Panic, Run
from bootverify.executor.nsib.storage import (
    LifeCycle,
    life_cycle,
    record_version,
    slot_addresses,
    stored_version,
)
from bootverify.executor.nsib.validation import validate

NULL_VERSION = 20  # where the version of a fw_info at the null pointer lies


def boot(
    config: NsibConfig,
    memory: Memory,
    *,
    protection: Fprotect | None = None,
    key_store: KeyStore | None = None,
    crypto_starts: bool = True,
) -> NsibResult:
    """Run NSIB once on `memory`, which it changes.

    `protection` is needed where `config.fprotect` is set, `key_store` on nRF54L. A power cut is
    part of the result, not an exception; what is left of the budget is in the memories' `Power`.
    `crypto_starts` False: the crypto library cannot be initialised in this run.
    """
    run = Run(config, memory, protection, key_store, crypto_starts)
    ending: Ending
    try:
        ending = _main(run)
    except BusFault as fault:
        run.interrupt_trial(Finding.FAULT)
        ending = Faulted(kind=fault.kind, address=fault.address)
    except Panic:
        run.interrupt_trial(Finding.PANIC)
        ending = Panicked()
    except PowerLost:
        run.interrupt_trial(Finding.POWER_CUT)
        ending = PowerCut()
    return NsibResult(ending=ending, trials=tuple(run.trials), events=tuple(run.events))


def _main(run: Run) -> Booted | NothingBooted:
    if run.config.fprotect and protect(run, run.config.bootloader):
        return NothingBooted(why=Stop.B0_PROTECT)
    if run.config.life_cycle_aware and life_cycle(run) is LifeCycle.DECOMMISSIONED:
        return NothingBooted(why=Stop.LIFE_CYCLE)
    for slot, info in _order(run):
        booted = _try(run, slot, info)
        if booted is not None:
            return booted
    lock_keys(run)
    return NothingBooted(why=Stop.NO_IMAGE)


def _order(run: Run) -> tuple[tuple[int, FwInfo | None], ...]:
    """The slots to try: the higher version first, 0 when equal. Nothing is authenticated yet."""
    skip = run.config.search_skip
    s0, s1 = (find_fw_info(run, (at + skip) % ADDRESSES) for at in slot_addresses(run))
    if run.config.release.absent_slot_skipped and (s0 is None or s1 is None):
        return tuple((slot, info) for slot, info in enumerate((s0, s1)) if info is not None)
    if s1 is None or _version(run, s0) >= s1.version:
        return (0, s0), (1, s1)
    return (1, s1), (0, s0)


def _version(run: Run, info: FwInfo | None) -> int:
    return run.memory.word(NULL_VERSION) if info is None else info.version


def _try(run: Run, slot: int, info: FwInfo | None) -> Booted | None:
    """Validate the image and start it; None when the boot loader goes on to the next slot."""
    run.begin_trial(slot)
    if info is None:
        run.end_trial(Finding.NO_FW_INFO)
        return None
    rejection = validate(run, info)
    if rejection:
        run.decide(*rejection)
        invalidate(run, info)
        run.end_trial(rejection[0])
        return None
    # The counter moves before the image has shown that it runs.
    refusal = _advance_counter(run, slot, info) if run.config.counter else None
    if refusal is not None:
        run.end_trial(refusal)
        return None
    lock_keys(run)
    outcome = hand_over(run, slot, info)
    if isinstance(outcome, Finding):
        run.end_trial(outcome)
        return None
    run.end_trial(Finding.BOOTED)
    return outcome


def _advance_counter(run: Run, slot: int, info: FwInfo) -> Finding | None:
    """Record a version above the stored one; the finding says why the slot is passed over."""
    stops = run.config.release.counter_errors_stop
    stored = stored_version(run)
    if stored is None and stops:
        return Finding.COUNTER_UNREADABLE
    if info.version <= (stored or 0):
        return None
    refusal = record_version(run, info.version, slot)
    if refusal is not None and not stops:
        run.note(refusal)
        return None
    return refusal
