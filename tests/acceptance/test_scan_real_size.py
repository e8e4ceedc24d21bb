"""Scans of real size: keys at the first, last and odd offsets of an image; and builds in which there is none."""

import random
from pathlib import Path

import pytest
from tests.made_keys import ec_key, ed25519_key, rsa_key, x25519_key

from bootverify.secrets.find import Form
from bootverify.secrets.keys import public_key
from bootverify.secrets.scan import scan, scan_data

BUILDS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "builds"


@pytest.mark.slow
def test_keys_planted_in_half_a_mebibyte_are_all_found_and_nothing_else_is():
    source = random.Random(8)
    size = 512 * 1024
    data = bytearray(source.randbytes(size))
    curve, exchange = ec_key(61), x25519_key(62)
    signer, modulus = ed25519_key(63), rsa_key(64)
    scalar = curve.private_numbers().private_value.to_bytes(32, "big")
    numbers = modulus.private_numbers()
    planted = {
        0: scalar,
        4001: scalar[::-1],
        50_003: exchange.private_bytes_raw(),
        262_113: scalar,  # across the seam of two chunks
        300_007: exchange.private_bytes_raw()[::-1],
        350_001: numbers.p.to_bytes(128, "big"),
        360_001: numbers.q.to_bytes(128, "little"),
        370_001: numbers.d.to_bytes(256, "big"),
        380_001: numbers.d.to_bytes(256, "little"),
        400_009: signer.private_bytes_raw(),
        size - 32: scalar[::-1],
    }
    for at, value in planted.items():
        data[at : at + len(value)] = value
    keys = [public_key(key.public_key()) for key in (curve, exchange, signer, modulus)]
    result = scan_data(bytes(data), "image.bin", keys)
    assert [find.place.offset for find in result.finds] == sorted(planted)
    assert {find.form for find in result.finds} == {Form.SCALAR, Form.SEED, Form.RSA_PRIME, Form.RSA_EXPONENT}


@pytest.mark.slow
@pytest.mark.skipif(not BUILDS.is_dir(), reason="the corpus of real builds is not beside the project")
def test_real_builds_hold_no_written_private_key(monkeypatch):
    """The only build that was found to hold one (a TLS key in PEM) is stored without its image."""
    monkeypatch.setattr("bootverify.secrets.scan.MOST_KEYS", 0)  # raw numbers of each key would take long
    result = scan([BUILDS])
    assert len(result.files) > 100
    assert [str(find) for find in result.finds] == []


@pytest.mark.slow
@pytest.mark.skipif(not BUILDS.is_dir(), reason="the corpus of real builds is not beside the project")
def test_a_real_boot_loader_does_not_hold_the_private_half_of_the_key_it_verifies_with():
    loaders = sorted(BUILDS.glob("*/*/mcuboot/zephyr/zephyr.hex*"))
    result = scan(loaders)
    assert loaders
    assert result.sought
    assert result.finds == ()
