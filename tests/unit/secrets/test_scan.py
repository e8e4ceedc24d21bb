"""A whole scan: what is found where, under which name, what is set apart, and what a clean result says."""

import base64
import hashlib
import random
from pathlib import Path

import bincopy
import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.made_keys import ec_key, ed25519_key, rsa_key, x25519_key

from bootverify.report.scan import scan_text
from bootverify.secrets.find import Form, Symmetric
from bootverify.secrets.keys import public_key, read_public_keys
from bootverify.secrets.scan import Options, scan, scan_data
from bootverify.secrets.testvectors import TEST_CONTENTS

EC = ec_key(1)  # a test key
RAW = EC.private_numbers().private_value.to_bytes(32, "big")
PUBLIC = public_key(EC.public_key())
INFO = EC.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)


def noise(size, seed=2):
    return random.Random(seed).randbytes(size)


def der(key):
    return key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())


def test_a_raw_scalar_is_found_by_the_public_key_that_the_same_bytes_hold():
    result = scan_data(noise(500) + INFO + noise(301, 3) + RAW + noise(9), "b0.bin")
    (find,) = result.finds
    assert (find.form, find.place.offset, find.place.size) == (Form.SCALAR, 500 + len(INFO) + 301, 32)
    assert find.fingerprint == PUBLIC.fingerprint
    assert result.exit_code == 1


def test_a_raw_scalar_without_its_public_key_is_not_guessed_and_found_once_the_key_is_given():
    data = noise(500) + RAW + noise(301, 3)
    assert scan_data(data, "b0.bin").finds == ()
    (find,) = scan_data(data, "b0.bin", [PUBLIC.named("signing key")]).finds
    assert find.name == "signing key"
    assert "signing key" in str(find)


def test_one_key_in_several_files_and_encodings_is_told_of_each_place(tmp_path):
    (tmp_path / "a.bin").write_bytes(noise(5000) + RAW)
    (tmp_path / "b.bin").write_bytes(noise(100, 4) + noise(5000) + RAW + noise(50, 5))  # holds a.bin
    (tmp_path / "c.c").write_text('static const char key[] = "' + base64.b64encode(RAW).decode() + '";\n')
    (tmp_path / "d.pem").write_bytes(EC.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    result = scan([tmp_path])
    told = [(Path(find.place.file).name, find.place.offset, find.form, find.how) for find in result.finds]
    assert told == [
        ("a.bin", 5000, Form.SCALAR, ""),
        ("b.bin", 5100, Form.SCALAR, ""),
        ("c.c", 27, Form.SCALAR, "in base64"),
        ("d.pem", 0, Form.PEM, ""),
    ]


def test_a_key_in_a_form_is_told_once_and_not_again_as_its_raw_number():
    for key in (EC, x25519_key(2), rsa_key(3)):
        result = scan_data(noise(700) + der(key) + noise(99), "x.bin")
        assert [find.form for find in result.finds] == [Form.PKCS8]


def test_every_form_of_number_is_found_in_one_file():
    exchange, signer = x25519_key(2), ed25519_key(4)
    modulus = rsa_key(3)
    numbers = modulus.private_numbers()
    values = [
        RAW,
        exchange.private_bytes_raw()[::-1],
        signer.private_bytes_raw(),
        numbers.p.to_bytes(128, "little"),
        numbers.d.to_bytes(256, "big"),
    ]
    data = b"".join(noise(101, seed) + value for seed, value in enumerate(values))
    keys = [public_key(key.public_key()) for key in (EC, exchange, signer, modulus)]
    found = scan_data(data, "x.bin", keys).finds
    assert [find.form for find in found] == [
        Form.SCALAR,
        Form.SCALAR,
        Form.SEED,
        Form.RSA_PRIME,
        Form.RSA_EXPONENT,
    ]
    assert [find.how for find in found] == ["", "bytes reversed", "", "bytes reversed", ""]


def test_an_intel_hex_file_gives_the_address():
    binary = bincopy.BinFile()
    binary.add_binary(noise(64) + RAW, address=0x8000)
    binary.add_binary(noise(40, 6) + RAW[::-1], address=0xFF8000)
    found = scan_data(binary.as_ihex().encode(), "merged.hex", [PUBLIC]).finds
    assert [find.place.address for find in found] == [0x8040, 0xFF8028]


def test_a_window_across_two_stretches_is_no_find():
    binary = bincopy.BinFile()
    binary.add_binary(noise(64) + RAW[:16], address=0x8000)
    binary.add_binary(RAW[16:] + noise(40, 6), address=0xFF8000)
    assert scan_data(binary.as_ihex().encode(), "merged.hex", [PUBLIC]).finds == ()


def test_keys_at_both_ends_of_long_constant_runs_are_found():
    data = RAW + b"\xff" * 20_000 + RAW + bytes(30_000) + RAW[::-1] + b"\xff" * 10_000
    found = scan_data(data, "flash.bin", [PUBLIC]).finds
    assert [find.place.offset for find in found] == [0, 20_032, 50_064]


@pytest.mark.parametrize("starts", [b"", bytes(range(4)), bytes(range(16))])
def test_a_symmetric_key_is_found_by_its_known_digest_only(starts: bytes):
    digest = "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991"  # of the bytes 0 to 15
    data = bytes(range(5)) + noise(72) + bytes(range(16)) + noise(9)
    sought = {digest: Symmetric(size=16, starts=starts)}
    (find,) = scan_data(data, "x", options=Options(symmetric=sought)).finds
    assert (find.form, find.place.offset, find.type) == (Form.SYMMETRIC, 77, "AES-128")
    assert scan_data(data[:-10], "x", options=Options(symmetric=sought)).finds == ()
    assert scan_data(data, "x").finds == ()


def test_a_clean_result_says_what_was_looked_for_and_how_much_is_missed():
    signer = public_key(ed25519_key(4).public_key())
    data = b"".join(noise(2, seed % 700) for seed in range(10_000))
    result = scan_data(data, "x.bin", [PUBLIC, signer])
    assert result.exit_code == 0
    assert {key.fingerprint for key in result.sought} == {PUBLIC.fingerprint, signer.fingerprint}
    assert result.miss == 2.0**-16
    assert scan_data(data, "x.bin", [PUBLIC, signer], Options(exhaustive=True)).miss == 0.0
    assert scan_data(data, "x.bin", [PUBLIC]).miss == 0.0
    assert "JWK" in result.forms


def test_a_clean_result_with_an_rsa_key_states_which_exponent_may_have_been_missed():
    key = public_key(rsa_key(3, 1024).public_key())
    result = scan_data(noise(4000), "x.bin", [key])
    assert (result.finds, result.miss) == ((), 2.0**-17)
    text = " ".join(scan_text(result).split())
    assert "nothing can have been missed" not in text
    assert "probability 7.6e-06 at most: d without p and q" in text
    assert "nothing can have been missed" in " ".join(scan_text(scan_data(noise(4000), "x.bin", [PUBLIC])).split())


def test_progress_rises_to_one():
    told = []
    keys = [PUBLIC, public_key(rsa_key(3).public_key())]
    scan_data(noise(6000), "x.bin", keys, Options(progress=told.append))
    assert told == sorted(told)
    assert told[-1] > 0.99


def test_public_keys_are_read_from_each_kind_of_key_file():
    pem = EC.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    private = EC.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption())
    for content in (pem, private, INFO, der(EC)):
        assert [key.fingerprint for key in read_public_keys(content, "k")] == [PUBLIC.fingerprint]


