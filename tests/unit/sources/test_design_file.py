"""Design files: the eight written from scenario cards load; each way to be wrong gets its fault at its line."""

import re
from pathlib import Path

import pytest

from bootverify.design.boot import BootGo, ChooseSlot, Protect, SetUpTrustZone
from bootverify.design.openpoint import MAP_CONFLICT
from bootverify.design.protection import Attribution
from bootverify.errors import InputError
from bootverify.ranges import AddressRange
from bootverify.sources.design_file import load_design

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_scenario_loads(path) -> None:
    design = load_design(path)
    assert design.stages[0] is design.root


def test_facts_know_their_line() -> None:
    design = load_design(SCENARIOS / "SB-S02.yaml")
    text = (SCENARIOS / "SB-S02.yaml").read_text().splitlines()
    source = design.key("enc_priv").placements[0].source
    assert "enc_priv" in text[source.line - 1]
    assert "over_the_air" in text[design.image("mcuboot").update_source.line - 1]


def test_trustzone_follows_from_the_map() -> None:
    design = load_design(SCENARIOS / "SB-S05.yaml")
    step = next(step for step in design.stage("tfm").steps if isinstance(step, SetUpTrustZone))
    assert step.secure_code.range == AddressRange(0x30200, 0x3C000)
    assert [span.range for span in step.non_secure] == [AddressRange(0x3C000, 0x90000)]
    # slot start plus both image sizes (header included), not the slot's size; then the non-secure storage
    assert [span.range for span in step.non_secure_data] == [
        AddressRange(0x90000, 0x90000 + 0xC000 + 0x54000),
        AddressRange(0xF8000, 0x100000),
    ]
    assert design.stage("app").attribution is Attribution.NON_SECURE


def test_steps_stand_in_the_vendors_order() -> None:
    design = load_design(SCENARIOS / "SB-S08.yaml")
    assert [type(step) for step in design.stage("b0").steps][:2] == [Protect, ChooseSlot]
    assert isinstance(design.stage("mcuboot").steps[0], BootGo)
    assert design.stage("mcuboot").steps[0].bootloader == "mcuboot"


def edited(tmp_path, name, old, new) -> Path:
    text = (SCENARIOS / name).read_text()
    assert old in text
    path = tmp_path / "design.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "line_has", "words"),
    [
        ("soc: nrf5340", "soc: nrf9999", "soc:", r"no soc is called `nrf9999`; one of: .*nrf5340"),
        ("mode: swap-move", "mode: swap-mvoe", "mode:", r"`chain.mcuboot.mode` is `swap-mvoe`; should be"),
        (
            "validate_primary",
            "validate_primray",
            "validate_primray",
            r"unknown key `validate_primray`; did you mean `validate_primary`",
        ),
        ("staging: mcuboot_secondary", "staging: mcuboot_secundary", "app:", r"`mcuboot_secundary` is no partition"),
        ("    slot: mcuboot\n", "    slot: otp\n", "mcuboot:", r"`otp` is no partition of flash"),
        (
            "    staging: mcuboot_secondary",
            "    staging: mcuboot_secondary\n    protects: [{span: [0x0, 0xc000], lock: until_reset}]",
            "protects:",
            "application protects nothing; drop",
        ),
        ("verified_by: mcuboot", "verified_by: mcu", "verified_by", r"`mcu` is no stage; known: mcuboot, app"),
        ("span: [0x0, 0xc000]", "span: [0xc000, 0x0]", "span:", "runs backwards"),
        (
            "approtect: true",
            "approtect: maybe",
            "maybe",
            r"`lifecycle.approtect` is `maybe`; should be `true` or `false`",
        ),
        (
            "mode: swap-move",
            "mode: swap-move\n    slots: mcuboot",
            "slots:",
            r"`chain.mcuboot.slots` is `mcuboot`; should be a list, as",
        ),
        (
            "mode: swap-move",
            "mode: swap-move\n    counter_full: boots",
            "counter_full:",
            "`counter_full: boots` is for the program nsib, and `mcuboot` is none",
        ),
        ("lifecycle:", "lifecycles:", "lifecycles", r"unknown key `lifecycles`; did you mean `lifecycle`"),
        ("{image: mcuboot}, decrypts: app", "{image: nobody}, decrypts: app", "enc_priv", "`nobody` is no image"),
    ],
)
def test_each_mistake_gets_its_fault(tmp_path, old, new, line_has, words) -> None:
    path = edited(tmp_path, "SB-S01.yaml", old, new)
    path.write_text(
        path.read_text().replace("partitions:\n", "partitions:\n  otp: {at: 0xff8100, size: 0x280, memory: uicr}\n", 1)
    )
    with pytest.raises(InputError) as caught:
        load_design(path)
    faults = [fault for fault in caught.value.faults if re.search(words, fault.message)]
    assert faults, caught.value
    assert line_has in path.read_text().splitlines()[faults[0].line - 1]


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "the file is empty"), ("- b0\n- app\n", "should be `key: value`"), ("b0\n", "should be `key: value`")],
)
def test_a_file_that_is_no_mapping_is_told_in_plain_words(tmp_path, content, words) -> None:
    (tmp_path / "design.yaml").write_text(content)
    with pytest.raises(InputError, match=words):
        load_design(tmp_path / "design.yaml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("size: 0x200}", "size: 0x4200}", "`mcuboot_pad` .* overlaps `app`|`app` .* overlaps `mcuboot_pad`"),
        ("size: 0x70000}", "size: 0xf0000}", "`mcuboot_secondary` .* leaves the internal memory"),
        ("{span: [mcuboot_pad, app]}", "{at: 0xc000, size: 0x71000, span: [mcuboot_pad, app]}", "is not what its"),
    ],
)
def test_a_map_that_contradicts_itself_where_the_chain_lies_is_an_open_point(tmp_path, old, new, words) -> None:
    design = load_design(edited(tmp_path, "SB-S01.yaml", old, new))
    assert [point.name for point in design.open_points] == [MAP_CONFLICT]
    assert re.search(words, design.open_points[0].statement)


