"""Update packages that we write: their images count, and their manifest is compared with what lies beside it."""

import json
import zipfile

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.errors import InputError
from bootverify.sources.importers import load
from bootverify.sources.importers.packages import parse_package, read_package
from bootverify.sources.ledger import Ledger

ENTRY = {"file": "app.bin", "soc": "nrf5340", "load_address": 0xC200, "image_index": "0", "version_MCUBOOT": "1.2.3+4"}


def packed(tmp_path, **changes):
    """A build of which nothing but the package is left of the signed application."""
    build = write_build(tmp_path / "app" / "build", Build())
    update = build / "app" / "zephyr" / "app.signed.bin"
    content = update.read_bytes()
    update.unlink()
    (build / "merged.hex").unlink()
    with zipfile.ZipFile(build / "dfu_application.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.bin", content)
        files = [ENTRY | {"size": len(content)} | changes]
        archive.writestr("manifest.json", json.dumps({"format-version": 1, "files": files}))
    return load(build, shown="build")


def test_the_image_in_a_package_is_recognised(tmp_path) -> None:
    design = packed(tmp_path)
    assert [(each.version, each.key) for each in design.artifacts] == [("1.2.3+4", "signed_with")]
    assert design.contradictions == ()


@pytest.mark.parametrize(
    ("changes", "topic"),
    [
        ({"size": 12}, "package-size"),
        ({"version_MCUBOOT": "2.0.0"}, "package-version"),
        ({"soc": "nrf9160"}, "package-soc"),
        ({"load_address": 0x80000}, "package-address"),
    ],
)
def test_a_manifest_that_speaks_of_another_image_contradicts_it(tmp_path, changes, topic) -> None:
    assert [each.topic for each in packed(tmp_path, **changes).contradictions] == [topic]


@pytest.mark.parametrize(
    ("symbol", "version", "number", "topics"),
    [
        ("CONFIG_NRF53_ENFORCE_IMAGE_VERSION_EQUALITY=y\n", (2, 0), "1", ["package-versions"]),
        ("CONFIG_NRF53_ENFORCE_IMAGE_VERSION_EQUALITY=y\n", (2, 0), "2", []),
        ("CONFIG_NRF53_ENFORCE_IMAGE_VERSION_EQUALITY=y\n", (1, 2), "1", []),
        ("# CONFIG_NRF53_ENFORCE_IMAGE_VERSION_EQUALITY is not set\n", (2, 0), "1", []),
    ],
)
def test_images_of_both_cores_that_are_tied_have_one_version(tmp_path, symbol, version, number, topics) -> None:
    build = write_build(tmp_path / "app" / "build", Build(extra={"app": symbol}))
    content = (build / "app" / "zephyr" / "app.signed.bin").read_bytes()
    major, minor = version
    other = content[:20] + bytes([major, minor]) + content[22:]
    with zipfile.ZipFile(build / "dfu_application.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.bin", content)
        archive.writestr("net.bin", other)
        files = [{"file": "app.bin", "image_index": "0"}, {"file": "net.bin", "image_index": number}]
        archive.writestr("manifest.json", json.dumps({"format-version": 1, "files": files}))
    assert [each.topic for each in load(build, shown="build").contradictions] == topics


@pytest.mark.parametrize(
    "manifest", ["", "[" * 100_000, "{}", '{"files": [{"size": true, "file": 3}]}', '{"files": 1}']
)
def test_a_manifest_that_is_none_goes_to_the_ledger(tmp_path, manifest) -> None:
    with zipfile.ZipFile(tmp_path / "dfu_application.zip", "w") as archive:
        archive.writestr("manifest.json", manifest)
    ledger = Ledger()
    package = read_package(tmp_path / "dfu_application.zip", shown="p.zip", ledger=ledger)
    assert bool(ledger.entries) is not bool(package.described)


def test_a_package_that_unpacks_to_too_much_is_refused(tmp_path) -> None:
    path = tmp_path / "dfu_application.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.bin", bytes(65 << 20))
    with pytest.raises(InputError, match="unpacks to more than"):
        read_package(path, shown="p.zip", ledger=Ledger())


def test_no_zip_file_is_refused_with_a_reason() -> None:
    with pytest.raises(InputError, match="no zip file"):
        parse_package(b"PK\x03\x04" + bytes(40), "p.zip", Ledger())
