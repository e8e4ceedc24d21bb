"""Provision data and images as production makes them."""

import struct
from hashlib import sha256, sha512

import pytest
from tests.unit.executor.nsib_bench import ED_KEYS, KEYS, NRF54L, NRF5340, S0, S1

from bootverify.executor.nsib.maker import key_hash, program, provision, sign_image
from bootverify.executor.nsib.release import release_for


def test_keys_stand_with_their_index_in_the_order_of_revocation():
    data = provision(NRF5340, slots=(S0, S1), public_keys=tuple(k.public for k in KEYS[:2]))
    assert data[:0x28] == b"\xff" * 0x28
    assert struct.unpack_from("<III", data, 0x28) == (S0, S1, 2)
    assert data[0x34:0x38] + data[0x48:0x4C] == bytes.fromhex("fffffa50fffffa51")
    assert data[0x38:0x48] == sha256(KEYS[0].public).digest()[:16]
    assert data[0x5C:] == bytes.fromhex("0100010001000800") + b"\xff" * 16


def test_nrf54l_has_words_for_life_cycle_and_counter():
    data = provision(NRF54L, slots=(S0, S1), counter_slots=4)
    assert struct.unpack_from("<III", data, 0x30) == (S0, S1, 0)
    assert data[0x3C:] == bytes.fromhex("0100010001000400") + b"\xff" * 16
    assert key_hash(NRF54L, ED_KEYS[0].public) == sha512(ED_KEYS[0].public).digest()[:16]


def test_the_counter_of_the_second_stage_stands_behind():
    data = provision(NRF5340, slots=(S0, S1), counter_slots=2, mcuboot_counter_slots=4)
    assert data[0x34:] == bytes.fromhex("0100 0200  0100 0200 ffffffff  0200 0400 ffffffffffffffff")


def test_a_key_whose_hash_could_be_written_again_is_refused():
    # X and Y of the vendor's own test key with such a hash are not ours to repeat; look for one.
    public = next(
        n.to_bytes(64, "big")
        for n in range(1 << 20)
        if 0xFFFF in struct.unpack("<8H", sha256(n.to_bytes(64, "big")).digest()[:16])
    )
    with pytest.raises(ValueError, match="0xFFFF"):
        key_hash(NRF5340, public)


@pytest.mark.parametrize("size", [0x400, 0x401, 0x402, 0x403])
def test_validation_info_follows_at_the_next_word(size):
    image = sign_image(NRF5340, program(S0, size), address=S0, version=1, key=KEYS[0])
    at = image.index(NRF5340.magics.validation_info)
    assert at == (size + 3) // 4 * 4
    assert len(image) == at + 176
    assert image[at + 16 : at + 48] == sha256(image[:size]).digest()


def test_metadata_must_fit_into_the_image():
    with pytest.raises(ValueError, match="longer image"):
        sign_image(NRF5340, program(S0, 0x200), address=S0, version=1, key=KEYS[0])


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("2.6.0", "2.6"),
        ("2.7.0", "3.1"),
        ("3.1.1", "3.1"),
        ("3.1.99", "3.1.99"),
        ("3.2.0", "3.2"),
        ("3.4.99", "main"),
    ],
)
def test_each_release_has_its_behaviour(version, name):
    assert release_for(version).name == name
