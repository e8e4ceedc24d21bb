"""Keys whose private half is published, recognised by content: a signature made with one of them proves nothing."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from bootverify.dataclass import dataclass
from bootverify.sources.catalog import find, shown
from bootverify.sources.document import read_written
from bootverify.sources.validate import validated
from bootverify.sources.written import Written

if TYPE_CHECKING:
    from bootverify.secrets.find import Symmetric

_HEX = r"^([0-9a-f]{64})?$"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    name: str
    type: str
    fingerprint: str = Field(pattern=_HEX, description="SHA-256 of the DER SubjectPublicKeyInfo")
    keyhash: str = Field(default="", pattern=r"^([0-9a-f]{64}|[0-9a-f]{128})?$")
    provisioned: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    starts: str = Field(default="", pattern=r"^([0-9a-f]{2}){0,8}$", description="first bytes of a symmetric key")
    meant_for: str = "signing"
    files: list[str] = Field(default_factory=list, description="further places, each a tree and a path in it")


class KnownKeysEntry(BaseModel):
    """A file of published keys, as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    keys: list[_Entry]


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
    return _keys(read_written(path))


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
    entry = validated(KnownKeysEntry, written)
    return tuple(
        KnownKey(
            name=each.name,
            type=each.type,
            fingerprint=each.fingerprint,
            keyhash=each.keyhash or each.fingerprint,
            provisioned=each.provisioned,
            starts=bytes.fromhex(each.starts),
            meant_for=each.meant_for,
            files=(each.name, *each.files),
        )
        for each in entry.keys
    )
