"""Raw private scalars of public keys: at which offsets of some bytes one stands, in either byte order, exhaustively."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.secrets import kernel, sums
from bootverify.secrets.curves import P256, P384, X25519, Curve
from bootverify.secrets.keys import PublicKey
from bootverify.secrets.library import ec, x25519
from bootverify.secrets.workers import Workers

COMPILED_FROM = 16 * 1024  # bytes
Search = Callable[[Curve, bytes, Sequence[tuple[int, int]]], list[tuple[int, int]]]


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Hit:
    """The `size` bytes at `offset` are private to the key of that fingerprint.

    `reversed` says that they stand in the other byte order than the formats of that kind of key use.
    """

    offset: int
    size: int
    fingerprint: str
    reversed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    curve: Curve
    data: bytes = field(repr=False)
    start: int
    backwards: bool
    points: tuple[tuple[int, int], ...]


def scalars(
    data: bytes, keys: Sequence[PublicKey], *, tick: Callable[[int], None] | None = None, workers: Workers | None = None
) -> list[Hit]:
    """Every offset at which `data` hold the private scalar of one of `keys` (EC P-256, P-384, X25519; others are left).

    Both byte orders of every offset are decided: nothing is missed, and each hit is confirmed by deriving the public
    key. `tick` is told how many pairs of an offset and an order are done.
    """
    hits: set[Hit] = set()
    tell = tick or (lambda _: None)
    for curve, sought in _by_curve(keys):
        for task, found in _results(_tasks(curve, data, _points(sought)), len(data), workers or Workers(0, 1)):
            for at, which in found:
                offset = task.start + at
                flipped = task.backwards != (curve == X25519)
                if belongs(data[offset : offset + curve.width], sought[which], flipped=flipped):
                    print_ = sought[which].fingerprint
                    hits.add(Hit(offset=offset, size=curve.width, fingerprint=print_, reversed=flipped))
            tell(len(task.data) - curve.width + 1)
    return sorted(hits)


def belongs(window: bytes, key: PublicKey, *, flipped: bool) -> bool:
    """Whether these bytes are the key's private scalar; `flipped`: in the byte order that is not usual for its kind."""
    natural = window[::-1] if flipped else window
    if key.type == "X25519":
        return x25519.X25519PrivateKey.from_private_bytes(natural).public_key().public_bytes_raw() == key.raw
    value = int.from_bytes(natural, "big")
    if key.curve is None or not 0 < value < key.curve.order:
        return False
    numbers = (
        ec.derive_private_key(value, ec.SECP256R1() if key.curve == P256 else ec.SECP384R1())
        .public_key()
        .public_numbers()
    )
    return (numbers.x, numbers.y) == key.point


def _tasks(curve: Curve, data: bytes, points: tuple[tuple[int, int], ...]) -> Iterator[_Task]:
    for start in range(0, len(data) - curve.width + 1, sums.CHUNK):
        piece = data[start : start + sums.CHUNK + curve.width - 1]
        for backwards in (False, True):
            yield _Task(curve=curve, data=piece, start=start, backwards=backwards, points=points)


def ready(keys: Sequence[PublicKey], size: int) -> None:
    """Make the tables that processes share: to be called before they are forked."""
    if _compiled(size):
        return
    for curve, sought in _by_curve(keys):
        piece = min(size, sums.CHUNK + curve.width - 1)
        sums.tables(curve, sums.block_length(piece), sums.told_of(curve, piece, _points(sought)))


def _by_curve(keys: Sequence[PublicKey]) -> Iterator[tuple[Curve, list[PublicKey]]]:
    for curve in (P256, P384, X25519):
        sought = [key for key in keys if key.curve == curve and key.point]
        if sought:
            yield curve, sought


def _points(keys: Sequence[PublicKey]) -> tuple[tuple[int, int], ...]:
    return tuple(key.point for key in keys if key.point)


def _results(tasks: Iterator[_Task], size: int, workers: Workers) -> Iterator[tuple[_Task, list[tuple[int, int]]]]:
    """Each task with what it finds, in order. The kernel lets other threads run, which needs no process."""
    if not _compiled(size):
        yield from workers.results(_found, tasks)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most builds hold no such key

    listed = list(tasks)
    with ThreadPoolExecutor(workers.count) as threads:
        yield from zip(listed, threads.map(_found_by_kernel, listed), strict=True)


def _compiled(size: int) -> bool:
    """Whether there is compiled code, and so many bytes that it is worth its start."""
    return size >= COMPILED_FROM and kernel.available()


def _found_by_kernel(task: _Task) -> list[tuple[int, int]]:
    return _found(task, kernel.matches)


def _found(task: _Task, by: Search = sums.matches) -> list[tuple[int, int]]:
    data = task.data[::-1] if task.backwards else task.data
    last = len(data) - task.curve.width
    return [(last - at if task.backwards else at, which) for at, which in by(task.curve, data, task.points)]
