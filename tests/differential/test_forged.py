"""An attacker who can sign makes of any place that he writes an image that boots; one who cannot does not."""

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, boot_go, designs, with_key
from tests.differential.following import Followed
from tests.differential.histories import step_of
from tests.edited import edited

from bootverify.api import ask
from bootverify.check.replays.replay import replay
from bootverify.check.verdict import Verdict
from bootverify.design.boot import UpgradeMode
from bootverify.executor.content import content_of
from bootverify.executor.layout import store_ranges
from bootverify.executor.run import act
from bootverify.executor.world import World
from bootverify.machine.action import Deliver, Overwrite, ReadOut, Request, Reset, TakeStep
from bootverify.machine.content import Crafted, Erased
from bootverify.machine.trace import action_from_dict, action_to_dict
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import parse_design

SIGNING = "signing key out"  # NSIB, MCUboot in two slots, TF-M and application in one image; its key is published
SEALED = "sealed parts"  # the same with an image that is encrypted and not signed
# the boot loader locks up to the end of a region in which the slot begins, and another one
LOCKED_INSIDE = """
bootverify: design/1
name: locked inside
soc: nrf5340
sdk: 2.6.1
partitions:
  mcuboot: {{at: 0x0, size: 0xb000}}
  mcuboot_primary: {{at: 0xb000, size: 0x71000}}
  mcuboot_secondary: {{at: 0x7c000, size: 0x71000}}
chain:
  mcuboot:
    program: mcuboot
    slot: mcuboot
    mode: swap-move
    validate_primary: true
    protects: [{{span: [0x0, 0xc000], lock: until_reset}}, {{span: [{:#x}, {:#x}], lock: until_reset}}]
  app: {{program: application, attribution: secure, slot: mcuboot_primary, staging: mcuboot_secondary,
        verified_by: mcuboot, signature: ecdsa-p256, update: over_the_air}}
keys:
  sign: {{kind: public, placement: {{image: mcuboot}}, verifies: app, published: true}}
lifecycle: {{approtect: true, secure_approtect: true}}
"""


def _booted(design, attacker):
    followed = Followed(designs()[design], ATTACKERS[attacker])
    followed.boots()
    return followed


@pytest.mark.parametrize(("design", "at"), [(SIGNING, "app.run"), ("s08", "halted")])
def test_the_last_part_is_sealed_again_by_who_can_sign(design, at):
    followed = _booted(design, "app-code-ns")
    followed.does(Overwrite(partition="app", content=Crafted()), Reset())
    facts = followed.boots()
    assert facts["content[app]"] == "crafted"
    assert facts["at"] == at


@pytest.mark.parametrize(("locked", "at"), [((0xF0000, 0xF4000), "app.run"), ((0x78000, 0x7C000), "halted")])
def test_who_can_sign_seals_over_what_he_cannot_write_where_he_reaches_the_seal(locked, at):
    text = LOCKED_INSIDE.format(*locked)
    followed = Followed(parse_design(text.encode(), shown="design.yaml"), ATTACKERS["app-code-secure"])
    followed.boots()
    followed.does(Overwrite(partition="mcuboot_primary", content=Crafted()), Reset())
    facts = followed.boots()
    assert facts["content[mcuboot_primary]"] == "crafted"
    assert facts["at"] == at
    report = ask(followed.world.design, "authentic-only", ("app",), load_attacker("app-code-secure"))
    assert not report.discrepancies
    assert [finding.verdict for finding in report.findings] == [Verdict.VIOLATED]


@pytest.mark.parametrize(("partition", "at"), [("app", "halted"), ("tfm", "app.run")])
def test_the_last_part_of_an_encrypted_image_is_sealed_by_who_has_seen_the_first(partition, at):
    followed = _booted(SEALED, "secure-partition")
    followed.does(ReadOut(partition=partition), Overwrite(partition="app", content=Crafted()), Reset())
    assert followed.boots()["at"] == at


