"""Updates on a build's own bytes, through the command line: encrypted ones, MCUboot's own; and NSIB with a KMU."""

from dataclasses import replace

import bincopy
import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.designs.bootable import NSIB_KEY, loader_code, vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build
from tests.unit.executor import nsib_bench
from tests.unit.executor.mcuboot_board import RECIPIENTS

from bootverify.executor.crypto import EnvelopeScheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, make_image
from bootverify.executor.nsib import maker, release_for
from bootverify.executor.nsib.config import Magics, NsibConfig
from bootverify.ranges import AddressRange

HEADS = {  # what imgtool's getpriv --minimal writes in front of the 32 bytes of the scalar
    EnvelopeScheme.ECIES_P256: bytes.fromhex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"),
    EnvelopeScheme.ECIES_X25519: bytes.fromhex("302e020100300506032b656e04220420"),
}
HEADS[EnvelopeScheme.ECIES_X25519_SHA512] = HEADS[EnvelopeScheme.ECIES_X25519]
S0, S1 = 0x8000, 0x1C000


def encrypted_build(path, scheme, *, held: bool):
    """A build whose MCUboot holds the private key that opens images, or does not, and an update that is encrypted."""
    recipient = RECIPIENTS[scheme]
    build = write_build(path, Build(bootable=True))
    if held:
        file = bincopy.BinFile(str(build / "merged.hex"))
        file.add_binary(HEADS[scheme] + recipient.secret, address=0x1000, overwrite=True)
        (build / "merged.hex").write_text(file.as_ihex())
    envelope = Envelope(scheme=scheme, label="the update", recipient=recipient, kek=b"", key_size=16)
    made = make_image(vectors(0xC200, 0x1000), version=Version(1, 4, 0), key=TEST_KEY, envelope=envelope)
    update = build / "app.encrypted.bin"
    update.write_bytes(made.shipped)
    return build, update


@pytest.mark.parametrize("scheme", HEADS)
def test_an_encrypted_update_is_installed_in_clear_where_mcuboot_holds_the_key(told, tmp_path, scheme):
    code, out, _ = told("boot", *encrypted_build(tmp_path / "build", scheme, held=True))
    assert code == 0
    assert "mcuboot: boots image 1.4.0 from 0xc000" in out


@pytest.mark.parametrize("scheme", HEADS)
def test_an_encrypted_update_stays_open_where_no_key_in_the_bytes_opens_it(told, tmp_path, scheme):
    code, out, _ = told("boot", *encrypted_build(tmp_path / "build", scheme, held=False))
    assert code == 3
    assert "it is encrypted, and no key in the bytes of MCUboot opens it" in out


def own_update(build, slot: int, *, version: int = 2, key=NSIB_KEY):
    """MCUboot linked for that slot, signed for NSIB and for itself."""
    config = NsibConfig(
        release=release_for("2.6.1"),
        magics=Magics.of_hardware(53),
        bootloader=AddressRange(0, 0x8000),
        slot_size=0x14000,
        storage=0xFF8100,
    )
    code = loader_code(slot + 0x200, 0x4000, TEST_KEY.public)
    image = maker.sign_image(config, code, address=slot + 0x200, version=version, key=key)
    file = build / "signed_by_mcuboot_and_b0.bin"
    file.write_bytes(make_image(image, version=Version(version), key=TEST_KEY).installed)
    return file


@pytest.fixture
def whole(tmp_path):
    """A build with NSIB and MCUboot in s0."""
    return write_build(tmp_path / "build", Build(nsib=True, bootable=True))


def test_an_update_of_mcuboot_goes_into_the_other_slot_and_nsib_starts_it(told, whole):
    code, out, _ = told("boot", whole, own_update(whole, S1))
    assert code == 0
    assert "mcuboot: update of MCUboot 2.0.0 installed in s1; restart" in out
    first, _, second = out.partition("restart\n")
    assert "b0: slot 0 at 0x8000: version 1" in first
    assert "b0: slot 1 at 0x1c000: version 2" in second


def test_an_update_of_mcuboot_for_the_slot_it_runs_from_is_erased(told, whole):
    code, out, _ = told("boot", whole, own_update(whole, S0))
    assert code == 0
    assert "the staged update of MCUboot is for s0, which is active; erased" in out
    assert "b0: slot 0 at 0x8000: version 1" in out


def kmu_part(folder, *given):
    """Programming files of an nRF54L with NSIB alone, and files of the keys that production puts into the KMU."""
    part = nsib_bench.Board(replace(nsib_bench.NRF54L, search_skip=0, signed_header_skip=0))
    part.flash(0, version=3)
    file = bincopy.BinFile()
    file.add_binary(b"\xbf\x00" * 0x100, address=0)
    file.add_binary(bytes(part.main.data[S0 : S0 + 0x1000]), address=S0)
    at = part.config.storage - part.otp.start
    file.add_binary(bytes(part.otp.data[at : at + 0x80]), address=part.config.storage)
    (folder / "merged.hex").write_text(file.as_ihex())
    for key in given:
        public = ed25519.Ed25519PublicKey.from_public_bytes(key.public)
        pem = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{key.public.hex()[:8]}.pem").write_bytes(pem)
    named = [each for key in given for each in ("--public-key", folder / f"{key.public.hex()[:8]}.pem")]
    return [folder / "merged.hex", "--soc", "nrf54l15", *named]


def test_nsib_with_its_keys_in_the_kmu_boots_with_the_keys_that_are_given(told, tmp_path):
    first, second, _ = nsib_bench.ED_KEYS
    _, out, _ = told("boot", *kmu_part(tmp_path, second, first))
    assert "b0: KMU slot 242: key" in out
    assert "b0: slot 0 at 0x8000: version 3, 3,072 bytes, signature good" in out
    assert "b0: verified with the key of KMU slot 244" in out


def test_with_another_key_in_the_kmu_only_a_life_cycle_before_production_would_start_it(told, tmp_path):
    code, out, _ = told("boot", *kmu_part(tmp_path, nsib_bench.ED_KEYS[2]))
    assert code == 3
    assert "b0: what it starts depends on the release and its life-cycle check, and nothing tells" in out


def test_without_a_key_for_the_kmu_it_says_what_would_help(told, tmp_path):
    code, out, _ = told("boot", *kmu_part(tmp_path))
    assert code == 3
    assert "its keys lie in the KMU, which no programming file holds; give them with --public-key" in out
