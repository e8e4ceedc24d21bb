"""Key files that a configuration names: known by content in the application's folder, and nowhere else read."""

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization as form
from tests.designs.build_dirs import Build, write_build
from tests.made_keys import ec_key

from bootverify.sources.importers import load

OWN, OTHER = ec_key("a key file"), ec_key("another key file")


def pem(key):
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())


def fingerprint(key):
    info = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()


def signing(tmp_path, value, files):
    """What is known of the key that a build signs with, of an application that has `files`."""
    home = tmp_path / "app"
    path = write_build(home / "build", Build(key_file=value))
    (home / "prj.conf").write_text("CONFIG_BOOTLOADER_MCUBOOT=y\n")
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    design = load(path, shown="build")
    keys = {key.name: key for key in design.keys}
    return keys.get("image_signing") or keys.get("image_verification"), design


@pytest.mark.parametrize(
    "value",
    [
        "keys/own.pem",
        "./keys/own.pem",
        "${APPLICATION_CONFIG_DIR}/keys/own.pem",
        "\\\\${APP_DIR}/keys/own.pem",
        "C:\\\\work\\\\app\\\\keys\\\\own.pem",
        "/home/builder/app/keys/own.pem",
        "/home/builder/app//keys/own.pem",
    ],
)
def test_a_key_file_below_the_application_is_known_by_its_content(tmp_path, value) -> None:
    key, design = signing(tmp_path, value, {"keys/own.pem": pem(OWN), "own.pem": pem(OTHER)})
    assert key is not None
    assert key.fingerprint == fingerprint(OWN)
    assert [place.file for place in key.source.also] == ["build/../keys/own.pem"]
    assert not any("was not seen" in entry.what for entry in design.ledger)
    assert "signing-key" in {each.topic for each in design.contradictions}  # the boot loader holds the tests' own key


@pytest.mark.parametrize(
    "value",
    [
        "/home/builder/other/keys/own.pem",
        "../own.pem",
        "keys/../../own.pem",
        "keys",
        "",
        "/etc/passwd",
        "keys/none.pem",
    ],
)
def test_what_lies_elsewhere_is_not_read(tmp_path, value) -> None:
    (tmp_path / "own.pem").write_bytes(pem(OWN))
    key, design = signing(tmp_path, value, {"keys/own.pem": pem(OWN)})
    assert key is None or key.fingerprint != fingerprint(OWN)
    assert any("was not seen" in entry.what for entry in design.ledger) is bool(value)


def test_a_link_out_of_the_application_is_not_followed(tmp_path) -> None:
    (tmp_path / "own.pem").write_bytes(pem(OWN))
    (tmp_path / "app" / "keys").mkdir(parents=True)
    (tmp_path / "app" / "keys" / "own.pem").symlink_to(tmp_path / "own.pem")
    key, _ = signing(tmp_path, "keys/own.pem", {})
    assert key is None or key.fingerprint != fingerprint(OWN)


def test_a_bare_name_of_the_sdk_is_the_sdks_unless_mcuboots_configuration_has_its_own(tmp_path) -> None:
    for number, (place, own) in enumerate(
        {"root-ec-p256.pem": False, "sysbuild/mcuboot/root-ec-p256.pem": True}.items()
    ):
        key, _ = signing(tmp_path / str(number), "root-ec-p256.pem", {place: pem(OWN)})
        assert key is not None
        assert (key.fingerprint == fingerprint(OWN), key.published) == (own, not own)


def test_a_file_that_holds_no_key_goes_to_the_ledger(tmp_path) -> None:
    _, design = signing(tmp_path, "keys/own.pem", {"keys/own.pem": b"no key"})
    assert any(entry.file == "build/../keys/own.pem" for entry in design.ledger)
