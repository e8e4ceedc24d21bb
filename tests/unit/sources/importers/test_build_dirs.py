"""Build directories that we write ourselves: what they mean is what a reviewer would read from them."""

from dataclasses import replace

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.design.boot import BootGo, ChooseSlot, EncryptionType, Program, Protect, SignatureType
from bootverify.design.keys import InKmu
from bootverify.design.openpoint import OTHER_CORE_NOT_DRAWN
from bootverify.design.protection import Attribution
from bootverify.errors import InputError
from bootverify.ranges import AddressRange
from bootverify.sources.design_file import parse_design
from bootverify.sources.importers import imported_text, load

LOWER = {
    "mcuboot": {"size": 0xB000},
    "mcuboot_primary": {"address": 0xB000, "size": 0x61000},
    "mcuboot_pad": {"address": 0xB000},
}
BORDER = {"tfm": {"size": 0xFC00}, "app": {"address": 0x1BE00, "size": 0x50200}}


def built(tmp_path, **choices):
    return load(write_build(tmp_path / "app" / "build", Build(**choices)), shown="build")


def verdict(design, policy, subject="partition map"):
    report = api.check(design, policies=[policy], subjects=[subject], attackers=["remote-ota"])
    assert not report.discrepancies
    return {finding.verdict for finding in report.findings}


@pytest.mark.parametrize("sysbuild", [True, False])
@pytest.mark.parametrize(
    ("choices", "programs"),
    [
        ({}, [Program.MCUBOOT, Program.APPLICATION]),
        ({"tfm": True}, [Program.MCUBOOT, Program.TFM, Program.APPLICATION]),
        ({"nsib": True}, [Program.NSIB, Program.MCUBOOT, Program.APPLICATION]),
        ({"nsib": True, "tfm": True}, [Program.NSIB, Program.MCUBOOT, Program.TFM, Program.APPLICATION]),
    ],
)
def test_both_layouts_give_the_chain(tmp_path, sysbuild, choices, programs) -> None:
    design = built(tmp_path, sysbuild=sysbuild, **choices)
    assert [stage.program for stage in design.stages] == programs
    assert design.soc.name == "nrf5340"


def test_a_locked_span_rests_on_the_option_and_the_partitions(tmp_path) -> None:
    design = built(tmp_path, nsib=True)
    step = next(step for step in design.stage("mcuboot").steps if isinstance(step, Protect))
    places = [step.source, *step.source.also]
    assert [span.range for span in step.spans] == [AddressRange(0x8000, 0x30000)]
    assert [place.file for place in places] == ["build/mcuboot/zephyr/.config", *["build/partitions.yml"] * 3]
    assert places[0].text == "CONFIG_FPROTECT=y"


def test_keys_and_images_are_recognised_by_content(tmp_path) -> None:
    design = built(tmp_path)
    artifact = next(each for each in design.artifacts if each.at is not None)
    assert (artifact.at, artifact.version) == (0xC000, "1.2.3+4")
    assert [key.name for key in design.keys] == ["image_verification"]
    assert artifact.key == "image_verification"
    assert not design.key("image_verification").published


def test_a_key_file_of_the_sdk_that_the_boot_loader_does_not_hold_is_a_contradiction(tmp_path) -> None:
    design = built(tmp_path, key_file="root-ec-p256.pem")
    assert [each.topic for each in design.contradictions] == ["signing-key"]
    assert verdict(design, "static-equals-built") == {Verdict.VIOLATED}


def test_a_copy_of_that_name_elsewhere_says_nothing(tmp_path) -> None:
    design = built(tmp_path, key_file="/home/builder/project/keys/root-ec-p256.pem", application_key=False)
    assert not any(key.published for key in design.keys)
    assert any("its content is unknown" in entry.what for entry in design.ledger)


def test_a_symbol_that_no_image_has_is_unknown(tmp_path) -> None:
    design = built(tmp_path, approtect="")
    assert design.settings.debug_closed is None
    assert verdict(design, "debug-port-closed") == {Verdict.UNDEFINED}


