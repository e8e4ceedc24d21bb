"""Whether an image may be started: the checks of bl_validation.c, in its order."""

from collections.abc import Callable
from hashlib import sha256

from bootverify.dataclass import dataclass
from bootverify.executor.crypto import verify_ed25519, verify_p256_raw
from bootverify.executor.memory import ADDRESSES
from bootverify.executor.nsib.config import Signature
from bootverify.executor.nsib.event import Finding, KeyRevoked
from bootverify.executor.nsib.fwinfo import (
    FwInfo,
    ValidationInfo,
    find_fw_info,
    find_validation_info,
)
from bootverify.executor.nsib.provision import HASH
from bootverify.executor.nsib.release import VectorTable
from bootverify.executor.nsib.run import Run
from bootverify.executor.nsib.storage import (
    LifeCycle,
    key_count,
    key_hash,
    key_is_valid,
    keys_usable,
    life_cycle,
    revoke_key,
    stored_version,
)

Rejection = tuple[Finding, ...]  # the reason, then what else is logged with it; empty: accepted
ACCEPTED: Rejection = ()
_BOOT = VectorTable.BOOT_ADDRESS


def vector_table(run: Run, info: FwInfo) -> int:
    """The address that the image is started from, and that its validation_info must repeat."""
    match run.config.release.vector_table:
        case VectorTable.ADDRESS:
            return info.address
        case VectorTable.BOOT_ADDRESS:
            return info.boot_address


def validate(run: Run, info: FwInfo) -> Rejection:
    """Validate the image that `info` describes, where it says it is; not where its slot is."""
    start = info.address
    again = find_fw_info(run, (start + run.config.signed_header_skip) % ADDRESSES)
    if again != info:
        return (Finding.FWINFO_NOT_FIRST,)
    if info.valid != run.config.valid_value:
        return (Finding.INVALIDATED,)
    if run.config.counter and (rejection := _below_counter(run, info)):
        return rejection
    if run.config.size_check and (info.size > run.config.slot_size or info.total_size > info.size):
        return (Finding.SIZE,)
    end = (start + info.size) % ADDRESSES
    if not _region_within(info.at, (info.at + info.total_size) % ADDRESSES, start, end):
        return (Finding.FWINFO_OUTSIDE,)
    if not _within(info.boot_address, start, end):
        return (Finding.BOOT_ADDRESS_OUTSIDE,)
    if not _within(run.memory.word(info.boot_address + 4), start, end):
        return (Finding.RESET_OUTSIDE,)
    trailer = find_validation_info(run, end)
    if trailer is None:
        return (Finding.NO_VALIDATION_INFO,)
    if trailer.address != vector_table(run, info):
        return (Finding.VALIDATION_ADDRESS,)
    # In this state the signature is skipped, and the check of the hash that should replace it is
    # never compiled in: bl_validation.c asks for a macro that nothing defines.
    if run.config.life_cycle_aware and life_cycle(run) is LifeCycle.ASSEMBLY_AND_TEST:
        run.note(Finding.ACCEPTED_UNVERIFIED)
        return ACCEPTED
    return _verify(run, info, trailer)


def validate_digest(run: Run, fetch: Callable[[int, int], bytes], *, source: int, destination: int) -> str:
    """Why the image at `source`, which belongs to `destination`, is refused by a build that checks digests alone.

    `fetch` reads the source (address, length), which may lie in another core's memory. Empty when it is accepted. The
    checks and their order are those of `validate`, with addresses of the image moved from source to destination
    (bl_validate_firmware; ncs-boot 1.2, CONFIG_SB_VALIDATE_FW_HASH).
    """
    copied = _Copy(fetch, source)
    at = next((o for o in run.config.release.search_offsets if copied.shows(o, run.config.magics.fw_info)), None)
    if at is None:
        return "no metadata"
    total, size, _, address, boot_address, valid = (copied.word(at + offset) for offset in range(12, 36, 4))
    if address != destination:
        return "it belongs to another address"
    if valid != run.config.valid_value:
        return Finding.INVALIDATED.value
    end = destination + size
    if not _region_within(destination + at, destination + at + total, destination, end):
        return Finding.FWINFO_OUTSIDE.value
    if not _within(boot_address, destination, end):
        return Finding.BOOT_ADDRESS_OUTSIDE.value
    if not _within(copied.word(boot_address - destination + 4), destination, end):
        return Finding.RESET_OUTSIDE.value
    late = next((size + i for i in range(5) if copied.shows(size + i, run.config.magics.validation_info)), None)
    if late is None:
        return Finding.NO_VALIDATION_INFO.value
    if copied.word(late + 12) != (boot_address if run.config.release.vector_table is _BOOT else address):
        return Finding.VALIDATION_ADDRESS.value
    return "" if fetch(source + late + 16, 32) == sha256(fetch(source, size)).digest() else "digest"


