"""What the encoder offers at a mark can happen on the device, and leaves what is told of it: nothing is invented."""

import pytest
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed
from tests.differential.histories import releases

from bootverify.check.replays.inclusion import Inclusion
from bootverify.encoder.instant import Successor
from bootverify.executor.run import act
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Deliver, Publish, Request, Reset

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


def _happens(followed: Followed, offered: Successor, *, leaves: bool) -> bool:
    """Whether one of the actions that it stands for can happen, and `leaves` what is told.

    Registers that he programs are told vaguely.
    """
    for action in offered.actions:
        world = followed.world.copy()
        try:
            act(world, action)
        except NotEnabled:
            continue
        seen = {variable.name: value for variable, value in Inclusion(followed.steps, world).instants[0].items()}
        told = all(offered.after[name] == value for name, value in seen.items() if not name.startswith("region["))
        if told or not leaves:
            return True
    return False


def _all_happen(followed: Followed, *, leaves: bool) -> int:
    """How many are offered at this mark."""
    here = list(followed.steps.successors(followed.facts))
    for offered in here:
        assert _happens(followed, offered, leaves=leaves), (offered.transition, followed.facts["at"])
    return len(here)


def offers(design: str, attacker: str) -> int:
    """How many there are in a boot from production, and while an update is tried: of a swap some tell too much."""
    followed = Followed(designs()[design], ATTACKERS[attacker])
    count = _all_happen(followed, leaves=True)
    while followed.facts["at"] not in {"halted", followed.steps.boot.frame.run_mark}:
        followed.does(followed.next_step())
        count += _all_happen(followed, leaves=True)
    sent = next((each for each in releases(followed.world.design) if each.release > 1), None)
    if sent is None:
        return count
    partition = followed.world.design.image(sent.image).staging
    followed.does(Publish(image=sent.image, release=sent.release, slot=sent.slot))
    followed.does(Deliver(partition=partition, content=sent, request=Request.TEST, by_attacker=False), Reset())
    followed.runs_on()
    return count + _all_happen(followed, leaves=False)


@pytest.mark.parametrize(("design", "attacker"), PAIRS)
def test_what_is_offered_happens(design, attacker):
    assert offers(design, attacker) > 20
