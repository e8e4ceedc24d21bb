"""Encrypted updates of a build's own bytes: images of imgtool and ours, keys in MCUboot's bytes and in files."""

import base64
import json
import subprocess
import sys

import bincopy
import pytest
from cryptography.hazmat.primitives import serialization as form
from tests.acceptance.test_boot_updates import kmu_part
from tests.designs.bootable import hex_of, loader_code, vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build
from tests.made_keys import ec_key, ed25519_key, rsa_key, x25519_key
from tests.unit.executor import nsib_bench

from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, make_image

PLAIN = form.NoEncryption()
KEK = {16: b"a test key, 16 B", 32: b"a test key of 32 bytes, for kw!!"}
KEYS = {"rsa-oaep": rsa_key("encrypts"), "ecies-p256": ec_key("encrypts"), "ecies-x25519": x25519_key("encrypts")}
SHA512 = ("--hmac-sha", "512")


def pem_of(key, path):
    path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, PLAIN))
    return path


def by_imgtool(folder, kind: str, *more: str):
    """A build, and an update for it that imgtool signed and encrypted, both with keys of one kind; options for both."""
    signers = {"rsa-oaep": rsa_key("signs"), "ecies-p256": ec_key("signs"), "ecies-x25519": ed25519_key("signs")}
    verifies = {"rsa-oaep": "RSA", "ecies-p256": "ECDSA_P256", "ecies-x25519": "ED25519"}
    (folder / "app.bin").write_bytes(vectors(0xC200, 0x2000))
    options = ["--key", pem_of(signers[kind], folder / "sign.pem"), "--header-size", "0x200", "--pad-header"]
    options += ["--slot-size", "0x60000", "--align", "4", "--version", "4.5.6"]
    options += [
        "--encrypt",
        pem_of(KEYS[kind], folder / "encrypt.pem"),
        *more,
        folder / "app.bin",
        folder / "update.bin",
    ]
    subprocess.run([sys.executable, "-m", "imgtool.main", "sign", *options], check=True, capture_output=True)
    build = write_build(folder / "build", Build(bootable=True, downgrade=False))
    config = build / "mcuboot/zephyr/.config"
    config.write_text(config.read_text().replace("TYPE_ECDSA_P256=y", f"TYPE_{verifies[kind]}=y"))
    old = make_image(vectors(0xC200, 0x1000), version=Version(1, 2, 3), key=TEST_KEY).installed
    (build / "merged.hex").write_text(hex_of({0: loader_code(0, 0x4000, b""), 0xC000: old}))
    return build, folder / "update.bin", "--public-key", folder / "sign.pem"


@pytest.mark.parametrize(("kind", "more"), [*((kind, ()) for kind in KEYS), ("ecies-x25519", SHA512)])
def test_an_image_that_imgtool_encrypted_is_installed_with_the_key_of_a_file(told, tmp_path, kind, more):
    given = by_imgtool(tmp_path, kind, *more)
    code, out, _ = told("boot", *given, "--key", tmp_path / "encrypt.pem")
    assert code == 0
    assert "mcuboot: boots image 4.5.6 from 0xc000" in out
    code, out, _ = told("boot", *given)
    assert code == 3
    assert "no key in the bytes of MCUboot opens it; give one with --key" in out


@pytest.mark.parametrize(("built", "fits"), [("512", True), ("256", False)])
def test_mcuboot_opens_the_kind_of_envelope_that_it_was_built_for(told, tmp_path, built, fits):
    given = by_imgtool(tmp_path, "ecies-x25519", *SHA512)
    with (given[0] / "mcuboot/zephyr/.config").open("a") as config:
        config.write(f"CONFIG_BOOT_HMAC_SHA{built}=y\n")
    _, out, _ = told("boot", *given, "--key", tmp_path / "encrypt.pem")
    assert ("mcuboot: boots image 4.5.6 from 0xc000" in out) is fits


