"""The variables of one instant that tell of older images: counters that hardware keeps, their room, what was kept.

What each of them means stands in `frame`.
"""

from collections.abc import Mapping
from functools import cached_property

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, ChooseSlot, Image, Program
from bootverify.design.design import Design
from bootverify.design.life import Recovery
from bootverify.encoder.logic.terms import Sort, Term, and_, const, eq, or_, true, var
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.contents import ContentFrame
from bootverify.encoder.variables.hardware import ABOVE

SENDS = frozenset({Capability.SEND_UPDATE, Capability.REPLAY_RELEASE})


class RollbackFrame(ContentFrame):
    """Counters and history, beside contents and hardware; `history`: what was booted and kept is remembered."""

    def __init__(self, design: Design, attacker: Attacker, *, history: bool = False) -> None:
        super().__init__(design, attacker)
        self.history = history

    # -- NSIB's counter

    @cached_property
    def room(self) -> Term | None:
        """How many values NSIB's counter still takes, where it is told to be short of room."""
        for stage in self.design.stages:
            for step in stage.steps:
                if isinstance(step, ChooseSlot) and step.counter and step.counter_slots is not None:
                    return var("room", _numbers("Room", step.counter_slots))
        return None

    # -- MCUboot's counters

    @cached_property
    def counting(self) -> dict[str, BootGo]:
        """The steps that compare a security counter with a stored one, by image."""
        steps = [step for stage in self.design.stages for step in stage.steps]
        found = {step.image: step for step in steps if isinstance(step, BootGo) and step.counter}
        if any(step.bootloader is not None for step in found.values()):
            raise NotModelled("MCUboot's counter beside a bootloader that updates itself")
        return found

    def counter_in(self, image: Image, release: int) -> str:
        """The security counter in the metadata of that release, as a value."""
        return str(image.counters[release - 1] if image.counters else release)

    def version_in(self, image: Image, release: int, *, with_build: bool) -> tuple[int, ...]:
        """What boot stages compare of that release's version: the build number only where that is built in."""
        told = image.versions[release - 1] if image.versions else (release, 0, 0, 0)
        return told if with_build else told[:3]

    @cached_property
    def stored(self) -> dict[str, Term]:
        """The security counter that hardware holds, by image."""
        return {name: var(f"stored[{name}]", self._counters(self.design.image(name))) for name in self.counting}

    def _counters(self, image: Image) -> Sort:
        told = {int(self.counter_in(image, release)) for release in self.releases(image)}
        return Sort(f"Counter {image.name}", (*(str(value) for value in sorted({0, *told})), ABOVE))

    @cached_property
    def stored_room(self) -> dict[str, Term]:
        """How many higher values each of them still takes, where it is told to be short of room."""
        return {
            name: var(f"stored room[{name}]", _numbers(f"Room {name}", step.counter_slots))
            for name, step in self.counting.items()
            if step.counter_slots is not None
        }

    def rollback_start(self) -> dict[Term, Term]:
        """The counters as production leaves them, and an erase-all the words that hold them."""
        found = {each: const(each.sort, "0") for each in self.stored.values()}
        for name, room in self.stored_room.items():
            slots = self.counting[name].counter_slots
            found[room] = const(room.sort, str(slots))
        return found

    # -- history

    @cached_property
    def kept(self) -> dict[tuple[str, int], Term]:
        """Whether a release of an image that is at least that high was booted and kept; none where nobody asks."""
        images = [image for image in self.design.images if self.history and image.updatable]
        return {
            (image.name, release): var(f"kept[{image.name} {release}]")
            for image in images
            for release in self.releases(image)
            if release > 1
        }

    @cached_property
    def made_later(self) -> dict[str, range]:
        """The later releases that a device may leave production with, by image; none where nobody asks for history.

        Where each release takes the place of those before it, a device that took it as an update stands for one that
        was made with it. An image is here if some release does not: its version or its counter is too low for that.
        """
        images = [image for image in self.design.images if self.history and not self._in_order(image)]
        return {image.name: self.releases(image)[1:] for image in images}

    def _in_order(self, image: Image) -> bool:
        """Each release is taken where the one before it runs."""
        steps = (step for stage in self.design.stages for step in stage.steps)
        step = next((each for each in steps if isinstance(each, BootGo) and each.image == image.name), None)
        pairs = [(release, release + 1) for release in self.releases(image)[:-1]]
        if step is None:
            return True
        if step.counter and any(int(self.counter_in(image, a)) > int(self.counter_in(image, b)) for a, b in pairs):
            return False
        if not (step.prevent_downgrade or step.mode.in_place):
            return True
        versions = [[self.version_in(image, each, with_build=step.with_build) for each in pair] for pair in pairs]
        return all(a < b or (a == b and not step.mode.in_place) for a, b in versions)

    @cached_property
    def about_releases(self) -> frozenset[Term]:
        """The variables that tell of releases: what stores hold, what is asked for, what is counted and kept."""
        singles = [each for each in (self.counter, self.room) if each is not None]
        several = (self.active, self.takings, self.requests, self.standings, self.stored, self.stored_room, self.kept)
        held = [self.content(store) for store in self.cells.stores]
        return frozenset((*singles, *self.halfway, *held, *(each for group in several for each in group.values())))

    def stays(self, image: str, after: Mapping[Term, Term]) -> Term:
        """What runs stays: no swap takes it back or changes it, it is confirmed; `after` these updates."""

        def new(variable: Term) -> Term:
            return after.get(variable, variable)

        if image in self.in_place:
            slots = [slot for slot in self.design.image(image).slots if slot in self.standings]
            chosen = [(slot, eq(new(self.active[image]), slot)) for slot in slots]
            return (
                or_(*(and_(here, eq(new(self.standings[slot]), "perm")) for slot, here in chosen)) if slots else true()
            )
        step = self.installs[image][1] if image in self.installs else None
        return eq(new(self.requests[image]), "none") if step is not None and step.mode.swaps else true()

    def told_apart(self, image: Image) -> None:
        """Whether the history of `image` can be told in these variables.

        Raises:
            NotModelled: a rule that is told and that no step enforces, an update mode that no step has.
        """
        verifier = None if image.verified_by is None else self.design.stage(image.verified_by)
        if verifier is None:
            return
        if verifier.program is Program.MCUBOOT:
            self._mode(image)
        elif unnumbered(self.design):
            raise NotModelled("what NSIB compares of releases whose versions do not rise")
        self._rules(image, verifier.program)

    def ruled(self, image: Image) -> bool:
        """Whether a step of the chain compares releases of the image."""
        for stage in self.design.stages:
            for step in stage.steps:
                if isinstance(step, ChooseSlot) and step.image == image.name and step.counter:
                    return True
                if isinstance(step, BootGo) and step.image == image.name and (step.counter or step.prevent_downgrade):
                    return True
        return False

    def all_told(self, image: Image) -> None:
        """Whether every move that could bring an older release back is there.

        Raises:
            NotModelled: who else could write the counters that protect the image.
        """
        verifier = None if image.verified_by is None else self.design.stage(image.verified_by)
        if verifier is None:
            return
        nsib = [step for step in verifier.steps if isinstance(step, ChooseSlot) and step.counter]
        counted = bool(nsib) or image.name in self.counting
        if counted and self._hostile_secure():
            raise NotModelled("who else writes the words that hold the rollback counter")
        wired = image.updatable and not self.design.update_places(image)
        if wired and self.design.life.recovery is not Recovery.ABSENT and self.attacker.capabilities & SENDS:
            raise NotModelled("what a sender of older releases has uploaded by wire, as updates come")
        if self.ports and image.name not in self.ports:
            raise NotModelled("what the recovery port writes beside the slots that MCUboot starts")
        if self.cuts and self.attacker.capabilities - {Capability.CUT_POWER}:
            raise NotModelled("older releases in the presence of power cuts and of hostile code at once")

    def all_of_port(self) -> None:
        """Whether every move of somebody with a cable is there.

        Raises:
            NotModelled: it is not told what the port takes, or it takes images that it has to open.
        """
        if not self.attacker.can(Capability.USE_CABLE) or self.design.life.recovery is Recovery.ABSENT:
            return
        looked = {step.image for stage in self.design.stages for step in stage.steps if isinstance(step, BootGo)}
        if self.design.life.recovery is not Recovery.OPEN or looked != set(self.ports):
            raise NotModelled("what the recovery port takes")

    def _hostile_secure(self) -> bool:
        """Code of his could be secure, or a probe could write: the words of the counters are in his reach."""
        forges = any(key.published for key in self.design.keys) and self.makes
        opens = self.attacker.can(Capability.DEBUG) and not (
            self.design.lifecycle.approtect and self.design.lifecycle.eraseprotect
        )
        return self.runs_secure or forges or opens

    def _mode(self, image: Image) -> None:
        """The update mode and the comparison in it are told, and are ones that the steps know."""
        life = self.design.life
        steps = (step for stage in self.design.stages for step in stage.steps)
        mine = {step.mode.value for step in steps if isinstance(step, BootGo) and step.image == image.name}
        if life.mode and life.mode not in {"overwrite", *mine} and not life.mode.startswith("swap"):
            raise NotModelled(f"older releases in the update mode {life.mode}")
        if life.releases and life.releases != image.versions:
            raise NotModelled("releases that are told of and are not those of the image")
        step = self.installs[image.name][1] if image.name in self.installs else None
        swaps = step is not None and step.mode.swaps
        if swaps and self.cuts and (image.name in self.counting or (step is not None and step.prevent_downgrade)):
            # A request that a cut erase leaves may read as one to go back, which is not compared.
            raise NotModelled("what a cut leaves of a swap that is compared")
        if step is None or not swaps or not step.prevent_downgrade or life.rules is None:
            return
        if not step.test_only or life.request == "test":
            raise NotModelled("what the comparison of versions is worth in this update mode")

    def _rules(self, image: Image, program: Program) -> None:
        """Each rule that is told is one that a step of the chain enforces, and the other way round."""
        steps = [step for stage in self.design.stages for step in stage.steps]
        if self.design.life.rules is None:
            return
        names = {image.name, *(stage.name for stage in self.design.stages_of(image.name))}
        told = {rule.by for rule in self.design.life.rules if not rule.image or rule.image in names}
        mine = {"nsib"} if program is Program.NSIB else {"version", "mcuboot", "security-counter"}
        done: set[str] = set()
        for step in steps:
            if isinstance(step, ChooseSlot) and step.image == image.name and step.counter:
                done.add("nsib")
            if isinstance(step, BootGo) and step.image == image.name:
                done |= {"version"} if step.prevent_downgrade else set()
                done |= {"mcuboot"} if step.counter else set()
        wanted = (told & mine) | (told & {"unknown"})
        if wanted != done:
            differ = ", ".join(sorted(wanted ^ done))
            raise NotModelled(f"the rule against older images ({differ}) that is told and what the chain enforces")


def unnumbered(design: Design) -> bool:
    """Releases are told of that MCUboot does not compare, and whose versions do not rise as numbers of releases do."""
    told = design.life.releases
    rising = all(told[i] < told[i + 1] for i in range(len(told) - 1))
    return not rising and told not in {image.versions for image in design.images}


def _numbers(name: str, most: int | None) -> Sort:
    assert most is not None
    return Sort(name, tuple(str(number) for number in range(most + 1)))


def at_most(variable: Term, value: str) -> Term:
    """The ordinal `variable` is `value` or lower."""
    values = variable.sort.values
    return or_(*(eq(variable, each) for each in values[: values.index(value) + 1]))
