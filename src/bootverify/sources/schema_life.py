"""A device's life as a design file tells it: updates, the rules they follow, and what was deployed."""

from typing import Annotated, Literal

from pydantic import Field

from bootverify.design.life import Behaviour, Recovery
from bootverify.sources.schema_words import Name, Strict


class RuleEntry(Strict):
    """A rule against older images."""

    by: Literal["version", "nsib", "mcuboot", "security-counter", "unknown"] = Field(
        description="MCUboot's comparison, a counter of NSIB or MCUboot in hardware, or one in the image's metadata"
    )
    image: str = Field(
        default="", description="the image it protects; absent: every image of the stage that enforces it"
    )
    slots: int | None = Field(default=None, description="the room of its counter")
    booted: int | None = Field(default=None, description="how many releases that raise the counter were booted")
    planned: int | None = Field(default=None, description="how many releases that raise the counter are planned")
    every_release: bool | None = Field(default=None, description="every release raises the counter")


class DeployedEntry(Strict):
    """What runs in the fleet."""

    image: Name = Field(description="the image")
    version: int | None = Field(default=None, description="its version")
    key: str = Field(default="", description="the key that it was made with")
    booted: bool = Field(description="it was ever booted")


class LifeEntry(Strict):
    """What is told of the device's life; absent: nothing tells."""

    mode: str = Field(
        default="",
        description="how MCUboot installs, if not as the chain says; also serial, shared-ram, single-slot, none",
    )
    rules: list[RuleEntry] | None = Field(default=None, description="the rules against older images")
    compare_build_number: bool | None = Field(
        default=None, description="the build number counts in a comparison of versions"
    )
    releases: list[Annotated[list[int], Field(min_length=4, max_length=4)]] = Field(
        default_factory=list, description="major, minor, revision and build of each release, oldest first"
    )
    request: Literal["", "permanent", "test"] = Field(
        default="", description="what the update client asks for: an update for good, or a test"
    )
    validate_primary: bool | None = Field(
        default=None, description="the primary image is verified at every boot, if not as the chain says"
    )
    validate_once: bool | None = Field(default=None, description="the primary image is verified only after an update")
    recovery: Annotated[Recovery, Field(strict=False)] | None = Field(
        default=None, description="recovery by wire: absent, open to whoever has the cable, or guarded by a proof"
    )
    factory_image: Literal["", "signed", "encryptable"] = Field(
        default="", description="encryptable: with the metadata that lets a swap encrypt it again"
    )
    clear_release: bool = Field(
        default=False,
        description="a release of what MCUboot starts was shipped in clear, before updates were encrypted",
    )
    save_encrypted: bool | None = Field(
        default=None, description="MCUboot keeps the wrapped image key in the swap status, not the plain one"
    )
    metadata_allow_list: bool | None = Field(
        default=None, description="MCUboot refuses unsigned TLVs that it does not know"
    )
    boot_record: bool | None = Field(default=None, description="MCUboot tells later stages what it booted")
    deployed: DeployedEntry | None = Field(default=None, description="what runs in the fleet")
    foreign_keys_exported: bool | None = Field(
        default=None, description="TF-M's key service takes a key id without asking whose key it is"
    )
    glitch: bool = Field(default=False, description="silicon whose debug lock a published glitch opens")
    event: Literal["", "crashing-release", "wrong-variant"] = Field(default="", description="what happens to the fleet")
    behaviours: list[Annotated[Behaviour, Field(strict=False)]] = Field(
        default_factory=list, description="what the software in the field does, as the story tells it"
    )
