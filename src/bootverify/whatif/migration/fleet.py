"""The units that a release meets: whatever release they were made with, and whichever later ones they have taken."""

from collections.abc import Sequence
from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.design.boot import Image
from bootverify.design.design import Design
from bootverify.design.keys import InImage, Key
from bootverify.design.life import Rule
from bootverify.executor.field.release import Release, of_two_slots, runs_in_place, upgrade_mode
from bootverify.executor.making.factory import Factory, delivered_by
from bootverify.whatif.migration.pairs import Identities, Pair
from bootverify.whatif.migration.words import in_words_of

SMALL = 0x2800  # payload of an image for the sweep of power cuts: three sectors with header and signature
BEHIND_KEY = 0x100
SPARE_COUNTER_SLOTS = 8  # taken to be free where nothing tells how many there are
BEHIND_PAYLOAD = 0x200  # digest, key hash and signature of an image, roughly


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What units of one kind were made as and updated with, in order, and the release that comes now."""

    releases: tuple[Release, ...]
    new: Release
    following: Release
    counted: int = 0  # values that NSIB's counter holds when production is done
    small: bool = False


@dataclass(slots=True)
class Fleet:
    """Designs in one vocabulary, the last of them new, with the identities of their signing keys."""

    designs: tuple[Design, ...]
    titles: tuple[str, ...]
    identities: Identities = field(init=False)
    labels: list[dict[str, tuple[str, tuple[str, ...]]]] = field(init=False)

    def __post_init__(self) -> None:
        self.identities = Identities(self.designs[0].name)
        self.labels = [
            {image.name: self.identities.labels(design, image.name) for image in design.images if image.verified_by}
            for design in self.designs
        ]

    @classmethod
    def of(cls, deployed: Sequence[Design], new: Design) -> "Fleet":
        """The fleet that `deployed` were released to, oldest first, with the names of the oldest."""
        first, *others = (*deployed, new)
        designs = [first]
        for design in others:
            designs.append(_told_apart(in_words_of(design, first), designs[-1]))
        return cls(tuple(designs), tuple(design.name for design in (*deployed, new)))

    @property
    def doubts(self) -> dict[str, tuple[Pair, Pair]]:
        """By image, key pairs of which nothing tells whether they are one."""
        return self.identities.doubts

    def histories(self) -> list[tuple[int, ...]]:
        """Indices of designs: made as one, then updated with those that follow it, up to each that was released."""
        count = len(self.designs) - 1
        return [tuple(range(first, last + 1)) for first in range(count) for last in range(first, count)]

    def history(self, indices: Sequence[int], *, small: bool = False, outer: str = "") -> History:
        """The releases of that history, with images as large as they may be, or `small` ones of a few sectors.

        `outer` is the pair that signs MCUboot's layer around updates of MCUboot, where it is an older one.
        """
        counted, slots = counter_told(self.designs[indices[0]])
        start = max(counted, 1)
        room = slots if slots is not None else len(indices) + SPARE_COUNTER_SLOTS
        made = [
            self._release(index, start + place, small=small, slots=room, outer=outer if place == len(indices) else "")
            for place, index in enumerate((*indices, len(self.designs) - 1))
        ]
        following = made[-1].as_number(start + len(made), f"the release after {made[-1].title}")
        return History(
            releases=tuple(made[:-1]), new=made[-1], following=following, counted=max(counted - 1, 0), small=small
        )

    def older_signer(self, indices: Sequence[int]) -> str:
        """The pair that signed the application in the field, where the release signs it with another; else empty."""
        images = [image for image in self.labels[-1] if image in self.labels[indices[-1]]]
        pairs = [(self.labels[indices[-1]][image][0], self.labels[-1][image][0]) for image in images]
        return next((old for old, new in reversed(pairs) if old != new), "")

    def _release(self, index: int, number: int, *, small: bool, slots: int, outer: str) -> Release:
        design = of_two_slots(_numbered(self.designs[index], number))
        labels = self.labels[index]
        factory = Factory(
            design,
            signers={image: signer for image, (signer, _) in labels.items()},
            trusted={image: trusted for image, (_, trusted) in labels.items()},
            payload={image.name: _payload(design, image, small=small) for image in design.images},
            counter_slots=slots,
            outer=outer,
            mode=upgrade_mode(design) if runs_in_place(design) else None,
        )
        return Release(number=number, title=self.titles[index], design=design, factory=factory)


def counter_told(design: Design) -> tuple[int, int | None]:
    """How many releases raised NSIB's counter in the field, and how many slots it has; None where nothing tells."""
    rules = [rule for rule in design.life.rules or () if rule.by == "nsib" and rule.slots is not None]
    return (rules[0].booted or 0, rules[0].slots) if rules else (0, None)


def mcuboot_counter(design: Design) -> Rule | None:
    """What is told of MCUboot's counter in hardware, where its room is told."""
    rules = [rule for rule in design.life.rules or () if rule.by == "mcuboot" and rule.slots is not None]
    return rules[0] if rules else None


def _payload(design: Design, image: Image, *, small: bool) -> int:
    """The size of the image's payload: as its file in the build says, or all that the slot allows."""
    offsets = [
        place.offset + BEHIND_KEY
        for key in design.keys
        for place in key.placements
        if isinstance(place, InImage) and place.image == image.name
    ]
    least = max([SMALL, *offsets])
    if small:
        return least
    start = design.partition(image.slots[0]).range.start
    sizes = [each.size for each in design.artifacts if each.at == start]
    return max(sizes[0] - design.soc.header - BEHIND_PAYLOAD, least) if sizes else 1 << 32


def _numbered(design: Design, number: int) -> Design:
    """Keys that a later release brings are brought by this one, whatever number its author gave it."""
    if not any(delivered_by(key) for key in design.keys):
        return design
    return replace(design, keys=tuple(_brought(key, number) for key in design.keys), releases=number + 1)


def _brought(key: Key, number: int) -> Key:
    places = tuple(
        replace(place, release=number) if isinstance(place, InImage) and (place.release or 1) > 1 else place
        for place in key.placements
    )
    return replace(key, placements=places)


def _told_apart(design: Design, before: Design) -> Design:
    """Secret keys of one name and two fingerprints are two keys."""
    old = {key.name: key for key in before.keys}
    return replace(design, keys=tuple(_renamed(key, old.get(key.name)) for key in design.keys))


def _renamed(key: Key, old: Key | None) -> Key:
    if old is None or not key.secret or not (key.fingerprint and old.fingerprint):
        return key
    return key if key.fingerprint == old.fingerprint else replace(key, name=f"{key.name} ({key.fingerprint[:8]})")