@pytest.mark.parametrize(
    ("policy", "choices"),
    [
        ("boot-locks-itself", {"fprotect": False}),
        ("debug-port-closed", {"approtect": "USE_UICR"}),
        ("downgrade-prevention", {"downgrade": False}),
        ("map-no-overlap", {"map_changes": {"settings_storage": {"address": 0xC8000}}}),
        ("map-inside-memory", {"map_changes": {"settings_storage": {"size": 0x10000}}}),
        ("map-spans-members", {"map_changes": {"app": {"size": 0x50000}}}),
        ("slot-sizes-equal", {"mode": "BOOT_SWAP_USING_MOVE", "map_changes": {"mcuboot_secondary": {"size": 0x50000}}}),
        ("lock-span-on-granule", {"map_changes": LOWER}),
        ("static-equals-built", {"static": "settings_storage: {address: 0xf0000, size: 0x8000}\n"}),
        ("serial-recovery-absent", {"extra": {"mcuboot": "CONFIG_MCUBOOT_SERIAL=y\n"}}),
        ("boundary-alignment", {"tfm": True, "map_changes": BORDER}),
    ],
)  # fmt: skip
def test_each_defect_is_found_and_the_sound_build_has_none(tmp_path, policy, choices) -> None:
    sound = {key: choices[key] for key in ("tfm",) if key in choices}
    if policy != "static-equals-built":
        assert verdict(built(tmp_path / "sound", **sound), policy) == {Verdict.HOLDS}
    assert verdict(built(tmp_path / "broken", **choices), policy) == {Verdict.VIOLATED}


@pytest.mark.parametrize("choices", [{}, {"nsib": True, "tfm": True}, {"sysbuild": False, "approtect": ""}])
def test_the_text_of_an_import_is_the_same_design(tmp_path, choices) -> None:
    path = write_build(tmp_path / "build", Build(**choices))
    again = parse_design(imported_text(path).encode(), shown="design.yaml")
    assert replace(again, files=(), ledger=()) == replace(load(path), files=(), ledger=())


def test_a_mode_without_a_model_leaves_the_map_and_says_why(tmp_path) -> None:
    design = built(tmp_path, mode="BOOT_FIRMWARE_LOADER")
    assert design.stages == ()
    assert any("only the map is" in entry.what and "firmware-updater" in entry.what for entry in design.ledger)


def test_the_report_says_at_its_head_why_no_chain_is_drawn(tmp_path, capsys) -> None:
    path = write_build(tmp_path / "build", Build(mode="BOOT_SWAP_USING_SCRATCH"))
    run(["check", str(path)])
    head = " ".join(capsys.readouterr().out.splitlines()[2:4])
    assert head.startswith("(no boot chain, only the map: it swaps using scratch, and the map has no scratch area)")


RSA_3072 = "CONFIG_BOOT_SIGNATURE_TYPE_RSA=y\nCONFIG_BOOT_SIGNATURE_TYPE_RSA_LEN=3072\n"
LIMITED = "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_LIMITED"
HARDWARE = "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION=y\nCONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_SLOTS={}\n"


def with_lines(path, lines):
    """The build, with these lines in the configuration of MCUboot instead of its type of signature."""
    file = write_build(path, Build(encrypt=True)) / "mcuboot/zephyr/.config"
    file.write_text(file.read_text().replace("CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256=y\n", lines))
    return path


def test_images_signed_with_rsa_are_a_chain_that_boots(tmp_path, capsys) -> None:
    path = with_lines(tmp_path / "build", RSA_3072)
    app = load(path).image("app")
    assert (app.signature, app.encryption) == (SignatureType.RSA_3072, EncryptionType.RSA_OAEP)
    assert run(["check", str(path), "--policy", "authentic-only", "--subject", "app", "--attacker", "remote-ota"]) == 0
    assert "proved for every history" in capsys.readouterr().out
    assert run(["boot", str(path), "--made"]) == 0
    assert "primary: signature good" in capsys.readouterr().out


@pytest.mark.parametrize(("slots", "room"), [(240, None), (4, 4)])
def test_a_security_counter_in_hardware_is_drawn_with_its_room(tmp_path, slots, room) -> None:
    path = with_lines(tmp_path / "build", "CONFIG_BOOT_SIGNATURE_TYPE_ED25519=y\n" + HARDWARE.format(slots))
    (loader,) = (step for stage in load(path).stages for step in stage.steps if isinstance(step, BootGo))
    assert (loader.counter, loader.counter_slots, loader.full_refused) == (True, room, False)


