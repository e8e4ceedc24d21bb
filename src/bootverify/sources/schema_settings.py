"""What a design file says of a configuration and of a build: settings, signed images, and what contradicts itself."""

from typing import Annotated, Literal

from pydantic import Field

from bootverify.sources.schema_words import Name, Number, Strict


class SettingsEntry(Strict):
    """What the configuration says beyond the chain; leave out what nothing tells."""

    bootloader: bool | None = Field(default=None, description="a boot loader is part of the build")
    updates_encrypted: bool | None = Field(default=None, description="updates travel encrypted")
    update_mode: (
        Literal[
            "overwrite",
            "swap-move",
            "swap-offset",
            "swap-scratch",
            "direct-xip",
            "ram-load",
            "single-slot",
            "firmware-updater",
        ]
        | None
    ) = Field(default=None, description="how MCUboot installs what is staged")
    unequal_slots: bool | None = Field(
        default=None, description="delta or compressed updates: slots may differ in size"
    )
    protects_itself: bool | None = Field(default=None, description="the last boot stage write-protects its own area")
    downgrade_prevention: bool | None = Field(default=None, description="MCUboot refuses a lower version")
    serial_recovery: bool | None = Field(default=None, description="MCUboot takes images by wire")
    open_management: bool | None = Field(default=None, description="updates are taken by radio without pairing")
    nsib_key_given: bool | None = Field(default=None, description="false: the build makes a throw-away signing key")
    debug_closed: bool | None = Field(default=None, description="the debug port is closed by what the build programs")
    secure_debug_closed: bool | None = Field(default=None, description="the same of debugging secure code")
    non_secure_application: bool | None = Field(default=None, description="the application runs in non-secure state")
    signatures_checked: bool | None = Field(default=None, description="false: images are taken by their digest alone")
    primary_verified: bool | None = Field(default=None, description="the primary image is verified at every boot")
    image_sectors: Annotated[int, Field(ge=1, le=1 << 20)] | None = Field(
        default=None, description="how many sectors of a slot MCUboot can keep track of"
    )
    network_update: bool | None = Field(default=None, description="MCUboot also installs images of the network core")
    nsib_counter: bool | None = Field(default=None, description="NSIB counts versions and refuses older ones")
    keys_revocable: bool | None = Field(
        default=None, description="of several keys in the KMU, MCUboot revokes those before the one in use"
    )
    counter_bounded: bool | None = Field(
        default=None, description="MCUboot refuses an update that finds no free slot of the hardware counter"
    )
    fields_listed: bool | None = Field(default=None, description="MCUboot refuses unsigned TLVs that it does not know")
    image_key_wrapped: bool | None = Field(default=None, description="a swap keeps the image key wrapped, not in clear")
    second_stage_version: Annotated[int, Field(ge=0, lt=1 << 32)] | None = Field(
        default=None, description="the version that NSIB compares and counts"
    )
    cleaned_up: bool | None = Field(default=None, description="MCUboot puts the core's own units back for TF-M")
    test_options: bool | None = Field(default=None, description="an option is on that is meant for testing alone")
    pure_signature: bool | None = Field(default=None, description="the image itself is signed, not its digest")
    network_debug_closed: bool | None = Field(default=None, description="the debug port of the network core")
    split_image: bool | None = Field(default=None, description="part of the application runs from an external chip")
    places_checked: bool | None = Field(
        default=None, description="MCUboot asks for which of several slots an update was built"
    )
    external_driver: bool | None = Field(
        default=None, description="who stages and who installs updates have a driver of the external chip"
    )


class ArtifactEntry(Strict):
    """A signed image that lies in a file of the build."""

    at: Number | None = Field(default=None, description="where it is programmed; default: it is an update")
    size: Number = Field(description="bytes, header and trailing data included")
    key: Name | None = Field(default=None, description="the key that it is signed with")
    version: str = Field(default="", description="as its header says")
    encrypted: bool = Field(default=False, description="its payload is encrypted")


class ContradictionEntry(Strict):
    """Two places of the input that cannot both be true of the device."""

    topic: Name = Field(description="what it is about")
    text: str = Field(description="both statements")
