"""The quick sweep against the plain one, and against power that is really cut; small slots, real images."""

import pytest
from tests.unit.executor.mcuboot_board import board, image
from tests.unit.executor.test_mcuboot_power_cuts import GEOMETRIES, SWAPS, waiting

from bootverify.executor.every_cut import End, Rest, sweep
from bootverify.executor.flash import Flash, Journal, Power, PowerLost, WriteRule, powered
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.sweep import sweep as plain
from bootverify.machine.tear import HALF, Part, Tear

EVERY = (HALF, Tear(Part.BACK), Tear(Part.SCATTERED), Tear(Part.SCATTERED, 5), Tear(Part.BITS))


def ending(made) -> End:
    result = boot_go(made.config)
    if result.outcome is not Outcome.BOOT:
        return End(good=False, what=f"{result.outcome.value} {result.why}".strip())
    return End(good=True, what=f"release {result.images[0].header.major}")


def surveyed(made, **options):
    return sweep([made.flash], lambda: ending(made), **options)


def happens(made, boots) -> End:
    """Where a history ends that really happens, boots uncut behind it included."""
    for boot in boots:
        with powered([made.flash], Power(boot.after, torn=boot.tear)):
            boot_go(made.config)
    for _ in range(9):
        with powered([made.flash], Power()) as power:
            end = ending(made)
        if not power.spent:
            return end
    raise AssertionError("it settles")


@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize("mode", [*SWAPS, Mode.OVERWRITE])
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_one_cut_in_the_quick_sweep_is_one_cut_in_the_plain_sweep(mode, geometry, permanent):
    made = waiting(mode, permanent=permanent, **geometry)
    before = bytes(made.flash.data)
    quick = surveyed(made)
    slow = plain(made.config)
    assert made.flash.data == before
    assert (quick.cuts, quick.stuck) == (slow.cuts, len(slow.stuck)) == (slow.cuts, 0)


@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize("mode", [*SWAPS, Mode.OVERWRITE])
def test_where_two_cuts_end_is_among_where_many_cuts_end(mode, permanent):
    made = waiting(mode, permanent=permanent, old=900, new=1500)
    ends = set()

    def seen(result) -> bool:
        ends.add(f"release {result.images[0].header.major}")
        return True

    slow = plain(made.config, depth=2, accept=seen)
    quick = surveyed(made)
    assert slow.stuck == ()
    assert ends <= quick.ends.keys()
    assert quick.stuck == 0
    assert quick.booted < slow.states or not permanent


def test_a_device_that_nothing_brings_up_is_told_with_the_shortest_history():
    made = board(Mode.SWAP_MOVE)
    made.install(1, image(2, 5700).installed)
    made.request()
    found = surveyed(made)
    assert (found.stuck, found.bricks, found.contents) == (1, 1, 1)
    assert found.worst.boots == ()
    assert found.worst.why == "fail"


@pytest.mark.parametrize("mode", SWAPS)
def test_the_first_history_that_bricks_really_does(mode):
    made = waiting(mode)
    found = surveyed(made)
    if found.worst is not None:
        assert happens(made, found.worst.boots).what == found.worst.why
        assert len(found.worst.boots) > 2


def test_a_boot_that_forgets_what_it_was_doing_is_stuck_where_it_forgets():
    """A made-up loader moves a byte through a page that it erases first: between erase and write the byte is gone."""
    flash = Flash(0, 0x2000, 0x1000)
    flash.load(0, b"\x01\x02\x03\x04")

    def boot() -> End:
        held = flash.read(0, 4)
        if held[0] == 1:
            flash.erase(0, 0x1000)
            flash.write(0, b"\x00\x02\x03\x04")
        return End(good=flash.read(0, 4) != b"\xff" * 4, what=flash.read(0, 4).hex())

    found = sweep([flash], boot)
    assert (found.operations, found.cuts, found.stuck, found.bricks) == (2, 4, 2, 1)
    assert found.worst.boots[0].after in {0, 1}
    assert found.ends == {"00020304": 2, "ffffffff": 1}


