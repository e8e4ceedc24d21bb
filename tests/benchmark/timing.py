"""The CPU time of an action."""

import time
from collections.abc import Callable


def best(action: Callable[[], object], times: int = 3) -> float:
    """The least CPU time, in seconds, of that many runs."""
    taken = []
    for _ in range(times):
        before = time.process_time()
        action()
        taken.append(time.process_time() - before)
    return min(taken)
