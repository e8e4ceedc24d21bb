"""Traces round-trip through their JSON form, and bad documents are refused with words."""

import json
from typing import get_args

import pytest

from bootverify.design.protection import Access, Attribution
from bootverify.machine.action import (
    Action,
    Boot,
    Confirm,
    Deliver,
    EraseAll,
    FeedNetwork,
    FillSlot,
    ForgeTrailer,
    Inspect,
    Jump,
    Overwrite,
    PatchFetch,
    Probe,
    Produce,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Request,
    Reset,
    TakeStep,
    Unwrap,
    Upload,
    UseSlot,
)
from bootverify.machine.content import Crafted, Erased, Genuine, Invalidated
from bootverify.machine.observation import Observation, Receipt
from bootverify.machine.tear import HALF, Part, Tear
from bootverify.machine.trace import ACTIONS, Step, Trace, action_from_dict, action_to_dict, from_json, to_json

ONE_OF_EACH = (
    TakeStep(stage="b0", step=1, cut_after=3, torn=HALF),
    Boot(cut_after=3, torn=Tear(Part.SCATTERED, 7)),
    Boot(loader=True),
    Reset(),
    Produce(image="app", release=2),
    Publish(image="mcuboot", release=2, slot="s1"),
    Inspect(image="mcuboot", release=2, slot="s1"),
    Deliver(partition="secondary", content=Genuine("app", 2), request=Request.TEST, by_attacker=False),
    Deliver(partition="secondary", content=Genuine("app", 2), request=Request.PERM, cut_after=5, torn=HALF),
    Upload(partition="primary", content=Genuine("app", 2)),
    Upload(partition="secondary", content=Crafted(), request=Request.TEST, cut_after=5, torn=Tear(Part.SCATTERED, 7)),
    Confirm(),
    Overwrite(partition="b0", content=Crafted()),
    Overwrite(partition="secondary", content=Crafted(unmarked=True)),
    Overwrite(partition="primary", content=Crafted(wrapped=True)),
    Overwrite(partition="b0", content=Erased()),
    Overwrite(partition="b0", content=Invalidated()),
    ForgeTrailer(image="app", request=Request.REVERT),
    Jump(stage="app"),
    ReadOut(partition="b0"),
    ProgramRegion(region=3, attribution=Attribution.SECURE, permits=frozenset({Access.READ}), lock=False),
    UseSlot(key="kek"),
    PatchFetch(image="app"),
    FillSlot(key="verify"),
    ReadSlot(key="kek"),
    Unwrap(image="app", release=2, key="kek"),
    EraseAll(),
    FeedNetwork(offset=0x8800),
    FillSlot(key="kek"),
    PatchFetch(image="app"),
    Probe(partition="b0"),
)


def test_every_kind_of_action_is_exercised_here() -> None:
    assert {type(action) for action in ONE_OF_EACH} == set(ACTIONS.values())


@pytest.mark.parametrize("action", ONE_OF_EACH, ids=lambda action: type(action).__name__)
def test_action_survives_its_json_form(action) -> None:
    assert action_from_dict(json.loads(json.dumps(action_to_dict(action)))) == action


def test_trace_survives_its_json_form() -> None:
    steps = tuple(
        Step(
            action=action, observation=Observation(at="app.run", facts=("running(app)",), log=("a", "b"), receipt=held)
        )
        for action in ONE_OF_EACH
        for held in (None, Receipt(size=9, acknowledged=8, written=7))
    )
    trace = Trace(design="d", file="d.yaml", attacker="remote-ota", policy="p", subject="s", steps=steps)
    assert from_json(to_json(trace)) == trace


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"do": "fly"}, "unknown action `fly`"),
        ({"do": "reset", "when": 1}, "no field `when`"),
        ({"do": "confirm", "partition": "x"}, "no field `partition`"),
        ({"do": "publish", "image": "a"}, "release"),
    ],
)
def test_bad_action_is_refused_in_words(document, words) -> None:
    with pytest.raises(ValueError, match=words):
        action_from_dict(document)


def test_document_that_is_no_trace_is_refused() -> None:
    with pytest.raises(ValueError, match="not a trace"):
        from_json("{}")


def test_every_action_has_a_name_by_which_a_trace_is_read():
    assert set(ACTIONS.values()) == set(get_args(Action))
