"""Raw numbers in a stream of bytes that belong to public keys: what was looked for, and the values to look up again."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.secrets import rsa, seeds
from bootverify.secrets.curves import P256, P384, X25519
from bootverify.secrets.find import Form, SoughtKey, Symmetric
from bootverify.secrets.keys import PublicKey
from bootverify.secrets.library import keywrap
from bootverify.secrets.scalars import ready, scalars
from bootverify.secrets.windows import Windows, places
from bootverify.secrets.workers import Workers

REVERSED = "bytes reversed"
# what one byte costs, in about the same unit, so that a progress bar moves evenly
_COST = {
    P256.name: 6.0,
    P384.name: 12.0,
    X25519.name: 9.0,
    "RSA": 1.5,
    "Ed25519": 2.0,
    "all": 26.0,
    "symmetric": 0.6,
    "unwrap": 1.4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A raw number that is private to a key. INVARIANT: `value` is shown to nobody, and dies with the scan."""

    value: bytes = field(repr=False)
    form: Form
    type: str
    fingerprint: str
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The numbers found, and for each key what was looked for."""

    numbers: tuple[Number, ...]
    keys: tuple[SoughtKey, ...]
    left_out: tuple[str, ...]


def look(
    windows: Windows,
    keys: Sequence[PublicKey],
    *,
    exhaustive: bool,
    symmetric: Mapping[str, Symmetric],
    wrapped: Sequence[bytes],
    progress: Callable[[float], None] | None,
    processes: int | None,
) -> Sought:
    """All numbers in the stream that are private to one of `keys`, of known digest, or unwrap one of `wrapped`."""
    work = _work(windows.stream, keys, exhaustive=exhaustive, symmetric=symmetric)
    work += len(windows.stream) * _COST["unwrap"] * len(wrapped)
    meter = _Meter(work, progress)
    numbers: dict[tuple[bytes, Form, str], Number] = {}
    sought: list[SoughtKey] = []
    with Workers(len(windows.stream), processes) as workers:
        if workers.count > 1:
            ready(keys, len(windows.stream))
        primes = _rsa(windows, keys, meter, workers, sought)  # begins at once where there are several
        parts = (
            _scalars(windows, keys, meter, workers, sought),
            primes,
            _seeds(windows, keys, meter, sought, exhaustive=exhaustive),
            _symmetric(windows, symmetric, meter, sought),
            _wrapping(windows, wrapped, meter, sought),
        )
        for part in parts:
            for number in part:
                numbers[number.value, number.form, number.how] = number
    left_out = [
        f"{key.type} key {key.fingerprint[:16]}: not a modulus of two primes of whole bytes"
        for key in keys
        if key.modulus and not rsa.fits(key)
    ]
    known = {each.fingerprint for each in sought}
    left_out += (
        f"{key.type} key {key.fingerprint[:16]}: its raw private number was not looked for"
        for key in keys
        if key.fingerprint not in known and not key.modulus
    )
    order = {key.fingerprint: place for place, key in enumerate(keys)}
    sought.sort(key=lambda each: order.get(each.fingerprint, len(order)))
    return Sought(numbers=tuple(numbers.values()), keys=tuple(sought), left_out=tuple(dict.fromkeys(left_out)))


def _whole(windows: Windows, at: int, size: int) -> bool:
    """Whether a window lies between two seams."""
    index = bisect_right(windows.seams, at)
    return index < len(windows.seams) and at + size <= windows.seams[index]


def _scalars(
    windows: Windows, keys: Sequence[PublicKey], meter: "_Meter", workers: Workers, sought: list[SoughtKey]
) -> Iterator[Number]:
    fit = [key for key in keys if key.curve and key.point]
    types = {key.fingerprint: key.type for key in fit}
    costs = {key.curve.name for key in fit if key.curve}
    cost = sum(_COST[name] for name in costs) / max(1, len(costs)) / 2
    for hit in scalars(windows.stream, fit, tick=lambda done: meter.add(done * cost), workers=workers):
        if _whole(windows, hit.offset, hit.size):
            yield Number(
                value=windows.stream[hit.offset : hit.offset + hit.size],
                form=Form.SCALAR,
                type=types[hit.fingerprint],
                fingerprint=hit.fingerprint,
                how=REVERSED if hit.reversed else "",
            )
    forms = ("its scalar at every offset, both byte orders",)
    sought += (SoughtKey(fingerprint=k.fingerprint, type=k.type, name=k.name, forms=forms) for k in fit)


def _rsa(
    windows: Windows, keys: Sequence[PublicKey], meter: "_Meter", workers: Workers, sought: list[SoughtKey]
) -> Iterator[Number]:
    fit = [key for key in keys if key.modulus and rsa.fits(key)]
    if not fit:
        return iter(())  # no process is started for nothing
    sought += (_rsa_sought(key) for key in fit)
    tasks = (task for key in fit for task in rsa.rsa_tasks(windows.stream, key))
    windows_all = sum(rsa.windows_of(key, len(windows.stream)) for key in fit)
    told = meter.shares(windows_all, len(windows.stream) * _COST["RSA"] * len(fit))
    return _numbers_of_rsa(windows, workers.results(rsa.rsa_found, tasks), told)


def _numbers_of_rsa(
    windows: Windows, results: Iterator[tuple[rsa.RsaTask, list[int]]], told: Callable[[int], None]
) -> Iterator[Number]:
    for task, found in results:
        form = Form.RSA_EXPONENT if task.exponent else Form.RSA_PRIME
        how = REVERSED if task.backwards else ""
        for at in found:
            offset = task.start + at
            if _whole(windows, offset, task.size):
                value = windows.stream[offset : offset + task.size]
                yield Number(value=value, form=form, type=task.key.type, fingerprint=task.key.fingerprint, how=how)
        told(len(task.data) - task.size + 1)


def _rsa_sought(key: PublicKey) -> SoughtKey:
    if not rsa.finds_exponents(key):
        forms = ("p and q at every offset, both byte orders, at full length; not d, for e is too long",)
        return SoughtKey(fingerprint=key.fingerprint, type=key.type, name=key.name, forms=forms)
    return SoughtKey(
        fingerprint=key.fingerprint,
        type=key.type,
        name=key.name,
        forms=("p, q and d at every offset, both byte orders, at full length",),
        miss=rsa.MISS,
        missed="d without p and q, if p - 1 and q - 1 share a prime above 65536",
    )


def _seeds(
    windows: Windows, keys: Sequence[PublicKey], meter: "_Meter", sought: list[SoughtKey], *, exhaustive: bool
) -> Iterator[Number]:
    fit = [key for key in keys if key.type == "Ed25519"]
    if not fit:
        return
    chosen = seeds.candidates(windows.stream, exhaustive=exhaustive)
    cost = len(windows.stream) * _COST["all" if exhaustive else "Ed25519"]
    told = meter.shares(len(chosen.offsets), cost)
    for at, fingerprint in seeds.matching(windows.stream, chosen.offsets, fit, told):
        if _whole(windows, at, seeds.SIZE):
            value = windows.stream[at : at + seeds.SIZE]
            yield Number(value=value, form=Form.SEED, type="Ed25519", fingerprint=fingerprint)
    forms = ("its seed at every offset",) if not chosen.miss else ("its seed, where bytes are unlike the rest",)
    missed = "a seed whose bytes are like the rest; --exhaustive misses none" if chosen.miss else ""
    sought += (
        SoughtKey(
            fingerprint=key.fingerprint, type=key.type, name=key.name, forms=forms, miss=chosen.miss, missed=missed
        )
        for key in fit
    )


def _symmetric(
    windows: Windows, keys: Mapping[str, Symmetric], meter: "_Meter", sought: list[SoughtKey]
) -> Iterator[Number]:
    """The keys whose digest is known, for their digest is the only evidence that some bytes are a symmetric key.

    It is taken where the first bytes stand; at every offset where those are not known.
    """
    stream, sha256 = windows.stream, hashlib.sha256
    for key in sorted(set(keys.values()), key=lambda each: (each.size, each.starts)):
        size = key.size
        wanted = {bytes.fromhex(digest) for digest, each in keys.items() if each == key}
        for at in places(key.starts, stream) if key.starts else range(len(stream) - size + 1):
            if sha256(stream[at : at + size]).digest() in wanted and _whole(windows, at, size):
                value = stream[at : at + size]
                print_ = sha256(value).hexdigest()
                yield Number(value=value, form=Form.SYMMETRIC, type=f"AES-{size * 8}", fingerprint=print_)
        meter.add(_cost(stream, key))
    forms = ("it at every offset",)
    sought += (
        SoughtKey(fingerprint=digest, type=f"AES-{8 * key.size}", name="", forms=forms) for digest, key in keys.items()
    )


def _cost(stream: bytes, key: Symmetric) -> float:
    return 0.0 if key.starts else len(stream) * _COST["symmetric"]


def _wrapping(windows: Windows, wrapped: Sequence[bytes], meter: "_Meter", sought: list[SoughtKey]) -> Iterator[Number]:
    """The AES keys that unwrap an image key (RFC 3394): its check value tells, but for one window in 2^64."""
    stream = windows.stream
    for each in wrapped:
        size = len(each) - 8
        for at in range(len(stream) - size + 1):
            try:
                keywrap.aes_key_unwrap(stream[at : at + size], each)
            except keywrap.InvalidUnwrap:
                continue
            if _whole(windows, at, size):
                value = stream[at : at + size]
                print_ = hashlib.sha256(value).hexdigest()
                yield Number(value=value, form=Form.SYMMETRIC, type=f"AES-{size * 8}", fingerprint=print_)
        meter.add(len(stream) * _COST["unwrap"])
        forms = ("it at every offset, by unwrapping",)
        name = f"what wraps the image key {hashlib.sha256(each).hexdigest()[:16]}"
        sought.append(SoughtKey(fingerprint="", type=f"AES-{size * 8}", name=name, forms=forms))


def _work(stream: bytes, keys: Sequence[PublicKey], *, exhaustive: bool, symmetric: Mapping[str, Symmetric]) -> float:
    total = sum(_COST[name] for name in {key.curve.name for key in keys if key.curve and key.point})
    total += _COST["RSA"] * sum(1 for key in keys if key.modulus)
    if any(key.type == "Ed25519" for key in keys):
        total += _COST["all" if exhaustive else "Ed25519"]
    return len(stream) * total + sum(_cost(stream, key) for key in set(symmetric.values()))


class _Meter:
    """Adds up what is done and tells the share."""

    def __init__(self, total: float, progress: Callable[[float], None] | None) -> None:
        self.total, self.done, self.progress = max(total, 1.0), 0.0, progress

    def add(self, amount: float) -> None:
        self.done += amount
        if self.progress:
            self.progress(min(1.0, self.done / self.total))

    def shares(self, count: int, cost: float) -> Callable[[int], None]:
        """What to call with a number of items done out of `count`, which all together cost that much."""
        return lambda items: self.add(cost * items / max(1, count))