@dataclass(frozen=True, slots=True)
class _Copy:
    """An image at `source`, by offsets."""

    fetch: Callable[[int, int], bytes]
    source: int

    def word(self, offset: int) -> int:
        return int.from_bytes(self.fetch((self.source + offset) % ADDRESSES, 4), "little")

    def shows(self, offset: int, expected: bytes) -> bool:
        return self.fetch((self.source + offset) % ADDRESSES, len(expected)) == expected


def _below_counter(run: Run, info: FwInfo) -> Rejection:
    """Whether the rollback counter forbids the version; equal is allowed."""
    floor = stored_version(run)
    if floor is None:
        if run.config.release.counter_errors_stop:
            return (Finding.COUNTER_UNREADABLE,)
        # "We assume this is due to the firmware version not being enabled."
        run.note(Finding.COUNTER_UNREADABLE)
        return ACCEPTED
    return (Finding.VERSION_BELOW_COUNTER,) if info.version < floor else ACCEPTED


def _verify(run: Run, info: FwInfo, trailer: ValidationInfo) -> Rejection:
    """Check the signature over the image without the bytes of its header."""
    if run.config.signature is Signature.ECDSA_P256 and not run.crypto_starts:
        return (Finding.CRYPTO_INIT,)
    problem = keys_usable(run)
    if problem is not None:
        return (problem,)
    skip = run.config.signed_header_skip
    start, length = (info.address + skip) % ADDRESSES, (info.size - skip) % ADDRESSES
    match run.config.signature:
        case Signature.ECDSA_P256:
            return _verify_ecdsa(run, start, length, trailer)
        case Signature.ED25519:
            return _verify_ed25519(run, start, length, trailer)


def _verify_ecdsa(run: Run, start: int, length: int, trailer: ValidationInfo) -> Rejection:
    """The first key that is the image's decides; a good signature revokes all keys before it."""
    for index in range(key_count(run)):
        if not key_is_valid(run, index):
            continue
        public_key = trailer.public_key
        if sha256(public_key).digest()[:HASH] != key_hash(run, index):
            continue
        # What is signed is the digest of the image, and ECDSA hashes once more.
        digest = sha256(run.memory.read(start, length)).digest()
        if not verify_p256_raw(public_key, digest, trailer.signature):
            return (Finding.SIGNATURE,)
        for earlier in range(index):
            revoke_key(run, earlier)
        run.decide(Finding.VERIFIED)
        return ACCEPTED
    return (Finding.NO_MATCHING_KEY,)


def _verify_ed25519(run: Run, start: int, length: int, trailer: ValidationInfo) -> Rejection:
    """All keys of the unit are tried in order; the first that fits revokes those before it."""
    if length == 0 or not run.crypto_starts or run.key_store is None:
        return (Finding.CRYPTO_ERROR, Finding.NO_MATCHING_KEY)
    message, signature = run.memory.read(start, length), trailer.signature
    present = run.key_store.present()
    for index, key in enumerate(run.key_store.public_keys()):
        if key is None or not verify_ed25519(key, message, signature):
            continue
        for earlier in range(index if run.config.kmu_revocation else 0):
            if present[earlier]:
                run.key_store.revoke(earlier)
                run.events.append(KeyRevoked(index=earlier))
        run.decide(Finding.VERIFIED)
        return ACCEPTED
    return (Finding.SIGNATURE, Finding.NO_MATCHING_KEY)


def _within(address: int, start: int, end: int) -> bool:
    """Half-open; no address is within a range that wraps."""
    return start <= address < end


def _region_within(inner: int, inner_end: int, start: int, end: int) -> bool:
    """Whether first and last byte are within; of an empty region, the byte before it."""
    last = (inner_end - 1) % ADDRESSES
    return inner <= inner_end and _within(inner, start, end) and _within(last, start, end)
