"""The variables of one instant, and what each of their values means.

Whoever abstracts a concrete device into these variables needs this text alone. Values are strings,
or truth values where no list is given. A variable that is marked *if* exists only under that
condition; `Frame.variables` is the list.

`at`
    The mark, as SEMANTICS writes it: `b0.protect`, `app.run`, ... , `halted`. `off` is the first
    mark.
`region[i-j].secure`, `.read`, `.write`, `.execute`, `.locked`, `.tampered`
    The registers of flash regions i to j of the SPU (or of those that the brackets list;
    `Region.members` has the numbers), which no step of the design and no thing in its flash tells
    apart. While they all read alike, the fields are what they read and `tampered` is false.
    `secure` false: non-secure. After reset: true, true, true, true, false. When they do not,
    because hostile code has programmed some, `tampered` is true and the fields may be anything:
    whatever the attacker would like them to permit, they do. `tampered` covers every setting
    (see `instant.covers`).
    With other units i to j number cells (`Cells.edges`), and only the fields that the units have exist:
    ACL `.read` (and execute), `.write`; BPROT `.write`; RRAMC `.read`, `.write`, `.execute`, and with TF-M
    `.secure`, which is what the MPC says. A field is true while no entry, bit or region refuses it.
`entries` of `0`, `1`, ...
    How many entries of the unit are in use: of an ACL all that are; of the RRAMC 1 when region 4 is, else
    0; *if* a step of the design protects with such a unit.
`content[store]`
    What the store called so holds: `erased` (all bytes); `invalidated` (a genuine image but for
    NSIB's mark); `<image> <release>`, or `<image> <release> for <slot>` for an image with several
    slots: the owner's image, in a store of one part the owner's part; `crafted`: everything else,
    half-written, mixed and foreign things included. An image that is not updatable has release 1
    only. In the store of a slot only its own image (any release and variant) has a name; another
    image's bytes there are `crafted`. In staging every image has. Encrypted and plain staged bytes
    of a release have one name. Trailers are no part of the content.
`taken[image]`, a content
    For an image with several stores, what this boot takes it from, as a whole: the content of the
    `active` slot, `erased` while that is `none`; of parts the content that all have, `crafted` when
    they differ. It follows from the other variables, and `instant.values` computes it.
`request[image]` of `none`, `test`, `perm`, `revert`
    What the trailers ask MCUboot for at the next `boot_go` on `image`; *if* the image has a staging
    partition.
`midway[image]`
    Swap or copy between slot and staging of `image` was cut and waits to be completed; *if* the
    attacker cuts power and the image has a request. The contents of the pair are then still those
    from before it.
`active` of `none` and the slots
    The slot that NSIB took in this boot, `none` before it chose; *if* an image has several slots.
`counter` of `0`, `1`, ..., the number of releases, `above`
    NSIB's stored version; 0 before the first boot, `above` is any version that no release has;
    *if* a stage counts.
`provision` of `provisioned`, `crafted`, `erased`
    What NSIB's provision page holds; *if* it lies in flash. Counters that NSIB wrote leave it `provisioned`.
`patched[image]`
    The CPU fetches other words in place of the image's; *if* the flash patch unit is on.
`filled[key]`
    The KMU slots of a key that production left empty hold something; for each such key.
`published[image release]`, `published[image release for slot]`
    The update is in everybody's hands; for every release of an updatable image.
`knows[key]`
    The attacker has the value; *if* the key is secret, not published, and has a placement other
    than the host.
`delivered[key]`
    The KMU holds the value; *if* the key has slots there that a later release fills on its first run.
`erased_all`
    The probe erased the device; *if* the attacker has `debug` and the design has no erase
    protection. The port is open when it is set, or when the design leaves it open; there is no
    variable for it.

`carries[image key]`
    The updates of the image hold the value of the key. Nothing changes it, and `instant.values` computes it: it is a
    variable so that a proof names the placement as a fact that holds it up; for every secret key and updatable image.

What is shipped follows from what is published and carried, so there is no variable for it either.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, ChooseSlot, Image, Program, Protect, Stage, operation
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, InImage, InKmu, Key, Purpose
from bootverify.design.protection import UnitKind
from bootverify.encoder.cells import Cells, NotModelled, Store
from bootverify.encoder.region import Region, region
from bootverify.encoder.terms import (
    BOOL,
    Sort,
    Term,
    Value,
    and_,
    const,
    eq,
    false,
    member,
    not_,
    or_,
    true,
    var,
)
from bootverify.machine.content import Genuine

HALTED = "halted"
ERASED, CRAFTED, INVALIDATED = "erased", "crafted", "invalidated"
NO_SLOT = "none"
ABOVE = "above"
PROVISION = Sort("Provision", ("provisioned", "crafted", "erased"))
REQUEST = Sort("Request", ("none", "test", "perm", "revert"))


class Frame:
    """The variables that `design` has in the presence of `attacker`."""

    def __init__(self, design: Design, attacker: Attacker) -> None:
        self.design = design
        self.attacker = attacker
        self.cells = Cells(design)
        self.cuts = attacker.can(Capability.CUT_POWER)
        self.debugs = attacker.can(Capability.DEBUG)

    # -- marks

    @cached_property
    def marks(self) -> dict[str, tuple[str, ...]]:
        """The marks of each stage, in step order."""
        found = {}
        for stage in self.design.stages:
            seen: dict[str, int] = {}
            names = []
            for step in stage.steps:
                name = operation(step)
                seen[name] = seen.get(name, 0) + 1
                names.append(f"{stage.name}.{name}" + (str(seen[name]) if seen[name] > 1 else ""))
            if not names:
                raise NotModelled(f"stage `{stage.name}` has no steps")
            found[stage.name] = tuple(names)
        return found

    @cached_property
    def at(self) -> Term:
        """The mark."""
        return var("at", Sort("Mark", (*(mark for marks in self.marks.values() for mark in marks), HALTED)))

    @cached_property
    def first_mark(self) -> str:
        """Where every boot starts."""
        return self.marks[self.design.root.name][0]

    @cached_property
    def run_mark(self) -> str | None:
        """Where the running application stays; None when the chain ends before."""
        application = self.design.application
        return None if application is None else self.marks[application.name][-1]

    def at_mark(self, mark: str | None) -> Term:
        """The device is at `mark`; never, where there is no such mark."""
        return false() if mark is None else eq(self.at, mark)

    def at_stage(self, *stages: Stage) -> Term:
        """The device is at a mark of one of `stages`."""
        return member(self.at, [mark for stage in stages for mark in self.marks[stage.name]])

    def go(self, mark: str) -> Term:
        """The mark as a value of `at`."""
        return const(self.at.sort, mark)

    # -- hardware

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The registers of the flash regions, one for each group of `cells`."""
        soc = self.design.soc
        attributed = soc.attribution is not None and self.design.has_tfm
        return tuple(region(members, soc.guard.kind, attributed=attributed) for members in self.cells.groups)

    def regions_of(self, numbers: Iterable[int]) -> tuple[Region, ...]:
        """The registers that stand for the regions with these numbers."""
        groups = dict.fromkeys(self.cells.group_of[i] for i in numbers)
        return tuple(self.regions[group] for group in groups)

    @cached_property
    def active(self) -> Term | None:
        """The slot that NSIB took."""
        slots = [slot for image in self.design.images if len(image.slots) > 1 for slot in image.slots]
        return var("active", Sort("Slot", (NO_SLOT, *slots))) if slots else None

    def reset(self) -> dict[Term, Term]:
        """What every reset does."""
        updates = {self.at: self.go(self.first_mark)}
        for each in self.regions:
            updates.update({field: _truth(value) for field, value in each.start.items()})
            updates.update(self._boot_region(each))
        if self.entries is not None:
            updates[self.entries] = const(self.entries.sort, "0")
        if self.active is not None:
            updates[self.active] = const(self.active.sort, NO_SLOT)
        return updates

    @cached_property
    def entries(self) -> Term | None:
        """How many entries of the guard are in use, where they can run out."""
        guard = self.design.soc.guard
        if guard.kind in {UnitKind.SPU, UnitKind.BPROT}:
            return None
        most = guard.entries if guard.kind is UnitKind.ACL else 1
        steps = (step for stage in self.design.stages for step in stage.steps)
        if not any(isinstance(step, Protect) for step in steps):
            return None
        return var("entries", Sort("Entries", tuple(str(number) for number in range(most + 1))))

    def _boot_region(self, each: Region) -> dict[Term, Term]:
        """Hardware loads the boot region at reset, while UICR holds its setting (soc.md 2.4)."""
        if each.members[0] not in self.cells.boot_cells:
            return {}
        return {each.write: self.erased_all}

    @cached_property
    def counter(self) -> Term | None:
        """NSIB's stored version."""
        if not any(
            isinstance(step, ChooseSlot) and step.counter for stage in self.design.stages for step in stage.steps
        ):
            return None
        numbers = (str(number) for number in range(self.design.releases + 1))
        return var("counter", Sort("Version", (*numbers, ABOVE)))

    @cached_property
    def erased_all(self) -> Term:
        """The probe erased the device."""
        return var("erased_all") if self.debugs and not self.design.lifecycle.eraseprotect else false()

    # -- what NSIB trusts, what the CPU fetches

    @cached_property
    def provision_page(self) -> str | None:
        """The partition whose first page holds NSIB's key hashes and counters; None where OTP words do."""
        steps = (step for stage in self.design.stages for step in stage.steps)
        names = [step.provision for step in steps if isinstance(step, ChooseSlot) and step.provision is not None]
        if len(names) > 1:
            raise NotModelled("two stages choose slots by provision pages of their own")
        return names[0] if names else None

    @cached_property
    def provision(self) -> Term | None:
        """What the provision page holds."""
        return None if self.provision_page is None else var("provision", PROVISION)

    @property
    def provisioned(self) -> Term:
        """NSIB trusts what production gave it."""
        kept = not_(self.erased_all)
        return kept if self.provision is None else and_(kept, eq(self.provision, "provisioned"))

    def misled(self, image: Image) -> Term:
        """NSIB starts `image` by data of the attacker's: his key counts then, and he names the addresses."""
        starter = None if image.verified_by is None else self.design.stage(image.verified_by)
        if self.provision is None or starter is None or starter.program is not Program.NSIB:
            return false()
        return eq(self.provision, "crafted")

    @cached_property
    def patches(self) -> dict[str, Term]:
        """Whether the CPU fetches other words in place of each image's."""
        images = self.design.images if self.design.lifecycle.flash_patch else ()
        return {image.name: var(f"patched[{image.name}]") for image in images}

    def patched(self, image: str) -> Term:
        """What the CPU fetches is not what lies in the slots of `image`."""
        return self.patches.get(image, false())

    @cached_property
    def fillings(self) -> dict[str, Term]:
        """Whether the attacker's key stands in KMU slots that a bootloader consults and nobody filled, by key."""
        return {key.name: var(f"filled[{key.name}]") for key in self.design.keys if key.empty}

    def filled(self, image: Image) -> Term:
        """A key of the attacker's verifies `image`: an empty generation was filled."""
        by_key = [self.fillings[key.name] for key in self.design.keys if key.empty and _verifies(key, image)]
        return or_(*by_key)

    # -- contents

    def releases(self, image: Image) -> range:
        """The releases of `image` that exist."""
        return range(1, (self.design.releases if image.updatable else 1) + 1)

    def variants(self, image: Image) -> tuple[str, ...]:
        """The slots that `image` is built for by name; a nameless one where there is one slot."""
        return image.slots if len(image.slots) > 1 else ("",)

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
        return self.named(image.name, releases=(1,), slot=image.slots[0] if len(image.slots) > 1 else "")[0]

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
    def requests(self) -> dict[str, Term]:
        """What the trailers ask for, by image."""
        return {image: var(f"request[{image}]", REQUEST) for image in self.installs}

    def midway(self, image: str) -> Term:
        """The swap of `image` was cut and is not completed."""
        return var(f"midway[{image}]") if self.cuts and image in self.requests else false()

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
            and_(
                self.midway(image),
                or_(*(member(self.content(each), values) for each in self._pair_names(image))),
            )
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

    # -- knowledge

    @cached_property
    def knowledge(self) -> dict[str, Term]:
        """Whether the attacker has the value of each secret that he could come by."""
        return {key.name: var(f"knows[{key.name}]") for key in self.design.keys if _exposed(key)}

    @cached_property
    def delivered(self) -> dict[str, Term]:
        """Whether the KMU holds each key that a later release brings."""
        return {key.name: var(f"delivered[{key.name}]") for key in self.design.keys if _comes_later(key)}

    def in_kmu(self, key: Key) -> Term:
        """The slots that `key` has in the KMU hold its value, or what somebody put into empty ones."""
        if key.name in self.fillings:
            return self.fillings[key.name]
        return self.delivered.get(key.name, not_(self.erased_all))

    def knows(self, key: Key) -> Term:
        """The attacker has the secret value of `key`."""
        return _truth(key.published) if key.published else self.knowledge.get(key.name, false())

    # -- all of it

    @cached_property
    def variables(self) -> tuple[Term, ...]:
        """Every variable, the location first."""
        optional = (self.active, self.counter, self.entries, self.provision)
        singles = [each for each in optional if each is not None]
        if self.erased_all is not false():
            singles.append(self.erased_all)
        midways = [self.midway(image) for image in self.requests] if self.cuts else []
        return (
            self.at,
            *singles,
            *self._contents.values(),
            *self.takings.values(),
            *self.requests.values(),
            *midways,
            *self.patches.values(),
            *self.fillings.values(),
            *self.published.values(),
            *self.knowledge.values(),
            *self.delivered.values(),
            *self.carried.values(),
            *(field for each in self.regions for field in each.variables),
        )

    @cached_property
    def init(self) -> Mapping[Term, tuple[Value, ...]]:
        """The factory state at the first mark."""
        start: dict[Term, tuple[Value, ...]] = {}
        for variable in self.variables:
            start[variable] = (False,) if variable.sort is BOOL else (variable.sort.values[0],)
        start[self.at] = (self.first_mark,)
        for store in self.cells.stores.values():
            start[self.content(store)] = (self.factory(store),)
        for name, taken in self.takings.items():
            several = len(self.design.image(name).slots) > 1
            start[taken] = (ERASED if several else self.factory(self.cells.of_image(name)[0]),)
        for (image, key), carries in self.carried.items():
            start[carries] = (bool(self.places_in(self.design.key(key), image)),)
        for each in self.regions:
            start.update({field: (value,) for field, value in each.start.items()})
            if each.members[0] in self.cells.boot_cells:
                start[each.write] = (False,)
        return start


def _verifies(key: Key, image: Image) -> bool:
    return any(use.purpose is Purpose.VERIFY and use.image == image.name for use in key.uses)


def _exposed(key: Key) -> bool:
    return key.secret and not key.published and any(not isinstance(place, HostOnly) for place in key.placements)


def _comes_later(key: Key) -> bool:
    """Production cannot have filled its slots: the images that carry it are later releases."""
    releases = [place.release for place in key.placements if isinstance(place, InImage)]
    in_kmu = any(isinstance(place, InKmu) for place in key.placements)
    return in_kmu and bool(releases) and all(release is not None and release > 1 for release in releases)


def _truth(value: bool) -> Term:
    return true() if value else not_(true())
