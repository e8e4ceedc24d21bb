"""Encrypted images are opened with the keys that a scan has, whatever wraps the image key; else that is told."""

import base64
import hashlib
import random
import struct

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, padding, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tests.made_keys import ec_key, raw_of, rsa_key, x25519_key

from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, make_image
from bootverify.report.scan import scan_json, scan_text
from bootverify.secrets.find import Form
from bootverify.secrets.keys import keys_of, public_key
from bootverify.secrets.pieces import pieces
from bootverify.secrets.scan import Options, scan, scan_data, scan_pieces

HIDDEN = ec_key(31)  # test keys
RSA = rsa_key(32)
PEM = HIDDEN.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
PAYLOAD = b"code" * 100 + PEM + b"code" * 33


def der(key):
    return key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())


def ecies(name, scheme, size=16):
    recipient = PrivateKey(name=name, scheme=scheme)
    how = EnvelopeScheme.ECIES_X25519 if scheme is Scheme.X25519 else EnvelopeScheme.ECIES_P256
    made = make_image(
        PAYLOAD,
        version=Version(1),
        key=None,
        envelope=Envelope(scheme=how, label=name, recipient=recipient, key_size=size),
    )
    raw = recipient.secret
    if scheme is Scheme.X25519:
        return made.shipped, der(x25519.X25519PrivateKey.from_private_bytes(raw))
    return made.shipped, der(ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1()))


def by_tlv(kind, wrapped, image_key):
    """An image by hand, whose key is wrapped in a TLV that our maker does not write."""
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, len(PAYLOAD), 4, 1, 0, 0, 0, 0)
    encryptor = Cipher(algorithms.AES(image_key), modes.CTR(bytes(16))).encryptor()
    digest = hashlib.sha256(header + PAYLOAD).digest()
    tlvs = struct.pack("<HH", 0x10, 32) + digest + struct.pack("<HH", kind, len(wrapped)) + wrapped
    return header + encryptor.update(PAYLOAD) + struct.pack("<HH", 0x6907, 4 + len(tlvs)) + tlvs


def with_rsa():
    image_key = raw_of(33, 16)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    return by_tlv(0x30, RSA.public_key().encrypt(image_key, oaep), image_key), der(RSA)


def with_sha512():
    image_key, mine, theirs = raw_of(34, 16), x25519_key(35), x25519_key(36)
    derived = HKDF(algorithm=hashes.SHA512(), length=80, salt=None, info=b"MCUBoot_ECIES_v1").derive(
        mine.exchange(theirs.public_key())
    )
    encryptor = Cipher(algorithms.AES(derived[:16]), modes.CTR(bytes(16))).encryptor()
    body = encryptor.update(image_key)
    tag = hmac.HMAC(derived[16:], hashes.SHA512())
    tag.update(body)
    return by_tlv(0x34, mine.public_key().public_bytes_raw() + tag.finalize() + body, image_key), der(theirs)


def with_wrap():
    kek = raw_of(37, 16)
    envelope = Envelope(scheme=EnvelopeScheme.AES_KW, label="kw", kek=kek)
    made = make_image(PAYLOAD, version=Version(1), key=None, envelope=envelope)
    return made.shipped, base64.b64encode(kek) + b"\n"


CASES = {
    "p256": ecies("p256", Scheme.ECDSA_P256),
    "p256, AES-256": ecies("p256 long", Scheme.ECDSA_P256, 32),
    "x25519": ecies("x25519", Scheme.X25519),
    "x25519, SHA-512": with_sha512(),
    "rsa": with_rsa(),
    "aes-kw": with_wrap(),
}


@pytest.mark.parametrize("case", CASES)
def test_an_image_is_opened_with_a_key_that_is_given(case):
    image, key = CASES[case]
    closed = scan_data(image, "update.bin")
    assert closed.finds == ()
    assert closed.opened == ()
    assert "was not seen" in closed.files[0].note
    clear = scan_data(image, "update.bin", options=Options(opens=(key,)))
    (find,) = clear.finds
    assert find.fingerprint == public_key(HIDDEN.public_key()).fingerprint
    assert find.place.part == "decrypted payload"
    assert find.place.offset == image.index(b"\x3d\xb8\xf3\x96") + int.from_bytes(image[8:10], "little") + 400
    assert [each.place.file for each in clear.opened] == ["update.bin"]
    assert clear.files[0].note == ""
    assert clear.files[0].size == len(image)


