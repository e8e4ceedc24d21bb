"""Keys whose private half is published, recognised by content: a signature made with one of them proves nothing."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bootverify.dataclass import dataclass
from bootverify.sources.catalog import find, shown
from bootverify.sources.document import read_written
from bootverify.sources.written import Written

if TYPE_CHECKING:
    from bootverify.secrets.find import Symmetric


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A published key; `keyhash` is what an MCUboot image carries, `provisioned` what NSIB's data hold.

    `starts` are the first bytes of a symmetric one, where they are known.

    `files` are its places, each the name of a source tree, a comma, and the path in that tree.
    """

    name: str
    type: str
    fingerprint: str
    keyhash: str
    provisioned: str
    starts: bytes
    meant_for: str
    files: tuple[str, ...]


@cache
def known_keys() -> tuple[KnownKey, ...]:
    """Ours, of models/known-keys.yaml."""
    path = find("models", "known-keys")
    return _keys(read_written(path, shown=shown(path)))


def load_known_keys(path: Path | str) -> tuple[KnownKey, ...]:
    """Those of a user's file.

    Raises:
        InputError: the file is missing or wrong.
    """
    from bootverify.sources.model_files import KnownKeysEntry  # noqa: PLC0415 - ours are held to it by the tests
    from bootverify.sources.validate import validated  # noqa: PLC0415

    written = read_written(path)
    validated(KnownKeysEntry, written)
    return _keys(written)


def published_key(digest: str, among: Iterable[KnownKey] | None = None) -> KnownKey | None:
    """The published key of which `digest` is the fingerprint, key hash or provisioned hash; None when it is none."""
    if among is None:
        return _by_digest().get(digest)
    return next((key for key in among if digest in {key.fingerprint, key.keyhash, key.provisioned}), None)


def symmetric_keys() -> "dict[str, Symmetric]":
    """Ours that are symmetric, by fingerprint: what is known of each."""
    from bootverify.secrets.find import Symmetric  # noqa: PLC0415 - a check of a native design scans nothing

    found = (key for key in known_keys() if key.type.startswith("AES-"))
    return {key.fingerprint: Symmetric(size=int(key.type[4:]) // 8, starts=key.starts) for key in found}


@cache
def _by_digest() -> dict[str, KnownKey]:
    found: dict[str, KnownKey] = {}
    for key in known_keys():
        for digest in (key.fingerprint, key.keyhash, key.provisioned):
            if digest:
                found.setdefault(digest, key)
    return found


def _keys(written: Written) -> tuple[KnownKey, ...]:
    return tuple(
        KnownKey(
            name=each["name"],
            type=each["type"],
            fingerprint=each["fingerprint"],
            keyhash=each.get("keyhash") or each["fingerprint"],
            provisioned=each.get("provisioned", ""),
            starts=bytes.fromhex(each.get("starts", "")),
            meant_for=each.get("meant_for", "signing"),
            files=(each["name"], *each.get("files", ())),
        )
        for each in written.plain["keys"]
    )
