"""The predicates of claims as terms: one function a name of the table in SEMANTICS."""

from bootverify.design.attacker import Capability
from bootverify.design.boot import ChooseSlot, Image, Stage, UpgradeMode
from bootverify.design.keys import InImage, Key
from bootverify.design.memory import Partition
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Access, Attribution
from bootverify.encoder.knowledge import forgeable, kmu_slots
from bootverify.encoder.knowledge import shipped as shipped_in
from bootverify.encoder.logic.terms import Term, and_, eq, false, member, not_, or_, true
from bootverify.encoder.moves.access import Initiator, Reach
from bootverify.encoder.moves.second_core import feeds, reaches_over, writes
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.second_core import SecondCore, untold


class Predicates:
    """What claims may ask of an instant of `frame`."""

    def __init__(self, frame: Frame, reach: Reach) -> None:
        self.frame = frame
        self.reach = reach

    def intact(self, stage: Stage) -> Term:
        """True iff every store of the stage's image holds what was provisioned, and what it trusts does."""
        frame = self.frame
        kept = [
            and_(eq(frame.content(store), frame.factory(store)), not_(frame.torn(store)))
            for store in frame.cells.of_image(stage.image)
        ]
        page = frame.provision if any(isinstance(step, ChooseSlot) for step in stage.steps) else None
        trusted = true() if page is None else eq(page, "provisioned")
        started = [image for image in frame.design.images if image.verified_by == stage.name]
        empty = [not_(frame.filled(image)) for image in started]
        return and_(*kept, trusted, *empty, not_(frame.patched(stage.image)))

    def of_network(self, predicate: str, stage: NetworkStage) -> Term:
        """True iff the predicate called so is true of a program of the network core.

        Raises:
            NotModelled: too little is told of that core, or a probe or the cable of a port reaches it.
        """
        frame, core = self.frame, self.frame.second
        if core is None:
            raise NotModelled(untold(frame.design))
        if frame.debugs or frame.ports:
            raise NotModelled("what a probe, or the cable of a recovery port, does to the network core")
        match predicate:
            case "running":
                return core.started
            case "authentic":
                return core.locked if stage.boots else member(core.runs, core.names)
            case "intact":
                return core.as_made if stage.boots else eq(core.slot, core.names[0])
            case "writable":
                return self._writable_there(core, stage)
            case "older":
                return false() if stage.boots else self._older_there(core)
            case _:
                raise TypeError(f"no predicate `{predicate}` of the network core")

    def _older_there(self, core: SecondCore) -> Term:
        """MCUboot, which compares an update with version 0.0.0, refuses none; if it asks b0n, that is another matter.

        Raises:
            NotModelled: it compares, and asks b0n (pcd_version_cmp_net), or it is not told whether it does; or a rule
                is told that may be meant for that core.
        """
        rules = self.frame.design.life.rules or ()
        if any(rule.image in {"", core.application.name} for rule in rules):
            raise NotModelled(f"a rule against older images that `{core.application.name}` may be meant by")
        step, asks = core.fed.step, core.application.version_read
        if step is not None and step.prevent_downgrade and asks is not False:
            told = "what MCUboot makes of" if asks else "whether MCUboot asks for"
            raise NotModelled(f"{told} the version that the network core holds")
        return core.older

    def _writable_there(self, core: SecondCore, stage: NetworkStage) -> Term:
        """By code there; or by a command to b0n, which copies where it is told, but over itself where it is locked."""
        frame = self.frame
        fed = feeds(frame, core, self.reach)
        if stage.boots and core.some(stage) is not true():
            fed = false()
        return or_(writes(frame, core, stage), and_(fed, core.as_made))

    def starting(self, image: Image) -> Term:
        """True iff the mark is the first of the image's first stage."""
        return self.frame.at_mark(self.frame.marks[self.frame.design.stages_of(image.name)[0].name][0])

    def running(self, image: Image) -> Term:
        """True iff the mark is any of one of its stages."""
        return self.frame.at_stage(*self.frame.design.stages_of(image.name))

    def authentic(self, image: Image) -> Term:
        """True iff what this boot took it from is the owner's, all parts of one release."""
        frame = self.frame
        genuine = self._taken_from(image, frame.named(image.name))
        return and_(genuine, not_(frame.patched(image.name)), not_(frame.misled(image)))

    def writable(self, image: Image) -> Term:
        """True iff the attacker can change a byte of a slot of `image` now, by code or by probe."""
        self._none_over_there()
        extents = [self.frame.cells.whole(slot) for slot in image.slots]
        return or_(*(self.reach.some(extent, Access.WRITE, self.reach.anyone) for extent in extents))

    def exposed(self, partition: Partition) -> Term:
        """True iff non-secure code runs and can read or write a byte of `partition`, by CPU or by other bus masters."""
        frame = self.frame
        stages = [stage for stage in frame.design.stages if stage.attribution is Attribution.NON_SECURE]
        running = frame.at_stage(*stages) if stages else false()
        by = Initiator(secure=false(), non_secure=true())
        extent = frame.cells.whole(partition.name)
        reached = [self.reach.some(extent, access, by) for access in (Access.READ, Access.WRITE)]
        return and_(running, or_(*reached))

    def knows(self, key: Key) -> Term:
        """True iff the value is in the attacker's hands."""
        self._here(key)
        return self.frame.knows(key)

    def shown(self, thing: Stage | Image) -> Term:
        """True iff the attacker has read some code of the image in clear; of a stage that shares one, of its part.

        Raises:
            NotModelled: nothing keeps it from anybody, or what his own code reads has no moves.
        """
        frame, image = self.frame, self._image_of(thing)
        stores = frame.cells.of_image(image.name) if isinstance(thing, Image) else frame.cells.of_stage(thing)
        if any(store.name not in frame.shown for store in stores):
            raise NotModelled(f"who reads `{image.name}`, of which updates keep nothing, or which starts in place")
        if frame.attacker.can(Capability.RUN_SECURE_PARTITION) and frame.design.isolation_level > 1:
            raise NotModelled("which code of its own an unprivileged partition reads")
        self._none_over_there()
        return or_(*(frame.shown[store.name] for store in stores))

    def surely_hidden(self, thing: Stage | Image) -> None:
        """Raises NotModelled where there are ways without moves in which the image, or the part of it, may be shown.

        MCUboot's swap status has the image key in clear where it is not told to keep it wrapped; that lies in the
        scratch area for a while. Of swap using offset nothing tells what it leaves outside.
        """
        frame, image = self.frame, self._image_of(thing)
        if frame.design.life.clear_release and image.verified_by is not None:
            raise NotModelled(f"who has the release of `{image.name}` that was shipped in clear")
        _, step = frame.installs.get(image.name, (None, None))
        if step is None or not step.mode.swaps:
            return
        places = (image.staging, step.scratch)
        waits, passes = (each is not None and not frame.cells.whole(each).guarded for each in places)
        told = step.mode is not UpgradeMode.SWAP_OFFSET and bool(frame.design.life.factory_image)
        if passes or (waits and not told):
            raise NotModelled(f"what a swap leaves of `{image.name}` outside the chip")

    def _image_of(self, thing: Stage | Image) -> Image:
        return thing if isinstance(thing, Image) else self.frame.design.image(thing.image)

    def usable(self, key: Key) -> Term:
        """True iff he knows it, or controls secure code or the secure port while it is in the KMU."""
        self._none_over_there()
        self._here(key)
        in_kmu = [and_(self.reach.anyone.secure, self.frame.in_kmu(key))] if kmu_slots(key) else []
        return or_(self.frame.knows(key), *in_kmu)

    def shipped(self, key: Key) -> Term:
        """True iff the value is part of a published update."""
        self._here(key)
        return or_(*(shipped_in(self.frame, key, image.name) for image in self.frame.design.images))

    def carried(self, key: Key, image: Image) -> Term:
        """True iff the value is part of a published update of `image`."""
        return shipped_in(self.frame, key, image.name)

    def renewed(self, key: Key) -> Term:
        """True iff an image that carries the key runs in a release later than the factory's."""
        images = {place.image: None for place in key.placements if isinstance(place, InImage)}
        found = []
        for name in images:
            image = self.frame.design.image(name)
            later = [each for each in self.frame.named(name) if self.frame.genuine[each].release > 1]
            found.append(and_(self.running(image), self.authentic(image), self._taken_from(image, tuple(later))))
        return or_(*found)

    def older(self, image: Image) -> Term:
        """True iff its first stage is about to run in a release below one that was kept.

        Raises:
            NotModelled: the history of the image cannot be told; or anybody signs, and a rule compares what an image
                says of itself, which a crafted content does not tell.
        """
        frame = self.frame
        frame.told_apart(image)
        if frame.ruled(image) and forgeable(frame, image) is true():
            raise NotModelled(f"older releases of {image.name} where its rules compare what anybody may sign")
        below = [
            and_(kept, member(frame.taken(image.name), frame.named(image.name, releases=range(1, release))))
            for (name, release), kept in frame.kept.items()
            if name == image.name
        ]
        return and_(self.starting(image), or_(*below))

    def _none_over_there(self) -> None:
        """Raises NotModelled where code of his on the network core may do what no other code of his does."""
        if self.frame.second is not None and reaches_over(self.frame, self.frame.second):
            raise NotModelled("what code that he puts on the network core reaches of the application core")

    def _here(self, key: Key) -> None:
        """Raises NotModelled where `key` lies in memory that only the network core reads."""
        if self.frame.cells.beyond(key):
            raise NotModelled(f"who reads `{key.name}`, which lies in the network core's memory")

    def _taken_from(self, image: Image, names: tuple[str, ...]) -> Term:
        """The slot that this boot took `image` from holds one of `names`, all parts the same."""
        frame = self.frame
        stores = frame.cells.of_image(image.name)
        settled = and_(*(not_(frame.torn(store)) for store in stores))
        return and_(settled, member(frame.taken(image.name), names))
