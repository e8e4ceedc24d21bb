"""Images that travel encrypted: who opens them, and what happens to those that nobody here opens."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.unit.executor.mcuboot_board import board, device_key, image

from bootverify.executor import crypto
from bootverify.executor.crypto import EnvelopeScheme
from bootverify.executor.flash import Power, powered
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode

SCHEMES = [each for each in EnvelopeScheme if each is not EnvelopeScheme.RSA_OAEP]
MODES = [Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.OVERWRITE]


def staged(mode, held, wrapped_for):
    """A board with release 1 installed and release 2 staged."""
    made = board(mode, encryption=held)
    made.install(0, image(1, 1500).installed)
    gap = made.pair.secondary.sector_size if mode is Mode.SWAP_OFFSET else 0
    made.install(1, image(2, 1700, encryption=wrapped_for).shipped, offset=gap)
    made.request()
    return made


def upgraded(mode, held, wrapped_for):
    """The result of a boot of such a board, and the board."""
    made = staged(mode, held, wrapped_for)
    return boot_go(made.config), made


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_device_with_the_key_runs_the_plain_image(mode, scheme):
    held = device_key(scheme)
    result, made = upgraded(mode, held, held)
    plain = image(2, 1700, encryption=held)
    assert result.images[0].header.major == 2
    assert made.pair.primary.read(0, len(plain.installed)) == plain.installed
    assert plain.installed != plain.shipped


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_update_that_this_device_cannot_open_is_erased(mode, scheme):
    held = device_key(scheme)
    stranger = replace(held, secret=bytes(reversed(held.secret)))
    result, made = upgraded(mode, stranger, held)
    assert result.images[0].header.major == 1
    assert made.pair.secondary.read(0, made.pair.secondary.size) == b"\xff" * made.pair.secondary.size
    assert "secondary: the image key cannot be unwrapped; erased" in result.log


@pytest.mark.parametrize("mode", MODES)
def test_a_build_without_decryption_erases_encrypted_updates(mode):
    result, _ = upgraded(mode, None, device_key(EnvelopeScheme.AES_KW))
    assert result.images[0].header.major == 1
    assert "secondary: the header is refused; erased" in result.log


def test_encrypted_payload_does_not_run_from_the_primary_slot():
    held = device_key(EnvelopeScheme.ECIES_P256)
    made = board(Mode.SWAP_MOVE, encryption=held)
    made.install(0, image(2, 1700, encryption=held).shipped)
    result = boot_go(made.config)
    assert result.outcome is Outcome.NO_IMAGE
    assert result.log[-1] == "primary: digest does not match"


def test_rsa_oaep_opens_what_was_wrapped_for_its_key_alone():
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    wrapped = key.public_key().encrypt(b"sixteen byte key", oaep)
    assert len(wrapped) == EnvelopeScheme.RSA_OAEP.tlv_size(16)
    forms = [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL]
    opened = {
        crypto.unwrap(EnvelopeScheme.RSA_OAEP, each.private_bytes(Encoding.DER, form, NoEncryption()), wrapped)
        for each in (key, other)
        for form in forms
    }
    assert opened == {b"sixteen byte key", None}


@pytest.mark.parametrize("left", [1, 2])
def test_a_saved_key_that_does_not_open_stops_a_swap_only_where_it_is_needed(left):
    """loader.c, boot_swap_image: where boot_read_enc_key fails the swap goes on; encrypted.c asserts a valid key."""
    held = device_key(EnvelopeScheme.ECIES_P256, save_tlv=True)
    whole, made = upgraded(Mode.SWAP_MOVE, held, held)
    made = staged(Mode.SWAP_MOVE, held, held)
    with powered([made.flash], Power(whole.power.spent - left - 1)):
        assert boot_go(made.config).outcome is Outcome.POWER_CUT
    trailer = made.trailer(0)
    assert trailer.saved_key(1)[:64] != b"\xff" * 64
    made.flash.load(trailer.area.start + trailer.key_offset(1), bytes(16))
    result = boot_go(made.config)
    assert result.outcome is Outcome.BOOT
    assert result.images[0].header.major == 2
