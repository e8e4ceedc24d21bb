"""From every cut point, nested and torn, boots recover: real images, small slots, many geometries."""

from dataclasses import replace

import pytest
from tests.unit.executor.mcuboot_board import board, device_key, image

from bootverify.executor.crypto import EnvelopeScheme
from bootverify.executor.flash import Journal, Power, powered
from bootverify.executor.mcuboot import copy
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.limits import max_image_size
from bootverify.executor.mcuboot.state import Run
from bootverify.executor.mcuboot.sweep import sweep
from bootverify.machine.tear import HALF

OLD, NEW = 4500, 5700  # more than one sector of each geometry
SWAPS = (Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.SWAP_OFFSET)
GEOMETRIES = {
    "write unit 4": {},
    "write unit 8": {"align": 8},
    "write unit 16": {"align": 16, "max_align": 16},
    "write unit 16, fields of 32": {"align": 16, "max_align": 32},
    "trailer over two sectors": {"sectors": 14, "entries": 128},
    "4 KiB sectors": {"page": 4096, "sectors": 6},
    "one scratch sector": {"scratch": 1},
}


def waiting(mode, *, permanent=False, old=OLD, new=NEW, encryption=None, header_size=0x40, **geometry):
    """Release 1 installed, release 2 staged and asked for."""
    made = board(mode, encryption=encryption, **geometry)
    made.install(0, image(1, old, header_size=header_size).installed)
    gap = made.pair.secondary.sector_size if mode is Mode.SWAP_OFFSET else 0
    made.install(1, image(2, new, encryption=encryption, header_size=header_size).shipped, offset=gap)
    made.request(permanent=permanent)
    return made


def release(result):
    return result.images[0].header.major if result.outcome is Outcome.BOOT else result


@pytest.mark.parametrize("mode", SWAPS)
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_a_test_upgrade_is_tried_once_and_reverted(mode, geometry):
    made = waiting(mode, **geometry)
    old, new = image(1, OLD).installed, image(2, NEW).installed
    assert release(boot_go(made.config)) == 2
    assert made.pair.primary.read(0, len(new)) == new
    assert release(boot_go(made.config)) == 1
    assert made.pair.primary.read(0, len(old)) == old
    assert release(boot_go(made.config)) == 1


@pytest.mark.parametrize("mode", [*SWAPS, Mode.OVERWRITE])
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_a_permanent_upgrade_cut_anywhere_ends_with_the_new_image(mode, geometry):
    made = waiting(mode, permanent=True, **geometry)
    found = sweep(made.config, accept=lambda result: release(result) == 2)
    assert found.stuck == ()
    assert found.states > 10


@pytest.mark.parametrize("mode", SWAPS)
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_a_test_upgrade_cut_anywhere_ends_with_the_old_image(mode, geometry):
    made = waiting(mode, **geometry)
    assert sweep(made.config, accept=lambda result: release(result) == 1).stuck == ()


@pytest.mark.parametrize("mode", SWAPS)
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_a_revert_cut_anywhere_ends_with_the_old_image(mode, geometry):
    made = waiting(mode, **geometry)
    boot_go(made.config)
    assert sweep(made.config, accept=lambda result: release(result) == 1).stuck == ()


@pytest.mark.parametrize("mode", SWAPS)
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("permanent", [False, True])
def test_images_as_large_as_can_be_survive_every_cut(mode, geometry, permanent):
    made = board(mode, **geometry)
    run = Run.start(made.config, [0])
    room = max_image_size(run, run.images[0], made.pair.primary) - len(image(1, 0).installed)
    made = waiting(mode, permanent=permanent, old=room, new=room - 1, **geometry)
    wanted = 2 if permanent else 1
    # The record of such a swap is for a while at the end of the scratch sector that holds the image's last piece: an
    # erase that blanks only the front of it takes the piece and leaves the record.
    torn = mode is not Mode.SWAP_SCRATCH
    found = sweep(made.config, torn=torn, accept=lambda result: release(result) == wanted)
    assert found.stuck == ()


@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_an_old_release_does_not_come_through_a_cut_in_the_first_sector_of_a_swap(geometry):
    made = waiting(Mode.SWAP_MOVE, permanent=True, **geometry)
    old = replace(made.config, options=replace(made.config.options, last_sector_unknown=True))
    found = sweep(old, accept=lambda result: release(result) == 2)
    assert found.stuck
    assert found.recovered > len(found.stuck)


