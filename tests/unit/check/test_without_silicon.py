"""A SoC that nothing tells, or that has no model: the map is judged as far as it goes on any part, the rest is open."""

import pytest
from tests.edited import edited

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.design.openpoint import SOC_NOT_MODELLED, SOC_NOT_TOLD
from bootverify.errors import InputError
from bootverify.sources.design_file import parse_design
from bootverify.sources.importers.card.scenario import load as load_card

MAP = "bootverify: design/1\nname: map\nsoc: {soc}\nsettings: {{non_secure_application: true, update_mode: {mode}}}\n"
PARTS = {
    "mcuboot": "{at: 0x0, size: 0x10000}",
    "tfm": "{at: 0x10000, size: 0x8000, attribution: secure}",
    "app": "{at: 0x18000, size: 0x8000, attribution: non_secure}",
    "mcuboot_primary": "{span: [tfm, app]}",
    "mcuboot_secondary": "{at: 0x20000, size: 0x10000}",
}
ON_SILICON = ("map-inside-memory", "slots-on-pages", "lock-span-on-granule", "boundary-alignment")


def asked(design, *policies):
    report = api.check(design, policies=policies)
    assert not report.discrepancies
    return {finding.policy: finding for finding in report.findings}


def drawn(soc, mode="overwrite", **changes):
    parts = "".join(f"  {name}: {told}\n" for name, told in (PARTS | changes).items())
    return parse_design(f"{MAP.format(soc=soc, mode=mode)}partitions:\n{parts}".encode(), shown="design.yaml")


@pytest.mark.parametrize(
    ("soc", "point", "words"),
    [
        ("unspecified", SOC_NOT_TOLD, "nothing tells a SoC"),
        ("nrf54h20", SOC_NOT_MODELLED, "its secure domain boots it"),
        ("nrf9280", SOC_NOT_MODELLED, "there is no model of nrf9280"),
    ],
)
def test_what_rests_on_silicon_is_open_where_there_is_no_model_of_it(soc, point, words) -> None:
    found = asked(drawn(soc), *ON_SILICON, "map-no-overlap")
    assert found["map-no-overlap"].verdict is Verdict.HOLDS
    for policy in ON_SILICON:
        assert (found[policy].verdict, found[policy].open_points) == (Verdict.UNDEFINED, (point,))
        assert words in found[policy].because


def test_what_no_part_could_have_is_violated_whatever_the_part() -> None:
    found = asked(drawn("nrf54h20", mcuboot_secondary="{at: 0x18000, size: 0x10000, end: 0}"), "map-no-overlap")
    assert found["map-no-overlap"].verdict is Verdict.VIOLATED


def test_slots_of_different_size_wait_for_the_page_of_the_part() -> None:
    bigger = {"mcuboot_secondary": "{at: 0x20000, size: 0xf000}"}
    for mode, verdict in (("swap-move", Verdict.UNDEFINED), ("swap-scratch", Verdict.VIOLATED)):
        assert asked(drawn("nrf54h20", mode, **bigger), "slot-sizes-equal")["slot-sizes-equal"].verdict is verdict
    assert (
        asked(drawn("nrf5340", "swap-move", **bigger), "slot-sizes-equal")["slot-sizes-equal"].verdict is Verdict.HOLDS
    )


def test_a_chain_on_a_part_without_a_model_is_kept_and_no_question_of_it_answered() -> None:
    design = edited("SB-S01", {"soc": "nrf54h20"})
    assert [stage.name for stage in design.stages] == ["mcuboot", "app"]
    report = api.check(design, policies=["boot-write-denied", "config-supported", "authentic-only"])
    answered = {finding.verdict for finding in report.findings if finding.verdict is not Verdict.NOT_APPLICABLE}
    assert answered == {Verdict.UNDEFINED}
    assert {point for finding in report.findings for point in finding.open_points} == {SOC_NOT_MODELLED}
    secure = api.check(design, policies=["secret-confidential"], attackers=["app-code-secure"])
    assert {finding.verdict for finding in secure.findings} == {Verdict.UNDEFINED}


def test_a_misspelt_part_is_still_refused() -> None:
    with pytest.raises(InputError, match="no soc is called `nrf5304`; did you mean `nrf5340`"):
        edited("SB-S01", {"soc": "nrf5304"})


CARD = """format: scenario-card/1
id: X
soc: nRF54H20
sdk: nRF Connect SDK 3.2
design:
  chain:
    - {stage: mcuboot, mutability: immutable, verified_by: none}
    - {stage: app, mutability: updatable, verified_by: mcuboot, signature: Ed25519}
  partitions:
    entries:
      - {name: mcuboot, at: 0x0, size: 0x10000, region: internal}
      - {name: app, at: 0x10000, size: 0x40000, region: internal}
  protection:
    engine: MPC
    locks: [{span: [0x0, 0x10000], perm: read-execute, set_by: mcuboot, when: before hand-off}]
    approtect: on
  keys:
    - {name: pub, kind: public, placement: KMU slot 226, used_for: verifies app}
"""


def test_a_card_about_such_a_part_has_its_answers(tmp_path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(CARD)
    design = load_card(path)
    for policy, subject, attacker in (
        ("config-supported", "app", "remote-ota"),
        ("anchor-available", "pub", "app-code-secure"),
    ):
        report = api.check(design, policies=[policy], subjects=[subject], attackers=[attacker])
        assert {finding.verdict for finding in report.findings} == {Verdict.UNDEFINED}
        assert {finding.because[:28] for finding in report.findings} == {"there is no model of nrf54h2"}
