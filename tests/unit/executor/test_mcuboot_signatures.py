"""What MCUboot accepts as signed, for every kind of key, and what it says of what it does not."""

from dataclasses import replace

import pytest
from tests.unit.executor.mcuboot_board import KEY, board, image

from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Digest, Mode

SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.X25519]


def booted(made, content):
    made.install(0, content)
    return boot_go(made.config)


def with_key(made, key, **changes):
    digest = Digest.SHA384 if key.scheme is Scheme.ECDSA_P384 else Digest.SHA256
    made.config = replace(made.config, signature=key.scheme, public_keys=(key.public,), digest=digest, **changes)
    return made


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_image_boots_under_its_key_and_no_other(scheme):
    # Making RSA keys takes long; the key hash alone tells a stranger's key, of whatever size.
    key = PrivateKey(scheme, "a test key")
    stranger = PrivateKey(Scheme.ECDSA_P256 if scheme.rsa_bits else scheme, "another test key")
    signed = make_image(b"code" * 300, version=Version(1), key=key).installed
    assert booted(with_key(board(Mode.SINGLE_SLOT), key), signed).outcome is Outcome.BOOT
    other = with_key(board(Mode.SINGLE_SLOT), key)
    other.config = replace(other.config, public_keys=(stranger.public,))
    refused = booted(other, signed)
    assert refused.outcome is Outcome.NO_IMAGE
    assert refused.log == ("primary: no signature by a known key",)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_changed_byte_is_refused(scheme):
    key = PrivateKey(scheme, "a test key")
    signed = bytearray(make_image(b"code" * 300, version=Version(1), key=key).installed)
    signed[700] ^= 1
    refused = booted(with_key(board(Mode.SINGLE_SLOT), key), bytes(signed))
    assert refused.log == ("primary: digest does not match",)


def test_a_pure_signature_is_over_the_image_itself():
    made = board(Mode.SINGLE_SLOT, pure=True)
    pure = make_image(b"code" * 300, version=Version(1), key=KEY, pure=True).installed
    assert booted(made, pure).outcome is Outcome.BOOT
    changed = bytearray(pure)
    changed[700] ^= 1
    assert booted(made, bytes(changed)).log == ("primary: signature is bad",)


def test_a_build_for_pure_signatures_refuses_others_and_the_other_way_round():
    whole = make_image(b"code" * 300, version=Version(1), key=KEY, pure=True).installed
    assert booted(board(Mode.SINGLE_SLOT, pure=True), image(1, 1200).installed).log == (
        "primary: not signed as a whole",
    )
    assert booted(board(Mode.SINGLE_SLOT), whole).log == ("primary: signature is bad",)


def test_without_a_signature_the_digest_decides():
    made = board(Mode.SINGLE_SLOT, signed=False)
    assert booted(made, image(1, 1200, key=None).installed).outcome is Outcome.BOOT


def test_a_firmware_loader_starts_when_there_is_no_application():
    made = board(Mode.FIRMWARE_LOADER)
    made.install(1, image(7, 900).installed)
    assert boot_go(made.config).images[0].slot == 1
    made.install(0, image(1, 900).installed)
    assert boot_go(made.config).images[0].slot == 0


def test_a_firmware_loader_that_is_asked_for_starts_first_and_else_only_where_mcuboot_was_built_so():
    made = board(Mode.FIRMWARE_LOADER, loader_asked=True, loader_instead=False)
    made.install(0, image(1, 900).installed)
    assert boot_go(made.config).images[0].slot == 0  # there is no loader
    made.install(1, image(7, 900).installed)
    assert boot_go(made.config).images[0].slot == 1
    bare = board(Mode.FIRMWARE_LOADER, loader_instead=False)
    bare.install(1, image(7, 900).installed)
    assert boot_go(bare.config).outcome is Outcome.NO_IMAGE


def test_ram_load_erases_an_image_that_does_not_say_where_to():
    made = board(Mode.RAM_LOAD)
    assert booted(made, image(1, 900).installed).outcome is Outcome.NO_IMAGE
    assert made.pair.primary.read(0, 4) == b"\xff" * 4
