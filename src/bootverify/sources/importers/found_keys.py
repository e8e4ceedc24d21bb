"""Private and symmetric keys among the bytes of a build, as keys of its design: which one, where, and what it is for.

The search is that of `secrets`, which never hands out a value. What a key is for follows from its public half: what a
boot loader verifies with it, or an encrypted image that it opens; else from the place that MCUboot keeps its own in.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.secrets.find import Find, ScanResult
from bootverify.secrets.pieces import Piece, stretch
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.hexfile import hashes_among
from bootverify.sources.importers.locate import Locator, Where
from bootverify.sources.importers.project import Project
from bootverify.sources.input_file import MIB, read_bytes
from bootverify.sources.known_keys import known_keys, published_key, symmetric_keys
from bootverify.sources.search import Search

MOST_FOUND = 100
_DECRYPTS = {"ecies-p256": "EC P-256", "ecies-x25519": "X25519"}
# as the configurations of all releases call them (ncs-boot 4.3)
_ENCRYPTS = (
    *("CONFIG_BOOT_ENCRYPT_IMAGE", "CONFIG_BOOT_ENCRYPT_RSA", "CONFIG_BOOT_ENCRYPT_EC256"),
    "CONFIG_BOOT_ENCRYPT_X25519",
)
_MCUBOOTS = {"mcuboot", "boot_partition", "s0", "s1", "s0_image", "s1_image", "s0_partition", "s1_partition"}
_ROLES = ("image_verification", "image_signing", "signed_with", "nsib_key", "nsib_signing", "provisioned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A find of the scan and where it lies."""

    find: Find
    where: Where


def put_found_keys(draft: Draft, project: Project, search: Search) -> None:
    """Every private or symmetric key in what the build programs or ships."""
    pieces = list(shipped_pieces(project))
    if not pieces:
        return
    from bootverify.secrets.keys import keys_of  # noqa: PLC0415 - its tables are built on loading
    from bootverify.secrets.scan import Options, scan_pieces  # noqa: PLC0415

    held = {shown: read_bytes(file, limit=MIB, shown=shown) for shown, file in project.key_files.items()}
    public = [key.named(shown) for shown, content in held.items() for key in keys_of(content)]
    published = {key.fingerprint: key.name for key in known_keys()}
    options = Options(
        raw=search.raw,
        published=published,
        symmetric=symmetric_keys() if search.raw else {},
        opens=tuple(held.values()),
        progress=search.progress,
    )
    result = scan_pieces(pieces, public, options)
    pieces += result.clear
    locator = Locator(draft.plain, project, pieces)
    groups = grouped(result, pieces, locator)
    own = own_decryption_key(draft, project, result, groups)
    for fingerprint, found in list(groups.items())[:MOST_FOUND]:
        _put(draft, project, result, found, locator, decrypts=fingerprint == own)
    for each in result.apart:
        if "private key" in each.what:
            project.ledger.add(Source(file=each.place.file), f"{each.what} at {each.place.offset:#x}: {each.reason}")
    for image in result.opened:
        words = f"encrypted, and read in clear with the key {image.name or image.fingerprint[:16]}"
        project.ledger.add(Source(file=image.place.file), words)
    for file in result.files:
        if file.note:
            project.ledger.add(Source(file=file.file), file.note)
    if len(groups) > MOST_FOUND:
        words = f"{len(groups) - MOST_FOUND} more private keys; `bootverify scan` lists all"
        project.ledger.add(Source(file=project.shown), words)


def grouped(result: ScanResult, pieces: Sequence[Piece], locator: Locator) -> dict[str, list[Found]]:
    """The finds by the key that they are of: by fingerprint, or by place where the public half cannot be told."""
    groups: dict[str, list[Found]] = {}
    for find in result.finds:
        piece = _piece_of(pieces, find)
        if piece is not None:
            key = find.fingerprint or f"{find.place.file}@{find.place.offset:x}"
            groups.setdefault(key, []).append(Found(find=find, where=locator.where(piece, find.place)))
    return groups


