"""Discrepancies that random histories found, one fixed case each; the name says what was wrong."""

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, boot_go, designs
from tests.differential.following import Followed
from tests.differential.histories import step_of
from tests.differential.small_scope import in_scope
from tests.edited import edited, verdict_of

from bootverify.check.verdict import Verdict
from bootverify.design.boot import UpgradeMode
from bootverify.design.protection import Access, Attribution
from bootverify.executor.run import act
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import (
    Deliver,
    EraseAll,
    ForgeTrailer,
    Jump,
    Overwrite,
    Probe,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Request,
    Reset,
    TakeStep,
    UseSlot,
)
from bootverify.machine.content import Crafted, Erased, Genuine


def _followed(design, attacker):
    return Followed(designs()[design], ATTACKERS[attacker])


def _delivers(followed, content, request=Request.PERM):
    if isinstance(content, Genuine):
        followed.does(Publish(image=content.image, release=content.release, slot=content.slot))
    where = followed.world.design.images[-1].staging
    sent = Deliver(partition=where, content=content, request=request, by_attacker=isinstance(content, Crafted))
    return followed.does(sent)


def _locked(region):
    return ProgramRegion(region=region, attribution=Attribution.SECURE, permits=frozenset(), lock=True)


def test_a_trailer_alone_leaves_its_slot_erased():
    followed = _followed("s01", "app-code-secure")
    followed.boots()
    facts = followed.does(ForgeTrailer(image="app", request=Request.PERM))
    assert facts["content[mcuboot_secondary]"] == "erased"
    assert facts["request[app]"] == "perm"


def test_an_erase_all_leaves_registers_as_a_reset_does():
    followed = _followed("s02", "debug-port")
    followed.boots()
    facts = followed.does(EraseAll())
    assert not facts["region[0].locked"]
    assert facts["active[mcuboot]"] == "none"


def test_a_probe_needs_an_open_port_and_not_hostile_code():
    followed = _followed("s01", "secure-partition")
    followed.boots()
    assert not followed.tries(Probe(partition="mcuboot"))


def test_a_probe_sets_a_region_that_is_not_locked():
    followed = _followed("open port", "debug-port")
    followed.does(step_of(followed.world))
    opened = ProgramRegion(region=0, attribution=Attribution.NON_SECURE, permits=frozenset({Access.WRITE}), lock=False)
    facts = followed.does(opened)
    assert not facts["region[0].secure"]
    assert facts["region[0].write"]


def test_no_trailer_of_an_image_is_forged_that_mcuboot_never_looks_at():
    followed = _followed("s02", "app-code-secure")
    followed.boots()
    with pytest.raises(NotEnabled, match="no trailer"):
        act(followed.world, ForgeTrailer(image="mcuboot", request=Request.PERM))


def test_erasing_the_reachable_rest_of_a_store_erases_it():
    followed = _followed("s01", "app-code-secure")
    followed.boots()
    facts = followed.does(_locked(31), Overwrite(partition="mcuboot_secondary", content=Crafted()))
    assert facts["content[mcuboot_secondary]"] == "crafted"
    assert followed.does(Overwrite(partition="mcuboot_secondary", content=Erased()))["content[mcuboot_secondary]"] == (
        "erased"
    )


def test_writing_a_release_over_itself_may_spoil_its_request():
    followed = _followed("s01", "app-code-secure")
    followed.boots()
    _delivers(followed, Genuine("app", 2), Request.TEST)
    facts = followed.does(_locked(32), Overwrite(partition="mcuboot_secondary", content=Genuine("app", 2)))
    assert facts["content[mcuboot_secondary]"] == "app 2"
    assert facts["request[app]"] == "none"


def test_power_that_goes_before_anything_lasted_is_a_reset():
    followed = _followed("s08", "power-cut")
    followed.does(step_of(followed.world))
    assert followed.does(TakeStep(stage="b0", step=1, cut_after=0))["at"] == "b0.protect"


def test_a_refused_update_leaves_what_was_to_be_reverted():
    followed = _followed("s01", "app-code-secure")
    followed.boots()
    _delivers(followed, Crafted(), Request.TEST)
    followed.does(ForgeTrailer(image="app", request=Request.REVERT), Reset())
    facts = followed.boots()
    assert facts["request[app]"] == "revert"
    assert facts["content[mcuboot_secondary]"] == "erased"


def test_a_bootloader_for_the_running_slot_is_dropped_though_the_primary_slot_is_bad():
    followed = _followed("s02", "app-code-secure")
    followed.boots()
    _delivers(followed, Genuine("mcuboot", 2, "s0"))
    followed.does(Overwrite(partition="mcuboot_primary", content=Erased()), Reset())
    facts = followed.boots()
    assert facts["at"] == "halted"
    assert facts["content[mcuboot_secondary]"] == "erased"


