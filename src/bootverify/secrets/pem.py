"""Private keys in PEM (RFC 7468), with any line ends, inside strings, or cut short; and OpenSSH's own form."""

import base64
import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from bootverify.secrets.der import key_at
from bootverify.secrets.encoded import base64_of
from bootverify.secrets.find import Form
from bootverify.secrets.keys import PublicKey, public_key
from bootverify.secrets.library import form, unreadable
from bootverify.secrets.material import Material
from bootverify.secrets.testvectors import TEST_CONTENTS

LONGEST = 32 * 1024  # characters of one PEM block
_LABEL = rb"((?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY)"
_BEGIN = re.compile(rb"-----BEGIN " + _LABEL + rb"-----")
_END = re.compile(rb"-----END " + _LABEL + rb"-----")
_BODY = re.compile(rb"(?:[A-Za-z0-9+/=]|\s|\\[rn\r\n]|\"|\\\")*")
_BODY_BEFORE = re.compile(rb"(?:[A-Za-z0-9+/=]|\s|\\[rn\r\n]|\")*\Z")
_HEADERS = re.compile(rb"Proc-Type: ?4,ENCRYPTED.{0,120}?(?:\n|\\n)[\s\"]*(?:\n|\\n)", re.DOTALL)
_MAGIC = b"openssh-key-v1\x00"
_INNER = {b"PRIVATE KEY": Form.PKCS8, b"RSA PRIVATE KEY": Form.PKCS1, b"EC PRIVATE KEY": Form.SEC1}
_TYPES = {b"RSA": "RSA", b"EC": "EC", b"DSA": "DSA"}


def pem_keys(data: bytes) -> Iterator[Material]:
    """The PEM private keys in `data`: whole ones, and those whose end or beginning is missing."""
    behind = 0
    for match in _BEGIN.finditer(data):
        if match.start() < behind:
            continue
        key = _from_begin(data, match)
        behind = match.start() + key.size
        yield key
    for match in _END.finditer(data):
        tail = _to_end(data, match)
        if tail is not None:
            yield tail


def bodies(data: bytes) -> Iterator[bytes]:
    """The base64 of each PEM private key in `data` that no password protects."""
    for match in _BEGIN.finditer(data):
        window = data[match.end() : match.end() + LONGEST]
        body = _BODY.match(window)
        if body and match[1] != b"ENCRYPTED PRIVATE KEY" and not _HEADERS.search(window[:200]):
            yield body[0]


def _from_begin(data: bytes, begin: "re.Match[bytes]") -> Material:
    start, label = begin.end(), begin[1]
    window = data[start : start + LONGEST]
    headers = _HEADERS.search(window[:200])
    body = _BODY.match(window, headers.end() if headers else 0)
    assert body is not None
    end = _END.match(data, start + body.end())
    whole = end is not None and end[1] == label
    stop = end.end() if whole and end else start + body.end()
    size = stop - begin.start()
    content = base64_of(body[0])
    kind = Form.PEM if whole else Form.PEM_CUT
    said = _TYPES.get(label.split(b" ")[0], "unknown")
    if len(content) < 8:
        reason = "the header line alone, as readers of PEM carry it; no key follows"
        return Material(offset=begin.start(), size=begin.end() - begin.start(), form=kind, none=reason)
    if headers or label == b"ENCRYPTED PRIVATE KEY":
        known = TEST_CONTENTS.get(hashlib.sha256(content).hexdigest(), "")
        why = f"an example key that everybody knows: {known}" if known else ""
        return Material(offset=begin.start(), size=size, form=kind, type=said, how="under a password", example=why)
    if label == b"OPENSSH PRIVATE KEY":
        inner = next(openssh_keys(content), None)
        if inner is not None:
            return replace(inner, offset=begin.start(), size=size, form=kind)
    found = key_at(content, 0, _INNER.get(label, Form.PKCS8)) if content[0] == 0x30 else None
    if found is None:
        found = next((each for k in _INNER.values() if (each := key_at(content, 0, k))), None)
    if found is None and content[:1] != b"\x30" and not content.startswith(_MAGIC[:8]):
        reason = "a header line, and what follows is no key"
        return Material(offset=begin.start(), size=size, form=kind, none=reason)
    public = found.public if found else None
    return Material(
        offset=begin.start(),
        size=size,
        form=Form.PEM_CUT if not whole or found is None or found.how else kind,
        type=found.type if found and found.type else said,
        public=public,
    )


def _to_end(data: bytes, end: "re.Match[bytes]") -> Material | None:
    """The key whose last lines stand before an END line that no BEGIN line opens."""
    before = data[max(0, end.start() - LONGEST) : end.start()]
    body = _BODY_BEFORE.search(before[_last_foreign(before) :])
    text = body[0] if body else b""
    lead = end.start() - len(text)
    if _BEGIN.search(data, max(0, lead - 300), end.start()) or len(base64_of(text)) < 16:
        return None
    content = base64_of(text)
    found = key_at(content, 0, _INNER.get(end[1], Form.PKCS8)) if content[:1] == b"\x30" else None
    said = found.type if found else _TYPES.get(end[1].split(b" ")[0], "unknown")
    return Material(
        offset=lead,
        size=end.end() - lead,
        form=Form.PEM_CUT,
        type=said,
        public=found.public if found else None,
        how="the beginning is missing",
    )


def _last_foreign(text: bytes) -> int:
    """Where the run of characters that a PEM body may have begins, counted back from the end."""
    at = len(text)
    while at and (text[at - 1 : at].isalnum() or text[at - 1] in b'+/=\r\n\t "\\'):
        at -= 1
    return at


def openssh_keys(data: bytes) -> Iterator[Material]:
    """The binary form of OpenSSH (PROTOCOL.key), which carries the public half in clear even under a password."""
    at = data.find(_MAGIC)
    while at >= 0:
        key = _openssh(data, at)
        if key is not None:
            yield key
        at = data.find(_MAGIC, at + len(_MAGIC))


def _openssh(data: bytes, at: int) -> Material | None:
    strings, position = [], at + len(_MAGIC)
    try:
        for index in range(5):
            if index == 3:  # the number of keys
                position += 4
            (length,) = struct.unpack_from(">I", data, position)
            strings.append(data[position + 4 : position + 4 + length])
            position += 4 + length
    except struct.error:
        strings += [b""] * (5 - len(strings))
    cipher, blob = strings[0], strings[3]
    if not cipher.isascii() or not 0 < len(cipher) < 40:
        return None
    public = _ssh_public(blob)
    how = "" if cipher == b"none" else "under a password"
    if position > len(data) or not strings[4]:
        how = "cut short"
    end = min(position, len(data))
    said = public.type if public else "unknown"
    return Material(offset=at, size=end - at, form=Form.OPENSSH, type=said, public=public, how=how)


def _ssh_public(blob: bytes) -> PublicKey | None:
    length = int.from_bytes(blob[:4], "big")
    try:
        return public_key(form.load_ssh_public_key(blob[4 : 4 + length] + b" " + base64.b64encode(blob)))
    except unreadable():
        return None
