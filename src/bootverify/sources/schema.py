"""The design file as written: strict pydantic models, nothing resolved yet.

An unknown key is a fault, a missing one too; what names refer to is `resolve`'s business.
"""

from typing import Annotated, Literal

from pydantic import Field

from bootverify.design.boot import FEW_COUNTER_SLOTS
from bootverify.sources.schema_life import LifeEntry
from bootverify.sources.schema_settings import ArtifactEntry, ContradictionEntry, SettingsEntry
from bootverify.sources.schema_words import Name, Number, Strict

MemoryName = Literal["internal", "external", "uicr", "sram", "network", "ram_flash"]


class PartitionEntry(Strict):
    """A partition: `at` and `size`, or the `span` of others; a map that states both may contradict itself."""

    at: Number | None = Field(
        default=None, description="first address; internal and UICR: absolute, else from the memory's start"
    )
    size: Number | None = Field(default=None, description="bytes, such as 0x8000 or 32K")
    span: list[Name] | None = Field(default=None, description="the partitions that this one consists of")
    end: Number | None = Field(default=None, description="the end address, where the map states it beside the size")
    partial: bool = Field(default=False, description="the span has members that the map does not list")
    memory: MemoryName = "internal"
    attribution: Literal["secure", "non_secure"] | None = None
    holds: str | None = Field(default=None, description="for the reader")
    store: Literal["nvs"] | None = Field(
        default=None, description="what keeps the data in it: nvs, the usual settings store; default: nothing tells"
    )
    sectors: Annotated[int, Field(ge=2, le=4096)] | None = Field(
        default=None, description="pages that the store uses; default: all of the partition"
    )


class ProtectEntry(Strict):
    """A span that a boot stage protects: write-protects, if nothing else is said."""

    span: Annotated[list[Number], Field(min_length=2, max_length=2, description="[first address, end)")]
    lock: Literal["until_reset", "none"] = Field(default="until_reset", description="none: an SPU region left unlocked")
    deny: list[Literal["read", "write", "execute"]] = Field(
        default=["write"],
        description="what the span loses; an ACL can deny reading (executing with it), RRAMC all three at hand-over",
    )
    when: Literal["start", "hand_over"] | None = Field(
        default=None,
        description="first thing, or just before the next stage; default: start for NSIB, hand_over for MCUboot",
    )


class PartEntry(Strict):
    """One program inside an image that holds several."""

    program: Literal["tfm", "spm", "application"]
    code: Name = Field(description="the partition that holds its code")


class TrustZoneEntry(Strict):
    """What TF-M attributes; derived from the map where absent."""

    secure_code: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    non_secure: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] | None = None
    non_secure_data: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] | None = None
    secure_code_locked_first: bool | None = Field(
        default=None,
        description="TF-M locks its own code before it opens anything; default: true from `sdk` 2.6 on",
    )
    build: Literal["release", "debug"] = Field(
        default="release", description="a debug build of TF-M stops at a write to a locked region"
    )
    isolation_level: Literal[1, 2] = Field(
        default=1, description="at level 2 an application root-of-trust partition is unprivileged"
    )


class ImageEntry(Strict):
    """One image of the chain: what is signed, stored and perhaps shipped."""

    program: Literal["nsib", "mcuboot", "application"] | None = Field(default=None, description="what runs; or `parts`")
    parts: dict[Name, PartEntry] | None = Field(
        default=None, description="stages of an image with several, in boot order"
    )
    slot: Name | None = Field(default=None, description="the partition it is started from")
    slots: list[Name] | None = Field(default=None, description="s0 and s1, for an image that NSIB chooses")
    staging: Name | None = Field(default=None, description="the partition in which its update waits")
    verified_by: Name | None = None
    signature: Literal["none", "ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048", "rsa-3072"] = "none"
    encryption: Literal["none", "ecies-p256", "ecies-x25519", "aes-kw", "rsa-oaep"] = "none"
    decryptor: Name | None = Field(
        default=None, description="the stage meant to decrypt its update; default: the verifier"
    )
    update: Literal["never", "over_the_air", "by_wire"] = Field(
        default="never", description="how its releases travel; by_wire: shipped, with no staging slot on the device"
    )
    attribution: Literal["secure", "non_secure"] | None = None
    protects: list[ProtectEntry] | None = Field(default=None, description="default: what the vendor's program protects")
    lock_library: Literal["first_free", "counted"] | None = Field(
        default=None,
        description="ACL parts: takes the first free entry, or begins with entry 0 in each stage; default: by `sdk`",
    )
    counter: bool | None = Field(default=None, description="NSIB: monotonic version counter")
    provision: Name | None = Field(
        default=None,
        description="NSIB: the flash partition with its key hashes and counters, where the part has no OTP (nRF52)",
    )
    mode: Literal["overwrite", "swap-move", "swap-scratch", "swap-offset", "single-slot"] | None = Field(
        default=None, description="MCUboot: how it installs what is staged"
    )
    validate_primary: bool | None = Field(default=None, description="MCUboot: verify the primary image at every boot")
    downgrade: Literal["none", "version"] | None = Field(default=None, description="MCUboot: refuse a lower version")
    compare_build: bool | None = Field(default=None, description="MCUboot: the build number counts in a comparison")
    compare_tests_only: bool | None = Field(
        default=None, description="MCUboot: a swap for good is not compared, as before issue 1708 was closed"
    )
    security_counter: bool | None = Field(
        default=None, description="MCUboot: hardware keeps the highest security counter and refuses a lower one"
    )
    counter_slots: Annotated[int, Field(ge=0, le=FEW_COUNTER_SLOTS)] | None = Field(
        default=None, description="NSIB, MCUboot: the room of that counter; default: more than there are releases"
    )
    counter_full: Literal["boots", "stops"] | None = Field(
        default=None, description="NSIB: what becomes of a version that finds no room; default: by `sdk`"
    )
    versions: list[Annotated[list[int], Field(min_length=4, max_length=4)]] | None = Field(
        default=None, description="major, minor, revision and build of each release, oldest first; default: n.0.0+0"
    )
    counters: list[Annotated[int, Field(ge=0, le=255)]] | None = Field(
        default=None, description="the security counter in each release, oldest first; default: n"
    )
    trustzone: TrustZoneEntry | None = None