@pytest.mark.parametrize(("line", "refused"), [(f"{LIMITED}=y\n", True), (f"# {LIMITED} is not set\n", False)])
def test_what_a_full_counter_does_is_drawn_where_its_room_matters(tmp_path, line, refused) -> None:
    path = with_lines(tmp_path / "build", "CONFIG_BOOT_SIGNATURE_TYPE_ED25519=y\n" + HARDWARE.format(4) + line)
    (loader,) = (step for stage in load(path).stages for step in stage.steps if isinstance(step, BootGo))
    assert loader.full_refused is refused


IN_FLASH = {"provision": {"address": 0xF0000, "size": 0x1000, "region": "flash_primary"}}


def test_nsib_on_a_part_without_one_time_words_reads_a_page_and_locks_it_at_hand_over(tmp_path) -> None:
    design = built(tmp_path, nsib=True, soc="nrf52840", map_changes=IN_FLASH)
    steps = design.stage("b0").steps
    assert [step.provision for step in steps if isinstance(step, ChooseSlot)] == ["provision"]
    locked = [span.range for step in steps if isinstance(step, Protect) for span in step.spans]
    assert locked == [AddressRange(0, 0x8000), AddressRange(0xF0000, 0xF1000)]
    assert verdict(design, "boot-write-denied", "b0") == {Verdict.HOLDS}


def test_nsib_on_such_a_part_is_not_drawn_without_that_page(tmp_path) -> None:
    design = built(tmp_path, nsib=True, soc="nrf52840")
    assert design.stages == ()
    assert any("no page of nrf52840 holds what NSIB reads first" in entry.what for entry in design.ledger)


def test_what_is_not_modelled_is_listed_with_its_line(tmp_path) -> None:
    design = built(tmp_path, extra={"mcuboot": "CONFIG_BOOT_BOOTSTRAP=y\n"})
    entry = next(entry for entry in design.ledger if "BOOTSTRAP" in entry.what)
    assert (entry.file, entry.line > 0) == ("build/mcuboot/zephyr/.config", True)


def test_a_directory_that_is_nothing_known_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="neither a build nor an application"):
        load(tmp_path)


def test_an_unreadable_map_is_refused_and_an_unreadable_image_is_in_the_ledger(tmp_path) -> None:
    path = write_build(tmp_path / "build", Build())
    (path / "merged.hex").write_text("no hex")
    assert any("not read" in entry.what for entry in load(path).ledger)
    (path / "partitions.yml").write_text("a: *b\n")
    with pytest.raises(InputError, match=r"partitions.yml:1"):
        load(path)


@pytest.mark.parametrize("number", ["-0x1000", "0x100000000", "true"])
def test_a_number_that_is_in_no_memory_is_refused(tmp_path, number) -> None:
    path = write_build(tmp_path / "build", Build())
    drawn = (path / "partitions.yml").read_text()
    (path / "partitions.yml").write_text(drawn.replace("address: 0xc200", f"address: {number}"))
    with pytest.raises(InputError, match=r"of `app` is in no memory"):
        load(path)


@pytest.mark.parametrize(
    ("lost", "behind"), [("mcuboot", "MCUboot"), ("b0", "NSIB")], ids=["without MCUboot", "without NSIB"]
)
def test_an_image_that_starts_behind_a_stage_that_is_not_here_starts_no_chain(tmp_path, lost, behind) -> None:
    path = write_build(tmp_path / "build", Build(nsib=True))
    with (path / "zephyr" / ".config").open("a") as config:
        config.write("SB_CONFIG_SECURE_BOOT_APPCORE=y\n")
    assert load(path).stages
    (path / lost / "zephyr" / ".config").unlink()
    design = load(path)
    assert design.stages == ()
    assert f"built to start behind {behind}," in design.why_no_chain


@pytest.mark.parametrize("choices", [{"map_changes": {"mcuboot": {"address": 0x1000, "size": 0xB000}}}, {}])
def test_a_chain_starts_where_a_reset_does(tmp_path, choices) -> None:
    design = built(tmp_path, **choices)
    assert bool(design.stages) is not bool(choices)
    words = "a reset starts what lies at 0x0, which is no program of this build: `mcuboot` is at 0x1000"
    assert any(words in entry.what for entry in design.ledger) is bool(choices)


