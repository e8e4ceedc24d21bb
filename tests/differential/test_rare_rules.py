"""Rules that neither lives nor claims come by, each shown once on the side that has it."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, designs, with_image
from tests.differential.following import Followed, instants_of
from tests.differential.histories import step_of
from tests.differential.small_chains import chain_of
from tests.differential.small_scope import in_scope, resolved
from tests.differential.test_modes import MODES, NRF52840
from tests.unit.executor.mcuboot_board import board, image

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, ChooseSlot, Launch
from bootverify.design.design import Lifecycle
from bootverify.design.keys import InImage, Key, KeyKind, Purpose, Use
from bootverify.design.life import Recovery
from bootverify.design.memory import Role
from bootverify.design.protection import Access, Attribution
from bootverify.encoder.knowledge import decrypts, forgeable
from bootverify.encoder.logic.terms import Valuation, false, true
from bootverify.encoder.moves.access import Initiator, Reach
from bootverify.encoder.units import spu
from bootverify.encoder.variables.cells import Cells, Extent
from bootverify.executor.actions import attack
from bootverify.executor.actions.hostile import Meddling
from bootverify.executor.content import content_of
from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.executor.device import Halt
from bootverify.executor.layout import home
from bootverify.executor.making import nsib_build
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import boot_go
from bootverify.executor.mcuboot.config import Mode, Pair
from bootverify.executor.run import act, runs_on
from bootverify.executor.stages.mcuboot import config, confirm, forge_request, requested, standing
from bootverify.executor.stages.nsib import choose_slot
from bootverify.executor.units.debug_port import Reset as Cause
from bootverify.executor.units.kmu_v2 import SLOT_BYTES, KmuV2, Policy, Slot, SlotState
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Deliver, Meanwhile, Overwrite, Publish, Request, Reset, Upload
from bootverify.machine.content import Crafted, Genuine, Invalidated
from bootverify.sources.design_file import load_design

FED_CORE = Path(__file__).parents[1] / "scenarios" / "fed-core.yaml"
NSIB = 1  # a chain of the small scope
ALL = ATTACKERS["everything"]
CABLE = Attacker(name="cable", title="", capabilities=frozenset({Capability.USE_CABLE}))


def _world(attacker=ALL, **choices):
    return World.start(in_scope(**choices), attacker)


def _boots(world):
    """Step by step to the application, or a halt."""
    while runs_on(world.device):
        act(world, step_of(world))
    return world


def _step(world, kind):
    return next(step for stage in world.design.stages for step in stage.steps if isinstance(step, kind))


def _refusal(call, *arguments):
    """Why that cannot happen; empty when it does."""
    try:
        call(*arguments)
    except (NotEnabled, KeyError) as why:
        return str(why)
    return ""


# -- the first stage


def test_a_key_token_that_names_no_state_stops_nsib():
    world = _world(chain=NSIB, sdk=2)
    built = nsib_build.config(world.design, _step(world, ChooseSlot))
    world.device.uicr.load(built.storage + built.storage_layout.keys, b"\x34\x12\x78\x56")
    choose_slot(world, _step(world, ChooseSlot))
    assert world.device.halted is Halt.FAULT


def test_a_good_image_takes_the_earlier_keys_in_the_kmu_out_of_use():
    chain = chain_of("nrf54l15", "nsib")
    world = World.start(resolved(replace(chain, document=chain.document.replace("ecdsa-p256", "ed25519")), {}), ALL)
    kmu, signs = world.device.kmu, world.factory.nsib_key("mcuboot").public
    assert isinstance(kmu, KmuV2)
    for first, value in ((242, PrivateKey(Scheme.ED25519, "an older test key").public), (244, signs)):
        for i in range(2):
            part = value[i * SLOT_BYTES :][:SLOT_BYTES]
            kmu.slots[first + i] = Slot(value=part, policy=Policy.REVOKED, state=SlotState.PROVISIONED)
    choose_slot(world, _step(world, ChooseSlot))
    assert world.device.active == {"mcuboot": "s0"}
    assert [kmu.state(slot) for slot in (242, 244)] == [SlotState.REVOKED, SlotState.PROVISIONED]


# -- MCUboot


def test_only_a_swap_by_scratch_is_given_the_scratch_area():
    design = shapes.s01()
    scratch = replace(shapes.at("scratch", 0xEC000, 0xF0000), role=Role.SCRATCH)
    world = World.start(replace(design, partitions=(*design.partitions, scratch)), ALL)
    for mode in (Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, None):
        world.mode = mode
        assert (config(world, _step(world, BootGo)).scratch is not None) is (mode is Mode.SWAP_SCRATCH)


def test_only_a_load_to_ram_is_given_a_window():
    world = World.start(shapes.s01(), ALL)
    for mode in (Mode.RAM_LOAD, Mode.DIRECT_XIP, None):
        world.mode = mode
        assert (config(world, _step(world, BootGo)).ram is not None) is (mode is Mode.RAM_LOAD)


def test_an_encrypted_image_lies_in_the_clear_where_a_swap_leaves_it():
    world = World.start(shapes.s01(), ALL)
    app, staging = world.design.image("app"), "mcuboot_secondary"
    old, shipped = world.factory.slot_image(app, 1, app.slots[0]), world.factory.package(app, 1, "").file
    for held in (old, shipped):
        world.device.flash.load(home(world.design, staging).start, held)
        assert content_of(world, staging) == Genuine("app", 1)
    assert not old.startswith(shipped)


def test_an_image_of_one_slot_is_confirmed_there_whichever_slot_the_loader_runs_from():
    world = _boots(_world(chain=NSIB, sdk=2))
    device, app = world.device, world.design.image("app")
    forge_request(device, app, Request.REVERT)
    assert device.active == {"mcuboot": "s0"}
    assert confirm(device, app)
    assert requested(device, world.design, app) is Request.NONE


def test_a_staging_slot_of_too_many_sectors_exchanges_nothing():
    made = board(Mode.SWAP_OFFSET, sectors=12, entries=10)
    wide = Area(made.flash, made.pair.secondary.start, 11 * 1024)
    made.config = replace(made.config, images=(Pair(Area(made.flash, made.pair.primary.start, 10 * 1024), wide),))
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 3000).shipped, offset=1024)
    made.request()
    assert boot_go(made.config).images[0].header.major == 1


def test_a_trailer_is_rewritten_from_its_beginning():
    world = _world()
    app = world.design.image("app")
    for wanted in (Request.PERM, Request.TEST):
        forge_request(world.device, app, wanted)
        assert requested(world.device, world.design, app) is wanted


def test_a_stage_that_launches_nothing_halts():
    design = shapes.s01()
    first = design.stages[0]
    ended = replace(first, steps=tuple(step for step in first.steps if not isinstance(step, Launch)))
    world = World.start(replace(design, stages=(ended, *design.stages[1:])), ALL)
    while not world.device.halted:
        act(world, step_of(world))
    assert world.device.halted is Halt.NO_IMAGE


# -- the vendor and the attacker


def test_an_update_client_asks_for_a_test_or_for_good():
    world = _boots(_world())
    for wrong in (Request.NONE, Request.REVERT):
        sent = Deliver(partition="mcuboot_secondary", content=Crafted(), request=wrong, by_attacker=True)
        assert "requests test or perm" in _refusal(act, world, sent)


def test_nothing_is_overwritten_that_is_locked():
    world = _boots(_world(ATTACKERS["app-code-secure"]))
    assert "no byte of mcuboot" in _refusal(act, world, Overwrite(partition="mcuboot", content=Crafted()))


def test_a_published_key_signs_if_it_signs_or_verifies():
    for purpose, able in {Purpose.SIGN: True, Purpose.VERIFY: True, Purpose.DECRYPT: False}.items():
        uses = (Use(purpose=purpose, image="app"),)
        key = Key(name="out", kind=KeyKind.PRIVATE, uses=uses, published=True, placements=())
        world = World.start(replace(shapes.s01(), keys=(key,)), ALL)
        assert world.factory.can_sign(world.design.image("app"), world.knowledge) is able


def test_nothing_is_forged_for_a_slot_that_its_image_has_not():
    world = _world(chain=NSIB)
    asked = ("mcuboot_secondary", Crafted("mcuboot", "mcuboot_primary"), world.knowledge, world.device.flash)
    assert _refusal(world.factory.crafted, *asked)


def test_where_no_gate_is_there_for_secure_accesses_the_design_tells_who_makes_them():
    for closed in (False, True):
        life = Lifecycle(approtect=False, secure_approtect=closed, eraseprotect=False)
        design = replace(shapes.s01(), lifecycle=life)
        world = World.start(replace(design, soc=replace(design.soc, secure_approtect=False)), ATTACKERS["debug-port"])
        assert (Attribution.SECURE in attack.probe_as(world)) is not closed


def test_an_open_recovery_port_writes_each_slot_of_the_image_that_its_bootloader_starts():
    plain = in_scope()
    world = World.start(plain, CABLE)
    while not isinstance(world.design.stages[world.device.stage].steps[world.device.step], BootGo):
        act(world, step_of(world))
    several = with_image(plain, "app", slots=("mcuboot_primary", "mcuboot_secondary"), staging=None)
    for recovery in (plain.life.recovery, Recovery.OPEN):
        world.design = replace(several, life=replace(plain.life, recovery=recovery))
        slots = ("mcuboot_primary", "mcuboot_secondary", "mcuboot")
        found = [attack.at_port(world, home(plain, name)) for name in slots]
        assert found == [recovery is Recovery.OPEN] * 2 + [False]


def _at_port(**choices):
    """A device with encrypted updates and an open recovery port, about to look at its image; release 2 is published."""
    plain = in_scope(encryption=1, **choices)
    followed = Followed(replace(plain, life=replace(plain.life, recovery=Recovery.OPEN)), CABLE)
    followed.does(Publish(image="app", release=2, slot=""))
    while not followed.facts["at"].endswith("boot_go"):
        followed.does(followed.next_step())
    return followed


def test_what_comes_by_cable_in_clear_lies_over_an_encrypted_image_and_is_no_tlv_alone():
    followed = _at_port()
    released = Genuine("app", 2)
    for content in (Crafted(wrapped=True), released):  # of a release he was shown nothing in clear
        assert not followed.tries(Overwrite(partition="mcuboot_primary", content=content))
    followed.does(Overwrite(partition="mcuboot_primary", content=Crafted()))
    assert followed.boots()["at"] == "halted"


def test_proofs_count_with_a_release_that_comes_by_cable_encrypted_and_is_decrypted_in_its_slot():
    followed = _at_port()
    foreseen = {each.after["content[mcuboot_primary]"] for each in followed.steps.successors(followed.facts)}
    act(followed.world, Upload(partition="mcuboot_primary", content=Genuine("app", 2)))
    held = content_of(followed.world, "mcuboot_primary")
    assert held == Genuine("app", 2)
    assert str(held) in foreseen
    moves = {each.name: each for each in followed.steps.boot.system.transitions}
    assert moves["send app by cable"].vague


def test_who_meddles_with_the_chip_counts_the_accesses_to_what_he_meddles_with():
    choices = {"slots": 3}
    foe = Attacker(name="clip", title="", capabilities=frozenset({Capability.WRITE_EXTERNAL}))
    world = _world(foe, **choices)
    turn = Meanwhile(partition="mcuboot_secondary", content=Crafted(), before=1)
    meddling = Meddling(world, _step(world, BootGo), turn)
    meddling(meddling.start + 4)
    assert meddling.seen == 0
    for _ in range(2):
        meddling(meddling.start)
    assert meddling.done


def test_only_a_slot_of_mcuboot_ends_with_a_trailer_that_does_not_count():
    world = _world(chain=NSIB)
    area = home(world.design, "s1")
    world.device.flash.load(area.end - 16, bytes(16))
    assert content_of(world, "s1") == Crafted()


def test_a_reset_has_the_port_do_what_its_words_say():
    world = _world(life=3)
    device, debug = world.device, world.design.soc.debug
    assert device.port.open
    for offset in (debug.approtect, debug.secure_approtect):
        device.uicr.load(device.uicr.start + offset, b"\xff" * 4)
    assert device.port.open
    device.reset()
    assert not device.port.open


# -- the encoder


def test_the_first_write_that_locks_a_register_is_the_last_that_counts():
    locked, later = (True, True, False, True, True), (False, True, True, False, False)
    assert spu.settled([later, locked, later]) == locked
    assert spu.settled([locked, later]) == locked
    assert spu.settled([]) is None


def test_a_key_at_a_border_lies_in_the_store_behind_it_alone():
    design = shapes.s05()
    cells = Cells(design)
    first, second = cells.of_image("tfm+app")
    lead = design.partition(second.slot).range.start + cells._lead(design.image("tfm+app"))
    at = InImage(image="tfm+app", offset=second.extent.start - lead)
    key = Key(name="border", kind=KeyKind.SYMMETRIC, placements=(at,))
    assert [place.store for place in cells.places(key) if place.store in {first.name, second.name}] == [second.name]


def test_who_has_a_clip_reaches_every_byte_of_the_chip():
    foe = Attacker(name="clip", title="", capabilities=frozenset({Capability.WRITE_EXTERNAL}))
    reach = Reach(instants_of(in_scope(slots=3), foe).boot.frame)
    staging = reach.frame.cells.stores["mcuboot_secondary"].extent
    assert reach.every(staging, Access.WRITE, reach.anyone) is true()
    assert reach.every(staging, Access.READ, reach.anyone) is not true()


def test_non_secure_code_that_writes_one_of_two_regions_does_not_write_both():
    followed = Followed(shapes.s08(), ATTACKERS["app-code-ns"])
    followed.runs_on()
    reach, code = Reach(followed.steps.boot.frame), Initiator(false(), true())
    cells = reach.frame.cells
    border = reach.frame.design.partition("app").range.start
    low, high = border - cells.granule, border + cells.granule
    both = Extent(start=low, end=high, regions=cells.regions(low, high), guarded=True)
    now = Valuation(followed.inclusion.instants[0])
    assert now.of(reach.some(both, Access.WRITE, code))
    assert not now.of(reach.every(both, Access.WRITE, code))


def test_half_of_a_pair_that_is_midway_is_torn_and_nothing_else():
    frame = instants_of(shapes.small(), ATTACKERS["power-cut"]).boot.frame
    for store in ("mcuboot_primary", "mcuboot_secondary"):
        assert frame.torn(store) is frame.midway("app")
    assert frame.torn("mcuboot") is false()


def test_what_nobody_verifies_anybody_forges_and_a_cut_alone_forges_nothing():
    steps = instants_of(shapes.small(), Attacker(name="cut", title="", capabilities=frozenset({Capability.CUT_POWER})))
    app = shapes.small().image("app")
    assert forgeable(steps.boot.frame, replace(app, verified_by=None)) is true()
    assert forgeable(steps.boot.frame, app) is false()


def test_an_update_opens_to_who_knows_one_of_its_keys_and_no_other():
    design = shapes.s01()
    key = design.key("enc_priv")
    signs, opens_ = (Use(purpose=purpose, image="mcuboot") for purpose in (Purpose.SIGN, Purpose.DECRYPT))
    keys = (key, replace(key, name="both", uses=(*key.uses, signs)), replace(key, name="other", uses=(signs, opens_)))
    frame = instants_of(replace(design, keys=keys), ATTACKERS["app-code-secure"]).boot.frame
    term, known = decrypts(frame, design.image("app")), [frame.knows(each) for each in keys]
    told = [Valuation({each: each is one for each in known}).of(term) for one in known]
    assert told == [True, True, False]


def test_a_reset_of_the_application_core_holds_the_other_one_in_reset():
    device = World.start(load_design(FED_CORE), ALL).device
    device.network.start()
    device.reset()
    assert device.network.started is None


def test_ram_that_the_cores_share_outlasts_a_reset_but_no_loss_of_power():
    device = World.start(load_design(FED_CORE), ALL).device
    empty = device.shared.read(device.shared.start, 4)
    device.shared.write(device.shared.start, b"\x01\x02\x03\x04")
    device.reset(Cause.SOFT)
    assert device.shared.read(device.shared.start, 4) == b"\x01\x02\x03\x04"
    device.reset(Cause.POWER)
    assert device.shared.read(device.shared.start, 4) == empty


def test_a_forged_trailer_of_a_slot_that_starts_in_place_reads_as_it_was_asked():
    world = _boots(_world(chain=NRF52840, mode=MODES.index("direct-xip reverting")))
    image = world.design.image("app")
    for slot in image.slots:
        for request in Request:
            forge_request(world.device, image, request, slot)
            assert standing(world.device, slot) is request


def test_a_step_that_ended_before_his_turn_was_not_meddled_with():
    foe = Attacker(name="clip", title="", capabilities=frozenset({Capability.WRITE_EXTERNAL}))
    world = _world(foe, slots=3)
    while not isinstance(world.design.stages[world.device.stage].steps[world.device.step], BootGo):
        act(world, step_of(world))
    late = Meanwhile(partition="mcuboot_secondary", content=Crafted(), before=10**6)
    with pytest.raises(NotEnabled, match="the step has ended by then"):
        act(world, step_of(world, meanwhile=late))


def test_the_vendor_sends_what_is_built_for_one_slot_to_no_other():
    world = _boots(_world(chain=NRF52840, mode=MODES.index("direct-xip")))
    running, idle = world.design.image("app").slots
    act(world, Publish(image="app", release=2, slot=running))
    sent = Deliver(partition=idle, content=Genuine("app", 2, running), request=Request.TEST, by_attacker=False)
    with pytest.raises(NotEnabled, match="the vendor does not send"):
        act(world, sent)


def test_a_release_below_the_counter_of_nsib_is_marked_and_known_by_its_mark():
    """As where the newer MCUboot is lost: the older one is all that is left."""
    world = World.start(shapes.s08(), ALL)
    _boots(world)
    newer = Genuine("mcuboot", 2, "s1")
    act(world, Publish(image="mcuboot", release=2, slot="s1"))
    act(world, Deliver(partition="mcuboot_secondary", content=newer, request=Request.PERM))
    act(world, Reset())
    _boots(world)
    assert content_of(world, "s1") == newer
    lost = home(world.design, "s1")
    world.device.flash.erase(lost.start, lost.size)
    act(world, Reset())
    _boots(world)
    assert world.device.halted
    assert content_of(world, "s0") == Invalidated()


def test_nsib_is_not_intact_once_the_keys_that_it_trusts_were_changed():
    followed = Followed(designs()["provision page open"], ALL)
    followed.runs_on()
    followed.does(Overwrite(partition=followed.steps.boot.frame.provision_page, content=Crafted()))
    assert not followed.disagreements()
