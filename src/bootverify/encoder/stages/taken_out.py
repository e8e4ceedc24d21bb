"""Keeps `left_open[image]` true: whether a swap may take an encrypted image out so that the attacker reads it.

What goes out is encrypted if the header in the slot says so, with the key that its TLVs wrap (MCUboot, loader.c,
boot_swap_image, boot_copy_region). Neither is verified before.
"""

from dataclasses import replace

from bootverify.design.boot import EncryptionType
from bootverify.encoder.logic.terms import Term, eq, or_, true
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.variables.contents import CRAFTED
from bootverify.encoder.variables.frame import Frame


def opening(frame: Frame, image: str, outcome: Outcome) -> Outcome:
    """`outcome` of a step that swaps `image`, with what it may leave open."""
    open_now = frame.left_open.get(image)
    _, staging = frame.pair(image)
    moved = {frame.midway(image), *([frame.content(staging)] if staging else [])}
    if open_now is None or moved.isdisjoint(outcome.updates):
        return outcome
    # Of a step in which he writes, or of a pair that he mixed, nobody tells what the header said when it was read.
    opens = true() if outcome.vague or outcome.foreign else or_(open_now, _marked_by_him(frame, image))
    return replace(outcome, updates={**outcome.updates, open_now: opens})


def _marked_by_him(frame: Frame, image: str) -> Term:
    """The header in the slot is his, or TLVs are that wrap a key of his: for a public key anybody wraps one."""
    parts, _ = frame.pair(image)
    anybody_wraps = frame.design.image(image).encryption is not EncryptionType.AES_KW
    read = (parts[0], parts[-1]) if anybody_wraps else parts[:1]
    return or_(*(eq(frame.content(each), CRAFTED) for each in read))
