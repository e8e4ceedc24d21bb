"""What a scan found, as text and as JSON: places and fingerprints, never a value."""

import json
from collections import Counter

from bootverify.secrets.find import Find, Place, ScanResult, SoughtKey, Standing

_MOST = 200  # finds that the text lists; the JSON lists all


def scan_text(result: ScanResult) -> str:
    """The answer first, then where each key stands, what was set apart, and what was looked for."""
    lines = [_answer(result), ""]
    for find in result.finds[:_MOST]:
        lines += _found(find)
    if len(result.finds) > _MOST:
        lines.append(f"  and {len(result.finds) - _MOST} more: --format json lists all")
    lines += _opened(result)
    lines += _apart(result)
    lines += ["looked for:", *(f"  {form}" for form in result.forms)]
    lines += (f"  {_sought(key)}" for key in result.sought)
    if not result.sought:
        lines.append("  no raw number: no public key is known to compare with; give one with --public-key")
    lines += ["not looked for: keys that are masked, split, word-swapped, or wrapped by another key"]
    lines += (f"  {each}" for each in result.left_out)
    lines += (f"  {file.file}: {file.note}" for file in result.files if file.note)
    return "\n".join(lines) + "\n"


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


def _answer(result: ScanResult) -> str:
    size = sum(file.size for file in result.files)
    looked = f"{len(result.files)} files, {size:,} bytes" if len(result.files) != 1 else f"1 file, {size:,} bytes"
    if result.finds:
        keys = {find.fingerprint for find in result.finds if find.fingerprint}
        unnamed = sum(1 for find in result.finds if not find.fingerprint)
        which = f"{len(keys)} known by fingerprint" + (f", {unnamed} not" if unnamed else "")
        return f"key material in {len(result.finds)} places ({looked}): {which}"
    return f"none of what was looked for is there ({looked}); {_bound(result.miss)}"


def _bound(miss: float) -> str:
    if not miss:
        return "within that, nothing can have been missed"
    return f"a raw number that is there was missed with probability {miss:.1e} at most, as told of each key below"


def _found(find: Find) -> list[str]:
    head = f"{find.type} key as {find.form.value}" + (f", {find.how}" if find.how else "")
    key = find.fingerprint or "its public half cannot be told"
    lines = [f"found  {head}", f"    {find.place}, {find.place.size} bytes", f"    {key}" + _named(find.name)]
    return [*lines, *(f"    {line}" for line in _means(find.standing)), ""]


def _means(standing: Standing | None) -> list[str]:
    """What the find means in its build, in a line or two."""
    if standing is None:
        return []
    where = [f"address {standing.address:#x}"] if standing.address is not None else []
    where += [f"partition {standing.partition}"] if standing.partition else []
    where += [f"symbol {standing.symbol}"] if standing.symbol else []
    if standing.image:
        where.append(f"image {standing.image}, " + ("updatable" if standing.updatable else "never updated"))
    lines = [", ".join(where)] if where else []
    lines += [f"it {standing.role}"] if standing.role else []
    return [*lines, f"in {standing.ships}; read by {standing.readers}"]


def _named(name: str) -> str:
    return f"  {name}" if name else ""


def _opened(result: ScanResult) -> list[str]:
    if not result.opened:
        return []
    told = [f"  {each.place}, with the key {each.fingerprint[:16]}{_named(each.name)}" for each in result.opened]
    return ["encrypted, and read in clear:", *told, ""]


def _apart(result: ScanResult) -> list[str]:
    if not result.apart:
        return []
    counts = Counter((each.what, each.reason) for each in result.apart)
    told = [f"  {count} x {what}: {reason}" for (what, reason), count in sorted(counts.items())]
    return ["no secrets, though they look alike:", *told, ""]


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
