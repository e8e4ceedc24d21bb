"""Statements of the vendor about which combinations he supports, in which releases, on which parts."""

import re
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source

_FAR = 1 << 16
_NUMBER = re.compile(r"(?<![\w.])v?(\d+(?:\.(?:\d+|x))*)(?![\w])")


class Support(Enum):
    """What a row speaks of."""

    FIRST = "first"  # a program can be what a reset enters
    STARTS = "starts"  # one program can verify and start another
    COUNTERS = "counters"  # the hardware counters of these programs can be used together
    DECRYPTS = "decrypts"  # one program can decrypt the updates of another
    VERIFIES = "verifies"  # a program verifies signatures of an algorithm
    INSTALLS = "installs"  # MCUboot has this update mode
    COMPARES = "compares"  # MCUboot compares versions in this update mode
    ENCRYPTS = "encrypts"  # MCUboot takes encrypted updates in this update mode
    RADIOS = "radios"  # MCUboot takes images of the network core in this mode; or encrypted ones beside them
    WRAPS = "wraps"  # a signature algorithm, and how the image key may travel beside it
    PAIRS = "pairs"  # how the sizes of a primary and a secondary slot, or of two variants, may relate
    ROOMS = "rooms"  # how many slots the counter of a program may have
    KEEPS = "keeps"  # a key of a kind, for a purpose, can lie in a kind of place


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRow:
    """One statement; `since` and `until` are releases of `product`, inclusive and exclusive, empty for open ends.

    `document` tells title and section. `socs` are beginnings of part names, empty for every part. `most` is the largest
    number it allows.
    `excluded`: it says that there is no such thing.
    """

    kind: Support
    programs: tuple[str, ...]
    since: str
    until: str
    statement: str
    document: str
    product: str = "ncs"
    socs: tuple[str, ...] = ()
    most: int | None = None
    excluded: bool = False
    source: Source = field(default=NOWHERE, compare=False)

    def speaks_of(self, sdk: str, soc: str = "") -> bool:
        """Whether the row covers the part, and every release that `sdk` names.

        A row with a border speaks of its own product only; a release that names no number is inside no border.
        """
        if self.socs and not soc.startswith(self.socs):
            return False
        if not self.since and not self.until:
            return True
        window = release_window(sdk)
        if window is None or product_of(sdk) != self.product:
            return False
        first, last = window
        return (not self.since or first >= _numbers(self.since)) and (not self.until or last < _numbers(self.until))


def product_of(sdk: str) -> str:
    """Whose release the text names: `ncs` unless it says MCUboot or TF-M."""
    if re.search(r"mcuboot", sdk, re.IGNORECASE):
        return "mcuboot"
    return "tfm" if re.search(r"tf-?m\b", sdk, re.IGNORECASE) else "ncs"


def release_window(sdk: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """First and last release that the text names; None when it names none.

    >>> release_window("2.6.1"), release_window("nRF Connect SDK 2.7-3.x"), release_window("any")
    (((2, 6, 1), (2, 6, 1)), ((2, 7), (3, 65536)), None)
    """
    found = _NUMBER.findall(sdk)
    if not found:
        return None
    first = tuple(int(part) for part in found[0].split(".") if part != "x")
    last = tuple(_FAR if part == "x" else int(part) for part in found[-1].split("."))
    if re.search(r"<=|before|up to|until", sdk, re.IGNORECASE):
        first = (0,)
    if re.search(r">=|later|to today|onwards|\bon\b", sdk, re.IGNORECASE):
        last = (_FAR,)
    return first, last


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in release.split("."))