def test_an_old_release_may_encrypt_what_it_takes_out_by_the_other_header():
    ends, held = [], device_key(EnvelopeScheme.ECIES_X25519)
    for last_sector_unknown in (False, True):
        made = waiting(Mode.SWAP_MOVE, permanent=True, encryption=held)
        made.install(0, image(1, OLD, encryption=held).installed)
        options = replace(made.config.options, last_sector_unknown=last_sector_unknown)
        build, start = replace(made.config, options=options), bytes(made.flash.data)
        for cut in range(10, 60):
            made.flash.load(made.flash.start, start)
            with powered([made.flash], Power(cut_after=cut)):
                boot_go(build)
            if release(boot_go(build)) == 2:
                ends.append((last_sector_unknown, made.pair.secondary.read(0, NEW)))
    assert len({taken_out for old, taken_out in ends if not old}) == 1
    assert len({taken_out for old, taken_out in ends if old}) == 2


@pytest.mark.parametrize("mode", SWAPS)
def test_a_second_cut_during_the_recovery_is_recovered_from_too(mode):
    made = waiting(mode, permanent=True, old=900, new=1500)
    found = sweep(made.config, depth=2, accept=lambda result: release(result) == 2)
    assert found.stuck == ()
    assert found.cuts > 500


@pytest.mark.parametrize("save_tlv", [False, True])
@pytest.mark.parametrize("key_size", [16, 32])
@pytest.mark.parametrize("scheme", [each for each in EnvelopeScheme if each is not EnvelopeScheme.RSA_OAEP])
@pytest.mark.parametrize("mode", [Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.OVERWRITE])
def test_an_encrypted_upgrade_cut_anywhere_ends_in_clear(mode, scheme, key_size, save_tlv):
    held = device_key(scheme, key_size=key_size, save_tlv=save_tlv)
    made = waiting(mode, permanent=True, encryption=held)
    plain = image(2, NEW, encryption=held).installed
    found = sweep(made.config, accept=lambda _: made.pair.primary.read(0, len(plain)) == plain)
    assert found.stuck == ()


@pytest.mark.parametrize("mode", SWAPS)
def test_an_encrypted_upgrade_that_is_reverted_lies_encrypted_in_the_secondary_slot(mode):
    held = device_key(EnvelopeScheme.ECIES_X25519)
    made = waiting(mode, encryption=held)
    boot_go(made.config)
    boot_go(made.config)
    shipped = image(2, NEW, encryption=held).shipped
    gap = made.pair.secondary.sector_size if mode is Mode.SWAP_OFFSET else 0
    assert made.pair.secondary.read(gap, len(shipped)) == shipped


def test_direct_xip_with_revert_recovers_from_every_cut():
    made = board(Mode.DIRECT_XIP, revert=True)
    made.install(0, image(1, OLD).installed)
    made.install(1, image(2, NEW).installed)
    for slot in (0, 1):
        made.trailer(slot).write_magic()
    made.trailer(0).write_image_ok()
    assert sweep(made.config, accept=lambda result: release(result) == 1).stuck == ()


def test_a_sweep_tells_of_a_device_that_stays_dead():
    made = board(Mode.SWAP_MOVE)
    made.install(1, image(2, NEW).installed)
    made.request()
    found = sweep(made.config)
    assert found.stuck == ("cut after 0: fail",)
    assert found.recovered == 0


def test_a_sweep_leaves_the_flash_as_it_was():
    made = waiting(Mode.SWAP_SCRATCH)
    before = bytes(made.flash.data)
    sweep(made.config)
    assert made.flash.data == before


@pytest.mark.parametrize("header_size", [0x40, 1028])
@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("mode", [*SWAPS, Mode.OVERWRITE])
def test_copies_that_nobody_disturbs_leave_what_piecewise_ones_leave(mode, encrypted, header_size, monkeypatch):
    def booted(**power):
        held = device_key(EnvelopeScheme.AES_KW) if encrypted else None
        made = waiting(mode, encryption=held, header_size=header_size, page=4096)
        with powered([made.flash], Power(**power)) as used:
            result = boot_go(replace(made.config, copy_buffer=256))
        return result.outcome, made.flash.data, used.spent, used.refused, used.reprogrammed

    def piecewise(**power):
        with monkeypatch.context() as patched:
            patched.setattr(copy, "_at_once", lambda *_: False)
            return booted(**power)

    whole = piecewise()
    assert booted() == whole
    noted = Journal()
    assert booted(journal=noted) == whole
    assert len(noted) == whole[2]
    for cut in range(0, whole[2], 5):
        for torn in (None, HALF):
            assert booted(cut_after=cut, torn=torn) == piecewise(cut_after=cut, torn=torn)
