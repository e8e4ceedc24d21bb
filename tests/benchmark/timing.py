"""The time of an action."""

import gc
import time
from collections.abc import Callable

from bootverify.__main__ import YOUNG


def as_the_program() -> None:
    """From here on look for garbage as seldom as the program does: with Python's own habit a check takes longer."""
    gc.freeze()
    gc.set_threshold(YOUNG)


def best(action: Callable[[], object], times: int = 3, clock: Callable[[], float] = time.process_time) -> float:
    """The least CPU time, in seconds, of that many runs; of this process alone, so of two the wall time is better."""
    taken = []
    for _ in range(times):
        before = clock()
        action()
        taken.append(clock() - before)
    return min(taken)
