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
    For an image with several stores, what this boot takes it from, as a whole: the content of its
    `active` slot, `erased` while that is `none`; of parts the content that all have, `crafted` when
    they differ. It follows from the other variables, and `instant.values` computes it; but of an image that is
    loaded to RAM it is what was copied there in this boot, whatever becomes of the slot.
`request[image]` of `none`, `test`, `perm`, `revert`
    What the trailers ask MCUboot for at the next `boot_go` on `image`; *if* the image has a staging
    partition.
`standing[slot]` of `none`, `test`, `perm`, `revert`
    What the trailer of the slot says: nobody asked for the image in it, it waits for its one start, it is
    confirmed, it has had its start. *If* MCUboot starts images from either slot and reverts.
`unshifted[image]`
    The release that is staged begins where the staging partition does, as a swap leaves what it takes out; false where
    no release is staged. *If* the image is swapped using offset, which takes an update from one sector higher.
`bare[image]`, `bare[staging]`
    The release in the slot of the image, or staged for it, is as production programmed it, so that a swap leaves it in
    clear; *if* that is told of production, and MCUboot swaps encrypted images.
`left_open[image]`
    A swap may have taken something of the image out that nobody encrypted, or so that the attacker opens it: header or
    TLVs in the slot were his; *if* MCUboot swaps encrypted images, and he can place bytes. No byte tells.
`status_read[image]`
    The attacker has read the end of a slot of the image, where a swap notes the keys of both images in clear: which
    these are, no byte tells; *if* MCUboot swaps encrypted images, and is not told to keep the wrapped keys.
`midway[image]`
    Swap or copy between slot and staging of `image` was cut and waits to be completed; *if* the
    attacker cuts power and the image has a request. The contents of the pair are then still those
    from before it.
`mixed[image]`
    Somebody wrote to a pair that was midway, or to its trailers, which keep the record of progress: what boots make of
    it nobody can tell; *if* the attacker can do more than cut power.
`active[image]` of `none` and its slots
    The slot that NSIB, or MCUboot in place, took in this boot, `none` before that; *if* the image has several slots.
`counter` of `0`, `1`, ..., the number of releases, `above`
    NSIB's stored version; 0 before the first boot, `above` is any version that no release has;
    *if* a stage counts.
`room` of `0`, `1`, ...
    How many values NSIB's counter still takes; *if* it is told how many slots it has.
`stored[image]`, `stored room[image]`
    The security counter that MCUboot's hardware keeps for the image, `above` for any that no release has, and how many
    higher ones it still takes; *if* a step compares it, *if* it is told how many slots it has.
`kept[image n]`
    A release of the image, n or later, was running while no swap waited to take it back or to change it; *if* somebody
    asks for what has been, for each later release of an updatable image.
`provision` of `provisioned`, `crafted`, `erased`
    What NSIB's provision page holds; *if* it lies in flash. Counters that NSIB wrote leave it `provisioned`.
`patched[image]`
    The CPU fetches other words in place of the image's; *if* the flash patch unit is on.
`spoiled[scratch]`
    The attacker has written to the scratch area at some time; for each one through which images are swapped.
`filled[key]`
    The KMU slots of a key that production left empty hold something; for each such key.
`published[image release]`, `published[image release for slot]`
    The update is in everybody's hands; for every release of an updatable image.
`knows[key]`
    The attacker has the value; *if* the key is secret, not published, and has a placement other
    than the host.
`clear[image release]`, `clear[image release for slot]`, `clear[part of image release]`
    The attacker was shown all that the release puts into a slot, or into that part of one, as it lies there; for each
    release of an image whose updates are encrypted, unless it lies encrypted in its slots, too.
`shown[image]`, `shown[part]`
    The attacker has read some code of the image, or of that part of one, in clear, of whatever release; *if* there is a
    `clear` of it.
`delivered[key]`
    The KMU holds the value; *if* the key has slots there that a later release fills on its first run.
`erased_all`
    The probe erased the device; *if* the attacker has `debug` and the design has no erase
    protection. The port is open when it is set, or when the design leaves it open; there is no
    variable for it.

`carries[image key]`
    The updates of the image hold the value of the key. Nothing changes it, and `instant.values` computes it: it is a
    variable so that a proof names the placement as a fact that holds it up; for every secret key and updatable image.

The network core has variables of its own, where the design tells enough of it (`second_core.SecondCore`).

