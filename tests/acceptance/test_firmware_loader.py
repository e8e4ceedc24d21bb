"""A build whose MCUboot has a firmware loader beside the application: when it starts."""

import pytest
from tests.designs.bootable import hex_of, loader_code, vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build

from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image

LOADER = 0x6C000  # the secondary slot of the build's map


@pytest.fixture
def build(tmp_path):
    return write_build(tmp_path / "build", Build(bootable=True, mode="BOOT_FIRMWARE_LOADER", downgrade=False))


def programmed(build, *, application: bool):
    """The build's programming file, with a loader in the second slot."""
    loader = make_image(vectors(LOADER + 0x200, 0x1000), version=Version(9), key=TEST_KEY).installed
    app = make_image(vectors(0xC200, 0x1000), version=Version(1, 2, 3), key=TEST_KEY).installed
    parts = {0: loader_code(0, 0x4000, TEST_KEY.public), LOADER: loader}
    (build / "merged.hex").write_text(hex_of(parts | {0xC000: app if application else bytes(64)}))
    return build


def test_the_application_starts_and_the_loader_when_it_is_asked_for(told, tmp_path, build):
    life = tmp_path / "life.yaml"
    life.write_text("- {do: boot, loader: true}\n- reset\n")
    code, out, _ = told("boot", programmed(build, application=True), "--actions", life)
    assert code == 0
    started = [line.split(" boots image ")[1].split(",")[0] for line in out.splitlines() if " boots image " in line]
    assert started == ["9.0.0 from 0x6c000", "1.2.3 from 0xc000"]


@pytest.mark.parametrize(("word", "code"), [("=y", 0), (" is not set", 1), ("", 3)])
def test_without_an_application_it_hangs_on_how_mcuboot_was_built(told, build, word, code):
    with (build / "mcuboot/zephyr/.config").open("a") as config:
        name = "CONFIG_BOOT_FIRMWARE_LOADER_NO_APPLICATION"
        config.write(f"# {name}{word}\n" if word.startswith(" ") else f"{name}{word}\n" if word else "")
    ended, out, _ = told("boot", programmed(build, application=False))
    assert ended == code
    assert ("boots image 9.0.0 from 0x6c000" in out) is (code == 0)
    if code > 1:
        assert "whether its firmware loader starts where there is no application, and nothing tells" in out


def test_a_device_of_made_images_has_no_firmware_loader_to_ask_for(told, tmp_path):
    life = tmp_path / "life.yaml"
    life.write_text("- {do: boot, loader: true}\n")
    code, _, err = told("boot", "tests/designs/today.yaml", "--actions", life)
    assert code == 2
    assert "no firmware loader is part of a design's chain" in err
