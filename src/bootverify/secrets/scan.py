"""What a scan asks of which bytes: known forms first, then raw numbers of every public key that is given or found."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bootverify.secrets.find import Apart, Find, Place, Scanned, ScanResult
from bootverify.secrets.forms import LOOKED_FOR, Harmless, Material, Reading, read
from bootverify.secrets.keys import PublicKey
from bootverify.secrets.pieces import Piece, pieces, pieces_of
from bootverify.secrets.raw import Number, look
from bootverify.secrets.testvectors import TEST_VECTORS
from bootverify.secrets.windows import is_text, places, windows

MOST_KEYS = 8  # public keys found in the bytes whose private half is looked for; those given always are
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to scan. `names` tells what to call a key by its fingerprint; `symmetric` are SHA-256 of raw keys.

    `progress` is told the share done, from 0 to 1. `processes` bounds how many work at once (default: the cores).
    """

    exhaustive: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    symmetric: Mapping[str, int] = field(default_factory=dict)
    progress: Progress | None = None
    processes: int | None = None


def scan(
    paths: Iterable[Path | str], public_keys: Sequence[PublicKey] = (), options: Options | None = None
) -> ScanResult:
    """The key material in files and in directories, with what was looked for.

    Raises:
        InputError: a file that is named cannot be read or taken apart.
    """
    left_out: list[str] = []
    given = list(pieces_of(paths, left_out))
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
    readings = _readings(given)
    keys, left_out = _sought(readings, public_keys)
    runs = [run for _, reading in readings for run in reading.runs]
    sought = look(
        windows(given, runs, texts=asked.exhaustive),
        keys,
        exhaustive=asked.exhaustive,
        symmetric=asked.symmetric,
        progress=asked.progress,
        processes=asked.processes,
    )
    finds = [_written(piece, each) for piece, reading in readings for each in reading.materials]
    finds += _raw(readings, sought.numbers, finds)
    called = {**{key.fingerprint: key.name for key in public_keys if key.name}, **asked.names}
    finds = sorted((replace(find, name=called.get(find.fingerprint, "")) for find in finds), key=_order)
    apart = [_harmless(piece, each) for piece, reading in readings for each in reading.harmless]
    apart += [_example(find) for find in finds if find.fingerprint in TEST_VECTORS]
    return ScanResult(
        finds=tuple(find for find in finds if find.fingerprint not in TEST_VECTORS),
        apart=tuple(sorted(apart, key=lambda each: (each.place.file, each.place.offset, each.what))),
        files=_files(given),
        sought=tuple(replace(key, name=called.get(key.fingerprint, key.name)) for key in sought.keys),
        forms=LOOKED_FOR,
        left_out=(*left_out, *_texts(given, asked), *sought.left_out),
    )


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
    keys = {key.fingerprint: key for key in given}
    found: dict[str, PublicKey] = {}
    for _, reading in readings:
        for material in reading.materials:
            if material.public:
                found.setdefault(material.public.fingerprint, material.public)
        for each in reading.harmless:
            if each.public and not each.certified:
                found.setdefault(each.public.fingerprint, each.public)
    more = [key for print_, key in found.items() if print_ not in keys and print_ not in TEST_VECTORS]
    left_out = [
        f"{key.type} key {key.fingerprint[:16]}, found in the bytes: its raw private number was not looked for;"
        " give it with --public-key"
        for key in more[MOST_KEYS:]
    ]
    return [*keys.values(), *more[:MOST_KEYS]], left_out


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


def _harmless(piece: Piece, each: Harmless) -> Apart:
    return Apart(
        what=f"{each.public.type} {each.what}" if each.public else each.what,
        place=piece.place(each.offset, each.size),
        reason=each.reason,
        fingerprint=each.public.fingerprint if each.public else "",
    )


def _example(find: Find) -> Apart:
    return Apart(
        what=f"{find.type} private key as {find.form.value}",
        place=find.place,
        reason=f"an example key that everybody knows: {TEST_VECTORS[find.fingerprint]}",
        fingerprint=find.fingerprint,
    )


def _files(given: Sequence[Piece]) -> tuple[Scanned, ...]:
    sizes: dict[str, int] = {}
    notes: dict[str, str] = {}
    for piece in given:
        sizes[piece.file] = sizes.get(piece.file, 0) + len(piece.data)
        notes[piece.file] = notes.get(piece.file, "") or piece.note
    return tuple(Scanned(file=file, size=size, note=notes[file]) for file, size in sizes.items())
