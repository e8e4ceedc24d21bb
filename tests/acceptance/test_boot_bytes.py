"""`bootverify boot` on a build's own bytes, through the command line: real images, real provision data, real keys."""

import shutil
import subprocess
import sys
from pathlib import Path

import bincopy
import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from tests.designs.bootable import NSIB_KEY, hex_of, loader_code, network_image, vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build

from bootverify import api
from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image
from bootverify.executor.programmed.boot import boot

BUILDS = Path("../shared/corpus/builds")
STRANGER = PrivateKey(Scheme.ECDSA_P256, "test key that no boot loader here holds")


@pytest.fixture
def whole(tmp_path):
    """A build with NSIB, MCUboot in s0, TF-M and an application."""
    return write_build(tmp_path / "build", Build(nsib=True, tfm=True, bootable=True))


def changed(path: Path, at: int, value: bytes) -> None:
    """Overwrite bytes of a hex file."""
    file = bincopy.BinFile(str(path))
    file.add_binary(value, address=at, overwrite=True)
    path.write_text(file.as_ihex())


def test_a_build_boots_from_its_bytes_to_the_application_and_tells_who_verified_what(told, whole):
    code, out, _ = told("boot", whole)
    assert code == 0
    assert "b0: slot 0 at 0x8000: version 1" in out
    assert "mcuboot: primary: signature good: key" in out
    assert "b0: fprotect 0x0-0x8000: no writing until reset (b0/.config:" in out
    assert "tfm: SPU 0x30200-0x40000: secure, read and execute, locked" in out
    assert "locked until reset: s1_image 0x1c200-0x30000" in out
    assert out.endswith("every choice ends alike\n")
    assert "the device is at app.run" in out


def test_one_changed_byte_of_mcuboot_is_refused_by_nsib_which_takes_the_slot_out_of_use(told, whole):
    changed(whole / "merged.hex", 0x9000, b"\x00\x11")
    code, out, _ = told("boot", whole)
    assert code == 1
    assert "b0: slot 0 at 0x8000: signature" in out
    assert "b0: writes 0xffff0000" in out
    assert "the device stops: b0: nothing to boot (no-image)" in out


def test_one_changed_byte_of_the_application_is_refused_by_mcuboot(told, whole):
    changed(whole / "merged.hex", 0x40800, b"\x00\x11")
    code, out, _ = told("boot", whole)
    assert code == 1
    assert "mcuboot: primary: digest does not match" in out
    assert "unable to find a bootable image" in out


def test_an_application_signed_by_a_stranger_does_not_start(told, tmp_path):
    code, out, _ = told("boot", write_build(tmp_path / "build", Build(bootable=True, signer=STRANGER)))
    assert code == 1
    assert "no signature by a known key" in out


def test_without_provision_data_what_nsib_does_is_open_not_guessed(told, whole):
    file = bincopy.BinFile(str(whole / "merged.hex"))
    file.exclude(0xFF8000, 0xFF9000)
    (whole / "merged.hex").write_text(file.as_ihex())
    (whole / "provision.hex").unlink()
    code, out, _ = told("boot", whole)
    assert code == 3
    assert "it is open what happens: b0: no provision data at 0xff8100" in out


def test_the_provision_data_of_a_file_of_its_own_is_programmed_with_the_rest(told, whole):
    file = bincopy.BinFile(str(whole / "merged.hex"))
    file.exclude(0xFF8000, 0xFF9000)
    (whole / "merged.hex").write_text(file.as_ihex())
    code, out, _ = told("boot", whole)
    assert code == 0
    assert "provision.hex (provision)" in out


def test_an_update_that_is_named_beside_the_build_is_installed_as_the_mode_says(told, tmp_path):
    build = write_build(tmp_path / "build", Build(bootable=True))
    code, out, _ = told("boot", build, build / "app/zephyr/app.signed.bin")
    assert code == 0
    assert "waits in the secondary slot at 0x6c000, to be tried" in out
    assert "mcuboot: boots image 1.3.0 from 0xc000" in out


def test_what_bare_files_do_not_tell_is_said(told, whole):
    code, out, _ = told("boot", whole / "merged.hex", "--soc", "nrf5340")
    assert code == 0
    assert "not told: MCUboot: its slots" in out
    assert "not told: b0: whether it write-protects itself" in out