@pytest.mark.parametrize("case", [name for name in CASES if name != "aes-kw"])
def test_an_image_is_opened_with_a_key_that_lies_in_another_file(tmp_path, case):
    image, key = CASES[case]
    (tmp_path / "update.bin").write_bytes(b"\xff" * 64 + image)
    (tmp_path / "boot.bin").write_bytes(b"\xff" * 100 + key + b"\xff" * 100)
    result = scan([tmp_path])
    assert [find.place.part for find in result.finds] == ["", "decrypted payload"]
    text = scan_text(result)
    assert "encrypted, and read in clear:" in text
    assert result.finds[0].fingerprint[:16] in text


def test_a_bare_number_opens_images_too():
    recipient = PrivateKey(name="bare", scheme=Scheme.ECDSA_P256)
    image, _ = ecies("bare", Scheme.ECDSA_P256)
    result = scan_data(image + b"\xff" * 7 + recipient.public + b"\x11" * 40 + recipient.secret, "x.bin")
    assert [(find.form, find.place.part) for find in result.finds] == [
        (Form.PEM, "decrypted payload"),
        (Form.SCALAR, ""),
    ]


def test_a_damaged_envelope_stays_closed_and_a_damaged_payload_is_told():
    image, key = CASES["x25519"]
    cut = scan_data(image[:-1] + bytes([image[-1] ^ 1]), "x.bin", options=Options(opens=(key,)))
    assert cut.opened == ()
    at = len(image) // 4
    changed = scan_data(image[:at] + b"?" + image[at + 1 :], "x.bin", options=Options(opens=(key,)))
    assert "another digest" in changed.files[0].note


def test_no_value_is_shown():
    image, key = CASES["aes-kw"]
    result = scan_data(image, "x.bin", options=Options(opens=(key,)))
    kek = raw_of(37, 16)
    for text in (scan_text(result), scan_json(result), repr(result), repr(Options(opens=(key,)))):
        assert kek.hex() not in text
        assert base64.b64encode(kek).decode() not in text
        assert PEM.splitlines()[1].decode() not in text


@pytest.mark.parametrize("at", [0, 1, 777, "last"])
def test_the_bare_key_that_wraps_an_image_key_is_found_at_any_offset(at):
    image, _ = CASES["aes-kw"]
    kek = raw_of(37, 16)
    at = 900 if at == "last" else at
    boot = bytearray(random.Random(5).randbytes(900) + bytes(16 if at == 900 else 0))
    boot[at : at + 16] = kek
    result = scan_pieces([*pieces(image, "update.bin"), *pieces(bytes(boot), "boot.bin")])
    (found,) = (find for find in result.finds if find.form is Form.SYMMETRIC)
    assert (found.place.file, found.place.offset, found.type) == ("boot.bin", at, "AES-128")
    assert found.fingerprint == hashlib.sha256(kek).hexdigest()
    assert [each.fingerprint for each in result.opened] == [found.fingerprint]
    assert kek.hex() not in scan_json(result)


def test_a_closed_image_without_its_key_says_that_the_key_was_looked_for():
    image, _ = CASES["aes-kw"]
    result = scan_data(image, "update.bin")
    (sought,) = result.sought
    assert (sought.type, sought.forms) == ("AES-128", ("it at every offset, by unwrapping",))
    assert "by unwrapping" in " ".join(scan_text(result).split())


def test_the_key_of_an_opened_image_is_found_where_it_stands_in_clear():
    image, key = CASES["p256"]
    image_key = Envelope(scheme=EnvelopeScheme.ECIES_P256, label="p256").image_key
    status = bytes(99) + image_key + bytes(99)  # as in the status area of a swap (MCUboot, encrypted_images.md)
    result = scan_pieces([*pieces(image, "update.bin"), *pieces(status, "flash.bin")], options=Options(opens=(key,)))
    found = {find.place.file: find for find in result.finds}
    assert (found["flash.bin"].form, found["flash.bin"].place.offset) == (Form.SYMMETRIC, 99)
    assert found["flash.bin"].how == "that of the encrypted image in update.bin"


@pytest.mark.parametrize("case", ["p256", "x25519", "rsa"])
def test_a_published_key_that_opens_an_image_is_in_use(case):
    image, key = CASES[case]
    known = {each.fingerprint: "SDK, sample.pem" for each in keys_of(key)}
    loader, update = [*pieces(bytes(99) + key, "boot.bin")], [*pieces(image, "update.bin")]
    assert scan_pieces(loader, options=Options(published=known)).finds == ()
    found = scan_pieces(loader + update, options=Options(published=known)).finds
    assert found[0].name == "published: SDK, sample.pem"
