"""What a store holds is called by its bytes, whatever they were called before, and whoever looks on."""

from pathlib import Path

from bootverify.executor.content import content_of
from bootverify.executor.flash import Flash, Journal
from bootverify.executor.layout import home
from bootverify.executor.world import World
from bootverify.machine.content import Crafted, Erased, Genuine
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "SB-S01.yaml"
SLOT = "mcuboot_primary"


class _Readings(Journal):
    """Adds up the bytes that are read."""

    count = 0

    def reads(self, flash: Flash, at: int, length: int) -> None:
        self.count += length


def _world() -> World:
    return World.start(load_design(SCENARIO), load_attacker("remote-ota"))


def test_bytes_that_change_and_come_back_are_called_anew_each_time() -> None:
    world, called = _world(), []
    area, flash = home(world.design, SLOT), world.device.flash
    made = flash.read(area.start, area.size)
    for held in (made, b"\x00" + made[1:], made, b"\xff" * area.size, made):
        flash.load(area.start, held)
        called.append(content_of(world, SLOT))
    genuine = Genuine("app", 1)
    assert called == [genuine, Crafted(), genuine, Erased(), genuine]


def test_who_is_told_of_readings_is_told_the_same_where_the_bytes_have_a_name_already() -> None:
    world, counts = _world(), []
    world.factory.contents.clear()  # others, of the same design, may have been here
    for _ in range(2):
        journal = world.device.flash.power.journal = _Readings()
        named = content_of(world, SLOT)
        counts.append(journal.count)
        world.device.flash.power.journal = None
        assert content_of(world, SLOT) == named
    assert counts[0] == counts[1] > 0
