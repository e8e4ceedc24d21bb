"""Releases as texts name them, as a first and a last one."""

import re

FAR = 1 << 16


def window(text: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """First and last release of the nRF Connect SDK that `text` names; None when it names another product or none.

    >>> window("nRF Connect SDK 1.6-3.1")
    ((1, 6), (3, 1))
    """
    if re.search(r"mcuboot|tf-?m\b", text, re.IGNORECASE):
        return None
    found = re.findall(r"(?<![\w.])v?(\d+(?:\.(?:\d+|x))+)", text)
    if not found:
        return None
    first = tuple(int(part) for part in found[0].split(".") if part != "x")
    last = tuple(FAR if part == "x" else int(part) for part in found[-1].split("."))
    if re.search(r"or later|to today|onwards|\bon\b", text, re.IGNORECASE):
        last = (FAR,)
    return first, last