@pytest.mark.parametrize(("core", "drawn"), [("cpuapp", True), ("cpuflpr", False)])
def test_a_program_of_a_coprocessor_is_no_stage_of_the_application_core(tmp_path, core, drawn) -> None:
    design = built(tmp_path, soc="nrf54l15", extra={"app": f'CONFIG_BOARD_QUALIFIERS="nrf54l15/{core}"\n'})
    assert (design.soc.name, bool(design.stages)) == ("nrf54l15", drawn)
    assert any("its program runs on another core" in entry.what for entry in design.ledger) is not drawn


IN_KMU = "CONFIG_BOOT_SIGNATURE_TYPE_ED25519=y\nCONFIG_BOOT_SIGNATURE_USING_KMU=y\n"


@pytest.mark.parametrize(
    ("soc", "lines", "slots"),
    [
        ("nrf54l15", IN_KMU, (242, 243)),
        ("nrf54l15", IN_KMU + "CONFIG_NCS_BOOT_SIGNATURE_KMU_UROT_MAPPING=y\n", (226, 227)),
        ("nrf54l15", IN_KMU + "CONFIG_NCS_BOOT_SIGNATURE_KMU_BASE_SLOT=226\n", (226, 227)),
        ("nrf54l15", "", None),
        ("nrf5340", IN_KMU, None),
    ],
)
def test_mcuboot_s_keys_lie_in_the_kmu_where_it_is_built_so(tmp_path, soc, lines, slots) -> None:
    file = "/home/builder/ncs/bootloader/mcuboot/root-ed25519.pem"
    design = built(tmp_path, soc=soc, key_file=file, extra={"mcuboot": lines})
    (place,) = design.key("image_signing").placements
    assert (place.slots if isinstance(place, InKmu) else None) == slots
    carried = verdict(design, "key-rotatable", "image_signing")
    assert carried == ({Verdict.VIOLATED} if slots is None else set())
    assert len({key.placements for key in design.keys}) == len(design.keys) or slots is None


FLPR = 'CONFIG_BOARD_QUALIFIERS="nrf54l15/cpuflpr"\n'
MAIN = 'CONFIG_SOC="nrf54l15"\nCONFIG_BOARD_QUALIFIERS="nrf54l15/cpuapp"\nCONFIG_BOOTLOADER_MCUBOOT=y\n'


@pytest.mark.parametrize(
    ("name", "lines", "drawn"),
    [
        ("vpr_launcher", MAIN, True),
        ("starter", f"{MAIN}CONFIG_NORDIC_VPR_LAUNCHER=y\n", True),
        ("starter", MAIN, False),
        ("vpr_launcher", f"{MAIN}{FLPR}", False),
    ],
)
def test_what_starts_a_coprocessor_is_the_application_core_s_program(tmp_path, name, lines, drawn) -> None:
    path = write_build(tmp_path / "build", Build(soc="nrf54l15", extra={"app": FLPR}))
    (path / name / "zephyr").mkdir(parents=True)
    (path / name / "zephyr" / ".config").write_text(lines)
    design = load(path)
    assert [stage.name for stage in design.stages] == (["mcuboot", "app"] if drawn else [])
    if drawn:
        assert design.stage("app").source.file.endswith(f"{name}/zephyr/.config")
        report = api.check(design, policies=["config-supported"], subjects=["app"], attackers=["remote-ota"])
        assert {point for finding in report.findings for point in finding.open_points} == {OTHER_CORE_NOT_DRAWN}


def test_nothing_is_said_of_updates_where_a_slot_starts_inside_a_page(tmp_path) -> None:
    design = built(tmp_path, map_changes={"mcuboot_secondary": {"address": 0x6C800, "size": 0x5F800}})
    report = api.check(design, policies=["authentic-only"], subjects=["app"], attackers=["power-cut"])
    assert [finding.verdict for finding in report.findings] == [Verdict.UNDEFINED]
    assert "starts inside a page of 0x1000 bytes" in report.findings[0].because


