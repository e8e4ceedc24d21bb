"""Builds of Zephyr and MCUboot without the SDK and its Partition Manager: the devicetree is the map."""

import pytest
from tests.edited import verdict_of

from bootverify.check.verdict import Verdict
from bootverify.design.boot import BootGo, Program, Protect, UpgradeMode
from bootverify.sources.importers import load

TREE = """/dts-v1/;
/ {{
  chosen {{ zephyr,flash = &flash0; {chosen} }};
  soc {{ flash0: flash@0 {{ compatible = "soc-nv-flash"; reg = < 0x0 0x100000 >;
    partitions {{ compatible = "fixed-partitions"; #address-cells = < 0x1 >; #size-cells = < 0x1 >;
      boot_partition: partition@0 {{ label = "mcuboot"; reg = < 0x0 0xc000 >; }};
      slot0_partition: partition@c000 {{ label = "image-0"; reg = < 0xc000 0x76000 >; }};
      slot1_partition: partition@82000 {{ label = "image-1"; reg = < 0x82000 0x76000 >; }};
      storage_partition: partition@f8000 {{ label = "storage"; reg = < 0xf8000 0x8000 >; }};
    }}; }}; }};
}};
"""
BOARD = 'CONFIG_BOARD="nrf52840dk"\nCONFIG_BOARD_TARGET="nrf52840dk/nrf52840"\nCONFIG_SOC="nrf52840"\n'
BOARD += "CONFIG_ZEPHYR_MCUBOOT_MODULE=y\nCONFIG_ZEPHYR_HAL_NORDIC_MODULE=y\nCONFIG_NRF_APPROTECT_USE_UICR=y\n"
LOADER = f"""{BOARD}CONFIG_MCUBOOT=y
CONFIG_BOOT_SIGNATURE_TYPE_RSA=y
CONFIG_BOOT_SIGNATURE_TYPE_RSA_LEN=2048
CONFIG_BOOT_SIGNATURE_KEY_FILE="root-rsa-2048.pem"
CONFIG_BOOT_VALIDATE_SLOT0=y
CONFIG_BOOT_SWAP_USING_OFFSET=y
# CONFIG_MCUBOOT_SERIAL is not set
# CONFIG_MCUBOOT_DOWNGRADE_PREVENTION is not set
"""
SLOT = "zephyr,code-partition = &slot0_partition;"
BEHIND = f"{BOARD}CONFIG_BOOTLOADER_MCUBOOT=y\nCONFIG_USE_DT_CODE_PARTITION=y\nCONFIG_FLASH_LOAD_OFFSET=0xc000\n"
ALONE = f"{BOARD}# CONFIG_BOOTLOADER_MCUBOOT is not set\n"


def written(path, files):
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def with_loader(path, loader=LOADER, application=BEHIND):
    files = {
        "domains.yaml": "default: hello\ndomains:\n  - name: hello\n  - name: mcuboot\nflash_order: []\n",
        "zephyr/.config": 'SB_CONFIG_BOARD="nrf52840dk"\nSB_CONFIG_BOOTLOADER_MCUBOOT=y\n',
        "hello/zephyr/.config": application,
        "hello/zephyr/zephyr.dts": TREE.format(chosen=SLOT),
        "mcuboot/zephyr/.config": loader,
        "mcuboot/zephyr/zephyr.dts": TREE.format(chosen="zephyr,code-partition = &boot_partition;"),
    }
    return written(path / "build", files)


def test_a_chain_of_upstream_is_drawn_without_a_lock(tmp_path) -> None:
    design = load(with_loader(tmp_path))
    assert [(stage.program, design.image(stage.image).slots) for stage in design.stages] == [
        (Program.MCUBOOT, ("boot_partition",)),
        (Program.APPLICATION, ("slot0_partition",)),
    ]
    steps = design.stage("mcuboot").steps
    assert [step.mode for step in steps if isinstance(step, BootGo)] == [UpgradeMode.SWAP_OFFSET]
    assert not any(isinstance(step, Protect) and step.spans for step in steps)
    told = design.settings.protects_itself
    assert told is not None
    assert not told.value
    assert verdict_of(design, "boot-locks-itself", "partition map", "remote-ota") is Verdict.VIOLATED


def test_in_a_build_with_the_sdk_a_lock_of_which_nothing_tells_stays_open(tmp_path) -> None:
    design = load(with_loader(tmp_path, f"{LOADER}CONFIG_ZEPHYR_NRF_MODULE=y\n"))
    assert "nothing tells whether it write-protects itself" in design.why_no_chain
    assert design.settings.protects_itself is None


@pytest.mark.parametrize(("release", "stages"), [("3.2.1", 0), ("3.3.0", 2)])
def test_a_loader_that_knows_no_labels_locks_nothing_by_them(tmp_path, release, stages) -> None:
    sdk = f"# nrf (/home/me/ncs/v{release}/nrf)\nCONFIG_ZEPHYR_NRF_MODULE=y\nCONFIG_FPROTECT=y\n"
    design = load(with_loader(tmp_path, f"{LOADER}{sdk}", f"{BEHIND}{sdk}"))
    assert len(design.stages) == stages


def alone(path, lines, chosen=""):
    files = {"zephyr/.config": f"{ALONE}{lines}", "zephyr/zephyr.dts": TREE.format(chosen=chosen)}
    return load(written(path / "build", files))


def test_a_program_that_nothing_starts_lies_where_it_is_linked(tmp_path) -> None:
    design = alone(tmp_path, "# CONFIG_USE_DT_CODE_PARTITION is not set\nCONFIG_FLASH_LOAD_OFFSET=0x0\n", SLOT)
    (image,) = design.images
    assert image.slots == ("app",)
    assert {part.name: (part.range.start, part.range.end) for part in design.partitions} == {
        "app": (0, 0xF8000),
        "storage_partition": (0xF8000, 0x100000),
    }
    assert [entry.what for entry in design.ledger if "slot1_partition" in entry.what] == [
        "`slot1_partition` is drawn for a boot loader, and the application is linked over it"
    ]


@pytest.mark.parametrize(
    ("lines", "chosen", "why"),
    [
        ("CONFIG_USE_DT_CODE_PARTITION=y\n", SLOT, "`slot0_partition` is at 0xc000"),
        ("CONFIG_FLASH_LOAD_OFFSET=0x1000\n", "", "`app` is at 0x1000"),
        ("CONFIG_FLASH_LOAD_OFFSET=0\nCONFIG_FLASH_LOAD_SIZE=0x100000\n", "", "where the map has `storage_partition`"),
        ("CONFIG_FLASH_LOAD_OFFSET=0\nCONFIG_TFM_BL2=y\nCONFIG_BUILD_WITH_TFM=y\n", "", "BL2"),
    ],
)
def test_what_a_reset_does_not_start_has_no_chain_and_its_map(tmp_path, lines, chosen, why) -> None:
    design = alone(tmp_path, lines, chosen)
    assert why in design.why_no_chain
    assert {part.name for part in design.partitions} >= {"boot_partition", "slot0_partition", "storage_partition"}
