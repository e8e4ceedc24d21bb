"""NSIB on real bytes: its provision data as programmed, the image it chooses, and the key that verified it."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from hashlib import sha256

from bootverify.design.memory import MemoryKind, Role
from bootverify.design.settings import Told
from bootverify.executor.crypto import Scheme
from bootverify.executor.flash import PowerLost
from bootverify.executor.making.nsib_build import family
from bootverify.executor.memory import Memory
from bootverify.executor.nsib import NsibConfig, NsibResult, release_for
from bootverify.executor.nsib import boot as run_nsib
from bootverify.executor.nsib.config import Magics, Signature
from bootverify.executor.nsib.event import Booted, Faulted, Finding, NothingBooted, Panicked, PowerCut, WordWritten
from bootverify.executor.nsib.fwinfo import FwInfo, find_fw_info, find_validation_info
from bootverify.executor.nsib.key_places import PLACES, KeyPlaces
from bootverify.executor.nsib.provision import HASH, KEY_ENTRY, TYPE_COUNTERS, StorageLayout, storage_base, token
from bootverify.executor.nsib.release import RELEASE_2_6, RELEASE_3_1, RELEASE_MAIN, NsibRelease
from bootverify.executor.nsib.run import Run
from bootverify.executor.nsib.storage import key_count, key_hash
from bootverify.executor.programmed.board import Board, twin_of
from bootverify.executor.programmed.choices import tried
from bootverify.executor.programmed.story import Teller, by
from bootverify.ranges import AddressRange

P256_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # RFC 5480, up to the point
MOST_KEYS = 16
WORD = 4
RAW_ED25519 = 32
RELEASES = (RELEASE_2_6, RELEASE_3_1, RELEASE_MAIN)


def choose(board: Board, teller: Teller) -> int:
    """The vector table of the image that NSIB starts.

    Raises:
        Ended: it starts nothing, or it depends on what is not told.
    """
    storage = _storage(board)
    base = _config(board, teller, storage)
    memory = board.memory()
    flash = board.firmware.design.soc.flash
    base = replace(base, storage=storage_base(memory, storage.start, base.storage_layout, flash))
    if board.firmware.nsib.signature is not None and not board.firmware.nsib.signature.value:
        raise teller.open(f"it is built without signature verification{by(board.firmware.nsib.signature)}")
    if memory.read(base.storage + base.storage_layout.s0, 12) == b"\xff" * 12:
        raise teller.open(f"no provision data at {storage.start:#x}: production writes it, and no file here has it")
    _tell_keys(teller, memory, base)
    if base.signature is Signature.ED25519:
        _fill_places(board, teller)
    asked = None if board.places is None or board.settled else (_twin(board), _places(board))
    result, config = _agreed(board, teller, base)
    _tell(board, teller, memory, result, config)
    if asked is not None:
        _tell_place(teller, config, *asked)
    match result.ending:
        case Booted(vtor=vtor):
            return vtor
        case NothingBooted(why=why):
            raise teller.stop(f"nothing to boot ({why})")
        case Faulted(kind=kind, address=address):
            raise teller.stop(f"bus fault, {kind} at {address:#x}")
        case Panicked():
            raise teller.stop("panic")
        case PowerCut():
            raise PowerLost


def _fill_places(board: Board, teller: Teller) -> None:
    """The keys in the KMU: no programming file holds them, so those that the user gives, in the order of places."""
    given = [key for key in board.firmware.keys if key.at is None and key.kind == Scheme.ED25519.value]
    if not given:
        raise teller.open("its keys lie in the KMU, which no programming file holds; give them with --public-key")
    for slot, key in zip(PLACES, given, strict=False):
        teller.say(f"KMU slot {slot}: {teller.key(key.digest)}, given by {key.file}")
    if board.places is None:
        board.places = _held([key.value[-RAW_ED25519:] for key in given[: len(PLACES)]])
    board.places.reset()


def _places(board: Board) -> KeyPlaces:
    """The keys as they stand, for a run that is no more than a question."""
    held = board.places.keys if board.places is not None else []
    return KeyPlaces(list(held), replace(board.device.flash.power, journal=None))


def provisioned(board: Board) -> bool:
    """Whether something that reads as provision data stands in the OTP words: slot addresses inside the memory."""
    soc = board.firmware.design.soc
    if soc.otp is None:
        return False
    layout = StorageLayout.WORDS if soc.otp_word == WORD else StorageLayout.HALFWORDS
    words = [board.memory().word(soc.otp.start + at) for at in (layout.s0, layout.s1)]
    return all(word in soc.flash for word in words)


def _storage(board: Board) -> AddressRange:
    """Where the provision data lie: the partition of that name, else the OTP words (ncs-boot 1.8)."""
    found = board.partition(Role.PROVISION)
    if found is not None and found.memory in {MemoryKind.INTERNAL, MemoryKind.UICR}:
        return found.range
    otp = board.firmware.design.soc.otp
    return otp if otp is not None else AddressRange(0, 0)


def _config(board: Board, teller: Teller, storage: AddressRange) -> NsibConfig:
    soc = board.firmware.design.soc
    words = soc.otp_word == WORD
    slot = board.partition(Role.VARIANT_A)
    pad = next((each for each in board.firmware.design.partitions if each.name == "s0_pad"), None)
    skip = pad.range.size if pad is not None else board.firmware.search_skip or 0
    if slot is None:
        teller.not_told("NSIB: the size of its slots, so its check of the image's size is left out")
    return NsibConfig(
        release=RELEASE_MAIN,
        magics=Magics.of_hardware(family(board.firmware.design)),
        bootloader=AddressRange(0, 0),
        slot_size=slot.range.size if slot is not None else 0,
        storage=storage.start,
        storage_layout=StorageLayout.WORDS if words else StorageLayout.HALFWORDS,
        search_skip=skip,
        signature=Signature.ED25519 if words else Signature.ECDSA_P256,
        fprotect=False,
        counter=False,
        size_check=slot is not None,
    )


def _agreed(board: Board, teller: Teller, base: NsibConfig) -> tuple[NsibResult, NsibConfig]:
    """The result of the build that is told; of all builds it can be, where they end alike."""
    options = board.firmware.nsib
    releases, counters = _releases(board, base), _choices(options.counter)
    # Life-cycle awareness came with 3.2.99 (ncs-boot 0.1).
    cycles = _choices(options.life_cycle) if RELEASE_MAIN in releases else (False,)
    axes: dict[str, Sequence[object]] = {
        "the release": releases,
        "its rollback counter": counters,
        "its life-cycle check": cycles,
    }

    def built(release: NsibRelease, counter: bool, cycle: bool) -> NsibConfig:
        return replace(base, release=release, counter=counter, life_cycle_aware=cycle and release == RELEASE_MAIN)

    def end_of(release: NsibRelease, counter: bool, cycle: bool) -> Hashable:
        result = run_nsib(built(release, counter, cycle), _twin(board), key_store=_places(board))
        return (result.ending, tuple((trial.slot, trial.outcome) for trial in result.trials))

    config = built(releases[0], counters[0], cycles[0])
    if board.settled or all(len(values) == 1 for values in axes.values()):
        return _run(board, config), config
    found = tried(axes, end_of)
    if not found.agree:
        raise teller.open(f"what it starts depends on {' and '.join(found.deciding)}, and nothing tells")
    if found.untold:
        taken = f"; taken to be {_words(config)}" if board.lasting else ""
        teller.not_told(f"NSIB: {', '.join(found.untold)}; every choice ends alike{taken}")
    return _run(board, config), config


def _words(config: NsibConfig) -> str:
    """The build that a device is taken for whose later boots depend on what it writes."""
    counter, cycle = ("with" if each else "without" for each in (config.counter, config.life_cycle_aware))
    return f"{config.release.name}, {counter} a counter, {cycle} a life-cycle check"


def _run(board: Board, config: NsibConfig) -> NsibResult:
    """NSIB on the device itself."""
    if board.places is not None:
        board.places.power = board.device.flash.power
    return run_nsib(config, board.memory(), key_store=board.places)


def _twin(board: Board) -> Memory:
    """The memories in copies, for a run that is no more than a question."""
    memory = board.memory()
    return Memory(tuple(twin_of(flash) for flash in memory.flashes), memory.rams)


def _held(places: Sequence[bytes | None]) -> KeyPlaces:
    return KeyPlaces([*places, *([None] * (len(PLACES) - len(places)))])


def _releases(board: Board, base: NsibConfig) -> tuple[NsibRelease, ...]:
    """The release that is told; else those whose provisioning writes key tokens as they stand here (ncs-boot 1.4)."""
    sdk = board.firmware.design.sdk
    if sdk[:1].isdigit():
        return (release_for(_numbers(sdk)),)
    layout, memory = base.storage_layout, board.memory()
    if memory.word(base.storage + layout.key_count) == 0:
        return RELEASES
    indexed = memory.word(base.storage + layout.keys) != token(0, indexed=False)
    return tuple(release for release in RELEASES if release.indexed_tokens is indexed)


def _choices(told: Told | None) -> tuple[bool, ...]:
    return (bool(told.value),) if told is not None else (False, True)


def _numbers(sdk: str) -> str:
    return ".".join(part if part.isdigit() else "0" for part in sdk.split(".")[:3])


# ---- the log


def _tell_place(teller: Teller, config: NsibConfig, memory: Memory, places: KeyPlaces) -> None:
    """Which of the keys in the KMU verifies what lies there: the first with which alone something boots."""
    for number, slot in enumerate(PLACES):
        alone = KeyPlaces([key if other == number else None for other, key in enumerate(places.keys)])
        copies = Memory(tuple(flash.copy() for flash in memory.flashes), memory.rams)
        if isinstance(run_nsib(config, copies, key_store=alone).ending, Booted):
            teller.say(f"verified with the key of KMU slot {slot}")
            return


def _tell_keys(teller: Teller, memory: Memory, config: NsibConfig) -> None:
    layout, start = config.storage_layout, config.storage
    slots = (memory.word(start + layout.s0), memory.word(start + layout.s1))
    count = memory.word(start + layout.key_count)
    teller.say(f"provision data at {start:#x}: slots at {slots[0]:#x} and {slots[1]:#x}, {count} keys")
    for index in range(min(count, MOST_KEYS)):
        at = start + layout.keys + index * KEY_ENTRY
        digest = memory.read(at + 4, HASH).hex()
        teller.say(f"provisioned {index}: {teller.key(digest, 'key hash')}")
    at = start + layout.keys + min(count, MOST_KEYS) * KEY_ENTRY
    if int.from_bytes(memory.read(at, 2), "little") == TYPE_COUNTERS:
        slots_of = int.from_bytes(memory.read(at + 6, 2), "little")
        teller.say(f"a version counter with room for {slots_of} values")


def _tell(board: Board, teller: Teller, memory: Memory, result: NsibResult, config: NsibConfig) -> None:
    layout = config.storage_layout
    for trial in result.trials:
        slot = memory.word(config.storage + (layout.s1 if trial.slot else layout.s0))
        words = f"slot {trial.slot} at {slot:#x}: {trial.outcome}"
        if trial.outcome is Finding.BOOTED:
            unverified = Finding.ACCEPTED_UNVERIFIED in trial.notes
            words = f"slot {trial.slot} at {slot:#x}: {_accepted(teller, memory, config, slot, unverified=unverified)}"
        teller.say(words)
    for event in result.events:
        if isinstance(event, WordWritten) and event.old != event.new:
            teller.say(f"writes {event.value:#010x} at {event.address:#x}")
    if board.firmware.nsib.counter is not None:
        on = "on" if board.firmware.nsib.counter.value else "off"
        teller.say(f"rollback counter {on}{by(board.firmware.nsib.counter)}")


def _accepted(teller: Teller, memory: Memory, config: NsibConfig, slot: int, *, unverified: bool) -> str:
    """Version, size and signer of the image that was taken."""
    run = Run(config, memory, None, None, True)
    info = find_fw_info(run, slot + config.search_skip)
    assert info is not None, "it was just booted"
    return f"version {info.version}, {info.size:,} bytes, {_signer(teller, run, info, unverified=unverified)}"


def _signer(teller: Teller, run: Run, info: FwInfo, *, unverified: bool) -> str:
    """Whose signature it is: the provisioned hash that names the key in the image, and the key's fingerprint.

    In a life cycle of assembly NSIB looks at no signature (ncs-boot 1.2).
    """
    if unverified:
        return "its signature is NOT looked at in this life cycle"
    if run.config.signature is Signature.ED25519:
        return "signature good"
    trailer = find_validation_info(run, info.address + info.size)
    assert trailer is not None, "it was just verified"
    wanted = sha256(trailer.public_key).digest()[:HASH]
    index = next((i for i in range(key_count(run)) if key_hash(run, i) == wanted), None)
    signer = teller.key(sha256(P256_INFO + trailer.public_key).hexdigest())
    return f"signature good, by the key of hash {index}: {signer}"
