"""A progress bar on standard error, where that is a terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE_S = 1.0  # before that nobody needs a bar
_WIDTH = 40


@contextmanager
def bar() -> Iterator[Callable[[float], None] | None]:
    """What to tell the share done, from 0 to 1; None where nobody would see it. Nothing is left of it afterwards."""
    shown = _Bar() if sys.stderr.isatty() else None
    try:
        yield shown.show if shown else None
    finally:
        if shown:
            shown.clear()


class _Bar:
    """A bar on standard error, from a second on."""

    def __init__(self) -> None:
        self.since, self.shown = time.monotonic(), False

    def show(self, share: float) -> None:
        """Draw the share done, once it has taken long enough."""
        if time.monotonic() - self.since > _PATIENCE_S:
            done = int(share * _WIDTH)
            sys.stderr.write(f"\r[{'#' * done}{' ' * (_WIDTH - done)}] {share:4.0%}")
            sys.stderr.flush()
            self.shown = True

    def clear(self) -> None:
        """Leave no trace of the bar before the report."""
        if self.shown:
            sys.stderr.write("\r" + " " * (_WIDTH + 8) + "\r")
