"""What a build hands out: signed images as they lie in its files."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A signed image found in a file of the build.

    `at` is its address, None in a file without addresses; `size` covers header, payload and TLVs. `key` names the key
    that its TLVs point to, empty when none is known. `version` is the one in its header.
    """

    name: str
    at: int | None
    size: int
    key: str = ""
    version: str = ""
    encrypted: bool = False
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two places of the input that cannot both be true of the device; `topic` is a word for the kind."""

    topic: str
    text: str
    source: Source = field(default=NOWHERE, compare=False)
