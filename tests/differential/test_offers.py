"""What the encoder offers at a mark can happen on the device, and leaves what is told of it: nothing is invented."""

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, boot_go, designs
from tests.differential.following import Followed
from tests.differential.histories import releases

from bootverify.check.replays.inclusion import Inclusion
from bootverify.design.design import Design
from bootverify.encoder.instant import Successor
from bootverify.executor.run import act
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Action, Deliver, Overwrite, Publish, Request, Reset
from bootverify.machine.content import Erased, Genuine

PAIRS = (
    ("small", "everything"),
    ("s08", "secure-partition"),
    ("open port", "debug-port"),
    ("open non-secure port", "debug-port"),
    ("sb-s07", "everything"),
    ("overwrite", "code-and-cuts"),
    ("signing key out", "app-code-ns"),
    ("three releases", "everything"),
    ("unsigned", "app-code-secure"),
    ("readable slot", "secure-partition"),
)


VAGUE = ("region[", "status_read[")  # registers that he programs are told vaguely, and no byte tells what he read
ALL = ("",)


def _happens(followed: Followed, offered: Successor, *, but: tuple[str, ...] = VAGUE) -> bool:
    """Whether one of the actions that it stands for can happen, and leaves what is told, `but` of what begins so."""
    for action in offered.actions:
        world = followed.world.copy()
        try:
            act(world, action)
        except NotEnabled:
            continue
        seen = {variable.name: value for variable, value in Inclusion(followed.steps, world).instants[0].items()}
        told = all(offered.after[name] == value for name, value in seen.items() if not name.startswith(but))
        if told:
            return True
    return False


def _all_happen(followed: Followed, *, but: tuple[str, ...] = VAGUE) -> int:
    """How many are offered at this mark."""
    here = list(followed.steps.successors(followed.facts))
    for offered in here:
        assert _happens(followed, offered, but=but), (offered.transition, followed.facts["at"])
    return len(here)


def offers(design: str, attacker: str) -> int:
    """How many there are in a boot from production, and while an update is tried: of a swap some tell too much."""
    followed = Followed(designs()[design], ATTACKERS[attacker])
    count = _all_happen(followed)
    while followed.facts["at"] not in {"halted", followed.steps.boot.frame.run_mark}:
        followed.does(followed.next_step())
        count += _all_happen(followed)
    sent = next((each for each in releases(followed.world.design) if each.release > 1), None)
    if sent is None:
        return count
    partition = followed.world.design.image(sent.image).staging
    followed.does(Publish(image=sent.image, release=sent.release, slot=sent.slot))
    followed.does(Deliver(partition=partition, content=sent, request=Request.TEST, by_attacker=False), Reset())
    followed.runs_on()
    return count + _all_happen(followed, but=ALL)


@pytest.mark.parametrize(("design", "attacker"), PAIRS)
def test_what_is_offered_happens(design, attacker):
    assert offers(design, attacker) > 20


def _counted(slots: int) -> Design:
    return boot_go(shapes.small(), validate=False, counter=True, counter_slots=slots)


def _sent(image: str, slot: str = "") -> tuple[Action, ...]:
    sent = Genuine(image, 2, slot)
    told = Deliver(partition="mcuboot_secondary", content=sent, request=Request.PERM, by_attacker=False)
    return Publish(image=image, release=2, slot=slot), told


WRITTEN = Overwrite(partition="mcuboot_secondary", content=Genuine("mcuboot", 2, "s1"))
GONE = Overwrite(partition="mcuboot_primary", content=Erased())
HALTS = ("nothing to start", "a counter without")
SITUATIONS: dict[str, tuple[Design, str, tuple[Action, ...]]] = {
    "an update of MCUboot that nobody asks for": (shapes.s08(), "app-code-ns", (*_sent("mcuboot", "s1")[:1], WRITTEN)),
    "an update of MCUboot for the idle slot": (shapes.s08(), "app-code-ns", _sent("mcuboot", "s1")),
    "nothing to start, and nobody verifies": (boot_go(shapes.small(), validate=False), "everything", (GONE,)),
    "a counter with room, and nobody verifies": (_counted(2), "remote-ota", _sent("app")),
    "power that somebody may cut, and a counter": (_counted(2), "power-cut", ()),
    "a counter without room, and nobody verifies": (_counted(1), "remote-ota", _sent("app")),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_of_an_odd_update_no_more_is_offered_than_happens(situation):
    design, attacker, actions = SITUATIONS[situation]
    followed = Followed(design, ATTACKERS[attacker])
    for coming in ((), (*actions, Reset()), (Reset(),)):
        followed.does(*coming)
        while followed.facts["at"] not in {"halted", followed.steps.boot.frame.run_mark}:
            if followed.facts["at"].endswith("boot_go"):
                assert _all_happen(followed, but=(*VAGUE, "request["))
            followed.does(followed.next_step())
    assert (followed.facts["at"] == "halted") is situation.startswith(HALTS)
