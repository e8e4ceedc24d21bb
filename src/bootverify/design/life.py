"""What is told of a device's life: how updates are made and taken, which rules a release follows, what goes wrong.

A value of None, or an empty word, means that nothing tells: never that it is off.
"""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source


class Behaviour(Enum):
    """What the named release does, where a document of the vendor or of his issue list tells."""

    COUNTER_FAILS_OPEN = "counter-fails-open"  # an image whose counter value cannot be stored is booted all the same
    COUNTER_FAILS_CLOSED = "counter-fails-closed"  # ... is not booted
    COUNTER_FULL_STOPS = "counter-full-stops"  # an update past the last slot is taken and then nothing boots
    COUNTER_FULL_REFUSES = "counter-full-refuses"  # such an update is refused
    VERSION_UNCHECKED_WHEN_PERMANENT = "version-unchecked-when-permanent"  # the comparison is made for test swaps only
    SWAP_CUT_LOSES_IMAGE = "swap-cut-loses-image"  # an interruption can leave an image that no swap completes
    SWAP_CUT_SURVIVES = "swap-cut-survives"
    MISFIT_BLOCKS_STAGING = "misfit-blocks-staging"  # a variant that fits no free slot stays where it is staged
    MISFIT_IS_DROPPED = "misfit-is-dropped"
    ACKNOWLEDGED_EARLY = "acknowledged-early"  # an upload is acknowledged before it is in flash
    UNSIGNED_METADATA = "unsigned-metadata"  # metadata entries are taken from outside what the signature covers
    SIGNED_METADATA = "signed-metadata"
    SCRATCH_ENCRYPTED = "scratch-encrypted"  # a swap decrypts only what it writes to the primary slot
    SCRATCH_PLAIN = "scratch-plain"  # a swap leaves plain sectors in the scratch area
    LOCK_FAILURE_STOPS = "lock-failure-stops"  # a stage that cannot set its lock does not go on
    LOCK_FAILURE_PASSES = "lock-failure-passes"  # ... goes on without
    LOCK_ON = "lock-on"  # ... is on by default
    LOCK_OFF = "lock-off"  # the lock of the boot stage is off by default
    LOCK_ENTRIES_COUNTED = "lock-entries-counted"  # the lock library takes the first free entry, and fails without one
    LOCKS_SURVIVE_SOFT_RESET = (
        "locks-survive-soft-reset"  # a soft reboot leaves lock entries set, every boot takes new ones
    )
    NO_SECOND_SLOT_OPENED = "no-second-slot-opened"  # TF-M opens no second slot
    BUILD_CHECK_OFF = "build-check-off"  # nothing at build time refuses the map


class Recovery(Enum):
    """The recovery by wire that a product has."""

    ABSENT = "absent"
    OPEN = "open"  # whoever has the cable may upload
    GUARDED = "guarded"  # it asks for a proof first


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule against older images; `image` empty where it is meant for every image of the stage that enforces it.

    `by`: `version` (MCUboot compares versions), `nsib` or `mcuboot` (a counter in hardware), `security-counter` (one
    in the image's own metadata), `unknown`. `slots` is the room of the counter, `booted` and `planned` how many
    releases raise it.
    """

    by: str
    image: str = ""
    slots: int | None = None
    booted: int | None = None
    planned: int | None = None
    every_release: bool | None = None
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The state of the fleet: which version of which stage ran, made with which key, and whether it was ever booted."""

    image: str
    version: int | None
    key: str
    booted: bool
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that is told beside the chain, the map and the keys."""

    mode: str = ""  # as MCUboot calls it, or `serial`, `shared-ram`, `single-slot`, `none`
    rules: tuple[Rule, ...] | None = None  # None: nothing tells; empty: none, in words
    compare_build_number: bool | None = None
    releases: tuple[tuple[int, int, int, int], ...] = ()  # major, minor, revision, build; oldest first
    request: str = ""  # `permanent` or `test`: what the update client asks for
    validate: bool | None = None
    validate_once: bool | None = None
    recovery: Recovery | None = None
    factory_image: str = ""  # `signed` or `encryptable`: with the metadata that lets a swap encrypt it again
    clear_release: bool = False  # a release of what MCUboot starts was shipped before updates were encrypted
    save_encrypted: bool | None = None  # MCUboot keeps the wrapped key in the swap status, not the plain one
    metadata_allow_list: bool | None = None
    boot_record: bool | None = None
    deployed: Deployed | None = None
    foreign_keys_exported: bool | None = None  # TF-M's key service takes a key id without asking whose key it is
    glitch: bool = False  # silicon whose debug lock a published glitch opens
    event: str = ""  # `crashing-release`, `wrong-variant`
    behaviours: frozenset[Behaviour] = frozenset()
    source: Source = field(default=NOWHERE, compare=False)

    def does(self, behaviour: Behaviour) -> bool:
        """Whether the release is told to behave so."""
        return behaviour in self.behaviours


NOTHING_KNOWN = Life()
