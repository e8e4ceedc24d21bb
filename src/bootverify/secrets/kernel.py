"""The search of `sums` by compiled code, ten times faster, where a WebAssembly runtime is installed (extra `speed`).

The code comes from `kernel_text` and is compiled in a moment; it runs in the runtime's sandbox, on its own memory. The
algebra, the blocks and the targets are those of `sums`, which it is compared with.
"""

import atexit
import secrets as randomness
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bootverify.secrets.curves import Curve, Point, integer, powers, times
from bootverify.secrets.kernel_text import TOTAL, kernel_text
from bootverify.secrets.sums import LONG, Variants, targets_of

BLOCKS = 1024  # that advance together: their running sums, 33 of each, fit a processor's cache
LENGTH = LONG  # digits of a block
_PAGE = 65536
_FIRST = 2048  # memory below is for intermediate numbers
_CALLS = ("digits", "same", "clamped", "up", "down", "test", "mul", "sub", "add")
_lock, _making = threading.Lock(), threading.Lock()
_free: dict[tuple[str, int], list["_Kernel"]] = defaultdict(list)


def available() -> bool:
    """Whether a runtime is installed."""
    return find_spec("wasmtime") is not None


def matches(curve: Curve, data: bytes, publics: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """As `sums.matches`, for any number of bytes; threads may call it at once."""
    if len(data) < curve.width:
        return []
    with _kernel(curve) as kernel:
        search = _Search(kernel, publics)
        found: list[tuple[int, int]] = []
        for start in range(0, len(data) - curve.width + 1, search.reach):
            piece = data[start : start + search.reach + curve.width - 1]
            found += ((start + at, which) for at, which in search.matches(piece))
        return found


@contextmanager
def _kernel(curve: Curve) -> Iterator["_Kernel"]:
    """A kernel for the curve that nobody else uses meanwhile; its memory is as before when it comes back."""
    with _lock:
        kernel = _free[curve.name, LENGTH].pop() if _free[curve.name, LENGTH] else None
    if kernel is None:
        with _making:  # one at a time, or two threads would each make an engine, and code fits its own engine alone
            kernel = _Kernel(curve, LENGTH)
    mark = kernel.end
    try:
        yield kernel
    finally:
        kernel.end = mark
        with _lock:
            _free[curve.name, kernel.length].append(kernel)


@lru_cache(maxsize=1)
def _engine() -> Any:  # noqa: ANN401 - the runtime's own types are not known without it
    runtime = import_module("wasmtime")
    config = runtime.Config()
    config.wasm_wide_arithmetic = True
    config.parallel_compilation = False  # no threads of its own: processes may be forked later
    return runtime.Engine(config)


@lru_cache(maxsize=4)
def _module(p: int, limbs: int) -> Any:  # noqa: ANN401
    return import_module("wasmtime").Module(_engine(), kernel_text(p, limbs))


@atexit.register
def let_go() -> None:
    """Give the runtime its things back while it can still take them."""
    _free.clear()
    _module.cache_clear()
    _engine.cache_clear()


class _Kernel:
    """One curve's code and memory, with the table whose row e holds b * 256^e * G at index b."""

    def __init__(self, curve: Curve, length: int) -> None:
        runtime = import_module("wasmtime")
        self.curve, self.length = curve, length
        limbs = -(-curve.p.bit_length() // 64)
        self.size, self.point_size = 8 * limbs, 16 * limbs
        self.one = 1 << 64 * limbs  # what Montgomery form multiplies with
        self.unit = pow(self.one, -1, curve.p)
        self.store = runtime.Store(_engine())
        exports = runtime.Instance(self.store, _module(curve.p, limbs), []).exports(self.store)
        self.memory, self.calls = exports["memory"], {name: exports[name] for name in _CALLS}
        self.end = _FIRST
        self.row = 256 * self.point_size
        self.table = self.room(length * self.row)
        count = max(BLOCKS, length)
        self.gaps, self.befores = self.room(count * self.size), self.room(count * self.size)
        self.pointers, self.hits = self.room(4 * count), self.room(4 * count)
        self._fill()

    def room(self, size: int) -> int:
        """The start of that many bytes of memory, behind all that is in use."""
        at = self.end
        self.end += -(-size // 16) * 16
        missing = -(-self.end // _PAGE) - self.memory.size(self.store)
        if missing > 0:
            self.memory.grow(self.store, missing)
        return at

    def call(self, name: str, *arguments: int) -> int:
        return int(self.calls[name](self.store, *arguments) or 0)

    def write(self, data: bytes, at: int) -> None:
        self.memory.write(self.store, data, at)

    def read(self, at: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, at, at + size))

    def bytes_of(self, points: Sequence[Point]) -> bytes:
        """The points as memory holds them."""
        p, one = integer(self.curve.p), self.one
        return b"".join(int(value * one % p).to_bytes(self.size, "little") for point in points for value in point)

    def advance(self, count: int, old: tuple[int, int], new: tuple[int, int]) -> None:
        """Points are added to: what `pointers` name; `old` and `new` say where they lie, and how far apart.

        Raises:
            ZeroDivisionError: some pair has equal x.
        """
        p = self.curve.p
        self.write((self.one % p).to_bytes(self.size, "little"), TOTAL)
        self.call("up", count, *old, self.pointers, self.gaps, self.befores)
        total = int.from_bytes(self.read(TOTAL, self.size), "little")
        if not total:
            raise ZeroDivisionError("a running sum met a multiple of the base point")
        inverse = pow(total * self.unit, -1, p) * self.one % p
        self.write(inverse.to_bytes(self.size, "little"), TOTAL)
        self.call("down", count, *old, *new, self.pointers, self.gaps, self.befores)

    def _fill(self) -> None:
        curve = self.curve
        ones = powers(curve, curve.base, 8, self.length)
        x, y = powers(curve, curve.base, 1, 2)[1]
        twos = powers(curve, (int(x), int(y)), 8, self.length)
        for weight, pair in enumerate(zip(ones, twos, strict=True)):
            self.write(self.bytes_of(pair), self.table + weight * self.row + self.point_size)
        self.call("same", self.length, self.table + self.point_size, self.row, self.pointers)
        for digit in range(2, 255):
            at = self.table + digit * self.point_size
            self.advance(self.length, (at, self.row), (at + self.point_size, self.row))


class _Search:
    """What is looked for, in a kernel's memory, and room for the running sums of one piece at a time."""

    def __init__(self, kernel: _Kernel, publics: Sequence[tuple[int, int]]) -> None:
        self.kernel, self.curve = kernel, kernel.curve
        self.stride = kernel.length - self.curve.width + 1
        self.reach = BLOCKS * self.stride
        self.targets: list[list[Variants]] = targets_of(self.curve, publics, self.stride)
        rows = [kernel.bytes_of([each for key in row for group in key for each in group]) for row in self.targets]
        self.width = len(rows[0])
        self.places = kernel.room(self.width * len(rows))
        kernel.write(b"".join(rows), self.places)
        self.digits = kernel.room(BLOCKS * kernel.length)
        self.span = BLOCKS * kernel.point_size
        self.ring = kernel.room((self.curve.width + 1) * self.span)

    def matches(self, data: bytes) -> list[tuple[int, int]]:
        """Those of one piece, of at most `reach` windows."""
        while True:
            try:
                return list(self._matches(data))
            except ZeroDivisionError:  # chance, with probability below 2^-200: draw another U
                continue

    def _matches(self, data: bytes) -> Iterator[tuple[int, int]]:
        kernel, width = self.kernel, self.curve.width
        count = -(-(len(data) - width + 1) // self.stride)
        padded = data.ljust((count + 2) * self.stride + kernel.length, b"\x00")
        kernel.write(b"".join(padded[at :: self.stride][:count] for at in range(kernel.length)), self.digits)
        start = times(self.curve, 1 + randomness.randbelow(self.curve.order - 1), self.curve.base)
        kernel.write(kernel.bytes_of([start]) * count, self.ring)
        for at in range(kernel.length):
            row = kernel.table + (kernel.length - 1 - at) * kernel.row
            kernel.call("digits", count, self.digits + at * count, row, kernel.pointers)
            step = kernel.point_size
            kernel.advance(count, (self._sums(at), step), (self._sums(at + 1), step))
            first = at - width + 1
            if first >= 0:
                for block, which in self._hits(count, first):
                    if block * self.stride + first + width <= len(data):
                        yield block * self.stride + first, which

    def _sums(self, at: int) -> int:
        """Where the running sums after `at` digits lie: the last 33 are kept."""
        return self.ring + at % (self.curve.width + 1) * self.span

    def _hits(self, count: int, first: int) -> Iterator[tuple[int, int]]:
        """The blocks whose window from `first` on adds up to a target, and the number of the public point."""
        kernel, last = self.kernel, first + self.curve.width
        weight = self.stride - 1 - first
        place = self.places + weight * self.width
        for which, variants in enumerate(self.targets[weight]):
            for sign in range(len(variants[0])):
                at = place + sign * kernel.point_size
                if len(variants) == 1:
                    kernel.call("same", count, at, 0, kernel.pointers)
                else:
                    tops, lows = self.digits + first * count, self.digits + (last - 1) * count
                    kernel.call("clamped", count, tops, lows, at, kernel.pointers)
                number = kernel.call("test", count, self._sums(last), self._sums(first), kernel.pointers, kernel.hits)
                found = kernel.read(kernel.hits, 4 * number) if number else b""
                for index in range(0, 4 * number, 4):
                    yield int.from_bytes(found[index : index + 4], "little"), which
            place += sum(len(group) for group in variants) * kernel.point_size
