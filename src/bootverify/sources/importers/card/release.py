"""Releases as cards write them: `nRF Connect SDK 2.6-3.1`, `MCUboot 1.10`, `SDK 2.x`, `from SDK 2.6 on`."""

import re

from bootverify.sources.importers.card.words import says

FAR = (1 << 16,)
Window = tuple[tuple[int, ...], tuple[int, ...]]


def family(text: str) -> str:
    """Whose release it is: `ncs`, `mcuboot`, `tfm` or empty."""
    if says(text, r"nrf connect sdk|\bncs\b|\bsdk\b"):
        return "ncs"
    if says(text, "mcuboot"):
        return "mcuboot"
    return "tfm" if says(text, r"tf-?m\b") else ""


def window(text: str) -> Window | None:
    """First and last release that `text` names, the last open where it says so; None when it names none.

    >>> window("nRF Connect SDK 2.7-3.x")
    ((2, 7), (3, 65536))
    """
    numbers = re.findall(r"(?<![\w.])v?(\d+(?:\.(?:\d+|x))+)", text)
    if not numbers:
        return None
    low, high = _low(numbers[0]), _high(numbers[-1])
    if says(text, r"<=|before|up to|until|at most") and len(numbers) == 1:
        low = (0,)
    if says(text, r">=|or later|to today|\bon\b|onwards|newer|\+$"):
        high = FAR
    return low, high


def sdk_window(text: str) -> Window | None:
    """The window that a condition such as `(from SDK 2.6 on)` names."""
    return window(text) if says(text, r"\b(from|since|until|up to|before)\b.*\d+\.\d") else None


def window_holds(wanted: Window, release: str) -> bool | None:
    """Whether every release that `release` names lies in the window; None when some do, or it names none."""
    here = window(release)
    if here is None:
        return None
    if wanted[0] <= here[0] and here[1] <= wanted[1]:
        return True
    return False if here[1] < wanted[0] or wanted[1] < here[0] else None


def _low(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split(".") if part != "x")


def _high(number: str) -> tuple[int, ...]:
    # `2.6` ends with the last release of 2.6; `2.6.1` is one release.
    return tuple(int(part) if part != "x" else FAR[0] for part in number.split("."))
