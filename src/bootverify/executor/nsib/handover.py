"""The last step of NSIB (bl_boot): protect the storage, hand out interfaces, start the image."""

from bootverify.executor.memory import ADDRESSES, WORD
from bootverify.executor.nsib.config import ExtApi
from bootverify.executor.nsib.event import Booted, ExtApiGiven, Finding, KeyBlocked, KeyPurged
from bootverify.executor.nsib.fwinfo import FW_INFO, FwInfo
from bootverify.executor.nsib.protection import protect
from bootverify.executor.nsib.run import Run
from bootverify.executor.nsib.validation import vector_table


def lock_keys(run: Run) -> None:
    """Block every present key of the unit and purge all, so that later code cannot use them."""
    if run.key_store is None or not run.config.release.keys_locked:
        return
    for index, present in enumerate(run.key_store.present()):
        if present:
            run.key_store.block(index)
            run.events.append(KeyBlocked(index=index))
        run.key_store.purge(index)
        run.events.append(KeyPurged(index=index))


def hand_over(run: Run, slot: int, info: FwInfo) -> Booted | Finding:
    """Start the validated image; the finding says why it was not started."""
    storage = run.config.protected_storage
    if storage is not None and protect(run, storage):
        return Finding.STORAGE_PROTECT
    if not _provide_ext_apis(run, info):
        return Finding.EXT_API
    vtor = vector_table(run, info)
    msp, pc = run.memory.word(vtor), run.memory.word(vtor + WORD)
    return Booted(slot=slot, vtor=vtor, msp=msp, pc=pc)


def _provide_ext_apis(run: Run, info: FwInfo) -> bool:
    """Answer the image's requests in order; False at the first required one that is not met."""
    at = _skip(run, info.at + FW_INFO, info.ext_api_count)
    answered = set()
    for _ in range(info.request_count):
        if at in answered:  # an entry of length 0: the same request again and again
            break
        answered.add(at)
        found = _offered(run, at)
        pointer = run.memory.word(at + 36)
        value = 0 if found is None else found.address
        run.memory.store(pointer, value.to_bytes(WORD, "little"))
        run.events.append(ExtApiGiven(pointer=pointer, id=None if found is None else found.id))
        if found is None and run.memory.word(at + 32):
            return False
        at = _next(run, at)
    return True


def _offered(run: Run, at: int) -> ExtApi | None:
    """The interface that meets the request at `at`; its highest version is exclusive."""
    for offered in run.config.ext_apis:
        identity, flags, lowest, limit = (run.memory.word(at + i) for i in (16, 20, 24, 28))
        if offered.id == identity and lowest <= offered.version < limit and offered.flags & flags == flags:
            return offered
    return None


def _skip(run: Run, at: int, count: int) -> int:
    """The address behind `count` list entries.

    A list that leads back into itself is not walked again and again: only the rest counts.
    """
    seen: dict[int, int] = {}
    done = 0
    while done < count:
        if at in seen:
            count = done + (count - done) % (done - seen[at])
            seen.clear()
            continue
        seen[at] = done
        at = _next(run, at)
        done += 1
    return at


def _next(run: Run, at: int) -> int:
    """The address behind the list entry at `at`."""
    return (at + run.memory.word(at + 12)) % ADDRESSES