def divided_by_spm(tmp_path, **choices):
    """A build with child images of SDK 1.x: the same map with SPM in the place of TF-M."""
    path = write_build(tmp_path / "app" / "build", Build(sysbuild=False, tfm=True, **choices))
    drawn = (path / "partitions.yml").read_text()
    (path / "partitions.yml").write_text(drawn.replace("tfm", "spm"))
    config = path / "zephyr" / ".config"
    config.write_text(config.read_text().replace("CONFIG_BUILD_WITH_TFM=y", "CONFIG_SPM=y"))
    (path / "spm" / "zephyr").mkdir(parents=True)
    (path / "spm" / "zephyr" / ".config").write_text("CONFIG_IS_SPM=y\n")
    return path


def test_the_secure_partition_manager_of_older_releases_is_a_stage(tmp_path) -> None:
    design = load(divided_by_spm(tmp_path), shown="build")
    assert [stage.program for stage in design.stages] == [Program.MCUBOOT, Program.SPM, Program.APPLICATION]
    report = api.check(design, policies=["isolation-boundary"], subjects=["spm"], attackers=["app-code-ns"])
    assert [finding.verdict for finding in report.findings] == [Verdict.HOLDS]
    assert imported_text(tmp_path / "app" / "build", shown="build").count("program: spm") == 1


@pytest.mark.parametrize(("published", "places"), [("", ["spm"]), (", published: true", ["mcuboot_pad", "spm"])])
def test_who_changes_an_open_end_of_spm_and_can_seal_it_anew_has_all_of_the_secure_side(
    tmp_path, published, places
) -> None:
    path = divided_by_spm(tmp_path, map_changes={**BORDER, "EMPTY_0": {"address": 0xCC000, "size": 0x2C000}})
    text = imported_text(path, shown="build").replace("verifies: spm+app", f"verifies: spm+app{published}")
    design = parse_design(text.encode(), shown="design.yaml")
    report = api.check(design, policies=["isolation-boundary"], attackers=["app-code-ns"])
    assert sorted(each.subject for each in report.findings if each.verdict is Verdict.VIOLATED) == places
    assert not report.discrepancies


def test_spm_on_a_part_that_cannot_have_it_leaves_the_map(tmp_path) -> None:
    design = load(divided_by_spm(tmp_path, soc="nrf52840"))
    assert design.stages == ()
    assert any("SPM needs an SPU, and nrf52840 has none" in entry.what for entry in design.ledger)


def test_an_application_that_starts_inside_a_region_opens_the_end_of_spm(tmp_path, capsys) -> None:
    path = divided_by_spm(tmp_path, map_changes=BORDER)
    assert run(["check", str(path), "--policy", "isolation-boundary", "--subject", "spm"]) == 1
    assert "spm opens 0x1be00-0x6c000, in units of 0x4000, so from 0x18000 up to 0x100000" in " ".join(
        capsys.readouterr().out.split()
    )


def test_an_empty_slot_for_updates_takes_none(tmp_path) -> None:
    empty = {"mcuboot_secondary": {"address": 0, "size": 0, "region": "external_flash"}}
    design = built(tmp_path, map_changes=empty)
    assert [image.staging for image in design.images] == [None, None]


def test_what_is_not_read_of_a_build_stands_in_the_ledger(tmp_path) -> None:
    path = write_build(tmp_path / "app" / "build", Build())
    (path / "partitions_CPURAD.yml").write_text("app: {address: 0x0, size: 0x1000}\n")
    for number in range(60):
        (path / f"x{number:02}" / "zephyr").mkdir(parents=True)
        (path / f"x{number:02}" / "zephyr" / ".config").write_text("CONFIG_A=y\n")
    told = {(entry.file, entry.what) for entry in load(path, shown="build").ledger}
    assert ("build/partitions_CPURAD.yml", "a map of another domain, which is not modelled") in told
    assert any("more than 40 images" in what for _, what in told)


