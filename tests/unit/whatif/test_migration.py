"""Which things of two designs are one thing, and what a unit comes out as."""

from dataclasses import replace

import pytest
from tests.designs import shapes

from bootverify.design.boot import BootGo, Protect, UpgradeMode
from bootverify.design.keys import HostOnly, InImage, InKmu, Key, KeyKind, Purpose, PushTarget, Use
from bootverify.design.memory import Role
from bootverify.executor.field.release import header_size, linked_for
from bootverify.ranges import AddressRange
from bootverify.whatif.migration.pairs import Identities, Pair, drawn, same
from bootverify.whatif.migration.result import resulting
from bootverify.whatif.migration.words import in_words_of

A, B = frozenset({"a"}), frozenset({"b"})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Pair(public="p", private="s"), Pair(public="p", private="s"), True),
        (Pair(public="p"), Pair(public="p", private="s"), True),
        (Pair(public="p", private="s"), Pair(public="p", private="t"), None),
        (Pair(public="p"), Pair(public="q"), None),
        (Pair(public="p"), Pair(private="s"), None),
        (Pair(public="p", prints=A), Pair(public="q", prints=A), True),
        (Pair(public="p", prints=A), Pair(public="p", prints=B), False),
    ],
)
def test_pairs_are_one_by_print_and_else_by_name(one, other, expected):
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_halves_of_one_pair_are_joined():
    pairs = drawn(shapes.s01(), "app")
    assert [(pair.public, pair.private) for pair in pairs] == [("img_verify_pub", "img_sign_priv")]


def test_a_pair_beside_the_old_one_is_another_and_one_instead_of_it_is_doubtful():
    old = shapes.s01()
    extra = Key(
        name="second",
        kind=KeyKind.PUBLIC,
        placements=(InImage(image="mcuboot"),),
        uses=(Use(purpose=Purpose.VERIFY, image="app"),),
    )
    beside = Identities("fleet")
    first, _ = beside.labels(old, "app")
    _, trusted = beside.labels(replace(old, keys=(*old.keys, extra)), "app")
    assert trusted[0] == first
    assert len(set(trusted)) == 2
    assert not beside.doubts
    instead = Identities("fleet")
    instead.labels(old, "app")
    instead.labels(replace(old, keys=(extra,)), "app")
    assert set(instead.doubts) == {"app"}


def test_what_is_called_otherwise_gets_the_name_of_the_field():
    old = shapes.s01()
    roles = {"mcuboot_primary": Role.PRIMARY, "mcuboot_secondary": Role.SECONDARY}
    old = replace(old, partitions=tuple(replace(part, role=roles.get(part.name)) for part in old.partitions))
    names = {"mcuboot_primary": "slot0_partition", "mcuboot_secondary": "slot1_partition"}
    moved = tuple(
        replace(
            part, name=names.get(part.name, part.name), range=AddressRange(part.range.start, part.range.end - 0x1000)
        )
        for part in old.partitions
    )
    app = replace(old.images[1], name="application", slots=("slot0_partition",), staging="slot1_partition")
    stage = replace(old.stages[1], image="application")
    go = tuple(replace(s, image="application") if isinstance(s, BootGo) else s for s in old.stages[0].steps)
    new = replace(
        old,
        name="other",
        partitions=moved,
        images=(old.images[0], app),
        stages=(replace(old.stages[0], steps=go), stage),
        keys=(),
    )
    told = in_words_of(new, old)
    assert told.name == old.name
    assert told.images[1].slots == ("mcuboot_primary",)
    assert told.images[1].staging == "mcuboot_secondary"
    assert told.stages[1].image == "app"


def test_units_keep_the_steps_keys_and_fuses_of_what_no_update_reaches():
    old, new = shapes.s01(lock=None), shapes.s01()
    kek = Key(
        name="kek",
        kind=KeyKind.SYMMETRIC,
        placements=(InKmu(slots=(8, 9), push_to=PushTarget.ENGINE, readable=False),),
        uses=(Use(purpose=Purpose.DECRYPT, image="app"),),
    )
    new = replace(new, keys=(kek, *(key for key in new.keys if key.name != "enc_priv")))
    made = resulting(old, new, ("app",))
    assert not any(isinstance(step, Protect) for step in made.stage("mcuboot").steps)
    assert "kek" not in {key.name for key in made.keys}
    assert made.key("enc_priv").placements == (InImage(image="mcuboot"),)
    assert made.key("img_sign_priv").placements == (HostOnly(),)
    assert made.lifecycle == old.lifecycle


def test_slots_of_the_result_lie_where_the_stage_in_the_field_looks():
    old = shapes.small()
    there = tuple(
        replace(part, range=AddressRange(0x1C000, 0x28000)) if part.name == "mcuboot_secondary" else part
        for part in old.partitions
    )
    made = resulting(old, replace(shapes.small(UpgradeMode.OVERWRITE), partitions=there), ("app",))
    assert made.partition("mcuboot_secondary").range == AddressRange(0x18000, 0x24000)
    assert next(s.mode for s in made.stage("mcuboot").steps if isinstance(s, BootGo)) is UpgradeMode.SWAP_MOVE


def test_code_is_linked_behind_the_pad_and_its_header_is_as_long():
    design = shapes.s01()
    app = design.images[1]
    assert linked_for(design, app, 0) == 0xC200
    pad, rest = shapes.at("mcuboot_pad", 0xC000, 0xC400), shapes.at("code", 0xC400, 0x7C000)
    slot = replace(design.partition("mcuboot_primary"), members=("mcuboot_pad", "code"))
    parts = (design.partitions[0], replace(pad, role=Role.PAD), rest, slot, design.partitions[2])
    padded = replace(design, partitions=parts)
    assert linked_for(padded, app, 0) == 0xC400
    assert header_size(padded, app, 0) == 0x400
