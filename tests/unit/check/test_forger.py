"""A judgement of what is told does not stand against somebody who may have code of his own accepted."""

from dataclasses import replace

from tests.edited import SCENARIOS

from bootverify.check.forger import forged_code
from bootverify.design.boot import SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import InImage
from bootverify.sources.design_file import load_design


def _design() -> Design:
    return load_design(SCENARIOS / "SB-S18.yaml")


def _with_key(name: str, **change: object) -> Design:
    design = _design()
    keys = tuple(replace(key, **change) if key.name == name else key for key in design.keys)  # type: ignore[arg-type]
    return replace(design, keys=keys)


def test_nobody_forges_with_keys_that_stay_at_home() -> None:
    assert not forged_code(_design(), "remote-ota")


def test_a_published_key_of_the_application_is_in_every_senders_hands() -> None:
    design = _with_key("img_verify_pub", published=True)
    assert forged_code(design, "remote-ota")
    assert not forged_code(design, "app-code")


def test_a_published_key_of_the_bootloader_alone_does_not_pass_the_outer_signature() -> None:
    assert not forged_code(_with_key("b0_key_hash", published=True), "remote-ota")


def test_a_signing_key_in_an_image_is_in_the_hands_of_whoever_reads_it() -> None:
    assert forged_code(_with_key("img_sign_priv", placements=(InImage(image="app"),)), "app-code")


def test_what_nothing_signs_may_be_anybodys() -> None:
    design = _design()
    images = tuple(
        replace(each, signature=SignatureType.NONE) if each.name == "app" else each for each in design.images
    )
    assert forged_code(replace(design, images=images), "serial-port")
