"""Whether a release lies before a border."""

import re


def until(sdk: str, last: tuple[int, int]) -> bool | None:
    """Whether every release that `sdk` names is at most `last`; None when some are, or it names none of the SDK's.

    >>> until("nRF Connect SDK 2.6.1", (3, 1)), until("SDK 3.0-3.2", (3, 1)), until("MCUboot 2.1", (3, 1))
    (True, None, None)
    """
    if re.search("mcuboot|tf-?m", sdk.lower()):
        return None
    numbers = [
        (int(major), 10**6 if minor == "x" else int(minor)) for major, minor in re.findall(r"(\d+)\.(\d+|x)", sdk)
    ]
    if not numbers:
        return None
    first, end = numbers[0], numbers[-1]
    if "x" in sdk.split("-", maxsplit=1)[0]:
        first = (first[0], 0)
    if re.search(r"later|today|\bon\b", sdk.lower()):
        end = (10**6, 0)
    if end <= last:
        return True
    return False if first > last else None
