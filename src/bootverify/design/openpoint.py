"""Behaviour that no document defines, by name."""

from dataclasses import dataclass, field

from bootverify.design.source import NOWHERE, Source

MAP_CONFLICT = "map-contradicts-itself"
APPROTECT_UNKNOWN = "approtect-not-recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A named gap in the documents; unknown but fixed for a device.

    `about` are the names of the stages, images and keys whose questions it touches.
    """

    name: str
    statement: str
    about: tuple[str, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)