class KmuPlacement(Strict):
    """Slots of the key management unit."""

    kmu: Annotated[list[Annotated[int, Field(ge=0, le=249)]], Field(min_length=1)]
    push_to: Literal["engine", "ram"] = Field(description="where a push delivers the value")
    readable: bool = Field(default=False, description="may the CPU read the value back")


class ImagePlacement(Strict):
    """Among the bytes of an image."""

    image: Name
    release: Annotated[int, Field(ge=1, le=9)] | None = None
    offset: Number = 0x400


class PartitionPlacement(Strict):
    """In a data partition."""

    partition: Name


class ElsewherePlacement(Strict):
    """In a place that is none of the others."""

    elsewhere: Literal["service", "swap-status", "unread", "shipped"]
    words: str = ""


Place = Literal["host", "uicr"] | KmuPlacement | ImagePlacement | PartitionPlacement | ElsewherePlacement


class KeyEntry(Strict):
    """A key: its kind, where its value lies, what it is for."""

    kind: Literal["public", "hash", "private", "symmetric"]
    placement: Place | list[Place]
    verifies: Name | None = None
    signs: Name | None = None
    decrypts: Name | list[Name] | None = None
    opens_images: bool = Field(default=False, description="it decrypts images, of a chain that is not drawn")
    found: list[Literal["factory", "update", "slot", "build"]] = Field(
        default=[], description="files of a build in which the value was seen; slot: where updates are installed"
    )
    published: bool = Field(default=False, description="everybody has the private half")
    fingerprint: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the public half, DER SubjectPublicKeyInfo; known published keys are recognised by it",
    )
    all_words_written: bool | None = Field(
        default=None, description="no word of the value reads as erased storage does"
    )
    other_half: str = Field(default="", description="the private key that belongs to this public one")
    revocable: bool | None = Field(default=None, description="software may revoke the place it lies in")
    state: Literal["provisioned", "empty"] = Field(
        default="provisioned", description="empty: a KMU slot of nRF54L that a bootloader consults and nobody filled"
    )
    per_device: bool | None = Field(default=None, description="each device has its own value")


class LifecycleEntry(Strict):
    """Debug and erase protection; true: protected, null: nothing tells."""

    approtect: bool | None
    secure_approtect: bool | None = True
    eraseprotect: bool = False
    boot_region: Number | None = Field(
        default=None,
        description="nRF54L UICR.BOOTCONF: bytes from 0x0 that hardware write-protects from every reset on",
    )
    flash_patch: bool | None = Field(
        default=None, description="nRF52: the flash patch unit can be used; default: unless the part is told otherwise"
    )


class NetworkEntry(Strict):
    """A program of the network core."""

    boots: bool = Field(description="it is the first stage of that core")
    partition: Name
    verified_by: str = ""
    fed_by: Literal["", "transfer-ram"] = ""
    signature: bool = False
    updatable: bool = False
    locks: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] = Field(default_factory=list)
    transfer_locked: bool | None = None


class OpenPointEntry(Strict):
    """Something that nobody knows, and the questions that it could decide."""

    name: str
    statement: str
    about: list[str] = Field(default_factory=list)
    policies: list[str] = Field(default_factory=list)
    attackers: list[str] = Field(
        default_factory=list, description="those of ours that it is about, and whoever can do as much"
    )
    contradiction: bool = False


class MemoryEntry(Strict):
    """The extent of a memory, where the input states one."""

    at: Number = 0
    size: Number


class DesignEntry(Strict):
    """A design.yaml; without a chain it is a map alone, of which only the claims about maps are asked."""

    bootverify: Literal["design/1"]
    name: Name
    title: str = ""
    soc: Name
    sdk: str = Field(default="", description="release of the nRF Connect SDK, such as 2.6.1")
    partitions: Annotated[dict[Name, PartitionEntry], Field(max_length=1000)]
    memories: dict[MemoryName, MemoryEntry] = Field(default_factory=dict)
    planned: dict[Name, PartitionEntry] = Field(
        default_factory=dict, description="the static map that the build was meant to follow"
    )
    chain: dict[Name, ImageEntry] = Field(default_factory=dict, description="the images, first stage first")
    keys: dict[Name, KeyEntry] = Field(default_factory=dict)
    lifecycle: LifecycleEntry | None = None
    settings: SettingsEntry = SettingsEntry()
    artifacts: dict[Name, ArtifactEntry] = Field(default_factory=dict)
    contradictions: list[ContradictionEntry] = Field(default_factory=list)
    partial_map: bool = Field(default=False, description="the build system adds partitions to these: a static map")
    releases: Annotated[int, Field(ge=1, le=4)] = Field(
        default=2, description="releases of each image that the check considers"
    )
    proposed: dict[Name, PartitionEntry] = Field(
        default_factory=dict, description="the map of the next release, where it differs from the one in the field"
    )
    network: dict[Name, NetworkEntry] = Field(default_factory=dict, description="programs of the network core")
    life: LifeEntry = Field(default_factory=LifeEntry, description="updates, rules and releases over the device's life")
    open_points: list[OpenPointEntry] = Field(default_factory=list)