def test_non_secure_code_stages_an_image_where_it_cannot_seal_an_encrypted_one():
    report = ask(designs()[SEALED], "authentic-only", ("tfm+app",), load_attacker("app-code-ns"))
    assert not report.discrepancies
    assert [finding.verdict for finding in report.findings] == [Verdict.VIOLATED]
    told = [step.action for finding in report.findings for step in finding.trace.steps]
    assert Overwrite(partition="mcuboot_secondary", content=Crafted()) in told


@pytest.mark.parametrize(("design", "starts"), [(SIGNING, True), ("s08", False)])
def test_an_image_of_the_first_part_alone_boots_if_it_is_signed(design, starts):
    world = World.start(designs()[design], ATTACKERS["secure-partition"])
    area = store_ranges(world.design)["tfm"]
    data = world.factory.crafted("tfm", Crafted(), world.knowledge, world.device)
    world.device.flash.load(area.start, data.ljust(area.size, b"\xff"))
    while not world.device.halted and world.device.running != "tfm":
        act(world, step_of(world))
    assert world.device.halted is not starts


def test_his_bytes_may_pose_as_an_update_of_the_bootloader():
    followed = _booted(SIGNING, "remote-ota")
    sent = Deliver(
        partition="mcuboot_secondary", content=Crafted("mcuboot", "s1"), request=Request.PERM, by_attacker=True
    )
    followed.does(sent, Reset())
    facts = followed.boots()
    assert facts["content[s1]"] == "crafted"
    assert facts["active[mcuboot]"] == "s0", "NSIB does not take what its own key has not signed"


def test_a_replay_tries_each_guise_of_bytes_that_are_staged():
    design, attacker = designs()[SIGNING], ATTACKERS["remote-ota"]
    boot = [TakeStep(stage=stage.name, step=n) for stage in design.stages for n in range(len(stage.steps))][:-1]
    sent = Deliver(partition="mcuboot_secondary", content=Crafted(), request=Request.PERM, by_attacker=True)
    actions = [*boot, sent, Reset(), *boot]
    found = replay(design, attacker, actions, lambda world: content_of(world, "s1") != Erased())
    assert found.reached is not None
    guises = [step.action.content for step in found.steps if isinstance(step.action, Deliver)]
    assert guises == [Crafted("mcuboot", "s1")]
    action = next(step.action for step in found.steps if isinstance(step.action, Deliver))
    assert action_from_dict(action_to_dict(action)) == action


def test_what_a_cut_leaves_of_a_refused_image_is_no_image_though_the_key_is_published():
    design = boot_go(with_key(shapes.s08(), "img_sign_priv", published=True), prevent_downgrade=True)
    report = ask(design, "authentic-only", ("tfm+app",), load_attacker("power-cut"))
    assert not report.discrepancies
    assert [finding.verdict for finding in report.findings] == [Verdict.HOLDS]


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("mode", [UpgradeMode.OVERWRITE, UpgradeMode.SWAP_MOVE])
def test_who_can_sign_claims_the_stored_counter_where_it_has_no_room_to_rise(mode, refused):
    design = boot_go(shapes.small(mode), counter=True, counter_slots=1, full_refused=refused)
    followed = Followed(with_key(design, "img_sign_priv", published=True), ATTACKERS["remote-ota"])
    followed.boots()
    sent = Deliver(partition="mcuboot_secondary", content=Crafted(), request=Request.PERM, by_attacker=True)
    followed.does(sent, Reset())
    facts = followed.boots()
    assert (facts["at"], facts["content[mcuboot_primary]"]) == ("app.run", "crafted")
    assert (facts["stored[app]"], facts["stored room[app]"]) == ("1", "0")


def test_what_a_lock_leaves_of_the_first_stage_needs_no_seal():
    short = [{"span": [0x0, 0x8000], "lock": "until_reset"}]  # of 0xc000 bytes
    followed = Followed(edited("SB-S01", {"chain.mcuboot.protects": short}), ATTACKERS["app-code-secure"])
    followed.boots()
    followed.does(Overwrite(partition="mcuboot", content=Crafted()))
    assert followed.facts["content[mcuboot]"] == "crafted"
    report = ask(followed.world.design, "rot-immutable", ("mcuboot",), load_attacker("app-code-secure"))
    assert not report.discrepancies
    assert [finding.verdict for finding in report.findings] == [Verdict.VIOLATED]
