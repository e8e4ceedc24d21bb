"""What a scan asks of which bytes: known forms first, then raw numbers of every public key that is given or found."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import pairwise
from pathlib import Path

from bootverify.dataclass import dataclass
from bootverify.errors import InputError
from bootverify.secrets.find import Apart, Find, Form, Opened, Scanned, ScanResult, Symmetric
from bootverify.secrets.forms import LOOKED_FOR, Harmless, Reading, read
from bootverify.secrets.keys import PublicKey
from bootverify.secrets.material import Material
from bootverify.secrets.opened import (
    Opener,
    holds_encrypted,
    image_keys,
    images_opened,
    opened_by_number,
    openers_in,
    wrapped_keys,
)
from bootverify.secrets.pieces import DECRYPTED, ENCRYPTED, Piece, pieces, pieces_of
from bootverify.secrets.place import Place
from bootverify.secrets.raw import Number, Sought, look
from bootverify.secrets.testvectors import TEST_VECTORS
from bootverify.secrets.windows import is_text, places, windows

_STARTS = 8  # first bytes by which a raw key that is at hand is looked for
MOST_KEYS = 8  # public keys found in the bytes whose private half is looked for; those given always are
_CLOSED = "holds an encrypted image: what its payload says was not seen; `bootverify scan --key FILE` opens it"
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to scan. `symmetric` are raw keys that are looked for, by their SHA-256.

    `published` are keys, by fingerprint, whose private half everybody has: found where nothing uses their public half,
    they are set apart. Without `raw` only written forms are looked for, which takes no time.

    `opens` are the contents of key files: encrypted images are opened with them, and they are looked for themselves.
    `progress` is told the share done, from 0 to 1. `processes` bounds how many work at once (default: the cores).
    """

    exhaustive: bool = False
    raw: bool = True
    published: Mapping[str, str] = field(default_factory=dict)
    symmetric: Mapping[str, Symmetric] = field(default_factory=dict)
    opens: Sequence[bytes] = field(default=(), repr=False)
    progress: Progress | None = None
    processes: int | None = None


def scan(
    paths: Iterable[Path | str], public_keys: Sequence[PublicKey] = (), options: Options | None = None
) -> ScanResult:
    """The key material in files and in directories, with what was looked for.

    Raises:
        InputError: a file that is named cannot be read or taken apart, or there is none at all.
    """
    left_out: list[str] = []
    named = list(paths)
    given = list(pieces_of(named, left_out))
    if not given and not left_out:
        raise InputError.at(", ".join(map(str, named)), 0, "no file is in it, so nothing was looked at; check the path")
    result = scan_pieces(given, public_keys, options)
    return replace(result, left_out=(*left_out, *result.left_out))


def scan_data(
    data: bytes, name: str, public_keys: Sequence[PublicKey] = (), options: Options | None = None
) -> ScanResult:
    """The same of the content of one file."""
    return scan_pieces(list(pieces(data, name)), public_keys, options)


