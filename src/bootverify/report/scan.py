"""What a scan found, as text and as JSON: places and fingerprints, never a value."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from bootverify.report.wrapping import wrapped
from bootverify.secrets.find import Find, ScanResult, SoughtKey, Standing
from bootverify.secrets.place import Place

_MOST = 200  # finds that the text lists; the JSON lists all


def scan_text(result: ScanResult) -> str:
    """The answer first, then each key with the places where it stands, what was set apart, and what was looked for."""
    lines = [*wrapped(_answer(result), 0, 2), ""]
    for finds in _by_key(result.finds[:_MOST]):
        lines += _key(finds)
    if len(result.finds) > _MOST:
        lines.append(f"and {len(result.finds) - _MOST} places more: --format json lists all")
    lines += _opened(result)
    lines += _apart(result)
    lines += _block("looked for:", [*result.forms, *map(_sought, result.sought)])
    if all(key.type.startswith("AES") for key in result.sought):
        told = "no private number: no public key is known to compare with; give one with --public-key"
        lines += wrapped(told, 2, 4)
    told = "not looked for: keys that are masked, split, word-swapped, or wrapped by another key"
    notes = [f"{file.file}: {file.note}" for file in result.files if file.note]
    lines += _block(told, [*result.left_out, *notes])
    return "\n".join(lines) + "\n"


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [*wrapped(head, 0, 2), *(part for line in lines for part in wrapped(line, 2, 4))]


def scan_json(result: ScanResult) -> str:
    """The same for programs, complete and in a fixed order."""
    told = {
        "schema": "bootverify-scan/1",
        "finds": [
            {
                "form": find.form.value,
                "type": find.type,
                "fingerprint": find.fingerprint or None,
                "name": find.name or None,
                "how": find.how or None,
                **_place(find.place),
                "build": _standing(find.standing),
            }
            for find in result.finds
        ],
        "apart": [
            {"what": each.what, "reason": each.reason, "fingerprint": each.fingerprint or None, **_place(each.place)}
            for each in result.apart
        ],
        "opened": [
            {"fingerprint": each.fingerprint, "name": each.name or None, **_place(each.place)} for each in result.opened
        ],
        "files": [{"file": each.file, "size": each.size, "note": each.note or None} for each in result.files],
        "looked_for": {
            "forms": list(result.forms),
            "keys": [
                {
                    "fingerprint": key.fingerprint or None,
                    "type": key.type,
                    "name": key.name or None,
                    "forms": list(key.forms),
                    "miss": key.miss,
                    "missed": key.missed or None,
                }
                for key in result.sought
            ],
        },
        "left_out": list(result.left_out),
        "miss": result.miss,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _by_key(finds: Iterable[Find]) -> list[list[Find]]:
    """The finds of one key together, in the order of the first of each; those without a fingerprint alone."""
    groups: dict[object, list[Find]] = {}
    for find in finds:
        groups.setdefault(find.fingerprint or find, []).append(find)
    return list(groups.values())


def _answer(result: ScanResult) -> str:
    size = sum(file.size for file in result.files)
    looked = f"{_number(len(result.files), 'file')}, {size:,} bytes"
    if result.finds:
        keys, places = len(_by_key(result.finds)), len(result.finds)
        return f"{_number(keys, 'secret key')} in {_number(places, 'place')} ({looked})"
    return f"none of what was looked for is there ({looked}); {_bound(result.miss)}"


def _number(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count} {thing}s"


def _bound(miss: float) -> str:
    if not miss:
        return "within that, nothing can have been missed"
    return f"a raw number that is there was missed with probability {miss:.1e} at most, as told of each key below"


def _key(finds: Sequence[Find]) -> list[str]:
    """One key: its public half, what is known of it, and every place where it stands."""
    first = finds[0]
    lines = [f"{first.type}  {first.fingerprint or '(its public half cannot be told)'}"]
    roles = dict.fromkeys(find.standing.role for find in finds if find.standing and find.standing.role)
    about = [first.name] if first.name else []
    lines += (part for each in (*about, *(f"it {role}" for role in roles)) for part in wrapped(each, 2))
    for find in finds:
        lines += wrapped(str(find.place), 2, 6)
        form = f"{find.form.value}, {_number(find.place.size, 'byte')}" + (f", {find.how}" if find.how else "")
        for each in (form, *means(find)):
            lines += wrapped(each, 4, 6)
    return [*lines, ""]


def means(find: Find) -> list[str]:
    """What a find means in its build, in a line or two."""
    standing = find.standing
    if standing is None:
        return []
    told = standing.address is not None and standing.address != find.place.address
    where = [f"address {standing.address:#x}"] if told else []
    where += [f"partition {standing.partition}"] if standing.partition else []
    where += [f"symbol {standing.symbol}"] if standing.symbol else []
    if standing.image:
        where.append(f"image {standing.image}, " + ("updatable" if standing.updatable else "never updated"))
    return [*([", ".join(where)] if where else []), f"in {standing.ships}; read by {standing.readers}"]


def _named(name: str) -> str:
    return f"  {name}" if name else ""


def _opened(result: ScanResult) -> list[str]:
    if not result.opened:
        return []
    told = [f"{each.place}, with the key {each.fingerprint[:16]}{_named(each.name)}" for each in result.opened]
    return [*_block("encrypted, and read in clear:", told), ""]


def _apart(result: ScanResult) -> list[str]:
    if not result.apart:
        return []
    counts = Counter((each.what, each.reason) for each in result.apart)
    told = [f"{count} x {what}: {reason}" for (what, reason), count in sorted(counts.items())]
    return [*_block("no secrets, though they look alike:", told), ""]


def _sought(key: SoughtKey) -> str:
    miss = f"; missed with probability {key.miss:.1e} at most: {key.missed}" if key.miss else ""
    which = " ".join(filter(None, (key.type, key.fingerprint[:16])))
    return f"{which}{_named(key.name)}: {'; '.join(key.forms)}{miss}"


def _standing(standing: Standing | None) -> dict[str, object] | None:
    if standing is None:
        return None
    return {
        "ships": standing.ships,
        "readers": standing.readers,
        "role": standing.role or None,
        "image": standing.image or None,
        "updatable": standing.updatable,
        "partition": standing.partition or None,
        "symbol": standing.symbol or None,
        "address": standing.address,
    }


def _place(place: Place) -> dict[str, object]:
    return {
        "file": place.file,
        "offset": place.offset,
        "size": place.size,
        "address": place.address,
        "part": place.part or None,
    }