def test_no_value_of_a_key_is_anywhere_in_a_result():
    result = scan_data(noise(64) + RAW + der(EC) + base64.b64encode(RAW), "x.bin", [PUBLIC])
    told = repr(result)
    assert len(result.finds) == 3
    for value in (RAW.hex(), repr(RAW)[2:-1], base64.b64encode(RAW).decode(), str(int.from_bytes(RAW, "big"))):
        assert value not in told


def test_an_example_key_of_a_standard_is_told_apart_with_its_section():
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")  # RFC 8032, 7.1
    result = scan_data(noise(64) + der(ed25519.Ed25519PrivateKey.from_private_bytes(seed)), "x.bin")
    assert result.finds == ()
    assert "RFC 8032, 7.1, TEST 1" in result.apart[0].reason


@pytest.mark.parametrize(
    ("curve", "value", "place"),
    [
        (ec.SECP256R1(), "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433", "RFC 5903, 8.1"),
        (ec.SECP256R1(), "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534", "ECC CDH, P-256"),
        (ec.SECP256R1(), "519b423d715f8b581f4fa8ee59f4771a5b44c8130b4e3eacca54a56dda72b464", "ECDSA SigGen"),
        (
            ec.SECP384R1(),
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
            "RFC 6979, A.2.6",
        ),
    ],
)
def test_a_vector_of_a_standard_is_told_apart_as_der_and_as_a_raw_number(curve, value, place):
    raw = bytes.fromhex(value)
    key = ec.derive_private_key(int.from_bytes(raw, "big"), curve)
    for content in (der(key), raw):
        result = scan_data(noise(64) + content + noise(9), "x.bin", [public_key(key.public_key())])
        assert result.finds == ()
        assert place in result.apart[0].reason


def test_text_files_are_said_to_be_read_for_written_forms_alone():
    assert any("text files" in each for each in scan_data(b"CONFIG_A=y\n", ".config", [PUBLIC]).left_out)
    assert not scan_data(b"CONFIG_A=y\n", ".config", [PUBLIC], Options(exhaustive=True)).left_out


def test_a_published_key_is_set_apart_unless_its_public_half_is_in_use():
    """Everybody has it, so it is no secret; but where something verifies with it, that is the finding."""
    published = Options(published={PUBLIC.fingerprint: "SDK, sample.pem"})
    alone = scan_data(noise(64) + der(EC) + noise(64), "app.bin", options=published)
    assert alone.finds == ()
    (apart,) = (each for each in alone.apart if "private" in each.what)
    assert apart.reason == "published, and nothing here uses it: SDK, sample.pem"
    used = scan_data(noise(64) + der(EC) + noise(64) + INFO, "app.bin", options=published)
    assert [find.name for find in used.finds] == ["published: SDK, sample.pem"]


def test_an_example_key_under_its_printed_password_is_known_by_its_content(monkeypatch):
    key = ec_key(12)
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"printed"))
    assert [find.how for find in scan_data(pem, "x.pem").finds] == ["under a password"]
    content = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    monkeypatch.setitem(TEST_CONTENTS, hashlib.sha256(content).hexdigest(), "a library, test key")
    known = scan_data(pem, "x.pem")
    assert known.finds == ()
    assert [each.reason for each in known.apart] == ["an example key that everybody knows: a library, test key"]