def scan_pieces(
    given: Sequence[Piece], public_keys: Sequence[PublicKey] = (), options: Options | None = None
) -> ScanResult:
    """The same of stretches of bytes; those that repeat are read once, and what is found is told of each."""
    asked = options or Options()
    openers = openers_in(asked.opens)
    given = _with_opened(given, openers)
    public_keys = _each_once([*public_keys, *(key for each in openers if (key := each.public))])
    known = {each.fingerprint: _held(each.secret) for each in openers if isinstance(each.secret, bytes)}
    symmetric = {**asked.symmetric, **known}
    readings = _readings(given)
    keys, left_out = _sought(readings, public_keys) if asked.raw else ([], [])
    runs = [run for _, reading in readings for run in reading.runs]
    sought = look(
        windows(given, runs, texts=asked.exhaustive),
        keys,
        exhaustive=asked.exhaustive,
        symmetric=symmetric,
        wrapped=wrapped_keys(given) if asked.raw else (),
        progress=asked.progress,
        processes=asked.processes,
    )
    more = images_opened(given, _by_number(sought, keys)) if holds_encrypted(given) else []
    if more:  # each opened image once, so this ends
        found = {each.fingerprint: _held(each.value) for each in sought.numbers if each.form is Form.SYMMETRIC}
        return scan_pieces([*given, *more], public_keys, replace(asked, symmetric={**symmetric, **found}))
    finds = [_written(piece, each) for piece, reading in readings for each in reading.materials if not each.example]
    finds += _raw(readings, [*sought.numbers, *image_keys(given)], finds)
    called = {print_: f"published: {name}" for print_, name in asked.published.items()}
    called |= {key.fingerprint: key.name for key in public_keys if key.name}
    finds = sorted((replace(find, name=called.get(find.fingerprint, "")) for find in finds), key=_order)
    in_use = {key.fingerprint for key in (*public_keys, *_public(readings))} | {piece.opened_with for piece in given}
    reasons = _reasons(asked, in_use)
    apart = [
        *_apart(readings),
        *(_example(find, reasons[find.fingerprint]) for find in finds if find.fingerprint in reasons),
    ]
    return ScanResult(
        finds=tuple(find for find in finds if find.fingerprint not in reasons),
        apart=tuple(sorted(apart, key=lambda each: (each.place.file, each.place.offset, each.what))),
        files=_files(given),
        sought=tuple(replace(key, name=called.get(key.fingerprint, key.name)) for key in sought.keys),
        forms=LOOKED_FOR,
        left_out=(*left_out, *_texts(given, asked), *sought.left_out),
        opened=_opened(given, called),
        known_as={key.fingerprint: key.digests for key in (*public_keys, *_seen(readings))},
        clear=tuple(piece for piece in given if piece.opened_with),
    )


def _held(value: bytes) -> Symmetric:
    """A raw key that is at hand, to be found elsewhere too."""
    return Symmetric(size=len(value), starts=value[:_STARTS])


def _with_opened(given: Sequence[Piece], openers: Sequence[Opener]) -> list[Piece]:
    """The pieces, and in clear the encrypted images that one of the keys, or one written in the pieces, opens."""
    pieces = list(given)
    if not holds_encrypted(pieces):
        return pieces
    openers, fresh = list(openers), [piece.data for piece in pieces]
    while fresh:
        openers += openers_in(fresh)
        more = images_opened(pieces, openers)
        pieces += more
        fresh = [piece.data for piece in more]
    return pieces


def _each_once(keys: Iterable[PublicKey]) -> list[PublicKey]:
    found: dict[str, PublicKey] = {}
    for key in keys:
        found.setdefault(key.fingerprint, key)
    return list(found.values())


def _reasons(asked: Options, in_use: Collection[str]) -> dict[str, str]:
    """Why a key is no secret to report, by its fingerprint: everybody has it, and nothing rests on it."""
    published = {
        print_: f"published, and nothing here uses it: {name}"
        for print_, name in asked.published.items()
        if print_ not in in_use
    }
    return {
        **published,
        **{print_: f"an example key that everybody knows: {text}" for print_, text in TEST_VECTORS.items()},
    }


def _by_number(sought: Sought, keys: Sequence[PublicKey]) -> list[Opener]:
    public = {key.fingerprint: key for key in keys}
    openers = (opened_by_number(each, public.get(each.fingerprint)) for each in sought.numbers)
    return [each for each in openers if each is not None]


def _opened(given: Sequence[Piece], called: Mapping[str, str]) -> tuple[Opened, ...]:
    return tuple(
        Opened(place=piece.place(part.start, part.end - part.start), fingerprint=print_, name=called.get(print_, ""))
        for piece in given
        for part in piece.parts
        if (print_ := piece.opened_with) and part.name == DECRYPTED
    )


def _public(readings: Sequence[tuple[Piece, Reading]]) -> Iterator[PublicKey]:
    """The public keys that the bytes hold by themselves, as who verifies or encrypts with one does."""
    for _, reading in readings:
        yield from (each.public for each in reading.harmless if each.public and not each.certified)


def _seen(readings: Sequence[tuple[Piece, Reading]]) -> Iterator[PublicKey]:
    """The public keys, and public halves of private ones, that the bytes hold; not those of certificates."""
    for _, reading in readings:
        yield from (each.public for each in reading.materials if each.public)
    yield from _public(readings)


