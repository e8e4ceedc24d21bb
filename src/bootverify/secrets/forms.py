"""Key files in bytes: PEM, DER, JWK and OpenSSH, in clear or written as base64 or hex; and what only looks like one."""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.secrets.der import private_keys
from bootverify.secrets.encoded import Run, runs
from bootverify.secrets.jwk import jwk_keys
from bootverify.secrets.keys import PublicKey, public_parts
from bootverify.secrets.material import Material
from bootverify.secrets.pem import openssh_keys, pem_keys

LOOKED_FOR = (
    "PEM (any line ends, in strings, cut short)",
    "PKCS#8, SEC1 and PKCS#1 DER",
    "base64, hex, byte lists and UTF-16 of these",
    "JWK",
    "OpenSSH",
)
_DEPTH = 2  # text inside text: base64 of a PEM file


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """What looks like a key and is none, or is public."""

    offset: int
    size: int
    what: str
    reason: str
    public: PublicKey | None = None
    certified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that forms tell of some bytes; `runs` are the encoded ones that hold no known form: raw keys may be there."""

    materials: tuple[Material, ...]
    harmless: tuple[Harmless, ...]
    runs: tuple[Run, ...]


def read(data: bytes) -> Reading:
    """The key material in `data`, each piece once, in the order of the offsets."""
    found, harmless, open_runs = _read(data, _DEPTH)
    kept: list[Material] = []
    for each in sorted(found, key=lambda m: (m.offset, -m.size)):
        if not any(_inside(each, other) for other in kept):
            kept.append(each)
    harmless.sort(key=lambda h: h.offset)
    return Reading(materials=tuple(kept), harmless=tuple(harmless), runs=tuple(open_runs))


def _inside(each: Material, other: Material) -> bool:
    return other.offset <= each.offset and each.offset + each.size <= other.offset + other.size


def _read(data: bytes, depth: int) -> tuple[list[Material], list[Harmless], list[Run]]:
    direct, harmless = list(_direct(data)), list(_public(data))
    found = [each for each in direct if not each.none]
    harmless += (
        Harmless(offset=each.offset, size=each.size, what=each.form.value, reason=each.none)
        for each in direct
        if each.none
    )
    covered = [(m.offset, m.offset + m.size) for m in found]
    open_runs = []
    for run in runs(data) if depth else ():
        if any(start < run.offset + run.size and run.offset < stop for start, stop in covered):
            continue
        inner, quiet, further = _read(run.decoded, depth - 1)
        found += (_carried(each, run) for each in inner)
        harmless += (
            replace(each, offset=run.offset, size=run.size, what=f"{each.what} in {run.encoding}") for each in quiet
        )
        if not inner:
            open_runs += [
                run,
                *(
                    replace(run, encoding=f"{each.encoding} in {run.encoding}", decoded=each.decoded)
                    for each in further
                ),
            ]
    return found, harmless, open_runs


def _carried(each: Material, run: Run) -> Material:
    how = f"in {run.encoding}" + (f", {each.how}" if each.how else "")
    return replace(each, offset=run.offset, size=run.size, how=how)


def _direct(data: bytes) -> Iterator[Material]:
    for each in (pem_keys, jwk_keys, openssh_keys, private_keys):
        yield from each(data)


def _public(data: bytes) -> Iterator[Harmless]:
    for seen in public_parts(data):
        what = "certificate" if seen.certificate else "public key"
        yield Harmless(
            offset=seen.offset,
            size=seen.size,
            what=what,
            reason="public by nature",
            public=seen.key,
            certified=seen.certificate,
        )
