"""What surrounds NSIB in the recorded vectors: its build, its memories, doubles with faults."""

import re
import zlib
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from typing import Any

from bootverify.check.conform.outcome import Unsupported
from bootverify.dataclass import dataclass
from bootverify.executor.flash import Flash, Power, WriteRule
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.nsib import NsibConfig, release_for
from bootverify.executor.nsib.config import Magics, Signature, ext_apis
from bootverify.executor.nsib.provision import StorageLayout
from bootverify.executor.nsib.release import NsibRelease, VectorTable
from bootverify.ranges import AddressRange

Json = Any  # as read from a file of the recording
STORAGE_RULE = {
    "otp": WriteRule.OTP_HALFWORD,
    "otp-word": WriteRule.OTP_WORD,
    "flash": WriteRule.AND,
}
RAM_START = 0x20000000
RAM_FILL = 0xA5
UNITS = ("spu", "acl")
EFAULT = -14
ENOSPC = -28
ACL_ENTRIES = 8


def build(recorded: Json) -> NsibConfig:
    """The build of NSIB that a `config.json` describes.

    Raises:
        Unsupported: its kind of signature, storage or protection is not modelled.
    """
    options, storage = recorded["options"], recorded["storage"]
    if (
        options["signature"] not in {kind.value for kind in Signature}
        or storage["kind"] not in STORAGE_RULE
        or ("block" in recorded["protection"]) != (recorded["protection"]["backend"] in UNITS)
    ):
        raise Unsupported
    start = int(storage["address"], 0)
    bootloader = int(recorded["bootloader"]["address"], 0)
    protected = None
    if storage["protected_at_hand_over"]:
        protected = AddressRange.sized(start, int(recorded["protection"]["block"], 0))
    words = storage["kind"] == "otp-word"
    return NsibConfig(
        release=_release(recorded),
        magics=Magics(
            fw_info=_magic(recorded["magic"]["fw_info"]),
            ext_api=_magic(recorded["magic"]["ext_api"]),
            validation_info=_magic(recorded["magic"]["validation_info"]),
        ),
        bootloader=AddressRange.sized(bootloader, int(recorded["bootloader"]["size"], 0)),
        slot_size=int(recorded["slots"][0]["size"], 0),
        storage=start,
        storage_layout=StorageLayout.WORDS if words else StorageLayout.HALFWORDS,
        protected_storage=protected,
        search_skip=int(recorded["search_skip"], 0),
        signed_header_skip=int(recorded["signed_header_skip"], 0),
        valid_value=int(recorded["valid_value"], 0),
        signature=Signature(options["signature"]),
        fprotect="block" in recorded["protection"],
        counter=options["rollback_counter"] != "off",
        life_cycle_aware=options["life_cycle_aware"],
        size_check=options["size_check"],
        kmu_revocation=options.get("kmu_revocation", False),
        ext_apis=ext_apis(
            bootloader, ((int(each["id"], 0), each["flags"], each["version"]) for each in recorded["ext_apis"])
        ),
    )


def _release(recorded: Json) -> NsibRelease:
    """What the release does; a build between two releases says itself in what it differs."""
    named = re.search(r"\d+(\.\d+)+", recorded["release"])
    if named is None:
        raise Unsupported
    release = release_for(named[0])
    counter, tokens = recorded["options"]["rollback_counter"], recorded["key_token"]
    return replace(
        release,
        search_offsets=tuple(int(offset, 0) for offset in recorded["fw_info_offsets"]),
        vector_table=VectorTable(recorded["vector_table"]),
        indexed_tokens="index" in tokens["valid"] if isinstance(tokens, dict) else release.indexed_tokens,
        counter_errors_stop="stop" in counter if "errors" in counter else release.counter_errors_stop,
    )


