"""Who may come by code of his own that is accepted: judgements of what is told do not follow what such code does.

They speak of senders, cables and probes as they are. With a key that signs in the wrong hands, or an image that nothing
signs, each of them may run code, so what they keep is not kept for sure.
"""

from bootverify.design.boot import Image, Program, SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, Key, Purpose

# They send, upload or spoil; who runs code already is judged as such.
SENDERS = frozenset(
    {"remote-ota", "old-signed-image", "serial-port", "ext-flash-write", "factory-insider", "build-pipeline"}
)


def forged_code(design: Design, who: str) -> str:
    """Why `who` may have code of his own accepted; empty when nothing tells so."""
    for image in design.images:
        if not _takes_from_outside(design, image):
            continue
        if image.signature is SignatureType.NONE and who in SENDERS:
            return f"nothing signs {image.name}: he may run code of his own, which is not followed here"
        for key in design.keys:
            serves = any(use.image == image.name and use.purpose is not Purpose.DECRYPT for use in key.uses)
            if serves and ((key.published and who in SENDERS) or _lies_about(key)):
                return f"{key.name} may sign code of his own for {image.name}, which is not followed here"
    return ""


def _takes_from_outside(design: Design, image: Image) -> bool:
    """Whether a sender's bytes meet the check of this image first: MCUboot's, also for an image of NSIB's behind it."""
    if image.verified_by is None:
        return False
    by_mcuboot = design.stage(image.verified_by).program is Program.MCUBOOT
    last = image.name == design.images[-1].name
    return by_mcuboot or last


def _lies_about(key: Key) -> bool:
    """A private key that signs and lies on devices or in images, where whoever reads it has it."""
    signs = any(use.purpose is Purpose.SIGN for use in key.uses)
    return key.secret and signs and not all(isinstance(place, HostOnly) for place in key.placements)
