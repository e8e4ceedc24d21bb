"""Devices that fit one design where it is silent about a KMU generation that NSIB consults: the owner's, or empty.

soc.md 5.3: "NSIB always tries 242, 244, 246 in order", and secure code can provision an empty one. What is answered
alike of both devices is answered of the design. One of the three is the owner's, as none boots without: the first
where none is drawn.
"""

from dataclasses import replace

from bootverify.design.boot import ChooseSlot, Image, SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, Key, KeyKind, Purpose, PushTarget, Use
from bootverify.encoder.stages.nsib import GENERATIONS, generations_not_drawn


def untold_generations(design: Design) -> tuple[int, ...]:
    """The slots that NSIB tries for the image it starts, and no key of the design lies in."""
    image = _chosen(design)
    if image is None or design.soc.kmu_version < 2 or image.signature is not SignatureType.ED25519:
        return ()
    missing = generations_not_drawn(design, image)
    return tuple(missing if len(missing) < len(GENERATIONS) else missing[1:])


def device(design: Design, slots: tuple[int, ...], *, empty: bool) -> Design:
    """The design with a key in each of `slots`: the owner's, or none yet; with the owner's in the others anyway."""
    image = _chosen(design)
    assert image is not None
    added = tuple(
        Key(
            name=f"KMU slot {slot}",
            kind=KeyKind.PUBLIC,
            placements=(InKmu(slots=(slot,), push_to=PushTarget.RAM, readable=False),),
            uses=(Use(purpose=Purpose.VERIFY, image=image.name),),
            empty=empty and slot in slots,
        )
        for slot in generations_not_drawn(design, image)
    )
    return replace(design, keys=(*design.keys, *added))


def _chosen(design: Design) -> Image | None:
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, ChooseSlot)]
    return design.image(steps[0].image) if steps else None