def test_imgtool_reads_the_envelope_that_we_make_for_nrf54l(tmp_path):
    recipient = PrivateKey(Scheme.X25519, "opens images")
    envelope = Envelope(scheme=EnvelopeScheme.ECIES_X25519_SHA512, label="ours", recipient=recipient)
    made = make_image(vectors(0xC200, 0x400), version=Version(1), key=TEST_KEY, envelope=envelope)
    (tmp_path / "ours.bin").write_bytes(made.shipped)
    command = [sys.executable, "-m", "imgtool.main", "dumpinfo", tmp_path / "ours.bin"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "type: ENCX25519_SHA512 (0x34)" in shown
    assert "len: 0x70" in " ".join(shown.split())


@pytest.mark.parametrize("kind", [form.PrivateFormat.TraditionalOpenSSL, form.PrivateFormat.PKCS8])
def test_an_rsa_key_in_the_bytes_of_mcuboot_opens_the_image(told, tmp_path, kind):
    build, *given = by_imgtool(tmp_path, "rsa-oaep")
    file = bincopy.BinFile(str(build / "merged.hex"))
    file.add_binary(KEYS["rsa-oaep"].private_bytes(form.Encoding.DER, kind, PLAIN), address=0x1000, overwrite=True)
    (build / "merged.hex").write_text(file.as_ihex())
    code, out, _ = told("boot", build, *given)
    assert code == 0
    assert "mcuboot: boots image 4.5.6 from 0xc000" in out


def wrapped(folder, size: int, *, at: int | None):
    """A build, and an update wrapped with AES; `at` is where MCUboot holds the key, None: nowhere."""
    build = write_build(folder / "build", Build(bootable=True))
    if at is not None:
        file = bincopy.BinFile(str(build / "merged.hex"))
        file.add_binary(KEK[size], address=at, overwrite=True)
        (build / "merged.hex").write_text(file.as_ihex())
    envelope = Envelope(scheme=EnvelopeScheme.AES_KW, label="the update", kek=KEK[size], key_size=size)
    made = make_image(vectors(0xC200, 0x1000), version=Version(1, 4, 0), key=TEST_KEY, envelope=envelope)
    (folder / "update.bin").write_bytes(made.shipped)
    (folder / "kek.b64").write_bytes(base64.b64encode(KEK[size]))
    return build, folder / "update.bin", folder / "kek.b64"


@pytest.mark.parametrize("size", KEK)
def test_a_wrapping_key_is_found_in_the_bytes_of_mcuboot_or_given_as_imgtool_has_it(told, tmp_path, size):
    build, update, kek = wrapped(tmp_path, size, at=None)
    code, out, _ = told("boot", build, update, "--key", kek)
    assert code == 0
    assert "mcuboot: boots image 1.4.0 from 0xc000" in out
    assert told("boot", build, update)[0] == 3
    (tmp_path / "held").mkdir()
    code, out, _ = told("boot", *wrapped(tmp_path / "held", size, at=0x1234)[:2])
    assert code == 0
    assert "mcuboot: boots image 1.4.0 from 0xc000" in out


def test_an_encrypted_update_lives_and_its_trace_names_the_key_file(told, tmp_path):
    build, _, kek = wrapped(tmp_path, 16, at=None)
    script = "- {do: deliver, partition: mcuboot_secondary, content: {is: file, file: update.bin}, request: test}\n"
    (tmp_path / "life.yaml").write_text(script + "- {do: boot, cut_after: 5, torn: back}\n")
    options = ["--actions", tmp_path / "life.yaml", "--attacker", "power-cut", "--trace", tmp_path / "t.json"]
    code, out, _ = told("boot", build, "--key", kek, *options)
    assert code == 0
    assert "power lost after 5 flash operations" in out
    assert "mcuboot: boots image 1.4.0 from 0xc000" in out
    assert told("replay", tmp_path / "t.json")[0] == 0
    assert KEK[16].hex() not in (tmp_path / "t.json").read_text()


def test_a_sweep_cuts_the_power_of_an_encrypted_update(told, tmp_path):
    build, update, kek = wrapped(tmp_path, 16, at=None)
    code, out, _ = told("sweep", build, update, "--key", kek, "--request", "perm")
    assert code == 0
    assert "then app, the new image" in out


def test_a_file_without_such_a_key_is_refused(told, tmp_path):
    build, update, _ = wrapped(tmp_path, 16, at=None)
    code, _, err = told("boot", build, update, "--key", update)
    assert code == 2
    assert "this holds no key that opens images" in err


def keyfile(path, *keys):
    """What `west flash` provisions a KMU from, another key among them."""
    metadata = "0x4241FF0001004E800108000000080006000000000021024000000000"
    slots = [{"metadata": metadata.replace("4241", "0024"), "value": "0x" + bytes(32).hex()}]
    slots += [{"metadata": metadata, "value": "0x" + key.public.hex()} for key in keys]
    path.write_text(json.dumps({"version": 0, "keyslots": slots}))
    return path


def test_the_keys_of_a_kmu_come_from_the_file_that_provisions_it(told, tmp_path):
    first, second, _ = nsib_bench.ED_KEYS
    image, *named = kmu_part(tmp_path)
    _, out, _ = told("boot", image, *named, "--public-key", keyfile(tmp_path / "k.json", second, first))
    assert "b0: KMU slot 242: key" in out
    assert "b0: verified with the key of KMU slot 244" in out
