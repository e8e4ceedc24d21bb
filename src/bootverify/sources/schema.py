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
    memory: MemoryName = Field(default="internal", description="which memory it lies in")
    attribution: Literal["secure", "non_secure"] | None = Field(
        default=None, description="which side of TrustZone it belongs to; default: nothing tells"
    )
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

    program: Literal["tfm", "spm", "application"] = Field(description="what runs")
    code: Name = Field(description="the partition that holds its code")


class TrustZoneEntry(Strict):
    """What TF-M attributes; derived from the map where absent."""

    secure_code: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="[first address, end) of secure code"
    )
    non_secure: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] | None = Field(
        default=None, description="the ranges that are opened to non-secure code, [first address, end) each"
    )
    non_secure_data: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] | None = Field(
        default=None, description="those of them that non-secure code may not execute"
    )
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
    staging: Name | None = Field(
        default=None,
        description="the partition in which its update waits; with direct-xip and ram-load it starts there, too",
    )
    verified_by: Name | None = Field(
        default=None, description="the stage that verifies and starts it; none for the first"
    )
    signature: Literal["none", "ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048", "rsa-3072"] = Field(
        default="none", description="how its releases are signed"
    )
    encryption: Literal["none", "ecies-p256", "ecies-x25519", "aes-kw", "rsa-oaep"] = Field(
        default="none", description="how the image key of its updates is wrapped"
    )
    decryptor: Name | None = Field(
        default=None, description="the stage meant to decrypt its update; default: the verifier"
    )
    update: Literal["never", "over_the_air", "by_wire"] = Field(
        default="never", description="how its releases travel; by_wire: shipped, with no staging slot on the device"
    )
    attribution: Literal["secure", "non_secure"] | None = Field(
        default=None, description="of an image with one program: the state its code runs in"
    )
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
    mode: (
        Literal["overwrite", "swap-move", "swap-scratch", "swap-offset", "single-slot", "direct-xip", "ram-load"] | None
    ) = Field(default=None, description="MCUboot: how it installs what is staged, or starts it where it lies")
    revert: bool | None = Field(
        default=None,
        description="MCUboot, direct-xip and ram-load: an image that is not confirmed starts once; default: false",
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
    counter_full: Literal["boots", "stops", "refuses"] | None = Field(
        default=None,
        description="what becomes of an image that finds no room: NSIB boots or stops, default: by `sdk`; "
        "MCUboot refuses it, or stops once it is installed, default: stops",
    )
    versions: list[Annotated[list[int], Field(min_length=4, max_length=4)]] | None = Field(
        default=None, description="major, minor, revision and build of each release, oldest first; default: n.0.0+0"
    )
    counters: list[Annotated[int, Field(ge=0, le=255)]] | None = Field(
        default=None, description="the security counter in each release, oldest first; default: n"
    )
    trustzone: TrustZoneEntry | None = Field(default=None, description="what its secure program attributes")


LAST_KMU_SLOT = 249  # of nRF54L, whose KMU has the most (soc.md 5.3)


class KmuPlacement(Strict):
    """Slots of the key management unit."""

    kmu: Annotated[list[Annotated[int, Field(ge=0, le=LAST_KMU_SLOT)]], Field(min_length=1)] = Field(
        description="the slots, by number"
    )
    push_to: Literal["engine", "ram"] = Field(description="where a push delivers the value")
    readable: bool = Field(default=False, description="may the CPU read the value back")


class ImagePlacement(Strict):
    """Among the bytes of an image."""

    image: Name = Field(description="the image")
    release: Annotated[int, Field(ge=1, le=9)] | None = Field(
        default=None, description="the release whose bytes hold it; default: every one"
    )
    offset: Number = Field(default=0x400, description="from the start of the image")


class PartitionPlacement(Strict):
    """In a data partition."""

    partition: Name = Field(description="the partition")


class ElsewherePlacement(Strict):
    """In a place that is none of the others."""

    elsewhere: Literal["service", "swap-status", "unread", "shipped"] = Field(
        description="TF-M, a trailer, words that nobody read, or a file that leaves the house"
    )
    words: str = Field(default="", description="the place, for the reader")


Place = Literal["host", "uicr"] | KmuPlacement | ImagePlacement | PartitionPlacement | ElsewherePlacement


class KeyEntry(Strict):
    """A key: its kind, where its value lies, what it is for."""

    kind: Literal["public", "hash", "private", "symmetric"] = Field(
        description="public half, hash of one, private half, or symmetric"
    )
    placement: Place | list[Place] = Field(
        description="where its value lies: host, uicr, or a mapping; a list for several"
    )
    verifies: Name | None = Field(default=None, description="the image that is verified with it")
    signs: Name | None = Field(default=None, description="the image that is signed with it")
    decrypts: Name | list[Name] | None = Field(
        default=None, description="the images whose updates are decrypted with it"
    )
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
    reusable: bool = Field(
        default=False, description="once revoked, a KMU slot of nRF54L takes another value (its policy rotates)"
    )
    state: Literal["provisioned", "empty"] = Field(
        default="provisioned", description="empty: a KMU slot of nRF54L that a bootloader consults and nobody filled"
    )
    per_device: bool | None = Field(default=None, description="each device has its own value")


class LifecycleEntry(Strict):
    """Debug and erase protection; true: protected, null: nothing tells."""

    approtect: bool | None = Field(description="the debug port is closed")
    secure_approtect: bool | None = Field(default=True, description="the debug port is closed for secure code")
    eraseprotect: bool = Field(default=False, description="the probe is refused to erase everything")
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
    partition: Name = Field(description="the partition it runs from")
    verified_by: str = Field(default="", description="the program that verifies it; empty: nobody")
    fed_by: Literal["", "transfer-ram"] = Field(
        default="", description="the way new bytes take: transfer-ram, a command in shared RAM; empty: none"
    )
    signature: bool = Field(default=False, description="its updates carry a signature")
    updatable: bool = Field(default=False, description="it can be updated")
    locks: list[Annotated[list[Number], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list, description="what it write-protects before it hands over, [first address, end) each"
    )
    transfer_locked: bool | None = Field(
        default=None,
        description="the shared RAM is read-only for the application before it runs; default: nothing tells",
    )
    version_read: bool | None = Field(
        default=None,
        description="MCUboot asks that core for its version, to compare an update's with; default: nothing tells",
    )
    staging: str = Field(default="", description="the partition in which updates of it wait, as an image of its own")
    approtect: bool | None = Field(
        default=None, description="with `boots`: that core's own debug port is closed; default: nothing tells"
    )
    eraseprotect: bool | None = Field(
        default=None,
        description="with `boots`: a probe is refused to erase that core; default: nothing tells, and where"
        " `lifecycle` does not protect the application core either, it is not refused",
    )


class OpenPointEntry(Strict):
    """Something that nobody knows, and the questions that it could decide."""

    name: str = Field(description="what reports call it")
    statement: str = Field(description="what nobody knows")
    about: list[str] = Field(
        default_factory=list, description="the stages, images, partitions and keys that it is about; empty: all"
    )
    policies: list[str] = Field(default_factory=list, description="the policies that it could decide; empty: all")
    attackers: list[str] = Field(
        default_factory=list, description="those of ours that it is about, and whoever can do as much"
    )
    contradiction: bool = Field(default=False, description="two things of the input cannot both be true")


class MemoryEntry(Strict):
    """The extent of a memory, where the input states one."""

    at: Number = Field(default=0, description="first address")
    size: Number = Field(description="bytes")


class DesignEntry(Strict):
    """A design.yaml; without a chain it is a map alone, of which only the claims about maps are asked."""

    bootverify: Literal["design/1"] = Field(description="the version of this format")
    name: Name = Field(description="what reports call it")
    title: str = Field(default="", description="for the reader")
    soc: Name = Field(description="the part (bootverify list socs); unspecified: a map for any")
    sdk: str = Field(default="", description="release of the nRF Connect SDK, such as 2.6.1")
    partitions: Annotated[dict[Name, PartitionEntry], Field(max_length=1000)] = Field(description="the map")
    memories: dict[MemoryName, MemoryEntry] = Field(
        default_factory=dict, description="extents of memories, where they are not the part's own"
    )
    planned: dict[Name, PartitionEntry] = Field(
        default_factory=dict, description="the static map that the build was meant to follow"
    )
    chain: dict[Name, ImageEntry] = Field(default_factory=dict, description="the images, first stage first")
    keys: dict[Name, KeyEntry] = Field(
        default_factory=dict, description="each key: what it is, where its value lies, what it is for"
    )
    lifecycle: LifecycleEntry | None = Field(default=None, description="debug and erase protection")
    settings: SettingsEntry = Field(default=SettingsEntry(), description="what the configuration says beyond the chain")
    artifacts: dict[Name, ArtifactEntry] = Field(
        default_factory=dict, description="signed images in the files of the build"
    )
    contradictions: list[ContradictionEntry] = Field(
        default_factory=list, description="what the input says twice, differently"
    )
    partial_map: bool = Field(default=False, description="the build system adds partitions to these: a static map")
    releases: Annotated[int, Field(ge=1, le=4)] = Field(
        default=2, description="releases of each image that the check considers"
    )
    proposed: dict[Name, PartitionEntry] = Field(
        default_factory=dict, description="the map of the next release, where it differs from the one in the field"
    )
    network: dict[Name, NetworkEntry] = Field(default_factory=dict, description="programs of the network core")
    life: LifeEntry = Field(default_factory=LifeEntry, description="updates, rules and releases over the device's life")
    open_points: list[OpenPointEntry] = Field(
        default_factory=list, description="what nobody knows, and the questions it could decide"
    )
