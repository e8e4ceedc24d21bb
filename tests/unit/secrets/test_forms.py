"""Key files in bytes: each form is found where it stands, and what only looks like one is told apart."""

import base64
import json
import random

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from tests.made_keys import ec_key, ed25519_key, rsa_key, x25519_key

from bootverify.secrets.encoded import runs
from bootverify.secrets.find import Form
from bootverify.secrets.forms import read
from bootverify.secrets.keys import public_key

KEYS = {
    "EC P-256": ec_key(11),
    "EC P-384": ec_key(12, ec.SECP384R1()),
    "Ed25519": ed25519_key(13),
    "X25519": x25519_key(14),
    "RSA-2048": rsa_key(15),
}
PKCS8, OLD = form.PrivateFormat.PKCS8, form.PrivateFormat.TraditionalOpenSSL
NOISE = random.Random(7).randbytes(3001)


def written(key, kind=PKCS8, encoding=form.Encoding.DER, password=None):
    how = form.BestAvailableEncryption(password) if password else form.NoEncryption()
    return key.private_bytes(encoding, kind, how)


def fingerprint(key):
    return public_key(key.public_key()).fingerprint


def only(data):
    found = read(data).materials
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("at", [0, 1, 1777, 3001])
def test_pkcs8_is_found_wherever_it_stands(name, at):
    der = written(KEYS[name])
    found = only(NOISE[:at] + der + NOISE[at:])
    assert (found.form, found.offset, found.size) == (Form.PKCS8, at, len(der))
    assert (found.type, found.fingerprint) == (name, fingerprint(KEYS[name]))


@pytest.mark.parametrize(("name", "kind"), [("EC P-256", Form.SEC1), ("EC P-384", Form.SEC1), ("RSA-2048", Form.PKCS1)])
def test_the_older_der_forms_are_found(name, kind):
    found = only(NOISE + written(KEYS[name], OLD) + NOISE)
    assert (found.form, found.offset, found.fingerprint) == (kind, len(NOISE), fingerprint(KEYS[name]))


@pytest.mark.parametrize("name", KEYS)
def test_pem_is_found_with_unix_and_dos_line_ends_and_inside_strings_of_source(name):
    pem = written(KEYS[name], encoding=form.Encoding.PEM)
    for text in (
        pem,
        pem.replace(b"\n", b"\r\n"),
        pem.replace(b"\n", b"\\n"),
        pem.replace(b"\n", b"\\r\\n"),
        b'"' + pem.replace(b"\n", b'\\n"\n    "') + b'";',
        b'"' + pem.replace(b"\n", b'\\r\\n" \r\n "') + b'";',
    ):
        found = only(NOISE + b"\x00" + text + b"\x00" + NOISE)
        assert (found.form, found.fingerprint) == (Form.PEM, fingerprint(KEYS[name])), text


@pytest.mark.parametrize("name", KEYS)
def test_a_key_written_as_decimal_numbers_is_found(name):
    text = b", ".join(b"%d" % byte for byte in written(KEYS[name]))
    found = only(b"static const uint8_t key[] = {\n    " + text + b"\n};\n")
    assert (found.how, found.fingerprint) == ("in decimal list", fingerprint(KEYS[name]))
    assert read(text.replace(b"48", b"480")).materials == ()


@pytest.mark.parametrize("name", KEYS)
def test_pem_whose_first_line_is_missing_still_tells_its_key(name):
    pem = written(KEYS[name], encoding=form.Encoding.PEM)
    found = only(bytes(50) + pem[pem.index(b"\n") + 1 :] + bytes(9))
    assert (found.form, found.fingerprint) == (Form.PEM_CUT, fingerprint(KEYS[name]))