@pytest.mark.parametrize(
    ("between", "drawn"), [("tfm_its", True), ("EMPTY_0", True), ("settings_storage", False), (None, False)]
)
def test_tfm_without_a_boot_loader_is_a_chain_where_only_its_own_storage_divides_it(tmp_path, between, drawn) -> None:
    config = tmp_path / "build" / "zephyr" / ".config"
    config.parent.mkdir(parents=True)
    config.write_text(
        'CONFIG_SOC="nrf54l15"\nCONFIG_BUILD_WITH_TFM=y\nCONFIG_TRUSTED_EXECUTION_NONSECURE=y\n'
        "# CONFIG_NRF_APPROTECT_LOCK is not set\n"
    )
    entries = {"tfm": (0, 0x40000), "app": (0x48000, 0x100000)} | ({between: (0x40000, 0x8000)} if between else {})
    text = "".join(f"{name}: {{address: {at}, size: {size}}}\n" for name, (at, size) in entries.items())
    (tmp_path / "build" / "partitions.yml").write_text(text)
    design = load(tmp_path / "build", shown="build")
    assert [stage.program for stage in design.stages] == ([Program.TFM, Program.APPLICATION] if drawn else [])
    if not drawn:
        assert "lies what belongs to neither" in design.why_no_chain
        return
    assert "    slot: firmware  # partitions.yml:1\n" in imported_text(tmp_path / "build", shown="build")


def test_upstream_s_devicetree_for_tfm_without_a_boot_loader_gives_the_chain(tmp_path) -> None:
    zephyr = tmp_path / "build" / "zephyr"
    zephyr.mkdir(parents=True)
    (zephyr / ".config").write_text(
        'CONFIG_SOC="nrf54l15"\nCONFIG_BUILD_WITH_TFM=y\nCONFIG_TRUSTED_EXECUTION_NONSECURE=y\n'
        "# CONFIG_NRF_APPROTECT_LOCK is not set\n"
    )
    parts = {
        "slot0_partition": (0, 0x40000),
        "tfm_ps_partition": (0x40000, 0x4000),
        "tfm_its_partition": (0x44000, 0x4000),
        "slot0_ns_partition": (0x48000, 0x100000),
        "storage_partition": (0x148000, 0x8000),
    }
    nodes = "".join(
        f'{name}: partition@{at:x} {{ compatible = "zephyr,mapped-partition"; reg = <{at:#x} {size:#x}>; }};\n'
        for name, (at, size) in parts.items()
    )
    memory = '#address-cells = <1>; #size-cells = <1>; compatible = "soc-nv-flash"; reg = <0x0 0x165000>;'
    inner = f"partitions {{ #address-cells = <1>; #size-cells = <1>; ranges; {nodes} }};"
    (zephyr / "zephyr.dts").write_text(
        "/dts-v1/;\n/ { #address-cells = <1>; #size-cells = <1>;\n"
        "soc { #address-cells = <1>; #size-cells = <1>; ranges;\n"
        f"cpuapp_rram: rram@0 {{ {memory} ranges = <0x0 0x0 0x165000>; {inner} }}; }}; }};\n"
    )
    design = load(tmp_path / "build", shown="build")
    assert [(stage.name, stage.code) for stage in design.stages] == [
        ("tfm", "slot0_partition"),
        ("app", "slot0_ns_partition"),
    ]
    assert design.partition("tfm_ps_partition").attribution is Attribution.SECURE


def test_a_build_whose_chain_is_not_drawn_is_open_as_a_build_and_as_the_design_it_is_written_out_as(
    tmp_path, capsys
) -> None:
    path = write_build(tmp_path / "build", Build(mode="BOOT_FIRMWARE_LOADER"))
    shown = []
    for given in (path, tmp_path / "design.yaml"):
        shown.append((run(["check", str(given), "--policy", "config-supported"]), capsys.readouterr().out))
        assert run(["import", str(path), "-o", str(tmp_path / "design.yaml")]) == 0
    assert [code for code, _ in shown] == [3, 3]
    assert all("how the build boots is not known" in out and "Open point: chain-not-drawn" in out for _, out in shown)
    assert run(["check", str(path), "--policy", "map-no-overlap"]) == 0


def test_a_folder_around_a_build_is_not_taken_for_it(tmp_path) -> None:
    """Its map would be left aside, and the devicetree's taken for it."""
    write_build(tmp_path / "around" / "build", Build(bootable=True))
    (tmp_path / "around/build/zephyr").mkdir(exist_ok=True)
    (tmp_path / "around/build/zephyr/.config").write_text("CONFIG_BOOTLOADER_MCUBOOT=y\n")
    (tmp_path / "around/pm_static.yml").unlink(missing_ok=True)
    with pytest.raises(InputError, match="name build"):
        load(tmp_path / "around", shown="around")