def shipped_pieces(project: Project) -> Iterable[Piece]:
    """The bytes of programming files, updates, and the images of update archives."""
    for file in (*project.firmware, *project.repeated):
        offset = 0
        for segment in file.segments:
            address = segment.at if file.addressed else None
            yield stretch(segment.data, file.file, offset=offset, address=address)
            offset += len(segment.data)


def as_imported(file: str) -> str:
    """What the importers call a file that a scan names, which differs for what is in an archive."""
    return file.replace(".zip!", ".zip/")


def _piece_of(pieces: Sequence[Piece], find: Find) -> Piece | None:
    """The piece in which the find lies; None for one of a file that does not ship."""
    at, file = find.place, as_imported(find.place.file)
    for piece in pieces:
        inside = piece.offset <= at.offset < piece.offset + len(piece.data)
        if piece.file == file and inside and piece.place(at.offset - piece.offset, at.size).part == at.part:
            return piece
    return None


def _put(
    draft: Draft,
    project: Project,
    result: ScanResult,
    found: Sequence[Found],
    locator: Locator,
    *,
    decrypts: bool,
) -> None:
    """One key with all its places; MCUboot's own decryption key is the one that the configuration speaks of."""
    find = found[0].find
    symmetric = find.form.value == "symmetric key" or find.type.startswith("symmetric")
    plain: dict[str, Any] = {"kind": "symmetric" if symmetric else "private"}
    places, sources = _placements(found, locator)
    plain["placement"] = places if len(places) > 1 else places[0]
    plain["found"] = _seen_in(found, locator)
    known = published_key(find.fingerprint) if find.fingerprint else None
    if find.fingerprint:
        plain["fingerprint"] = find.fingerprint
    if known is not None:
        plain["published"] = True
    image = signs(draft, project, result, find)
    if decrypts:
        name = "image_decryption"
        if draft.has(("keys", name)):
            plain["decrypts"] = draft.plain["keys"][name]["decrypts"]
            sources.append(draft.origins["keys", name])
        else:
            plain["opens_images"] = True
        opens = [each for each in result.opened if each.fingerprint == find.fingerprint]
        sources += [Source(file=each.place.file, text=f"opens the encrypted image at {each.place}") for each in opens]
    elif image is not None:
        name = f"signing_key_of_{image}" if image else f"signing_key_{find.fingerprint[:8]}"
        if image:
            plain["signs"] = image
    else:
        name = f"{plain['kind']}_{find.fingerprint[:8] or f'at_{find.place.offset:x}'}"
    name, number = name.replace("+", "_"), 2
    called = name
    while draft.has(("keys", called)) and not decrypts:
        called, number = f"{name}_{number}", number + 1
    draft.put(("keys", called), plain, *sources)
    if any("elsewhere" in place for place in places if isinstance(place, dict)):
        text = f"which memory of the device {called} lies in: no partition is drawn there"
        draft.plain.setdefault("open_points", []).append(
            {"name": "key-place-not-told", "statement": text, "about": [called], "policies": ["secret-confidential"]}
        )
    for number, source in enumerate(sources[: len(places)]):
        draft.origins["keys", called, "placement", number] = source


def _placements(found: Sequence[Found], locator: Locator) -> tuple[list[Any], list[Source]]:
    """Each image or partition once, with the first place there; the others stand beside that source."""
    places: dict[tuple[str, str], Any] = {}
    sources: dict[tuple[str, str], list[Source]] = {}
    for each in sorted(found, key=lambda one: (one.where.address is None, one.find.place.file, one.find.place.offset)):
        where = each.where
        at = (where.image, "" if where.image else where.partition)
        if where.image:
            place: Any = {"image": where.image} | ({} if where.offset is None else {"offset": where.offset})
        elif where.uicr:
            place = "uicr"
        elif where.partition:
            place = {"partition": where.partition}
        else:
            place = {"elsewhere": "shipped", "words": each.find.place.file[-60:]}
        places.setdefault(at, place)
        sources.setdefault(at, []).append(Source(file=each.find.place.file, text=_told(each, locator)))
    merged = [Source(file=all_[0].file, text=all_[0].text, also=tuple(all_[1:20])) for all_ in sources.values()]
    return list(places.values()), merged


