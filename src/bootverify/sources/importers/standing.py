"""What each find of a scan means in the build that it is part of: image and partition, who reads it, what it is for."""

from dataclasses import replace
from pathlib import Path

from bootverify.secrets.find import Find, ScanResult, Standing
from bootverify.sources.importers.build_dir import is_build_dir, read_build_dir
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.draw import drawn
from bootverify.sources.importers.found_keys import (
    Found,
    as_imported,
    grouped,
    own_decryption_key,
    shipped_pieces,
    signs,
)
from bootverify.sources.importers.locate import Locator
from bootverify.sources.search import Search

_FACTORY, _UPDATE, _STAYS = "what production programs", "an update", "a file of the build that does not ship"


def with_standing(path: Path, shown: str, result: ScanResult) -> ScanResult:
    """The result of a scan, with what each find in the build directory `path` means there.

    Raises:
        InputError: a file that the build rests on cannot be read.
    """
    if not is_build_dir(path):
        return result
    project = read_build_dir(path, shown)
    written = drawn(project, None, Search())
    draft = Draft(plain=written.plain, origins=dict(written.origins))
    pieces = [*shipped_pieces(project), *(replace(each, file=as_imported(each.file)) for each in result.clear)]
    locator = Locator(draft.plain, project, pieces)
    groups = grouped(result, pieces, locator)
    own = own_decryption_key(draft, project, result, groups)
    told: dict[Find, Standing] = {}
    for key, found in groups.items():
        role = "opens the encrypted images" if key == own else _role(signs(draft, project, result, found[0].find))
        told.update((each.find, _standing(each, role, locator, result)) for each in found)
    inside = f"{shown.rstrip('/')}/" if shown not in {"", "."} else ""
    finds = tuple(
        replace(find, standing=told.get(find) or Standing(ships=_STAYS, readers="who has the build"))
        if find.place.file.startswith(inside)
        else find
        for find in result.finds
    )
    return replace(result, finds=finds)


def _role(image: str | None) -> str:
    if image is None:
        return ""
    return f"signs {image}" if image else "signs images"


def _standing(found: Found, role: str, locator: Locator, result: ScanResult) -> Standing:
    where, place = found.where, found.find.place
    readers = "who has that file; what code of the device reads it, `check` answers"
    if where.update:
        readers = "everybody who downloads it"
        opener = next(
            (each for each in result.opened if each.place.file == place.file and place.part == each.place.part), None
        )
        if opener is not None:
            readers += f" and has the key {opener.fingerprint[:16]}"
    return Standing(
        ships=_UPDATE if where.update else _FACTORY,
        readers=readers,
        role=role,
        partition=where.partition,
        image=where.image or where.network,
        symbol=where.symbol,
        address=where.address,
        updatable=locator.updatable(where) if where.image or where.network else None,
    )
