"""What holds of MCUboot on whatever flash: drawn write units, sectors, trailers, images, damage and cuts."""

from random import Random

import pytest
from tests.unit.executor.mcuboot_board import board, device_key, image

from bootverify.executor.crypto import EnvelopeScheme
from bootverify.executor.flash import Power, powered
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Downgrade, Mode
from bootverify.executor.mcuboot.limits import max_image_size
from bootverify.executor.mcuboot.state import Run
from bootverify.executor.mcuboot.sweep import sweep
from bootverify.machine.tear import HALF

UPGRADES = (Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.OVERWRITE)
WRAPPED = [each for each in EnvelopeScheme if each is not EnvelopeScheme.RSA_OAEP]
LARGEST_SWEPT = 16384
FEW, MANY = range(30), range(30, 1000)


def geometry(draw):
    """Write units of 1 to 32 bytes, sectors of 512 to 4096, trailers of part of a sector or of several."""
    align, sectors = draw.choice((1, 2, 4, 8, 16, 32)), draw.randint(4, 14)
    return {
        "align": align,
        "max_align": max(8, draw.choice((align, 32))),
        "page": draw.choice((512, 1024, 2048, 4096)),
        "sectors": sectors,
        "entries": max(sectors, draw.choice((5, 16, 32, 64, 128))),
        "scratch": draw.randint(1, 5),
        "validate_primary": draw.random() < 0.7,
        "overwrite_fast": draw.random() < 0.5,
    }


def secret(draw):
    return device_key(draw.choice(WRAPPED), key_size=draw.choice((16, 32)), save_tlv=draw.random() < 0.5)


class Drawn:
    """Release 1 installed, release 2 asked for, each up to as large as can be; None where no image fits at all."""

    def __init__(self, seed, modes=UPGRADES):
        draw = Random(seed)
        self.mode, self.permanent = draw.choice(modes), draw.random() < 0.5
        encryption = secret(draw) if draw.random() < 0.3 else None
        self.board = board(self.mode, encryption=encryption, **geometry(draw))
        header = draw.choice((32, 64, 512))
        largest = max_image_size(run := Run.start(self.board.config, [0]), run.images[0], self.board.pair.primary)
        frame = max(len(image(1, 0, encryption=each, header_size=header).shipped) for each in (None, encryption))
        room = largest - frame
        self.fits = 0 < room <= self.board.pair.primary.size - run.images[0].trailers[0].size
        if not self.fits:
            return
        sizes = [draw.choice((room, draw.randint(1, room))) for _ in range(2)]
        self.old = image(1, sizes[0], header_size=header).installed
        new = image(2, sizes[1], encryption=encryption, header_size=header)
        self.new = new.installed
        self.board.install(0, self.old)
        gap = self.board.flash.page if self.mode is Mode.SWAP_OFFSET else 0
        self.board.install(1, new.shipped, offset=gap)
        self.board.request(permanent=self.permanent)
        self.stays = self.permanent or self.mode is Mode.OVERWRITE
        self.wanted = self.new if self.stays else self.old
        self.fragile = {
            # The record that a full scratch area had no room for lands askew (test_mcuboot_geometry).
            Mode.SWAP_SCRATCH: largest < run.images[0].trailers[0].status_offset,
            # A cut before the last step of one sector, or with an old image that counts as smaller (as above).
            Mode.SWAP_OFFSET: max(len(self.old), len(self.new)) <= self.board.flash.page
            or encryption is not None
            or len(self.old) > len(self.new),
        }.get(self.mode, False)

    def holds(self, wanted):
        return self.board.pair.primary.read(0, len(wanted)) == wanted


def exchanged(seed):
    drawn = Drawn(seed)
    if drawn.fits:
        first = boot_go(drawn.board.config)
        assert (first.outcome, drawn.holds(drawn.new)) == (Outcome.BOOT, True), first
        second = boot_go(drawn.board.config)
        assert (second.outcome, drawn.holds(drawn.wanted)) == (Outcome.BOOT, True), second
        with powered([drawn.board.flash], Power()) as power:
            boot_go(drawn.board.config)
        assert power.spent == 0
    return drawn.fits


def survived(seed):
    """Whatever lies there, and wherever the power goes: the loader ends in one of its own ways."""
    draw = Random(seed)
    mode = draw.choice(list(Mode))
    encryption = secret(draw) if mode in UPGRADES and draw.random() < 0.3 else None
    options = {
        "revert": draw.random() < 0.4,
        "bootstrap": draw.random() < 0.3,
        "downgrade": draw.choice(list(Downgrade)),
    }
    made = board(mode, encryption=encryption, **geometry(draw), **options)
    size = made.pair.primary.size
    for slot, wrapped in ((0, None), (1, encryption)):
        payload, header = draw.randint(0, max(0, size - 2000)), draw.choice((32, 64, 512, 1028))
        made.install(slot, image(slot + 1, payload, encryption=wrapped, header_size=header).shipped[:size])
    made.request(permanent=draw.random() < 0.5)
    ends = [each.start + each.size for each in (made.pair[0], made.pair[1])] + [made.flash.end]
    for _ in range(draw.choice((0, 1, 3))):
        damage = bytes([draw.choice((0, 1, 2, 3, 4, 0xFF, draw.randint(0, 255)))]) * draw.choice((1, 4, 16))
        made.flash.load(draw.choice(ends) - draw.randint(16, 600), damage)
    for _ in range(4):
        with powered([made.flash], Power(draw.choice((None, draw.randint(0, 120))), torn=draw.choice((None, HALF)))):
            boot_go(made.config)
    return True


def recovered(seed):
    drawn = Drawn(seed)
    if not drawn.fits or drawn.fragile or drawn.board.pair.primary.size > LARGEST_SWEPT:
        return False
    # A scratch sector may hold image and record: half an erase takes one, leaves the other (test_mcuboot_power_cuts).
    torn = drawn.mode is not Mode.SWAP_SCRATCH
    assert sweep(drawn.board.config, torn=torn, accept=lambda _: drawn.holds(drawn.wanted)).stuck == ()
    return True


@pytest.mark.parametrize("holds", [exchanged, survived, recovered])
def test_what_holds_on_any_flash(holds):
    assert sum(holds(seed) for seed in FEW) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("holds", [exchanged, survived, recovered])
def test_what_holds_on_any_flash_holds_on_many(holds):
    assert sum(holds(seed) for seed in MANY) > 200
