"""The image keys that a swap notes in the trailer: the executor's bytes, the encoder's terms, and what is answered."""

import pytest
from tests.differential.following import Followed
from tests.edited import edited, verdict_of

from bootverify.check.replays.taken_out import taken_out
from bootverify.check.verdict import Verdict
from bootverify.machine.action import Deliver, Inspect, Publish, ReadOut, Request, Reset
from bootverify.machine.content import Genuine
from bootverify.sources.attackers import load_attacker

WRAPPED = {"life": {"save_encrypted": True}}
CONFIGURED = {"settings": {"image_key_wrapped": True}}
OFFSET = {
    "chain.mcuboot.mode": "swap-offset",
    "partitions.mcuboot_secondary.size": 0x71000,
    "partitions.tfm_storage.at": 0xED000,
    "partitions.tfm_storage.size": 0x7000,
}
READS = ReadOut(partition="app")


def _tried(change, *, reads=READS):
    """SB-S07 with `change`, where an update came in to be tried, and his code read and looked at what is published."""
    design, foe = edited("SB-S07", change), load_attacker("app-code-ns")
    sent = Deliver(
        partition="mcuboot_secondary", content=Genuine("tfm+app", 2), request=Request.TEST, by_attacker=False
    )
    followed = Followed(design, foe)
    followed.runs_on()
    followed.does(Publish(image="tfm+app", release=1), Publish(image="tfm+app", release=2), sent, Reset())
    followed.runs_on()
    followed.does(reads, Inspect(image="tfm+app", release=1), Inspect(image="tfm+app", release=2))
    assert not followed.disagreements()
    return followed.facts


@pytest.mark.parametrize("change", [{}, OFFSET], ids=["move", "offset"])
def test_who_reads_the_end_of_the_slot_opens_both_updates(change):
    facts = _tried(change)
    assert facts["knows[kek_v2]"]
    assert facts["clear[tfm of tfm+app 1]"]
    assert facts["clear[tfm of tfm+app 2]"]


@pytest.mark.parametrize(
    ("change", "reads"),
    [
        (WRAPPED, READS),
        ({"chain.mcuboot.mode": "overwrite"}, READS),
        ({}, ReadOut(partition="mcuboot_secondary")),
    ],
    ids=["wrapped", "overwritten", "the other slot"],
)
def test_where_none_is_noted_in_clear_he_opens_nothing(change, reads):
    facts = _tried(change, reads=reads)
    assert not facts["knows[kek_v2]"]
    assert not facts["clear[tfm of tfm+app 2]"]


def test_what_he_read_before_opens_what_is_published_later():
    design, foe = edited("SB-S07", {}), load_attacker("app-code-ns")
    (life, *_) = taken_out(design, foe)
    followed = Followed(design, foe)
    followed.does(*life[:-1])
    assert not followed.facts["knows[kek_v2]"]
    followed.does(Publish(image="tfm+app", release=1), Inspect(image="tfm+app", release=1))
    assert followed.facts["clear[tfm of tfm+app 1]"]
    assert not followed.facts["knows[kek_v2]"]
    followed.does(life[-1])
    assert followed.facts["knows[kek_v2]"]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.VIOLATED),
        (WRAPPED, Verdict.HOLDS),
        (CONFIGURED, Verdict.HOLDS),
        ({"settings": {"image_key_wrapped": False}}, Verdict.VIOLATED),
        ({"chain.mcuboot.mode": "overwrite"}, Verdict.HOLDS),
    ],
    ids=["untold", "wrapped", "configured so", "configured not so", "overwritten"],
)
@pytest.mark.parametrize(("policy", "subject"), [("secret-confidential", "kek_v2"), ("image-confidential", "tfm")])
def test_what_an_encrypted_image_keeps_from_code_beside_it(policy, subject, change, verdict):
    assert verdict_of(edited("SB-S07", change), policy, subject, "app-code-ns") is verdict