@pytest.mark.parametrize("name", ["EC P-256", "EC P-384", "RSA-2048"])
def test_pkcs8_that_is_cut_behind_the_private_number_still_tells_its_key(name):
    der = written(KEYS[name])
    found = only(bytes(50) + der[: len(der) * 2 // 3])
    assert (found.how, found.fingerprint) == ("cut short", fingerprint(KEYS[name]))


@pytest.mark.parametrize("name", ["EC P-256", "RSA-2048"])
def test_pem_that_ends_too_early_is_still_a_key(name):
    pem = written(KEYS[name], OLD, form.Encoding.PEM)
    for size in (len(pem) // 2, len(pem) - 40, len(pem) - 3):
        found = only(NOISE + b"\x00" + pem[:size])
        assert found.form is Form.PEM_CUT
        assert found.type.startswith(name[:2])


def test_pem_whose_beginning_is_missing_is_still_key_material():
    pem = written(KEYS["RSA-2048"], OLD, form.Encoding.PEM)
    found = only(b"\x00\x01" + pem[200:])
    assert found.form is Form.PEM_CUT
    assert "beginning is missing" in found.how


def test_der_that_ends_too_early_is_still_a_key():
    found = only(NOISE + written(KEYS["RSA-2048"], OLD)[:700])
    assert (found.form, found.how, found.fingerprint) == (Form.PKCS1, "cut short", fingerprint(KEYS["RSA-2048"]))


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("lead", ["", "a", "ab", "abc", "abcd"])
def test_base64_of_a_key_is_found_in_every_alignment(name, lead):
    text = base64.b64encode(written(KEYS[name]))
    found = only(b"\x00" + lead.encode() + text + b"\x00")
    assert (found.how, found.fingerprint) == ("in base64", fingerprint(KEYS[name]))


@pytest.mark.parametrize("name", KEYS)
def test_hex_of_a_key_is_found_in_both_cases_with_separators_and_as_a_byte_list(name):
    der = written(KEYS[name])
    for text in (
        der.hex(),
        der.hex().upper(),
        "a" + der.hex(),
        der.hex(":"),
        der.hex(" "),
        ", ".join(f"0x{each:02x}" for each in der),
        "".join(f"\\x{each:02x}" for each in der),
    ):
        found = only(b"\x00" + text.encode() + b"\x00")
        assert found.fingerprint == fingerprint(KEYS[name]), text[:40]


def test_base64_of_a_pem_file_is_found():
    pem = written(KEYS["EC P-256"], encoding=form.Encoding.PEM)
    assert only(b"\x00" + base64.b64encode(pem) + b"\x00").fingerprint == fingerprint(KEYS["EC P-256"])


@pytest.mark.parametrize("name", ["EC P-256", "EC P-384", "Ed25519", "RSA-2048"])
def test_openssh_is_found_as_text_and_as_bytes(name):
    text = written(KEYS[name], form.PrivateFormat.OpenSSH, form.Encoding.PEM)
    assert only(NOISE + b"\x00" + text).fingerprint == fingerprint(KEYS[name])
    body = base64.b64decode(b"".join(text.split(b"\n")[1:-2]))
    found = only(NOISE + body + NOISE)
    assert (found.form, found.offset, found.fingerprint) == (Form.OPENSSH, len(NOISE), fingerprint(KEYS[name]))


def url64(number, size):
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


def test_jwk_is_found_and_named_by_its_public_half():
    numbers = KEYS["EC P-256"].private_numbers()
    point = numbers.public_numbers
    told = {"kty": "EC", "crv": "P-256", "x": url64(point.x, 32), "y": url64(point.y, 32)}
    assert not read(json.dumps(told).encode()).materials  # a public one
    for text in (json.dumps(told | {"d": url64(numbers.private_value, 32)}), json.dumps(told | {"d": "A" * 42 + "Q"})):
        found = only(NOISE + text.encode() + NOISE)
        assert (found.form, found.offset, found.size) == (Form.JWK, len(NOISE), len(text))
    escaped = json.dumps(told | {"d": url64(numbers.private_value, 32)}).replace('"', '\\"').encode()
    assert only(b"\x00" + escaped + b"\x00").fingerprint == fingerprint(KEYS["EC P-256"])


def test_a_symmetric_jwk_is_found_by_what_it_says_of_itself():
    found = only(b'{"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw"}')
    assert (found.form, found.type) == (Form.JWK, "symmetric, 128 bits")


def test_a_key_under_a_password_is_told_as_such():
    der = written(KEYS["EC P-256"], password=b"test password")
    assert only(NOISE + der).form is Form.PKCS8_ENCRYPTED
    pem = written(KEYS["RSA-2048"], OLD, form.Encoding.PEM, password=b"test password")
    assert only(b"\x00" + pem).how == "under a password"


def test_what_is_public_is_told_apart_and_is_no_find():
    publics = [
        key.public_key().public_bytes(encoding, form.PublicFormat.SubjectPublicKeyInfo)
        for key in KEYS.values()
        for encoding in (form.Encoding.DER, form.Encoding.PEM)
    ]
    reading = read(b"\x00\x01".join(publics))
    assert not reading.materials
    assert {each.public.type for each in reading.harmless} == set(KEYS)


def test_the_header_lines_that_a_reader_of_pem_carries_are_no_key():
    lines = b"".join(
        f"-----{side} {kind}PRIVATE KEY-----\x00".encode()
        for kind in ("RSA ", "EC ", "ENCRYPTED ", "")
        for side in ("BEGIN", "END")
    )
    reading = read(NOISE + b"\x00" + lines + NOISE)
    assert not reading.materials
    assert len(reading.harmless) == 4


def test_random_bytes_and_text_hold_no_key():
    source = random.Random(11)
    text = " ".join("".join(source.choices("abcdefghijklmnop", k=30)) for _ in range(3000)).encode()
    reading = read(source.randbytes(400_000) + b"\x00" + text)
    assert not reading.materials
    assert not reading.harmless


def test_no_value_of_a_key_is_shown_by_what_a_reading_says():
    key = KEYS["EC P-256"]
    told = repr(read(written(key)).materials)
    assert f"{key.private_numbers().private_value:x}" not in told
    assert str(key.private_numbers().private_value) not in told


@pytest.mark.parametrize(("before", "behind"), [(b"7", b""), (b"", b"77"), (b"300, 4000, ", b", 999")])
def test_a_decimal_list_survives_numbers_beside_it_that_are_no_bytes(before, behind):
    text = b"x" + before + b",".join(b"%d" % each for each in b'    {"kty": "EC"}' * 3) + behind
    runs_of = [run.decoded for run in runs(text) if run.encoding == "decimal list"]
    assert any(b'"kty": "EC"}    {"kty": "EC"' in each for each in runs_of)


def test_a_jwk_whose_brace_is_lost_is_still_one():
    whole = json.dumps({"d": "x" * 43, "crv": "P-256", "kty": "EC"}).encode()
    assert [each.form for each in read(b'{"other": {}}' + whole[1:]).materials] == [Form.JWK]


@pytest.mark.parametrize("start", ["30310201010420", "30770201010420"])
def test_the_first_bytes_of_a_key_as_code_that_writes_keys_holds_them_are_none(start):
    for seed in range(20):
        assert read(bytes(40) + bytes.fromhex(start) + random.Random(seed).randbytes(200)).materials == ()


def test_a_point_that_the_library_does_not_read_is_no_public_half():
    """OpenSSH's own form holds the public half in clear; a compressed point there is valid elsewhere."""
    ssh = ec_key(9).private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    binary = base64.b64decode(b"".join(ssh.split(b"\n")[1:-2]))
    at = binary.index(b"\x00\x00\x00\x41\x04") + 4
    (found,) = read(binary[:at] + b"\x02" + binary[at + 1 :]).materials
    assert (found.form, found.public) == (Form.OPENSSH, None)