What is shipped follows from what is published and carried, so there is no variable for it either.
"""

from collections.abc import Mapping
from functools import cached_property

from bootverify.design.boot import ChooseSlot, EncryptionType, Image, Program
from bootverify.design.keys import HostOnly, InImage, InKmu, Key, Purpose
from bootverify.encoder.logic.terms import BOOL, Sort, Term, Value, and_, eq, false, not_, or_, var
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.contents import ERASED
from bootverify.encoder.variables.hardware import truth
from bootverify.encoder.variables.rollback import RollbackFrame
from bootverify.encoder.variables.second_core import SecondCore, untold

PROVISION = Sort("Provision", ("provisioned", "crafted", "erased"))


class Frame(RollbackFrame):
    """The variables that `design` has in the presence of `attacker`."""

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
        # The unit answers in place of code memory, not of RAM (ARMv7-M, Flash Patch and Breakpoint unit).
        return {image.name: var(f"patched[{image.name}]") for image in images if not self.loads(image.name)}

    def patched(self, image: str) -> Term:
        """What the CPU fetches is not what lies in the slots of `image`, or of the stage that loads it to RAM."""
        loader = self.design.image(image).verified_by if self.loads(image) else None
        return self.patches.get(image if loader is None else self.design.stage(loader).image, false())

    @cached_property
    def fillings(self) -> dict[str, Term]:
        """Whether the attacker's key stands in KMU slots that a bootloader consults and secure code fills, by key."""
        return {key.name: var(f"filled[{key.name}]") for key in self.design.keys if key.fillable}

    def filled(self, image: Image) -> Term:
        """A key of the attacker's verifies `image`: a generation was filled with it."""
        by_key = [self.fillings[key.name] for key in self.design.keys if key.fillable and _verifies(key, image)]
        return or_(*by_key)

    @cached_property
    def spoiled(self) -> dict[str, Term]:
        """Whether the attacker has written to each scratch area, by its partition."""
        names = {step.scratch: None for _, step in self.installs.values() if step.scratch is not None}
        return {name: var(f"spoiled[{name}]") for name in names}

    # -- the network core

    @cached_property
    def second(self) -> SecondCore | None:
        """The variables of the network core; None where too little is told of it, or there is none."""
        return (
            SecondCore(self.design, self.cells, history=self.history)
            if self.design.network and not untold(self.design)
            else None
        )

    def reset(self) -> dict[Term, Term]:
        """What every reset does, to both cores."""
        return {**super().reset(), **(self.second.reset if self.second is not None else {})}

    # -- knowledge

    @cached_property
    def knowledge(self) -> dict[str, Term]:
        """Whether the attacker has the value of each secret that he could come by."""
        return {key.name: var(f"knows[{key.name}]") for key in self.design.keys if _exposed(key)}

    def clear_in(self, store: Store) -> dict[str, Term]:
        """Whether he was shown what each release puts into `store`, by its name; empty where nobody keeps it from him.

        Slots of one image have the same releases; of parts each is shown alone.
        """
        if not self._hides(store):
            return {}
        part = f"{store.name} of " if self._is_part(store) else ""
        return {name: var(f"clear[{part}{name}]") for name in self.named(store.image)}

    @cached_property
    def clear(self) -> tuple[Term, ...]:
        """All that `clear_in` tells of."""
        every = (each for store in self.cells.stores.values() for each in self.clear_in(store).values())
        return tuple(dict.fromkeys(every))

    @cached_property
    def shown(self) -> dict[str, Term]:
        """Whether he has read some code of what each store holds, by store; slots of one image count as one."""
        hiding = [store for store in self.cells.stores.values() if self._hides(store)]
        return {store.name: var(f"shown[{store.name if self._is_part(store) else store.image}]") for store in hiding}

    def _hides(self, store: Store) -> bool:
        """What `store` holds in clear is shipped encrypted."""
        encrypted = store.image and self.design.image(store.image).encryption is not EncryptionType.NONE
        return bool(encrypted) and store.image not in self.in_place

    def _is_part(self, store: Store) -> bool:
        return len(self.design.stages_of(store.image)) > 1

    @cached_property
    def delivered(self) -> dict[str, Term]:
        """Whether the KMU holds each key that a later release brings."""
        return {key.name: var(f"delivered[{key.name}]") for key in self.design.keys if _comes_later(key)}

    def in_kmu(self, key: Key) -> Term:
        """The slots that `key` has in the KMU hold its value, or what somebody put there."""
        left = false() if key.empty else self.delivered.get(key.name, not_(self.erased_all))
        return or_(left, self.fillings.get(key.name, false()))

    def knows(self, key: Key) -> Term:
        """The attacker has the secret value of `key`."""
        return truth(key.published) if key.published else self.knowledge.get(key.name, false())

    # -- all of it

    @cached_property
    def variables(self) -> tuple[Term, ...]:
        """Every variable, the location first."""
        optional = (self.counter, self.room, self.entries, self.provision)
        singles = [each for each in optional if each is not None]
        if self.erased_all is not false():
            singles.append(self.erased_all)
        return (
            self.at,
            *self.active.values(),
            *singles,
            *self._contents.values(),
            *self.takings.values(),
            *self.requests.values(),
            *self.standings.values(),
            *self.unshifted.values(),
            *(each for pair in self.bare.values() for each in pair),
            *self.untold,
            *self.halfway,
            *self.patches.values(),
            *self.spoiled.values(),
            *self.fillings.values(),
            *self.published.values(),
            *self.knowledge.values(),
            *self.clear,
            *dict.fromkeys(self.shown.values()),
            *self.delivered.values(),
            *self.stored.values(),
            *self.stored_room.values(),
            *self.kept.values(),
            *self.carried.values(),
            *(self.second.variables if self.second is not None else ()),
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
        start |= {slot: (True,) for slot, _ in self.bare.values()}
        firsts = {self.design.image(name).slots[0] for name in self.in_place}
        for slot, standing in self.standings.items():
            start[standing] = ("perm" if slot in firsts else "none",)
        for (image, key), carries in self.carried.items():
            start[carries] = (bool(self.places_in(self.design.key(key), image)),)
        for counter, value in self.rollback_start().items():
            start[counter] = (value.value,)
        if self.room is not None:
            start[self.room] = (self.room.sort.values[-1],)
        if self.second is not None:
            start |= self.second.init
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
