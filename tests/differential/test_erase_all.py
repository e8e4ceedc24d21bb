"""What an erase-all takes: the encoder says what the device holds afterwards, beside the image slots too."""

import pytest
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed

from bootverify.machine.action import Deliver, EraseAll, Publish, Request, Reset
from bootverify.machine.content import Genuine


def _erased(design: str, image: str = "") -> tuple[dict[str, object], dict[str, object]]:
    """The facts before and after; the second release of `image` has been installed."""
    followed = Followed(designs()[design], ATTACKERS["everything"])
    followed.runs_on()
    if image:
        staging, sent = followed.world.design.image(image).staging, Genuine(image, 2)
        followed.does(
            Publish(image=image, release=2),
            Deliver(partition=staging, content=sent, request=Request.PERM, by_attacker=False),
            Reset(),
        )
    before = followed.runs_on()
    after = followed.does(EraseAll())
    assert not followed.disagreements()
    return before, after


def test_a_key_that_a_release_brought_into_the_kmu_is_gone():
    before, after = _erased("sb-s07", "tfm+app")
    assert (before["delivered[kek_v2]"], after["delivered[kek_v2]"]) == (True, False)


@pytest.mark.parametrize("design", ["sb-s18", "provision page open"])
def test_so_is_what_a_page_holds_that_nsib_reads(design):
    before, after = _erased(design)
    assert (before["provision"], after["provision"]) == ("provisioned", "erased")