def test_a_slot_can_hold_the_variant_for_the_other_slot():
    followed = _followed("open port", "everything")
    assert followed.facts["content[mcuboot]"] == "mcuboot 1"
    followed = _followed("s02", "everything")
    other = Genuine("mcuboot", 2, "s0")
    followed.does(Publish(image="mcuboot", release=2, slot="s0"), EraseAll())
    assert followed.does(Overwrite(partition="s1", content=other))["content[s1]"] == "mcuboot 2 for s0"


def test_what_he_writes_holds_no_secret_that_he_lacks():
    followed = _followed("s01", "debug-port")
    facts = followed.does(EraseAll(), Overwrite(partition="mcuboot", content=Crafted()), Probe(partition="mcuboot"))
    assert not facts["knows[enc_priv]"]


def test_an_encrypted_bootloader_that_mcuboot_cannot_open_is_erased():
    followed = _followed("sb-s03", "remote-ota")
    followed.boots()
    _delivers(followed, Genuine("mcuboot", 2, "s1"))
    followed.does(Reset())
    assert followed.boots()["content[mcuboot_secondary]"] == "erased"


def test_a_device_without_the_key_for_its_images_starts_none():
    assert _followed("no key on the device", "remote-ota").boots()["at"] == "halted"


def test_a_bootloader_s_update_in_the_primary_slot_is_not_started_as_the_application():
    followed = _followed("s02", "app-code-secure")
    followed.boots()
    followed.does(Publish(image="mcuboot", release=2, slot="s1"))
    followed.does(Overwrite(partition="mcuboot_primary", content=Genuine("mcuboot", 2, "s1")), Reset())
    assert followed.boots()["at"] == "halted"


def test_an_overwritten_slot_keeps_what_its_image_was_staged_as():
    followed = _followed("overwrite", "app-code-secure")
    followed.boots()
    _delivers(followed, Genuine("app", 2))
    followed.does(Reset())
    facts = followed.boots()
    assert facts["content[mcuboot_primary]"] == "app 2"
    assert facts["content[mcuboot_secondary]"] == "crafted"


def test_parts_of_two_releases_are_not_authentic():
    followed = _followed("sb-s07", "app-code-ns")
    followed.boots()
    followed.does(ReadOut(partition="app"), Publish(image="tfm+app", release=1))
    _delivers(followed, Genuine("tfm+app", 2))
    followed.does(Reset())
    followed.boots()
    followed.does(Overwrite(partition="app", content=Genuine("tfm+app", 1)))
    assert followed.facts["taken[tfm+app]"] == "crafted"
    assert not followed.disagreements()


def test_trailers_do_not_spoil_what_is_intact():
    followed = _followed("s01", "remote-ota")
    followed.boots()
    _delivers(followed, Genuine("app", 2), Request.TEST)
    followed.does(Reset())
    followed.boots()
    followed.does(Reset())
    assert followed.boots()["content[mcuboot_primary]"] == "app 1"


def test_a_later_release_carries_another_public_key():
    followed = _followed("s08", "remote-ota")
    followed.does(Publish(image="mcuboot", release=2, slot="s1"))
    assert not followed.disagreements()


def test_a_delivered_key_is_in_the_kmu_once_its_release_ran():
    followed = _followed("sb-s07", "secure-partition")
    followed.boots()
    assert not followed.facts["delivered[kek_v2]"]
    assert not followed.tries(UseSlot(key="kek_v2"))
    _delivers(followed, Genuine("tfm+app", 2))
    followed.does(Reset())
    assert followed.boots()["delivered[kek_v2]"]
    assert followed.tries(UseSlot(key="kek_v2"))


def test_a_halted_stage_jumps_nowhere():
    followed = _followed("open port", "debug-port")
    followed.does(Overwrite(partition="mcuboot_primary", content=Erased()))
    assert followed.boots()["at"] == "halted"
    assert not followed.tries(Jump(stage="app"))


def test_reading_out_is_for_code():
    followed = _followed("open port", "debug-port")
    assert not followed.tries(ReadOut(partition="mcuboot"))
    assert followed.tries(Probe(partition="mcuboot"))


@pytest.mark.parametrize("cut", range(8))
def test_a_revert_that_is_cut_at_its_start_is_still_wanted(cut):
    followed = _followed("s01", "power-cut")
    followed.boots()
    _delivers(followed, Genuine("app", 2), Request.TEST)
    followed.does(Reset())
    assert followed.boots()["content[mcuboot_primary]"] == "app 2"
    followed.does(Reset(), TakeStep(stage="mcuboot", step=0, cut_after=cut))
    assert followed.boots()["content[mcuboot_primary]"] == "app 1"


def test_an_open_port_is_of_no_use_without_a_probe():
    followed = _followed("open port", "remote-ota")
    assert not followed.tries(Probe(partition="mcuboot"))


def test_a_halted_device_starts_anew_after_a_reset():
    followed = _followed("no key on the device", "power-cut")
    assert followed.boots()["at"] == "halted"
    assert followed.does(Reset())["at"] == "mcuboot.boot_go"


