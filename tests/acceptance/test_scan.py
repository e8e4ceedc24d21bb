"""`bootverify scan` as a user meets it."""

import base64
import json
import random
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from tests.designs.build_dirs import TEST_KEY, Build, write_build
from tests.made_keys import ec_key

from bootverify.cli import run
from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, make_image

KEY = ec_key(71)
PEM = KEY.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
PUBLIC = KEY.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
RAW = KEY.private_numbers().private_value.to_bytes(32, "big")


@pytest.fixture
def told(capsys):
    def call(*arguments):
        code = run(["scan", *map(str, arguments)])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return call


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "zephyr.bin"
    path.write_bytes(random.Random(1).randbytes(3000) + RAW + random.Random(2).randbytes(500))
    return path


def test_a_clean_file_exits_with_zero_and_says_what_was_looked_for(told, image):
    code, out, err = told(image)
    assert (code, err) == (0, "")
    assert "none of what was looked for is there (1 file, 3,532 bytes)" in out
    assert "PKCS#8" in out
    assert "no private number: no public key is known" in out


def test_a_key_exits_with_one_and_its_value_is_never_shown(told, image, tmp_path):
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    public.write_bytes(PUBLIC)
    private.write_bytes(PEM)
    for text_or_json in ("text", "json"):
        code, out, _ = told(image, private, "--public-key", public, "--format", text_or_json)
        assert code == 1
        assert RAW.hex() not in out
        assert PEM.split(b"\n")[1].decode() not in out
    found = json.loads(out)["finds"]
    assert [(each["form"], each["offset"]) for each in found] == [("PEM", 0), ("private scalar", 3000)]


def test_bad_input_exits_with_two_and_says_what_to_do(told, image, tmp_path):
    for arguments in ((tmp_path / "none.bin",), (image, "--public-key", image)):
        code, out, err = told(*arguments)
        assert (code, out) == (2, "")
        assert "; " in err


def test_the_same_input_gives_the_same_bytes(told, image, tmp_path):
    (tmp_path / "public.pem").write_bytes(PUBLIC)
    first = told(tmp_path, "--public-key", tmp_path / "public.pem")
    assert first == told(tmp_path, "--public-key", tmp_path / "public.pem")