def test_a_contradiction_elsewhere_leaves_the_chain_alone(tmp_path) -> None:
    design = load_design(edited(tmp_path, "SB-S01.yaml", "size: 0x8000}", "size: 0x80000}"))
    assert design.open_points == ()


def test_a_map_alone_is_a_design(tmp_path) -> None:
    path = tmp_path / "design.yaml"
    path.write_text("bootverify: design/1\nname: map\nsoc: unspecified\npartitions: {a: {at: 0, size: 4K}}\n")
    design = load_design(path)
    assert (design.stages, design.application, design.partition("a").range.size) == ((), None, 4096)


def test_a_key_is_published_when_its_fingerprint_is_known(tmp_path) -> None:
    known = "{kind: public, fingerprint: e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6,"
    path = edited(tmp_path, "SB-S01.yaml", "{kind: public, ", known)
    assert load_design(path).key("img_verify_pub").published


def test_all_faults_of_a_file_come_at_once(tmp_path) -> None:
    text = (
        (SCENARIOS / "SB-S01.yaml")
        .read_text()
        .replace("verified_by: mcuboot", "verified_by: nobody")
        .replace("decrypts: app", "decrypts: none")
    )
    path = tmp_path / "design.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_design(path)
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("life", "mode"), [("", ""), ("life: {recovery: open}", "overwrite"), ("life: {mode: swap-move}", "swap-move")]
)
def test_where_something_is_told_of_a_life_the_mode_of_the_chain_need_not_be(tmp_path, life, mode) -> None:
    path = edited(tmp_path, "hardened.yaml", "lifecycle:", f"{life}\nlifecycle:")
    assert load_design(path).life.mode == mode


@pytest.mark.parametrize(
    ("chain", "life", "validates"),
    [
        ("true", "", None),
        ("true", "life: {recovery: open}", True),
        ("false", "life: {recovery: open}", False),
        ("false", "life: {validate_primary: true}", True),
        ("null", "life: {recovery: open}", None),
    ],
)
def test_so_it_is_with_the_check_of_the_primary_image_where_the_chain_says_it(tmp_path, chain, life, validates) -> None:
    changes = ("validate_primary: true", f"validate_primary: {chain}"), ("lifecycle:", f"{life}\nlifecycle:")
    text = (SCENARIOS / "hardened.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (path := tmp_path / "design.yaml").write_text(text, encoding="utf-8")
    assert load_design(path).life.validate is validates
