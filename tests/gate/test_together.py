"""Several free addresses at once: what the solver leaves out fits no map, and each end is a map that was asked."""

from itertools import pairwise

import pytest

from bootverify import api
from bootverify.cli import run
from bootverify.sources.patch import edited
from bootverify.whatif.free import free
from bootverify.whatif.together import together
from tests.gate.bases import base, text_of

MAP = ["map-no-overlap", "map-inside-memory", "slot-sizes-equal"]
AT, SIZE = "partitions.settings_storage.at", "partitions.settings_storage.size"
ASKED = [part for policy in MAP for part in ("--policy", policy)]


@pytest.fixture
def told(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(text: str, *arguments: str) -> tuple[int, str]:
        (tmp_path / "design.yaml").write_text(text)
        code = run(["whatif", "design.yaml", *arguments])
        return code, capsys.readouterr().out

    return call


def _kept(spans) -> list[int]:
    return [value for span in spans if not span.why for value in range(span.first, span.last + 1, span.step)]


@pytest.mark.parametrize("name", ["nrf5340", "nrf52832", "nrf5340-tfm"])
def test_an_address_can_be_what_it_can_be_alone_with_the_smallest_size(name):
    written = base(name)
    part = next(each for each in written.plain["partitions"] if "storage" in each)
    at, size = f"partitions.{part}.at", f"partitions.{part}.size"
    (found,) = together(written, (at, size), api.session(policies=MAP))
    small = edited(written, {size: 0x1000})
    assert _kept(found.spans[at]) == _kept(free(small, at, api.session(policies=MAP)))
    assert not found.uncertain


def test_a_size_can_be_what_it_can_be_at_the_best_address():
    (found,) = together(base("nrf5340"), (AT, SIZE), api.session(policies=MAP))
    sizes = {
        value
        for at in _kept(found.spans[AT])
        for value in _kept(free(edited(base("nrf5340"), {AT: at, SIZE: 0x1000}), SIZE, api.session(policies=MAP)))
    }
    assert _kept(found.spans[SIZE]) == sorted(sizes)


def test_two_slots_grow_together_in_a_mode_that_swaps_them(told):
    paths = ["partitions.app.size", "partitions.mcuboot_secondary.at", "partitions.mcuboot_secondary.size"]
    text = text_of(base("nrf5340-tfm"))
    code, out = told(text, *(part for path in paths for part in ("--free", path)), *ASKED)
    assert code == 0
    assert "`mcuboot_secondary` has the size that `mcuboot_primary` asks for" in out


def test_two_holes_mean_the_same_as_two_free_addresses(told):
    text = text_of(base("nrf5340"))
    _, freed = told(text, "--free", AT, "--free", SIZE, *ASKED)
    hole = text.replace("settings_storage:  {at: 0xf8000, size: 0x8000}", "settings_storage:  {at: ?, size: ?}")
    assert hole != text
    code, filled = told(hole, *ASKED)
    assert code == 0
    ranges = [[line for line in out.splitlines() if " in steps of " in line] for out in (freed, filled)]
    assert ranges[0] == ranges[1]
    assert len(ranges[0]) == 2


def test_a_switch_beside_two_addresses_is_tried_each_way(told):
    text = text_of(base("nrf5340")).replace("downgrade: version", "downgrade: ?")
    asked = ["--free", AT, "--free", SIZE, "--policy", "map-no-overlap", "--policy", "downgrade-prevention"]
    code, out = told(text, *asked)
    assert code == 0
    assert out.count("With chain.mcuboot.downgrade=") == 2
    refused, kept = out.split("With chain.mcuboot.downgrade=version:")
    assert "an older version is taken as any other" in refused
    assert "For instance" in kept
    assert "For instance" not in refused


def test_what_a_check_refuses_beside_the_solver_ends_a_range_and_is_said(told):
    paths = [AT, SIZE, "partitions.mcuboot_secondary.size"]
    asked = [*ASKED, "--policy", "authentic-only", "--attacker", "app-code-secure"]
    code, out = told(text_of(base("nrf5340")), *(part for path in paths for part in ("--free", path)), *asked)
    assert code == 3
    assert "Not certain to be all" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_fact_that_is_no_address_of_a_plain_partition_is_refused(capsys, tmp_path):
    path = tmp_path / "design.yaml"
    path.write_text(text_of(base("nrf5340")))
    wrong = ["--free", AT, "--free", "chain.mcuboot.protects.0.span.1"]
    assert run(["whatif", str(path), *wrong]) == 2
    assert "no address or size of a plain partition; free it alone" in capsys.readouterr().err


def test_the_ranges_have_gaps_where_a_neighbour_lies():
    (found,) = together(base("nrf52840"), (AT, SIZE), api.session(policies=MAP))
    assert all(one.last < other.first for one, other in pairwise(found.spans[AT]))


def test_one_edit_beside_a_hole_is_asked_with_it(told):
    asked = ["--set", "partitions.EMPTY_0.size=0x8000", "--set", f"{AT}=?", "--policy", "map-no-overlap"]
    code, out = told(text_of(base("nrf5340")), *asked)
    assert code == 0
    assert "  0xf4000 to " in out
