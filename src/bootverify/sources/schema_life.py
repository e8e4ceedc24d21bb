"""A device's life as a design file tells it: updates, the rules they follow, and what was deployed."""

from typing import Annotated, Literal

from pydantic import Field

from bootverify.design.life import Behaviour, Recovery
from bootverify.sources.schema_words import Name, Strict


class RuleEntry(Strict):
    """A rule against older images."""

    by: Literal["version", "nsib", "mcuboot", "security-counter", "unknown"]
    image: str = Field(
        default="", description="the image it protects; absent: every image of the stage that enforces it"
    )
    slots: int | None = None
    booted: int | None = None
    planned: int | None = None
    every_release: bool | None = None


class DeployedEntry(Strict):
    """What runs in the fleet."""

    image: Name
    version: int | None = None
    key: str = ""
    booted: bool


class LifeEntry(Strict):
    """What is told of the device's life; absent: nothing tells."""

    mode: str = ""
    rules: list[RuleEntry] | None = None
    compare_build_number: bool | None = None
    releases: list[Annotated[list[int], Field(min_length=4, max_length=4)]] = Field(default_factory=list)
    request: Literal["", "permanent", "test"] = ""
    validate_primary: bool | None = None
    validate_once: bool | None = None
    recovery: Recovery | None = None
    factory_image: Literal["", "signed", "encryptable"] = ""
    save_encrypted: bool | None = None
    metadata_allow_list: bool | None = None
    boot_record: bool | None = None
    deployed: DeployedEntry | None = None
    foreign_keys_exported: bool = Field(
        default=False, description="TF-M's key service takes a key id without asking whose key it is"
    )
    glitch: bool = Field(default=False, description="silicon whose debug lock a published glitch opens")
    event: Literal["", "crashing-release", "wrong-variant"] = ""
    behaviours: list[Behaviour] = Field(default_factory=list)