def test_an_untold_mode_that_would_decide_leaves_the_boot_open(told, tmp_path):
    build = write_build(tmp_path / "build", Build(bootable=True))
    bare = [build / "merged.hex", build / "app/zephyr/app.signed.bin"]
    code, out, _ = told("boot", *bare, "--soc", "nrf5340", "--map", build / "partitions.yml")
    assert code == 3
    assert "what it starts depends on its upgrade mode" in out


def test_without_a_soc_the_user_is_asked_for_it(told, whole, tmp_path):
    place = tmp_path / "bare"
    place.mkdir()
    shutil.copy(whole / "merged.hex", place / "merged.hex")
    code, _, err = told("boot", place / "merged.hex")
    assert code == 2
    assert "nothing here tells the SoC; name it with --soc" in err


def test_files_that_contradict_each_other_are_refused_with_the_address(told, whole, tmp_path):
    other = tmp_path / "other.hex"
    other.write_text(hex_of({0x8200: b"\x01\x02\x03\x04"}))
    code, _, err = told("boot", whole, other)
    assert code == 2
    assert "other.hex: it says other bytes than merged.hex at 0x8200" in err


def test_a_build_without_programming_files_boots_images_made_from_its_design(told, whole):
    for file in ("merged.hex", "provision.hex", "app/zephyr/app.signed.bin"):
        (whole / file).unlink()
    code, out, _ = told("boot", whole)
    assert code == 0
    assert "the bytes of the build" not in out
    assert "b0: jump to mcuboot" in out


def test_a_design_without_a_chain_is_no_crash(told, tmp_path):
    place = tmp_path / "pm_static.yml"
    place.write_text("app:\n  address: 0x0\n  size: 0x1000\n")
    code, _, err = told("boot", place)
    assert code == 2
    assert "nothing here boots" in err


def test_published_keys_are_named_wherever_they_appear(whole):
    firmware = api.firmware_in([whole])
    assert firmware is not None
    digest = next(key.digest for key in firmware.keys if key.value == TEST_KEY.public)
    story = boot(firmware, {digest: "a public tree"})
    named = [line for line in story.lines if "its private half is PUBLISHED (a public tree)" in line]
    assert len(named) == 2  # where MCUboot holds it, and where it verified
    assert all(line.startswith("mcuboot: ") for line in named)


def test_provisioned_hashes_are_compared_with_published_ones(whole):
    from hashlib import sha256  # noqa: PLC0415

    firmware = api.firmware_in([whole])
    assert firmware is not None
    story = boot(firmware, {sha256(NSIB_KEY.public).digest()[:16].hex(): "a public tree"})
    assert any(line.startswith("b0: provisioned 0") and "PUBLISHED" in line for line in story.lines)


@pytest.mark.parametrize(("built", "carried"), [("", ""), ("", "full"), ("CONFIG_BOOT_HW_KEY=y\n", "full"),
                                                ("CONFIG_BOOT_HW_KEY=y\n", "hash")])  # fmt: skip
def test_an_image_carries_its_key_as_mcuboot_was_built_to_find_it(told, tmp_path, built, carried):
    """imgtool --public-key-format: the key itself, whose hash alone the device keeps, or the hash."""
    build, signed = by_imgtool(tmp_path, *(["--public-key-format", carried] if carried else []))
    with (build / "mcuboot/zephyr/.config").open("a") as config:
        config.write(built)
    ended, out, _ = told("boot", build, signed)
    fits = (carried == "full") is bool(built)
    assert ended == (0 if fits else 1)
    assert ("mcuboot: boots image 4.5.6+7 from 0xc000" in out) is fits
    assert ("no signature by a known key" in out) is not fits


def test_an_image_that_imgtool_signed_boots(told, tmp_path):
    ended, out, _ = told("boot", *by_imgtool(tmp_path))
    assert ended == 0
    assert "put into the primary slot at 0xc000, which was empty" in out
    assert "mcuboot: boots image 4.5.6+7 from 0xc000" in out