def test_what_differs_in_bytes_that_are_read_later_is_not_taken_for_alike():
    """The second page is only read once the first says so; a cut in its writing must be seen to matter."""
    flash = Flash(0, 0x3000, 0x1000)

    def boot() -> End:
        if flash.read(0, 4) == b"\xff" * 4:
            flash.write(0x1000, bytes(0x400))
            flash.write(0x1400, bytes(0x400))
            flash.write(0, bytes(4))
        good = flash.read(0x1000, 0x800) == bytes(0x800)
        return End(good=good, what="whole" if good else "in pieces")

    found = sweep([flash], boot, tears=EVERY)
    assert found.bricks == 0
    flash.rule = WriteRule.OVERWRITE

    def hasty() -> End:
        if flash.read(0, 4) == b"\xff" * 4:
            flash.write(0, bytes(4))
            flash.write(0x1000, bytes(0x400))
            flash.write(0x1400, bytes(0x400))
        good = flash.read(0x1000, 0x800) == bytes(0x800)
        return End(good=good, what="whole" if good else "in pieces")

    found = sweep([flash], hasty, tears=EVERY[:3])
    assert found.ends == {"whole": 2, "in pieces": 8}
    assert found.stuck == 8


def test_what_is_kept_beside_the_flash_belongs_to_the_content():
    """A counter that rises, up to three, before the one write: a boot after a cut finds it risen."""
    flash, counter = Flash(0, 0x1000, 0x1000), [0]

    def boot() -> End:
        if flash.read(0, 4) != bytes(4):
            counter[0] = min(counter[0] + 1, 3)
            flash.write(0, bytes(4))
        return End(good=counter[0] < 3, what=str(counter[0]))

    def kept():
        value = counter[0]
        return value, lambda: counter.__setitem__(0, value)

    found = sweep([flash], boot, rest=Rest(kept))
    assert counter == [0]
    assert found.stuck == 0
    assert found.ends == {"1": 2, "2": 2, "3": 3}
    assert [boot.after for boot in found.worst.boots] == [0, 0]


def test_a_history_of_any_length_is_followed():
    flash, counter = Flash(0, 0x1000, 0x1000), [0]

    def boot() -> End:
        counter[0] += counter[0] < 2000
        flash.write(0, bytes(4))
        return End(good=counter[0] < 2000, what="few" if counter[0] < 2000 else "many")

    def kept():
        value = counter[0]
        return value, lambda: counter.__setitem__(0, value)

    assert sweep([flash], boot, rest=Rest(kept)).bricks


def test_tears_leave_halves_and_pieces():
    flash = Flash(0, 0x1000, 0x1000)
    flash.load(0, bytes(range(64)))
    journal = Journal()
    with powered([flash], Power(journal=journal)):
        flash.erase(0, 0x1000)
        flash.write(0, bytes(16))
        flash.write(16, bytes(4))
    erase, write, word = journal
    assert erase.torn(Tear(Part.FRONT))[:64] == b"\xff" * 64
    assert erase.torn(Tear(Part.BACK))[:64] == bytes(range(64))
    assert erase.torn(Tear(Part.SCATTERED))[:64] not in {b"\xff" * 64, bytes(range(64))}
    assert write.torn(Tear(Part.FRONT)) == bytes(8) + b"\xff" * 8
    assert write.torn(Tear(Part.BACK)) == b"\xff" * 8 + bytes(8)
    assert word.torn(Tear(Part.FRONT)) is None
    pieces = [write.torn(Tear(Part.SCATTERED, seed)) for seed in range(20)]
    assert 4 < len(set(pieces)) <= 16
    assert all(piece[at : at + 4] in {b"\xff" * 4, bytes(4)} for piece in pieces for at in range(0, 16, 4))
    assert word.torn(Tear(Part.BITS)) not in {b"\xff" * 4, bytes(4)}


@pytest.mark.parametrize("tear", [Tear(part, seed) for part in Part for seed in (0, 9)], ids=str)
def test_an_operation_that_is_cut_leaves_what_the_sweep_says_it_leaves(tear):
    def fresh():
        flash = Flash(0, 0x1000, 0x1000)
        flash.load(0, bytes(range(64)))
        return flash

    for operation in (lambda flash: flash.erase(0, 0x1000), lambda flash: flash.write(64, bytes(range(1, 33)))):
        told, real, journal = fresh(), fresh(), Journal()
        with powered([told], Power(journal=journal)):
            operation(told)
        (change,) = journal
        with pytest.raises(PowerLost), powered([real], Power(0, torn=tear)):
            operation(real)
        assert real.read(change.at, len(change.content)) == change.torn(tear)
