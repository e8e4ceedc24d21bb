"""What an attacker was shown of an encrypted image: he writes that in clear, and no other release or part of it."""

from dataclasses import replace

import pytest
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed
from tests.differential.test_bare_factory import ENCRYPTABLE, STAGING, SWAPPED

from bootverify.design.protection import Attribution
from bootverify.executor.actions.hostile import read_by_code
from bootverify.executor.claims import predicates
from bootverify.executor.content import shown_whole
from bootverify.executor.layout import store_ranges
from bootverify.machine.action import (
    Confirm,
    Deliver,
    Inspect,
    Overwrite,
    ProgramRegion,
    Publish,
    ReadOut,
    Request,
    Reset,
)
from bootverify.machine.content import Genuine
from bootverify.sources.attackers import load_attacker

WHOLE = "tfm+app"


def _running(design: str, attacker: str) -> Followed:
    followed = Followed(designs()[design], ATTACKERS[attacker])
    followed.runs_on()
    followed.does(*(Publish(image=WHOLE, release=release) for release in (1, 2)))
    return followed


def _has(followed: Followed) -> set[str]:
    return {name for name, value in followed.facts.items() if name.startswith("clear[") and value}


def test_what_he_has_encrypted_alone_he_writes_nowhere_in_clear():
    followed = _running("sb-s07", "secure-partition")
    for part in ("tfm", "app"):
        assert not followed.tries(Overwrite(partition=part, content=Genuine(WHOLE, 2)))


def test_a_part_that_was_read_is_had_of_the_release_that_lay_there():
    followed = _running("sb-s07", "app-code-ns")
    followed.does(ReadOut(partition="app"))
    assert _has(followed) == {f"clear[app of {WHOLE} 1]"}
    assert not followed.tries(Overwrite(partition="app", content=Genuine(WHOLE, 2)))
    followed.does(Overwrite(partition="app", content=Genuine(WHOLE, 1)))


def test_non_secure_code_is_not_shown_the_secure_part():
    followed = _running("sb-s07", "app-code-ns")
    assert not followed.tries(ReadOut(partition="tfm"))
    assert not _has(followed)


def test_who_knows_the_key_has_what_he_opens():
    design = designs()["sb-s07"]
    keys = tuple(replace(key, published=True) if key.name == "kek_v1" else key for key in design.keys)
    followed = Followed(replace(design, keys=keys), ATTACKERS["secure-partition"])
    followed.runs_on()
    followed.does(Publish(image=WHOLE, release=2), Inspect(image=WHOLE, release=2))
    assert _has(followed) == {f"clear[tfm of {WHOLE} 2]", f"clear[app of {WHOLE} 2]"}
    followed.does(Overwrite(partition="app", content=Genuine(WHOLE, 2)))


@pytest.mark.parametrize(("design", "shown"), [(SWAPPED, {"clear[app 1]"}), (ENCRYPTABLE, set())])
def test_what_a_swap_left_in_clear_outside_is_had(design, shown):
    followed = Followed(design, load_attacker("ext-flash-read"))
    followed.runs_on()
    followed.does(Publish(image="app", release=2))
    followed.does(Deliver(partition=STAGING, content=Genuine("app", 2), request=Request.TEST), Reset())
    followed.runs_on()
    followed.does(Confirm(), ReadOut(partition=STAGING))
    assert _has(followed) == shown


@pytest.mark.parametrize(
    ("attacker", "shown"), [("app-code-ns", {"app"}), ("secure-partition", {"tfm", "app"}), ("remote-ota", set())]
)
def test_each_side_tells_which_parts_were_shown(attacker, shown):
    followed = _running("sb-s07", attacker)
    assert not followed.facts["shown[app]"]
    for part in ("tfm", "app"):
        followed.tries(ReadOut(partition=part))
    design = followed.world.design
    assert {name for name in ("tfm", "app") if predicates.shown(followed.world, design.stage(name))} == shown
    assert predicates.shown(followed.world, design.image(WHOLE)) is bool(shown)
    assert {name for name in ("tfm", "app") if followed.facts[f"shown[{name}]"]} == shown
    assert not followed.disagreements()


def test_what_is_left_of_a_release_is_some_of_its_code():
    followed = _running("sb-s07", "secure-partition")
    device = followed.world.device
    start = store_ranges(followed.world.design)["app"].start
    device.flash.load(start, b"\0" * 0x8000)
    read_by_code(followed.world, "app")
    assert predicates.shown(followed.world, followed.world.design.stage("app"))
    assert not shown_whole(followed.world, "app", Genuine(WHOLE, 1))


def test_what_was_shown_stays_with_him():
    followed = _running("sb-s07", "app-code-ns")
    followed.does(ReadOut(partition="app"), Reset())
    assert shown_whole(followed.world.copy(), "app", Genuine(WHOLE, 1))
    assert not shown_whole(followed.world, "tfm", Genuine(WHOLE, 1))


def test_a_lock_of_his_own_hides_a_bit_of_what_he_reads():
    followed = Followed(designs()["overwrite"], ATTACKERS["everything"])
    followed.runs_on()
    closed = ProgramRegion(region=3, attribution=Attribution.SECURE, permits=frozenset(), lock=True)
    facts = followed.does(closed, ReadOut(partition="mcuboot_primary"))
    assert facts["shown[app]"]
    assert not facts["clear[app 1]"]
