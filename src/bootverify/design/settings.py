"""What configuration says of the chain beyond its stages and steps; unknown stays unknown."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A value and the place that says so."""

    value: bool | str | int
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Choices of the configuration; None where nothing tells (absent from a file is unknown, not off)."""

    bootloader: Told | None = None  # a boot loader is part of the build
    updates_encrypted: Told | None = None
    update_mode: Told | None = None  # as MCUboot calls it: overwrite, swap-move, direct-xip, ...
    unequal_slots: Told | None = None  # delta or compressed updates: slots may differ in size
    protects_itself: Told | None = None  # the last boot stage write-protects its own area (FPROTECT)
    downgrade_prevention: Told | None = None
    serial_recovery: Told | None = None
    open_management: Told | None = None  # updates are taken over the air without pairing or authentication
    nsib_key_given: Told | None = None  # false: the build makes a throw-away signing key
    debug_closed: Told | None = None
    secure_debug_closed: Told | None = None
    non_secure_application: Told | None = None
    signatures_checked: Told | None = None  # false: MCUboot or NSIB takes images by their digest alone
    primary_verified: Told | None = None  # the primary image is verified at every boot, not once or never
    image_sectors: Told | None = None  # how many sectors of a slot MCUboot can keep track of
    network_update: Told | None = None  # MCUboot also installs images of the network core
    nsib_counter: Told | None = None  # NSIB counts versions and refuses older ones
    keys_revocable: Told | None = None  # of several keys in the KMU, MCUboot revokes those before the one in use
    counter_bounded: Told | None = None  # MCUboot refuses an update that finds no free slot of the hardware counter
    fields_listed: Told | None = None  # MCUboot refuses unsigned TLVs that it does not know
    image_key_wrapped: Told | None = None  # a swap keeps the image key wrapped, not in clear
    second_stage_version: Told | None = None  # the version that NSIB compares and counts
    cleaned_up: Told | None = None  # MCUboot puts the core's own units back before it starts TF-M
    test_options: Told | None = None  # something is on that is meant for testing: dummy identities, keys out of order
    pure_signature: Told | None = None  # what is signed is the image itself, not its digest
    network_debug_closed: Told | None = None  # the debug port of the network core
    split_image: Told | None = None  # part of the application is executed on an external chip
    places_checked: Told | None = None  # MCUboot asks for which of several slots an update was built
    external_driver: Told | None = None  # who stages and who installs have a driver of the external chip


NOTHING_TOLD = Settings()