def test_the_program_itself_scans(image):
    """In a process of its own, where only the commands of one family are loaded."""
    arguments = [sys.executable, "-m", "bootverify", "scan", str(image)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "none of what was looked for" in done.stdout


def test_a_build_directory_tells_of_each_key_where_it_lies_and_what_it_is_for(told, tmp_path):
    recipient = PrivateKey(name="decryption key of a test", scheme=Scheme.ECDSA_P256)
    own = ec.derive_private_key(int.from_bytes(recipient.secret, "big"), ec.SECP256R1())
    der = own.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    build = Build(
        nsib=True,
        encrypt=True,
        boot_loader=b"\xff" * 64 + der + b"\xff" * 64,
        application=b"code" * 100 + TEST_KEY.secret + PEM + b"code" * 100,
        envelope=Envelope(scheme=EnvelopeScheme.ECIES_P256, label="test", recipient=recipient),
    )
    path = write_build(tmp_path / "build", build)
    (path / "private.pem").write_bytes(PEM)
    code, out, _ = told(path, "--format", "json")
    assert code == 1
    finds = json.loads(out)["finds"]
    means = {
        (each["file"].rsplit("/", 1)[-1], each["form"]): {key: value for key, value in each["build"].items() if value}
        for each in finds
    }
    boot = means["merged.hex", "PKCS#8 DER"]
    assert boot == {
        "ships": "what production programs",
        "readers": "who has that file; what code of the device reads it, `check` answers",
        "role": "opens the encrypted images",
        "image": "mcuboot",
        "updatable": True,
        "partition": "s0_image",
        "address": 0x869B,
    }
    update = means["app.signed.bin", "private scalar"]
    assert (update["role"], update["image"], update["ships"]) == ("signs app", "app", "an update")
    assert update["readers"].startswith("everybody who downloads it and has the key ")
    assert means["private.pem", "PEM"]["ships"] == "a file of the build that does not ship"
    _, text, _ = told(path)
    assert "it signs app" in text
    assert "address 0x869b\n    PKCS#8 DER, 138 bytes\n    partition s0_image, image mcuboot, updatable" in text
    assert "encrypted, and read in clear:" in text


def test_an_encrypted_image_is_opened_with_a_key_file_and_else_said_to_be_unseen(told, tmp_path):
    recipient = PrivateKey(name="decryption key of a test", scheme=Scheme.ECDSA_P256)
    own = ec.derive_private_key(int.from_bytes(recipient.secret, "big"), ec.SECP256R1())
    key = tmp_path / "key.pem"
    key.write_bytes(own.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    envelope = Envelope(scheme=EnvelopeScheme.ECIES_P256, label="test", recipient=recipient)
    update = tmp_path / "update.bin"
    update.write_bytes(make_image(b"code" * 9 + PEM, version=Version(1), key=None, envelope=envelope).shipped)
    code, out, _ = told(update)
    assert (code, "what its payload says was not seen" in " ".join(out.split())) == (0, True)
    code, out, _ = told(update, "--key", key)
    assert (code, "(decrypted payload)" in out) == (1, True)


def test_a_key_file_that_is_given_is_looked_for_itself(told, tmp_path):
    """An AES key has no public half: that somebody gives it is the only way to know it."""
    raw = random.Random(5).randbytes(16)
    wrapping, signing = tmp_path / "kek.b64", tmp_path / "key.pem"
    wrapping.write_bytes(base64.b64encode(raw))
    signing.write_bytes(PEM)
    (tmp_path / "flash.bin").write_bytes(random.Random(1).randbytes(901) + raw + random.Random(2).randbytes(80) + RAW)
    code, out, _ = told(tmp_path / "flash.bin", "--key", wrapping, "--key", signing, "--format", "json")
    assert code == 1
    assert [(each["form"], each["offset"]) for each in json.loads(out)["finds"]] == [
        ("symmetric key", 901),
        ("private scalar", 997),
    ]
    assert raw.hex() not in out


def test_a_find_in_an_image_that_a_key_beside_it_opens_is_one_in_an_update(told, tmp_path):
    recipient = PrivateKey(name="decryption key of a test", scheme=Scheme.ECDSA_P256)
    own = ec.derive_private_key(int.from_bytes(recipient.secret, "big"), ec.SECP256R1())
    envelope = Envelope(scheme=EnvelopeScheme.ECIES_P256, label="test", recipient=recipient)
    path = write_build(tmp_path / "build", Build(application=b"code" * 100 + PEM, encrypt=True, envelope=envelope))
    key = own.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    for place in (path / "own.pem", tmp_path / "own.pem"):
        place.write_bytes(key)
        code, out, _ = told(path, "--format", "json", *(() if place.is_relative_to(path) else ("--key", place)))
        place.unlink()
        ships = {each["part"]: each["build"]["ships"] for each in json.loads(out)["finds"] if each["part"]}
        assert code == 1
        assert ships == {"decrypted payload": "an update", "image payload": "what production programs"}


def test_sarif_names_each_find_at_its_file(told, image, tmp_path):
    (tmp_path / "public.pem").write_bytes(PUBLIC)
    code, out, _ = told(image, "--public-key", tmp_path / "public.pem", "--format", "sarif")
    (result,) = json.loads(out)["runs"][0]["results"]
    assert (code, result["ruleId"], result["level"]) == (1, "key-material", "error")
    assert result["locations"][0]["physicalLocation"]["region"] == {"byteOffset": 3000, "byteLength": 32}
    assert RAW.hex() not in out


def test_no_line_of_the_text_is_wider_than_a_terminal_but_for_names(told, image, tmp_path):
    (tmp_path / "public.pem").write_bytes(PUBLIC)
    _, out, _ = told(image, "--public-key", tmp_path / "public.pem")
    assert [line for line in out.splitlines() if len(line) > 80 and " " in line.strip()] == []


def test_a_check_looks_for_the_keys_whose_files_the_configuration_names_and_opens_with_them(tmp_path, capsys):
    """Files of the application alone: one elsewhere on the machine is none of the build's business."""
    recipient = PrivateKey(name="decryption key of a test", scheme=Scheme.ECDSA_P256)
    own = ec.derive_private_key(int.from_bytes(recipient.secret, "big"), ec.SECP256R1())
    envelope = Envelope(scheme=EnvelopeScheme.ECIES_P256, label="test", recipient=recipient)
    clear = form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    for place in (tmp_path / "app" / "keys", tmp_path / "elsewhere"):
        place.mkdir(parents=True)
        (place / "enc.pem").write_bytes(own.private_bytes(*clear))
        (place / "public.pem").write_bytes(PUBLIC)
        lines = f'CONFIG_BOOT_ENCRYPTION_KEY_FILE="{place}/enc.pem"\n'
        build = Build(
            encrypt=True,
            application=b"code" * 100 + RAW + b"code" * 100,
            envelope=envelope,
            key_file=f"{place}/public.pem",
            extra={"mcuboot": lines},
        )
        path = write_build(tmp_path / "app" / "build", build)
        (tmp_path / "app" / "prj.conf").write_text("CONFIG_BOOTLOADER_MCUBOOT=y\n")
        run(["check", str(path), "--policy", "no-secret-in-updatable", "--format", "json"])
        report = json.loads(capsys.readouterr().out)
        ledger = " ".join(each["what"] for each in report["ledger"])
        told = [each for each in report["questions"] if each["subject"] == "signing_key_of_app"]
        inside = place.parent.name == "app"
        assert ("read in clear with the key" in ledger) == inside, ledger
        assert ("public.pem was not seen" in ledger) != inside, ledger
        assert ({each["verdict"] for each in told} == {"violated"}) == inside
        assert any("decrypted payload" in fact["text"] for each in told for fact in each["facts"]) == inside
