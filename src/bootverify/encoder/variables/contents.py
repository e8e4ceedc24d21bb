"""The variables of one instant that tell what stores hold and which updates are on their way.

What each of them means stands in `frame`.
"""

from collections.abc import Iterable
from functools import cached_property

from bootverify.design.attacker import Capability
from bootverify.design.boot import BootGo, EncryptionType, Image, Stage, UpgradeMode
from bootverify.design.keys import InImage, Key
from bootverify.design.life import Recovery
from bootverify.encoder.logic.terms import Sort, Term, and_, const, false, member, or_, var
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.hardware import HardwareFrame
from bootverify.machine.content import Genuine

ERASED, CRAFTED, INVALIDATED = "erased", "crafted", "invalidated"
REQUEST = Sort("Request", ("none", "test", "perm", "revert"))


class ContentFrame(HardwareFrame):
    """The contents of the stores, and the updates, beside what hardware holds."""

    # -- contents

    def releases(self, image: Image) -> range:
        """The releases of `image` that exist."""
        return range(1, (self.design.releases if image.updatable else 1) + 1)

    def variants(self, image: Image) -> tuple[str, ...]:
        """The slots that `image` is built for by name; a nameless one where one build serves."""
        return self.design.variants(image)

    @cached_property
    def genuine(self) -> dict[str, Genuine]:
        """What the owner made, by the name of its content."""
        made = (
            Genuine(image.name, release, slot)
            for image in self.design.images
            for release in self.releases(image)
            for slot in self.variants(image)
        )
        return {str(each): each for each in made}

    def named(self, image: str, *, releases: Iterable[int] | None = None, slot: str | None = None) -> tuple[str, ...]:
        """The contents that are `image`, of the given releases and variant, or of all."""
        wanted = None if releases is None else set(releases)
        return tuple(
            name
            for name, each in self.genuine.items()
            if each.image == image and (wanted is None or each.release in wanted) and slot in (None, each.slot)
        )

    @cached_property
    def content_sort(self) -> Sort:
        """The sort of all contents, so that a copy is an assignment."""
        return Sort("Content", (ERASED, CRAFTED, INVALIDATED, *self.genuine))

    @cached_property
    def _contents(self) -> dict[str, Term]:
        return {name: var(f"content[{name}]", self.content_sort) for name in self.cells.stores}

    def content(self, store: Store | str) -> Term:
        """What `store` holds."""
        return self._contents[store if isinstance(store, str) else store.name]

    def is_content(self, value: str) -> Term:
        """The content as a value."""
        return const(self.content_sort, value)

    def factory(self, store: Store) -> str:
        """The content of `store` when the device leaves production."""
        if not store.image:
            return ERASED
        image = self.design.image(store.image)
        if store.slot != image.slots[0]:
            return ERASED
        return self.named(image.name, releases=(1,), slot=self.variants(image)[0])[0]

    @cached_property
    def takings(self) -> dict[str, Term]:
        """The variables that tell it of images with several stores."""
        stores = {image.name: self.cells.of_image(image.name) for image in self.design.images}
        return {name: var(f"taken[{name}]", self.content_sort) for name, each in stores.items() if len(each) > 1}

    def taken(self, image: str) -> Term:
        """What this boot takes `image` from, as one content."""
        found = self.takings.get(image)
        return self.content(self.cells.of_image(image)[0]) if found is None else found

    # -- updates

    @cached_property
    def installs(self) -> dict[str, tuple[Stage, BootGo]]:
        """The stage and step that install updates of an image, by image."""
        found: dict[str, tuple[Stage, BootGo]] = {}
        for stage in self.design.stages:
            for step in stage.steps:
                if isinstance(step, BootGo) and self.design.image(step.image).staging is not None:
                    if step.image in found:
                        raise NotModelled(f"image `{step.image}` is installed by two steps")
                    found[step.image] = (stage, step)
        return found

    @cached_property
    def ports(self) -> dict[str, tuple[Stage, str]]:
        """The images that he uploads by cable: through the open recovery port of which stage, and at which mark."""
        if not self.attacker.can(Capability.USE_CABLE) or self.design.life.recovery is not Recovery.OPEN:
            return {}
        return {
            step.image: (stage, mark)
            for stage in self.design.stages
            for step, mark in zip(stage.steps, self.marks[stage.name], strict=True)
            if isinstance(step, BootGo)
        }

    @cached_property
    def requests(self) -> dict[str, Term]:
        """What the trailers ask for, by image."""
        return {image: var(f"request[{image}]", REQUEST) for image in self.installs}

    @cached_property
    def in_place(self) -> dict[str, BootGo]:
        """The steps that start an image from either of its slots, by image."""
        steps = {image.name: self.design.started_in_place(image) for image in self.design.images}
        return {image: step for image, step in steps.items() if step is not None}

    @cached_property
    def standings(self) -> dict[str, Term]:
        """What the trailer of each slot says of the image in it, where MCUboot starts images in place and reverts."""
        images = [name for name, step in self.in_place.items() if step.revert]
        slots = [slot for name in images for slot in self.design.image(name).slots]
        return {slot: var(f"standing[{slot}]", REQUEST) for slot in slots}

    def loads(self, image: str) -> bool:
        """What this boot takes `image` from is a copy in RAM."""
        return image in self.in_place and self.in_place[image].mode is UpgradeMode.RAM_LOAD

    @cached_property
    def unshifted(self) -> dict[str, Term]:
        """What is staged for an image begins where its partition does, and not where swap using offset reads it."""
        images = [name for name, (_, step) in self.installs.items() if step.mode is UpgradeMode.SWAP_OFFSET]
        return {name: var(f"unshifted[{name}]") for name in images}

    @cached_property
    def bare(self) -> dict[str, tuple[Term, Term]]:
        """Whether what the slot of an image holds, and what is staged for it, is as production programmed it.

        Where that is told to lack what has a swap encrypt it, and MCUboot swaps encrypted images.
        """
        told = self.design.life.factory_image == "signed"
        return {
            image.name: (var(f"bare[{image.name}]"), var(f"bare[{image.staging}]"))
            for image in (self._swapped_encrypted if told else ())
        }

    @cached_property
    def left_open(self) -> dict[str, Term]:
        """Whether a swap may have taken something of an image out that nobody encrypted, or with a key of his."""
        images = self._swapped_encrypted if self.makes else ()
        return {image.name: var(f"left_open[{image.name}]") for image in images}

    @cached_property
    def status_read(self) -> dict[str, Term]:
        """Whether he has read where swaps of an image note image keys: in clear, unless it is told otherwise."""
        images = [] if self.design.keeps_image_keys_wrapped else self._swapped_encrypted
        return {image.name: var(f"status_read[{image.name}]") for image in images}

    @cached_property
    def untold(self) -> tuple[Term, ...]:
        """Of which no byte tells."""
        return (*self.left_open.values(), *self.status_read.values())

    @cached_property
    def _swapped_encrypted(self) -> list[Image]:
        images = [self.design.image(name) for name, (_, step) in self.installs.items() if step.mode.swaps]
        return [image for image in images if image.encryption is not EncryptionType.NONE]

    def staged_bare(self, image: str) -> Term:
        """What is staged for `image`, or half of it in the middle of a swap, is as production programmed it."""
        slot, staged = self.bare.get(image, (false(), false()))
        return or_(staged, and_(self.midway(image), slot))

    def told_of_other_half(self, image: str, store: Store) -> tuple[Term, ...]:
        """What is told of the half of the pair that `store` is no part of, beside its content."""
        parts, _ = self.pair(image)
        bare = self.bare.get(image, ())
        if store not in parts:
            return bare[:1]
        return (*bare[1:], *([self.unshifted[image]] if image in self.unshifted else []))

    def midway(self, image: str) -> Term:
        """The swap of `image` was cut and is not completed."""
        return var(f"midway[{image}]") if self.cuts and image in self.requests else false()

    def mixed(self, image: str) -> Term:
        """Somebody wrote to the pair of `image`, or to its trailers, while it was midway."""
        writes = bool(self.attacker.capabilities - {Capability.CUT_POWER})
        return var(f"mixed[{image}]") if writes and self.midway(image) is not false() else false()

    @property
    def halfway(self) -> tuple[Term, ...]:
        """What tells of swaps and copies that were cut, for all images."""
        told = (each(image) for image in self.requests for each in (self.midway, self.mixed))
        return tuple(each for each in told if each is not false())

    def settles(self, image: str) -> dict[Term, Term]:
        """The updates after which nothing of the pair waits to be completed."""
        return {each: false() for each in (self.midway(image), self.mixed(image)) if each is not false()}

    def disturbs(self, image: str) -> dict[Term, Term]:
        """The updates of a write to the pair, or to its trailers."""
        mixed = self.mixed(image)
        return {} if mixed is false() else {mixed: or_(mixed, self.midway(image))}

    def pair(self, image: str) -> tuple[tuple[Store, ...], Store | None]:
        """The stores of the slot of `image`, and its staging."""
        staging = self.design.image(image).staging
        return self.cells.of_image(image), None if staging is None else self.cells.stores[staging]

    def torn(self, store: Store | str) -> Term:
        """`store` is half of a pair that is midway, so its content has no name."""
        name = store if isinstance(store, str) else store.name
        return or_(*(self.midway(image) for image in self.installs if name in self._pair_names(image)))

    def may_hold(self, store: Store | str, *values: str) -> Term:
        """`store` holds one of `values`, or is midway in a pair of which a half does."""
        name = store if isinstance(store, str) else store.name
        held = member(self.content(name), values)
        others = [
            and_(self.midway(image), or_(*(member(self.content(each), values) for each in self._pair_names(image))))
            for image in self.installs
            if name in self._pair_names(image)
        ]
        return or_(held, *others)

    def _pair_names(self, image: str) -> tuple[str, ...]:
        stores, staging = self.pair(image)
        return tuple(store.name for store in (*stores, *([staging] if staging else [])))

    @cached_property
    def published(self) -> dict[str, Term]:
        """Whether each update is in everybody's hands, by the name of its content."""
        return {
            name: var(f"published[{name}]")
            for name, each in self.genuine.items()
            if self.design.image(each.image).updatable
        }

    @cached_property
    def carried(self) -> dict[tuple[str, str], Term]:
        """Whether updates of an image hold a secret key, by the names of the two."""
        images = [image.name for image in self.design.images if image.updatable]
        keys = [key.name for key in self.design.keys if key.secret]
        return {(image, key): var(f"carries[{image} {key}]") for image in images for key in keys}

    def places_in(self, key: Key, image: str) -> tuple[str, ...]:
        """The releases of `image`, by the names of their contents, whose bytes hold `key`."""
        names: list[str] = []
        for place in key.placements:
            if isinstance(place, InImage) and place.image == image:
                names += self.named(image, releases=None if place.release is None else (place.release,))
        return tuple(dict.fromkeys(names))