def _told(each: Found, locator: Locator) -> str:
    """The find in one line: what, where, whose, and how it travels."""
    find, where = each.find, each.where
    form = f"{find.form.value}{', ' + find.how if find.how else ''}"
    at = f"address {where.address:#x}" if where.address is not None else f"offset {find.place.offset:#x}"
    words = [f"{find.type} key ({form}) at {at}"]
    if find.place.part:
        words.append(f"in the {find.place.part}")
    if where.partition:
        words.append(f"partition {where.partition}")
    if where.symbol:
        words.append(f"symbol {where.symbol}")
    if where.update:
        words.append("in an update that everybody can download")
    elif where.image or where.network:
        words.append("updatable" if locator.updatable(where) else "never updated")
    if find.fingerprint:
        words.append(f"public half {find.fingerprint[:16]}")
    return ", ".join(words)


def signs(draft: Draft, project: Project, result: ScanResult, find: Find) -> str | None:
    """The image that is verified with the public half, empty where the chain does not tell; None: with it, nothing."""
    digests = {find.fingerprint, *result.known_as.get(find.fingerprint, ())} - {""}
    for name, entry in draft.plain.get("keys", {}).items():
        if name.startswith(_ROLES) and entry.get("fingerprint") in digests:
            return str(entry.get("verifies", ""))
    short = {digest: "" for digest in digests if len(digest) == 32}
    for file in project.firmware if short else ():
        for low, high in _provision(draft):
            if next(hashes_among(file, short, within=(low, high)), None) is not None:
                return next(
                    (each for each, of in draft.plain.get("chain", {}).items() if of.get("verified_by") == "b0"), ""
                )
    return None


def _provision(draft: Draft) -> list[tuple[int, int]]:
    """Where the map keeps what NSIB was provisioned with."""
    parts = draft.plain.get("partitions", {})
    found = [parts[name] for name in ("provision", "otp_provision", "cpunet:provision") if name in parts]
    base = {"network": 0x01000000}
    starts = [(entry["at"] + base.get(entry.get("memory", ""), 0), entry["size"]) for entry in found if "at" in entry]
    return [(start, start + size) for start, size in starts]


def own_decryption_key(
    draft: Draft, project: Project, result: ScanResult, groups: dict[str, list[Found]]
) -> str | None:
    """The group that is MCUboot's key for encrypted images: one that opens an image of the build, else by its place.

    By its place it is that in MCUboot, of the scheme's kind, with which nothing is signed.
    """
    mcuboot = project.image("mcuboot")
    encrypts = mcuboot is not None and mcuboot.on(*_ENCRYPTS) is not None
    if not encrypts and not draft.has(("keys", "image_decryption")):
        return None
    proved = {each.fingerprint for each in result.opened}
    for key, found in groups.items():
        if key in proved and any(_in_mcuboot(each.where) for each in found):
            return key
    images = draft.plain.get("chain", {}).values()
    kinds = {_DECRYPTS.get(entry.get("encryption", ""), "") for entry in images} - {""}
    for key, found in groups.items():
        inside = any(_in_mcuboot(each.where) for each in found)
        fits = not kinds or found[0].find.type in kinds
        if inside and fits and signs(draft, project, result, found[0].find) is None:
            return key
    return None


def _in_mcuboot(where: Where) -> bool:
    return where.image == "mcuboot" or (not where.image and where.partition in _MCUBOOTS)


def _seen_in(found: Sequence[Found], locator: Locator) -> list[str]:
    """In what kinds of files a key was seen."""
    kinds = {"update" if each.where.update else "factory" for each in found}
    kinds |= {"slot" for each in found if each.where.address is not None and locator.in_slot(each.where.address)}
    return sorted(kinds)
