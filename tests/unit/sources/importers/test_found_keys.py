"""Private keys planted in the images of a build become keys of its design, which policies then judge."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from tests.designs.build_dirs import TEST_KEY, Build, write_build
from tests.made_keys import ec_key, rsa_key

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.design.keys import InImage, InPartition, Purpose
from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, make_image
from bootverify.machine.action import Inspect, Publish, Unwrap

OWN = ec_key(93)  # test keys
OTHER = rsa_key(92, 1024)
PKCS8 = form.PrivateFormat.PKCS8
OLD = form.PrivateFormat.TraditionalOpenSSL


def der(key, kind=PKCS8) -> bytes:
    return key.private_bytes(form.Encoding.DER, kind, form.NoEncryption())


def spki(key) -> bytes:
    return key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)


def pem(key) -> bytes:
    return key.private_bytes(form.Encoding.PEM, PKCS8, form.NoEncryption())


def around(content: bytes) -> bytes:
    return b"code" * 50 + content + b"more" * 50


def built(tmp_path, **choices):
    return api.load(write_build(tmp_path / "app" / "build", Build(**choices)))


def verdicts(design, policy, subject, attacker="remote-ota"):
    report = api.check(design, policies=[policy], subjects=[subject], attackers=[attacker])
    assert not report.discrepancies
    return {finding.verdict for finding in report.findings}


@pytest.mark.parametrize("content", [der(OWN), der(OWN, OLD), der(OTHER, OLD), pem(OWN), pem(OTHER)])
def test_a_written_private_key_in_the_application_breaks_the_policies(tmp_path, content) -> None:
    design = built(tmp_path, application=around(content))
    (key,) = (each for each in design.keys if each.secret)
    (place,) = key.placements
    assert isinstance(place, InImage)
    assert (place.image, place.offset) == ("app", 200)
    told = [place.source, *place.source.also]
    assert [Path(each.file).name for each in told] == ["app.signed.bin", "merged.hex"]
    # behind the header of the image at 0xc000
    assert all("at address 0xc2c8, in the image payload, partition app" in each.text for each in told)
    assert "in an update that everybody can download" in told[0].text
    for policy in ("private-key-in-image", "no-secret-in-updatable", "secret-confidential"):
        assert verdicts(design, policy, key.name) == {Verdict.VIOLATED}


def test_a_bare_scalar_is_found_by_the_public_key_in_the_boot_loader_and_is_the_signing_key(tmp_path) -> None:
    design = built(tmp_path, application=around(TEST_KEY.secret))
    key = design.key("signing_key_of_app")
    assert [(use.purpose, use.image) for use in key.uses] == [(Purpose.SIGN, "app")]
    assert verdicts(design, "no-secret-in-updatable", key.name) == {Verdict.VIOLATED}
    assert verdicts(design, "authentic-only", "app") == {Verdict.VIOLATED}
    assert verdicts(built(tmp_path / "sound"), "authentic-only", "app") == {Verdict.HOLDS}


def test_without_raw_keys_only_written_forms_are_looked_for(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build(application=around(TEST_KEY.secret)))
    assert not any(key.secret for key in api.load(path, raw_keys=False).keys)


@pytest.mark.parametrize(("nsib", "expected"), [(False, Verdict.HOLDS), (True, Verdict.VIOLATED)])
def test_the_decryption_key_may_lie_in_an_mcuboot_that_nobody_updates_and_in_no_other(tmp_path, nsib, expected) -> None:
    design = built(tmp_path, nsib=nsib, encrypt=True, boot_loader=around(der(OWN)))
    key = design.key("image_decryption")
    assert [each.name for each in design.keys if each.secret] == [key.name]
    assert key.fingerprint
    assert "PKCS#8 DER" in key.placements[0].source.text
    assert verdicts(design, "no-secret-in-updatable", key.name) == {expected}
    assert verdicts(design, "private-key-in-image", key.name) == set()  # not asked of a key that decrypts


@pytest.mark.parametrize("policy", ["no-secret-in-updatable", "secret-confidential"])
def test_the_counterexample_shows_the_update_opened_and_an_image_decrypted_with_the_key(tmp_path, policy) -> None:
    design = built(tmp_path, nsib=True, encrypt=True, boot_loader=around(der(OWN)))
    report = api.check(design, policies=[policy], subjects=["image_decryption"], attackers=["remote-ota"])
    (finding,) = report.findings
    kinds = [type(step.action) for step in finding.trace.steps]
    assert kinds == [Publish, Inspect, Publish, Unwrap]
    assert "decrypts app-1.bin with image_decryption" in finding.trace.steps[-1].observation.log[0]
    assert any("PKCS#8 DER" in fact.text and "s0" in fact.text for fact in finding.facts)


def test_an_encrypted_update_is_opened_with_the_key_in_the_boot_loader_and_that_is_told(tmp_path) -> None:
    recipient = PrivateKey(name="decryption key of a test", scheme=Scheme.ECDSA_P256)
    own = ec.derive_private_key(int.from_bytes(recipient.secret, "big"), ec.SECP256R1())
    envelope = Envelope(scheme=EnvelopeScheme.ECIES_P256, label="test", recipient=recipient)
    choices = {"encrypt": True, "envelope": envelope, "application": around(pem(OTHER))}
    # two keys of the scheme's kind: the one that opens the image is its key, wherever it stands
    design = built(tmp_path, **choices, boot_loader=around(der(OWN) + der(own)))
    key = design.key("image_decryption")
    assert key.fingerprint == hashlib.sha256(spki(own)).hexdigest()
    told = [key.source.text, *(each.text for each in key.source.also)]
    assert any("opens the encrypted image" in each for each in told)
    (hidden,) = (
        each for each in design.keys if each.secret and each.fingerprint == hashlib.sha256(spki(OTHER)).hexdigest()
    )
    places = {each.file.rsplit("/", 1)[-1]: each.text for each in (hidden.source, *hidden.source.also)}
    assert "at address 0xc2c8, in the decrypted payload, partition app" in places["app.signed.bin"]
    shut = built(tmp_path / "shut", **choices)
    assert any("was not seen" in entry.what for entry in shut.ledger)


def test_a_signing_key_in_an_updatable_boot_loader_is_flagged(tmp_path) -> None:
    design = built(tmp_path, nsib=True, boot_loader=around(TEST_KEY.secret))
    assert verdicts(design, "private-key-in-image", "signing_key_of_app") == {Verdict.VIOLATED}
    assert verdicts(design, "no-secret-in-updatable", "mcuboot") == {Verdict.VIOLATED}


def test_an_example_key_of_a_standard_is_no_key_of_the_design(tmp_path) -> None:
    example = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())
    design = built(tmp_path, application=around(der(example)))  # RFC 6979, A.2.5
    assert not any(key.secret for key in design.keys)


def test_a_key_in_the_only_copy_of_an_update_is_that_of_the_image_it_was_linked_for(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build(nsib=True))
    vectors = (0x20010000).to_bytes(4, "little") + (0x8401).to_bytes(4, "little")  # the reset handler lies in s0
    made = make_image(vectors + around(der(OWN)), version=Version(2), key=TEST_KEY)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mcuboot.bin", made.shipped)
        archive.writestr("manifest.json", json.dumps({"files": [{"file": "mcuboot.bin", "type": "application"}]}))
    (path / "dfu_mcuboot.zip").write_bytes(packed.getvalue())
    design = api.load(path)
    (key,) = (each for each in design.keys if each.secret)
    (place,) = key.placements
    assert (place.image, place.offset) == ("mcuboot", 208)
    assert place.source.file.endswith("dfu_mcuboot.zip/mcuboot.bin")
    assert verdicts(design, "no-secret-in-updatable", key.name) == {Verdict.VIOLATED}


def test_a_key_outside_every_image_lies_in_its_partition(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build(nsib=True))
    import bincopy  # noqa: PLC0415

    merged = bincopy.BinFile(str(path / "merged.hex"))
    merged.add_binary(pem(OWN), address=0xF8010)
    (path / "merged.hex").write_text(merged.as_ihex())
    design = api.load(path)
    (key,) = (each for each in design.keys if each.secret)
    (place,) = key.placements
    assert isinstance(place, InPartition)
    assert place.partition == "settings_storage"
    assert verdicts(design, "private-key-in-image", key.name) == {Verdict.VIOLATED}
    assert verdicts(design, "no-secret-in-updatable", key.name) == {Verdict.HOLDS}


def put(path, at, content):
    import bincopy  # noqa: PLC0415

    merged = bincopy.BinFile(str(path / "merged.hex"))
    merged.add_binary(content, address=at)
    (path / "merged.hex").write_text(merged.as_ihex())


def test_where_no_partition_is_drawn_nobody_says_that_the_key_is_safe(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build())
    put(path, 0xF1000, pem(OWN))
    design = api.load(path)
    (key,) = (each for each in design.keys if each.secret)
    assert verdicts(design, "private-key-in-image", key.name) == {Verdict.VIOLATED}
    report = api.check(design, policies=["secret-confidential"], subjects=[key.name], attackers=["app-code-secure"])
    assert [(each.verdict, each.open_points) for each in report.findings] == [
        (Verdict.UNKNOWN, ("key-place-not-told",))
    ]


def test_an_update_that_waits_in_the_factory_file_is_part_of_its_image(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build())
    put(path, 0x6C000, make_image(around(pem(OWN)), version=Version(2), key=TEST_KEY).shipped)
    design = api.load(path)
    (key,) = (each for each in design.keys if each.secret)
    assert [(place.image, place.offset) for place in key.placements] == [("app", 200)]
    assert verdicts(design, "no-secret-in-updatable", key.name) == {Verdict.VIOLATED}


@pytest.mark.parametrize(("nsib", "expected"), [(False, set()), (True, {Verdict.VIOLATED})])
def test_without_a_chain_the_map_and_the_files_still_tell_what_updates_carry(tmp_path, nsib, expected) -> None:
    """Swapped using a scratch area that the map has not: what is asked of behaviour cannot be answered."""
    design = built(tmp_path, nsib=nsib, encrypt=True, boot_loader=around(der(OTHER)), mode="BOOT_SWAP_USING_SCRATCH")
    assert design.stages == ()
    key = design.key("image_decryption")
    assert {use.purpose for use in key.uses} == {Purpose.DECRYPT}
    assert verdicts(design, "no-secret-in-updatable", key.name) - {Verdict.NOT_APPLICABLE} == expected
    assert verdicts(design, "private-key-in-image", key.name) == set()


def test_without_a_chain_a_key_in_an_update_is_handed_out(tmp_path) -> None:
    design = built(tmp_path, mode="BOOT_FIRMWARE_LOADER", application=around(pem(OWN)))
    (key,) = (each for each in design.keys if each.secret)
    assert key.found == ("factory", "slot", "update")
    assert verdicts(design, "no-secret-in-updatable", key.name) >= {Verdict.VIOLATED}


def test_whoever_has_the_files_of_the_build_has_the_key_in_them(tmp_path) -> None:
    design = built(tmp_path, encrypt=True, boot_loader=around(der(OWN)))
    for who in ("factory-insider", "build-pipeline"):
        assert verdicts(design, "secret-confidential", "image_decryption", who) == {Verdict.VIOLATED}
    told_only = built(tmp_path / "b", encrypt=True)  # its boot loader's bytes hold none
    assert verdicts(told_only, "secret-confidential", "image_decryption", "factory-insider") == set()


def test_a_key_in_a_file_that_another_should_repeat_is_found_too(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build())
    (path / "merged_domains.hex").write_text((path / "merged.hex").read_text())
    put(path, 0xF8010, pem(OWN))
    design = api.load(path)
    (key,) = (each for each in design.keys if each.secret)
    assert key.source.file.endswith("merged.hex")
    assert [each.name for each in design.artifacts if each.name.startswith("merged.hex")] == []


def test_a_lone_image_without_a_map_is_judged_too(tmp_path) -> None:
    (tmp_path / "app.bin").write_bytes(around(pem(OWN)))
    design = api.load(tmp_path / "app.bin")
    (key,) = design.keys
    assert verdicts(design, "private-key-in-image", key.name) == {Verdict.VIOLATED}


def test_no_value_of_a_key_is_in_any_form_of_the_report(tmp_path, capsys) -> None:
    path = write_build(tmp_path / "build", Build(nsib=True, application=around(TEST_KEY.secret + pem(OTHER))))
    texts = []
    for form_of in ("text", "json", "sarif", "markdown", "html", "junit"):
        assert run(["check", str(path), "--policy", "private-key-in-image", "--format", form_of]) == 1
        texts.append(capsys.readouterr().out)
    assert run(["import", str(path)]) == 0
    texts.append(capsys.readouterr().out)
    values = [TEST_KEY.secret.hex(), *(line.decode() for line in pem(OTHER).splitlines() if len(line) > 40)]
    numbers = OTHER.private_numbers()
    values += [f"{numbers.p:x}", f"{numbers.d:x}", str(numbers.p), str(int.from_bytes(TEST_KEY.secret, "big"))]
    assert all("signing_key_of_app" in text for text in texts)
    assert not [value for value in values for text in texts if value.lower() in text.lower()]
