"""The update client and the recovery tool: what a sender was told, and what is in flash when the power is cut."""

import re
from pathlib import Path

import pytest
from tests.designs.bootable import vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build

from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image

DESIGNS = Path(__file__).resolve().parents[1] / "designs"
PORT = "life: {recovery: open}\n"
PUBLISH = "- {do: publish, image: app, release: 2}\n"
DELIVER = (
    "- {do: deliver, partition: mcuboot_secondary, content: {is: genuine, image: app, release: 2}, request: perm%s}\n"
)
TO_PRIMARY = "- {do: upload, partition: mcuboot_primary, content: {is: genuine, image: app, release: 2}%s}\n"
TO_NETWORK = "- {do: upload, partition: net_app, content: {is: genuine, image: net_app, release: 2}%s}\n"
RECEIPT = re.compile(r"= ([0-9,]+) of ([0-9,]+) bytes are acknowledged, ([0-9,]+) are where they are to stay")


def design(tmp_path, name: str, *edits: tuple[str, str]) -> Path:
    """The design of that name with a recovery port."""
    text = (DESIGNS / f"{name}.yaml").read_text() + PORT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "design.yaml"
    path.write_text(text)
    return path


def receipt(out: str) -> tuple[int, int, int]:
    """Acknowledged, size and written of the only upload that is told of."""
    (found,) = RECEIPT.findall(out)
    return tuple(int(each.replace(",", "")) for each in found)


def last(out: str, store: str) -> str:
    """What the last flash map says of a store."""
    rows = [line.split(None, 3) for line in out.splitlines() if line.startswith("  | ")]
    return [" ".join(row[3].split()) for row in rows if row[2] == store][-1]


