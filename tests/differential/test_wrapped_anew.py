"""A key of his in the place of the wrapped image key: the executor's bytes, the encoder's terms."""

from dataclasses import replace

import pytest
from tests.differential.following import Followed
from tests.edited import edited

from bootverify.check.replays.taken_out import taken_out
from bootverify.design.design import Design
from bootverify.design.keys import KeyKind
from bootverify.machine.action import Confirm, Deliver, Overwrite, Publish, ReadOut, Request, Reset
from bootverify.machine.content import Crafted, Genuine
from bootverify.ranges import AddressRange
from bootverify.sources.attackers import load_attacker

WRAPS = Overwrite(partition="app", content=Crafted(wrapped=True))
STAGED = "mcuboot_secondary"
IN_ALL_RELEASES = {"placement": [{"image": "tfm+app", "offset": 0x2000}], "kind": "symmetric"}


def _design(encryption: str, mode: str) -> Design:
    """SB-S07 with keys in TF-M: one in each release, one in release 2."""
    kind = "symmetric" if encryption == "aes-kw" else "private"
    change = {
        "chain.mcuboot.mode": mode,
        "chain.tfm+app.encryption": encryption,
        "keys.kek_v1.kind": kind,
        "keys.kek_v2.kind": kind,
        "keys.inside": IN_ALL_RELEASES,
    }
    if mode == "swap-offset":
        change["partitions.mcuboot_secondary.size"] = 0x71000
        change["partitions.tfm_storage.at"] = 0xED000
        change["partitions.tfm_storage.size"] = 0x7000
    return edited("SB-S07", change)


@pytest.mark.parametrize("mode", ["swap-move", "swap-offset"])
@pytest.mark.parametrize("encryption", ["ecies-p256", "ecies-x25519", "rsa-oaep"])
@pytest.mark.parametrize("release", [1, 2])
def test_the_image_goes_out_under_his_key_and_he_opens_it(encryption, mode, release):
    design, foe = _design(encryption, mode), load_attacker("app-code-ns")
    life = [each for each in taken_out(design, foe) if WRAPS in each][design.releases - release]
    followed = Followed(design, foe)
    followed.does(*life)
    assert not followed.disagreements()
    facts = followed.facts
    assert facts["knows[inside]"]
    assert facts["knows[kek_v2]"] == (release == 2)
    assert facts[f"clear[tfm of tfm+app {release}]"]
    assert not facts[f"clear[tfm of tfm+app {3 - release}]"]


@pytest.mark.parametrize("asked", [Request.TEST, Request.PERM])
def test_the_factorys_image_goes_out_so_before_an_update_that_was_staged(asked):
    design, foe = _design("ecies-p256", "swap-move"), load_attacker("app-code-ns")
    sent = Deliver(partition=STAGED, content=Genuine("tfm+app", 2), request=asked, by_attacker=False)
    followed = Followed(design, foe)
    followed.runs_on()
    followed.does(Publish(image="tfm+app", release=2), sent, WRAPS, Reset())
    followed.runs_on()
    followed.tries(Confirm())
    followed.does(ReadOut(partition=STAGED))
    assert followed.facts["knows[inside]"]
    assert not followed.facts["knows[kek_v2]"]


def test_what_only_a_secret_wraps_he_cannot_wrap_anew():
    design, foe = _design("aes-kw", "swap-move"), load_attacker("app-code-ns")
    assert not any(WRAPS in life for life in taken_out(design, foe))
    followed = Followed(design, foe)
    followed.runs_on()
    assert not followed.tries(WRAPS)
    assert not followed.tries(replace(WRAPS, partition="tfm"))


def test_nothing_is_tried_where_no_update_comes_in():
    design = _design("ecies-p256", "swap-move")
    short = tuple(
        replace(part, range=AddressRange.sized(part.range.start, 0x60000)) if part.name == STAGED else part
        for part in design.partitions
    )
    assert list(taken_out(design, load_attacker("app-code-ns")))
    assert not list(taken_out(replace(design, partitions=short), load_attacker("app-code-ns")))


@pytest.mark.parametrize("kind", ["private", "symmetric"])
def test_a_secret_that_opens_for_a_pair_is_its_private_half_whatever_it_is_called(kind):
    design = _design("ecies-p256", "swap-move")
    keys = tuple(replace(key, kind=KeyKind(kind)) if key.name == "kek_v1" else key for key in design.keys)
    followed = Followed(replace(design, keys=keys), load_attacker("remote-ota"))
    followed.runs_on()
    sent = Deliver(partition=STAGED, content=Genuine("tfm+app", 2), request=Request.PERM, by_attacker=False)
    followed.does(Publish(image="tfm+app", release=2), sent, Reset())
    assert followed.runs_on()["content[app]"] == "tfm+app 2"