def test_only_the_step_at_the_mark_can_be_taken():
    followed = _followed("s01", "remote-ota")
    assert not followed.tries(TakeStep(stage="mcuboot", step=1))
    assert not followed.tries(TakeStep(stage="app", step=0))


def test_non_secure_code_reads_neither_uicr_nor_kmu():
    followed = _followed("key in uicr", "app-code-ns")
    followed.boots()
    assert not followed.tries(ReadOut(partition="uicr"))
    followed = _followed("readable slot", "app-code-ns")
    followed.boots()
    assert not followed.tries(ReadSlot(key="kek"))
    assert not followed.tries(UseSlot(key="kek"))


def test_a_forged_revert_installs_what_is_staged_where_images_are_overwritten():
    followed = Followed(boot_go(shapes.small(UpgradeMode.OVERWRITE)), ATTACKERS["everything"])
    followed.boots()
    _delivers(followed, Genuine("app", 2))
    followed.does(ForgeTrailer(image="app", request=Request.NONE))
    followed.does(ForgeTrailer(image="app", request=Request.REVERT), Reset())
    assert followed.boots()["content[mcuboot_primary]"] == "app 2"


def test_an_unchecked_header_may_say_encrypted_to_a_bootloader_without_a_key():
    followed = Followed(in_scope(check=1, encryption=2), ATTACKERS["remote-ota"])
    assert followed.boots()["at"] == "app.run"


def test_two_keys_of_one_partition_are_both_there():
    followed = Followed(in_scope(chain=6, encryption=3, another_secret=2, life=1), ATTACKERS["everything"])
    followed.boots()
    facts = followed.does(Probe(partition="settings_storage"))
    assert facts["knows[kek]"]
    assert facts["knows[token]"]


def test_an_update_of_the_bootloader_in_the_primary_slot_is_staged_by_a_swap():
    followed = Followed(in_scope(chain=1, signature=1), ATTACKERS["app-code-secure"])
    followed.boots()
    _delivers(followed, Crafted())
    followed.does(Publish(image="mcuboot", release=2, slot="s1"))
    followed.does(Overwrite(partition="mcuboot_primary", content=Genuine("mcuboot", 2, "s1")), Reset())
    facts = followed.boots()
    assert facts["content[mcuboot_secondary]"] == "mcuboot 2 for s1"


def test_a_swap_that_was_cut_early_may_be_completed_though_its_bytes_look_refused():
    for cut in range(30):
        followed = Followed(in_scope(chain=1, downgrade=1, signing_key=2), ATTACKERS["code-and-cuts"])
        followed.boots()
        _delivers(followed, Crafted())
        followed.does(Reset())
        while followed.facts["at"] != "mcuboot.boot_go":
            followed.does(step_of(followed.world))
        followed.does(step_of(followed.world, cut_after=cut))
        assert followed.boots()["content[mcuboot_primary]"] == "crafted"


def test_a_swap_stops_where_the_wrapped_key_of_an_encrypted_primary_image_is_gone():
    followed = Followed(in_scope(chain=2, check=1, encryption=3, lock=1), ATTACKERS["everything"])
    followed.boots()
    followed.does(Overwrite(partition="app", content=Crafted()))
    _delivers(followed, Genuine("tfm+app", 2))
    followed.does(Reset())
    facts = followed.boots()
    assert facts["at"] == "halted"
    assert facts["content[mcuboot_secondary]"] == "crafted"


def test_an_image_that_ends_with_its_first_part_leaves_the_second_what_it_was():
    followed = Followed(in_scope(chain=2, encryption=3, signing_key=2, lock=3, sdk=1), ATTACKERS["everything"])
    followed.boots()
    _delivers(followed, Crafted())
    followed.does(Overwrite(partition="tfm", content=Crafted()), Reset())
    followed.boots()
    followed.does(ForgeTrailer(image="tfm+app", request=Request.TEST), Reset())
    facts = followed.boots()
    assert (facts["content[tfm]"], facts["content[app]"]) == ("crafted", "tfm+app 1")


@pytest.mark.parametrize(
    ("storage", "open_to_all", "verdict"),
    [
        ({"at": 0xEC000, "size": 0x8000}, {"at": 0xF4000, "size": 0x8000}, Verdict.HOLDS),
        ({"at": 0xEC000, "size": 0x6000}, {"at": 0xF2000, "size": 0xA000}, Verdict.UNKNOWN),  # its end lies open
        ({"at": 0xF2000, "size": 0xA000}, {"at": 0xEC000, "size": 0x6000}, Verdict.VIOLATED),  # its start does
    ],
)
def test_a_key_lies_where_production_puts_it_and_may_lie_in_what_is_open_of_its_partition(
    storage, open_to_all, verdict
):
    changes = {
        "keys.kek.placement": {"partition": "tfm_storage"},
        "partitions.tfm_storage": {**storage, "attribution": "secure"},
        "partitions.nonsecure_storage": {**open_to_all, "attribution": "non_secure"},
    }
    assert verdict_of(edited("SB-S36", changes), "secret-confidential", "kek", "app-code-ns") is verdict