def by_imgtool(tmp_path, *more):
    """A build, and an image for it that imgtool signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = tmp_path / "key.pem"
    plain = form.NoEncryption()
    pem.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain))
    code = tmp_path / "app.bin"
    code.write_bytes(vectors(0xC200, 0x2000))
    signed = tmp_path / "app.signed.bin"
    options = ["--key", pem, "--header-size", "0x200", "--pad-header", "--slot-size", "0x60000"]
    options += ["--align", "4", "--version", "4.5.6+7", *more, code, signed]
    subprocess.run([sys.executable, "-m", "imgtool.main", "sign", *options], check=True, capture_output=True)
    build = write_build(tmp_path / "build", Build(bootable=True))
    public = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    (build / "merged.hex").write_text(hex_of({0: loader_code(0, 0x4000, public)}))
    (build / "app/zephyr/app.signed.bin").unlink()
    return build, signed


def test_a_key_that_is_not_in_the_bytes_can_be_given(told, tmp_path):
    build = write_build(tmp_path / "build", Build(bootable=True))
    file = bincopy.BinFile(str(build / "merged.hex"))
    file.add_binary(b"\xff" * len(TEST_KEY.public), address=0x2000, overwrite=True)
    (build / "merged.hex").write_text(file.as_ihex())
    code, out, _ = told("boot", build)
    assert code == 3
    assert "the keys that it verifies with are not known: none is in its bytes" in out
    der = tmp_path / "public.der"
    der.write_bytes(TEST_KEY.public)
    code, out, _ = told("boot", build, "--public-key", der)
    assert code == 0
    assert f"holds ecdsa-p256 given by {der}" in out


def test_the_network_core_boots_from_its_bytes_beside_the_chain(told, tmp_path):
    code, out, _ = told("boot", write_build(tmp_path / "build", Build(bootable=True, network=True)))
    assert code == 0
    assert "b0n: provisioned 0 (not used: it checks digests alone): key" in out
    assert "b0n: fprotect 0x1000000-0x1008800: no writing until reset" in out
    assert "b0n: starts version 1 at 0x1008800, without looking at digest or signature" in out


def test_an_update_of_the_network_core_goes_through_mcuboot_and_the_shared_ram(told, tmp_path):
    build = write_build(tmp_path / "build", Build(bootable=True, network=True))
    code, out, _ = told("boot", build, build / "net_core_app_update.bin")
    assert code == 0
    assert "mcuboot: network core update: its signature is good" in out
    assert "mcuboot: b0n: copied, the digest at 0x1008800 matches; waits to be held off" in out
    assert "mcuboot: boots image 1.2.3 from 0xc000" in out
    assert "b0n: starts version 2 at 0x1008800" in out


def test_a_stranger_s_update_of_the_network_core_never_reaches_b0n(told, tmp_path):
    build = write_build(tmp_path / "build", Build(bootable=True, network=True))
    update = make_image(network_image(version=2), version=Version(2), key=STRANGER)
    (build / "net_core_app_update.bin").write_bytes(update.installed)
    code, out, _ = told("boot", build, build / "net_core_app_update.bin")
    assert code == 0
    assert "network core update refused: no signature by a known key" in out
    assert "b0n: starts version 1 at 0x1008800" in out


def test_the_log_says_whether_a_probe_gets_in(told, tmp_path):
    build = write_build(tmp_path / "build", Build(bootable=True))
    assert "debug port: closed (UICR.APPROTECT 0xffffffff" in told("boot", build)[1]
    place = (build / "merged.hex").read_text().removesuffix(":00000001FF\n")
    opened = hex_of({0xFF8000: b"\xfa\x50" * 2, 0xFF801C: b"\xfa\x50" * 2})
    (build / "merged.hex").write_text(place + opened)
    assert "debug port: closed" in told("boot", build)[1]  # the start-up code locks it
    config = build / "mcuboot/zephyr/.config"
    config.write_text(config.read_text().replace("APPROTECT_LOCK", "APPROTECT_USE_UICR"))
    assert "debug port: OPEN (UICR.APPROTECT 0x50fa50fa" in told("boot", build)[1]


@pytest.mark.skipif(not BUILDS.is_dir(), reason="the collection of real builds is not here")
def test_real_builds_boot_or_say_why_not_and_none_crashes(told):
    ended = {}
    for build in sorted(each for owner in BUILDS.iterdir() for each in owner.iterdir() if each.is_dir()):
        code, out, err = told("boot", build)
        ended[build] = code
        assert code in {0, 1, 2, 3}
        assert err if code == 2 else "\nthe device is at" in out or "the device stops" in out or "it is open" in out
    assert sum(code == 0 for code in ended.values()) > len(ended) * 3 // 4
