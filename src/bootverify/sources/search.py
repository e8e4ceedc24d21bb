"""How to look for private keys among the bytes of a build."""

from collections.abc import Callable

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`raw`: also for bare numbers, which takes a second or so a mebibyte; `progress` is told the share done."""

    raw: bool = False
    progress: Callable[[float], None] | None = None