def test_what_the_client_acknowledges_may_still_wait_in_its_buffer(lived_by, tmp_path):
    _, out, _ = lived_by(design(tmp_path, "today"), PUBLISH + DELIVER % ", cut_after: 115", "power-cut")
    acknowledged, size, written = receipt(out)
    assert written == (115 - 0x70000 // 0x1000) * 512
    assert written < acknowledged < size
    assert last(out, "mcuboot_primary").startswith("app 1")


def test_an_update_is_asked_for_once_it_is_written(lived_by, tmp_path):
    _, out, _ = lived_by(design(tmp_path, "today"), PUBLISH + DELIVER % "")
    writes = len(range(0, 0x70000, 0x1000))
    size = int(re.search(r"app-2.bin \(([0-9]+) bytes", out)[1])
    writes += -(-size // 512)
    _, out, _ = lived_by(design(tmp_path, "today"), PUBLISH + DELIVER % f", cut_after: {writes}", "power-cut")
    assert receipt_is_whole(out)
    assert "asked" not in last(out, "mcuboot_secondary")
    _, out, _ = lived_by(design(tmp_path, "today"), PUBLISH + DELIVER % f", cut_after: {writes + 1}", "power-cut")
    assert "swap type: test" in out  # the magic stands, and that it is for good does not yet
    code, _, err = lived_by(design(tmp_path, "today"), PUBLISH + DELIVER % f", cut_after: {writes + 9}", "power-cut")
    assert code == 2
    assert f"it has {writes + 3} flash operations" in err


def receipt_is_whole(out: str) -> bool:
    return not RECEIPT.search(out)


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_the_tool_is_told_done_before_the_network_core_has_its_image(lived_by, tmp_path, cut):
    _, out, _ = lived_by(design(tmp_path, "two-cores"), TO_NETWORK % f", cut_after: {cut}", "power-cut")
    acknowledged, size, written = receipt(out)
    assert "the upload is done, as its sender is told" in out
    assert acknowledged == size > written
    assert last(out, "net_app").startswith("bytes of no release" if cut else "net_app 1")
    if cut > 1:
        assert "b0n: starts version 2 at 0x1008800, without looking at digest or signature" in out


def test_the_same_image_can_be_sent_to_the_network_core_again(lived_by, tmp_path):
    script = TO_NETWORK % ", cut_after: 3" + TO_NETWORK % ""
    code, out, _ = lived_by(design(tmp_path, "two-cores"), script, "power-cut")
    assert code == 0
    assert last(out, "net_app").startswith("net_app 2")


def test_nobody_verifies_an_image_of_the_network_core_that_comes_by_wire(lived_by, tmp_path):
    script = "- {do: upload, partition: net_app, content: {is: crafted}}\n"
    code, out, _ = lived_by(design(tmp_path, "two-cores"), script, "serial-port")
    assert code == 0
    assert "b0n: starts version 99" in out
    code, _, err = lived_by(design(tmp_path, "two-cores"), script)
    assert code == 2
    assert "nobody else has the cable of an open port" in err


def test_an_upload_that_is_cut_leaves_nothing_to_boot_and_can_be_sent_again(lived_by, tmp_path):
    plain = design(tmp_path, "two-cores")
    _, out, _ = lived_by(plain, PUBLISH + TO_PRIMARY % ", cut_after: 40", "power-cut")
    assert "the device is at halted" in out
    _, out, _ = lived_by(plain, PUBLISH + TO_PRIMARY % ", cut_after: 40" + TO_PRIMARY % "", "power-cut")
    assert "the device is at app.run" in out
    assert last(out, "mcuboot_primary").startswith("app 2")


def test_an_encrypted_upload_is_acknowledged_before_it_is_decrypted_in_its_slot(lived_by, tmp_path):
    source = design(tmp_path, "today")
    _, out, _ = lived_by(source, PUBLISH + TO_PRIMARY % "")
    assert "the device is at app.run" in out
    operations = 2000
    code, _, err = lived_by(source, PUBLISH + TO_PRIMARY % f", cut_after: {operations}", "power-cut")
    assert code == 2
    operations = int(re.search(r"it has ([0-9]+) flash operations", err)[1])
    _, out, _ = lived_by(source, PUBLISH + TO_PRIMARY % f", cut_after: {operations - 1}", "power-cut")
    acknowledged, size, written = receipt(out)
    assert acknowledged == size > written
    assert "the device is at halted" in out


def test_an_upload_needs_a_port_that_is_told_and_goes_to_a_slot(lived_by, tmp_path):
    code, _, err = lived_by(DESIGNS / "today.yaml", PUBLISH + TO_PRIMARY % "")
    assert code == 2
    assert "nothing tells of a recovery port: `life: {recovery: open}`" in err
    elsewhere = TO_PRIMARY.replace("mcuboot_primary", "settings_storage") % ""
    assert "uploads of app go to mcuboot_primary" in lived_by(design(tmp_path, "today"), PUBLISH + elsewhere)[2]
    asked = TO_PRIMARY % ", request: test"
    assert "an upgrade is asked for" in lived_by(design(tmp_path, "today"), PUBLISH + asked)[2]


# -- a build's own bytes


@pytest.fixture
def build(tmp_path):
    """MCUboot with swap-move and serial recovery, an application, and a newer one beside the script."""
    found = write_build(tmp_path / "build", Build(bootable=True, mode="BOOT_SWAP_USING_MOVE", downgrade=False))
    with (found / "mcuboot/zephyr/.config").open("a") as config:
        config.write("CONFIG_MCUBOOT_SERIAL=y\n")
    made = make_image(vectors(0xC200, 0x3000), version=Version(1, 4, 0), key=TEST_KEY)
    (tmp_path / "new.bin").write_bytes(made.shipped)
    return found


FILE = "partition: %s, content: {is: file, file: new.bin}"


def test_the_client_of_a_build_is_cut_between_acknowledgement_and_write(lived_by, build):
    script = f"- {{do: deliver, {FILE % 'mcuboot_secondary'}, request: test, cut_after: 100}}\n"
    code, out, _ = lived_by(build, script, "power-cut")
    assert code == 0
    acknowledged, _, written = receipt(out)
    assert written < acknowledged
    assert "image 1.4.0, of no file whole" in last(out, "mcuboot_secondary")
    assert "mcuboot: boots image 1.2.3" in out


@pytest.mark.parametrize(("cut", "code"), [("", 0), (", cut_after: 9", 1)])
def test_the_recovery_of_a_build_writes_straight_into_the_primary_slot(lived_by, build, cut, code):
    script = f"- {{do: upload, {FILE % 'mcuboot_primary'}{cut}}}\n"
    ended, out, _ = lived_by(build, script, "power-cut")
    assert ended == code
    assert ("mcuboot: boots image 1.4.0" in out) is (not cut)


def test_the_recovery_of_a_build_stages_an_update_for_the_boot_that_follows(lived_by, build):
    code, out, _ = lived_by(build, f"- {{do: upload, {FILE % 'mcuboot_secondary'}, request: test}}\n")
    assert code == 0
    assert "mcuboot: boots image 1.4.0" in out
    assert "asked: revert" in last(out, "mcuboot_secondary")


def test_a_build_without_serial_recovery_takes_no_upload(lived_by, build):
    config = build / "mcuboot/zephyr/.config"
    script = f"- {{do: upload, {FILE % 'mcuboot_primary'}}}\n"
    config.write_text(config.read_text().replace("CONFIG_MCUBOOT_SERIAL=y\n", "# CONFIG_MCUBOOT_SERIAL is not set\n"))
    code, _, err = lived_by(build, script)
    assert code == 2
    assert "MCUboot is built without it (CONFIG_MCUBOOT_SERIAL)" in err
    assert "is no slot of MCUboot's" in lived_by(build, script)[2] or code == 2
