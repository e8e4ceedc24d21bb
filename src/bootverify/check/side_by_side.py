"""Two tasks at once, the second in a copy of this process: for work that Python would do one after the other."""

import os
import pickle
import signal
from collections.abc import Callable
from typing import Never, TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


def cores() -> int:
    """How many of them this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def both(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """What the two give; `second` sees nothing that `first` does, and what it gives can be pickled.

    Where there is no second process, or it ends without an answer, `second` is done here, with its errors.
    """
    if not hasattr(os, "fork"):
        return one_by_one(first, second)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _tell(writing, second)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123 - no path, a descriptor
        try:
            found = first()
            told = pipe.read()
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            _, status = os.waitpid(child, 0)
    answer: Second = pickle.loads(told) if status == 0 else second()  # noqa: S301 - what our own copy wrote
    return found, answer


def one_by_one(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """The same in this process alone."""
    return first(), second()


def _tell(writing: int, task: Callable[[], object]) -> Never:
    """Write what `task` gives, and end this process: without what it would do at its end, which is the other's."""
    try:
        with open(writing, "wb") as pipe:
            pickle.dump(task(), pipe, pickle.HIGHEST_PROTOCOL)
        os._exit(0)
    finally:
        os._exit(1)