def erased_memory(recorded: Json) -> Memory:
    """Erased memories over the readable ranges: main memory, UICR, RAM."""
    overwrite = recorded.get("flash_write") == "overwrite"
    main = WriteRule.OVERWRITE if overwrite else WriteRule.AND
    otp = STORAGE_RULE[recorded["storage"]["kind"]]
    flashes, rams = [], []
    for start, end in ((int(a, 0), int(b, 0)) for a, b in recorded["readable"]):
        if start >= RAM_START:
            rams.append(Ram(start, end - start, RAM_FILL))
        else:
            rule = main if start == 0 else otp
            flashes.append(FaultyFlash(start, end - start, page=0, rule=rule))
    return Memory(tuple(flashes), tuple(rams))


def reset_ram(memory: Memory) -> None:
    """RAM holds the recording's filler at every reset."""
    for ram in memory.rams:
        ram.data[:] = bytes([RAM_FILL]) * ram.size


@cache
def blob(path: Path) -> bytes:
    """The content of a compressed file."""
    return zlib.decompress(path.read_bytes())


@dataclass(slots=True)
class Faults:
    """What goes wrong in one boot: a power cut, lasting operations that silently do nothing."""

    power: Power = field(default_factory=Power)
    ignored: frozenset[int] = frozenset()
    done: int = 0

    def next_is_ignored(self) -> bool:
        """Count one lasting operation; whether it has no effect."""
        self.done += 1
        return self.done - 1 in self.ignored


@dataclass(slots=True)
class FaultyFlash(Flash):
    """A memory whose writes may do nothing."""

    faults: Faults = field(default_factory=Faults)

    # Python 3.11 has no `typing.override` to mark it with.
    def write(self, address: int, value: bytes, operations: int = 1) -> None:
        """Program, unless this operation is one that has no effect."""
        if self.faults.next_is_ignored():
            self.power.spend(lambda _: None, operations)
        else:
            Flash.write(self, address, value, operations)


@dataclass(slots=True)
class Keys:
    """The key places of the recording: a public key, "revoked", or None."""

    places: list[bytes | str | None]
    faults: Faults = field(default_factory=Faults)

    @classmethod
    def of(cls, recorded: list[str | None]) -> "Keys":
        """The places as a vector gives them."""
        return cls([key if key in {"revoked", None} else bytes.fromhex(key) for key in recorded])

    def present(self) -> tuple[bool, ...]:
        """Whether there is a usable key."""
        return tuple(isinstance(key, bytes) for key in self.places)

    def public_keys(self) -> tuple[bytes | None, ...]:
        """The usable keys."""
        return tuple(key if isinstance(key, bytes) else None for key in self.places)

    def revoke(self, index: int) -> None:
        """Destroy a key, which counts as a write."""
        self.faults.power.spend(lambda _: None)
        if not self.faults.next_is_ignored():
            self.places[index] = "revoked"

    def block(self, index: int) -> None:
        """Without effect: no recorded boot uses a key after it was blocked."""

    def purge(self, index: int) -> None:
        """Wipes a copy that the double does not have."""

    def state(self) -> list[str]:
        """The places as an expectation gives them."""
        return ["present" if isinstance(key, bytes) else "empty" if key is None else key for key in self.places]


@dataclass(slots=True)
class Protection:
    """Records what the SPU or ACL form of fprotect locks, call by call."""

    kind: str
    block: int
    used: int
    fail: int | None
    locks: list[Json] = field(default_factory=list)

    @classmethod
    def of(cls, recorded: Json, op: Json) -> "Protection":
        """The unit of a configuration, with the faults of a step."""
        block = int(recorded.get("block", "0x1"), 0)
        return cls(recorded["backend"], block, op.get("acl_used", 0), op.get("fprotect_fail"))

    def protect(self, start: int, length: int) -> int:
        """Take the next ACL entry, or lock the SPU regions; the call number `fail` goes wrong."""
        call = len(self.locks)
        self.locks.append(None)
        if call == self.fail:
            return EFAULT
        if self.kind == "spu":
            regions = range(start // self.block, (start + length) // self.block)
            self.locks[call] = ["region-lock", list(regions)]
            return 0
        if self.used == ACL_ENTRIES:
            return ENOSPC
        self.locks[call] = ["acl-lock", self.used, start, length]
        self.used += 1
        return 0


def _magic(words: list[str]) -> bytes:
    return b"".join(int(word, 0).to_bytes(4, "little") for word in words)
