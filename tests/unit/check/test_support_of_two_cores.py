"""Updates for both cores: what the vendor describes, and what becomes of encrypted ones."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.edited import verdict_of

from bootverify.check.verdict import Verdict
from bootverify.design.boot import EncryptionType
from bootverify.sources.design_file import load_design

TOLD = load_design(Path(__file__).parents[2] / "scenarios" / "told-two-stages.yaml")


@pytest.mark.parametrize(("mode", "expected"), [("overwrite", Verdict.HOLDS), ("swap-move", Verdict.UNDEFINED)])
def test_images_of_the_network_core_are_described_in_overwrite_mode_alone(mode: str, expected: Verdict) -> None:
    design = replace(TOLD, life=replace(TOLD.life, mode=mode))
    assert verdict_of(design, "config-supported", "mcuboot", "operator-error") is expected


def test_where_an_encrypted_image_goes_beside_those_of_the_network_core_is_open() -> None:
    images = tuple(
        replace(image, encryption=EncryptionType.ECIES_P256, decryptor="mcuboot") if image.name == "tfm+app" else image
        for image in TOLD.images
    )
    life = replace(TOLD.life, mode="overwrite", event="")
    plain, sealed = replace(TOLD, life=life), replace(TOLD, life=life, images=images)
    assert verdict_of(plain, "update-available", "tfm+app", "remote-ota") is Verdict.HOLDS
    assert verdict_of(sealed, "update-available", "tfm+app", "remote-ota") is Verdict.UNKNOWN
    assert verdict_of(sealed, "config-supported", "mcuboot", "operator-error") is Verdict.UNDEFINED


@pytest.mark.parametrize(("sdk", "expected"), [("3.1.0", Verdict.UNDEFINED), ("3.5.0", Verdict.HOLDS)])
def test_mcuboot_decrypts_updates_of_itself_in_releases_that_say_so(sdk: str, expected: Verdict) -> None:
    images = tuple(
        replace(image, encryption=EncryptionType.ECIES_P256, decryptor="mcuboot") if image.name == "mcuboot" else image
        for image in TOLD.images
    )
    design = replace(TOLD, sdk=sdk, images=images, network=(), life=replace(TOLD.life, mode="overwrite"))
    assert verdict_of(design, "config-supported", "mcuboot", "operator-error") is expected