def _texts(given: Sequence[Piece], asked: Options) -> list[str]:
    """What is said of text files, which are read for written forms alone unless the scan is exhaustive."""
    count = 0 if asked.exhaustive else sum(1 for piece in given if is_text(piece.data))
    return [f"raw numbers in {count} text files; --exhaustive reads them too"] if count else []


def _order(find: Find) -> tuple[str, int, int, str]:
    return find.place.file, find.place.offset, -find.place.size, find.form.value


def _readings(given: Sequence[Piece]) -> list[tuple[Piece, Reading]]:
    read_once: dict[bytes, Reading] = {}
    return [(piece, read_once.setdefault(piece.data, read(piece.data))) for piece in given]


def _sought(readings: Sequence[tuple[Piece, Reading]], given: Sequence[PublicKey]) -> tuple[list[PublicKey], list[str]]:
    """The keys whose private half is looked for: those given, then those that the bytes themselves hold."""
    known = {*TEST_VECTORS, *(key.fingerprint for key in given)}
    more = [key for key in _each_once(_seen(readings)) if key.fingerprint not in known]
    left_out = [
        f"{key.type} key {key.fingerprint[:16]}, found in the bytes: its raw private number was not looked for;"
        " give it with --public-key"
        for key in more[MOST_KEYS:]
    ]
    return [*given, *more[:MOST_KEYS]], left_out


def _written(piece: Piece, each: Material) -> Find:
    return Find(
        form=each.form,
        type=each.type,
        place=piece.place(each.offset, each.size),
        fingerprint=each.fingerprint,
        how=each.how,
    )


def _raw(readings: Sequence[tuple[Piece, Reading]], numbers: Sequence[Number], told: Sequence[Find]) -> Iterator[Find]:
    """Every place of each number, but those inside a form of the same key, which is told already."""
    covered: dict[tuple[str, str], list[Place]] = {}
    for find in told:
        covered.setdefault((find.place.file, find.fingerprint), []).append(find.place)
    for number in numbers:
        for piece, reading in readings:
            spots = [(at, len(number.value), "") for at in places(number.value, piece.data)]
            spots += [
                (run.offset, run.size, f"in {run.encoding}") for run in reading.runs if number.value in run.decoded
            ]
            for at, size, within in spots:
                place = piece.place(at, size)
                inside = covered.get((piece.file, number.fingerprint), ())
                if not any(o.offset <= place.offset and place.offset + size <= o.offset + o.size for o in inside):
                    how = ", ".join(filter(None, (number.how, within)))
                    print_ = number.fingerprint
                    yield Find(form=number.form, type=number.type, place=place, fingerprint=print_, how=how)


def _apart(readings: Sequence[tuple[Piece, Reading]]) -> Iterator[Apart]:
    for piece, reading in readings:
        yield from (_harmless(piece, each) for each in reading.harmless)
        yield from (_example(_written(piece, each), each.example) for each in reading.materials if each.example)


def _harmless(piece: Piece, each: Harmless) -> Apart:
    return Apart(
        what=f"{each.public.type} {each.what}" if each.public else each.what,
        place=piece.place(each.offset, each.size),
        reason=each.reason,
        fingerprint=each.public.fingerprint if each.public else "",
    )


def _example(find: Find, reason: str) -> Apart:
    return Apart(
        what=f"{find.type} private key as {find.form.value}",
        place=find.place,
        reason=reason,
        fingerprint=find.fingerprint,
    )


def _files(given: Sequence[Piece]) -> tuple[Scanned, ...]:
    sizes: dict[str, int] = {}
    notes: dict[str, str] = {}
    clear = {(piece.file, piece.offset) for piece in given if piece.opened_with}
    for piece in given:
        sizes[piece.file] = sizes.get(piece.file, 0) + (0 if piece.opened_with else len(piece.data))
        heads = {head.start for head, body in pairwise(piece.parts) if body.name == ENCRYPTED}
        closed = any((piece.file, piece.offset + head) not in clear for head in heads)
        note = _CLOSED if closed else piece.note
        notes[piece.file] = notes.get(piece.file, "") or note
    return tuple(Scanned(file=file, size=size, note=notes[file]) for file, size in sizes.items())
