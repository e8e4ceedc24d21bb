"""Work in several processes at once, where that pays and the system can fork; else in this one, as it is asked for."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

ALONE = 96 * 1024  # bytes below which a second process costs more than it saves
_MOST = 4


class Workers:
    """A pool that is started when it is first used; `count` is how many work at once, 1 where there is none."""

    def __init__(self, size: int, processes: int | None) -> None:
        forks = hasattr(os, "fork")
        self.count = min(processes or os.cpu_count() or 1, _MOST) if forks and size >= ALONE else 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def results(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Each task with its result, in order; where there are several processes, the first tasks begin at once.

        Only a few tasks, and the bytes that they hold, are there at a time.
        """
        if self.count < 2:
            return ((task, work(task)) for task in tasks)
        if self._pool is None:
            import multiprocessing  # noqa: PLC0415 - most searches are short
            from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

            self._pool = ProcessPoolExecutor(self.count, mp_context=multiprocessing.get_context("fork"))
        return _Ahead(self._pool, work, iter(tasks), 2 * self.count)


class _Ahead(Iterator[tuple[T, R]]):
    """The results of a pool that is kept a few tasks ahead of who takes them."""

    def __init__(self, pool: "ProcessPoolExecutor", work: Callable[[T], R], tasks: Iterator[T], most: int) -> None:
        self.pool, self.work, self.tasks = pool, work, tasks
        self.running: deque[tuple[T, Future[R]]] = deque()
        for task in islice(tasks, most):
            self.running.append((task, pool.submit(work, task)))

    def __next__(self) -> tuple[T, R]:
        if not self.running:
            raise StopIteration
        task, future = self.running.popleft()
        for more in islice(self.tasks, 1):
            self.running.append((more, self.pool.submit(self.work, more)))
        return task, future.result()
