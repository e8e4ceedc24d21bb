"""No downgrade, enacted: a device with releases, slots and a counter on which the attacker tries all he can.

Rules: SEMANTICS, "What is told", no_downgrade. The device stands in the field with the newest release booted.
"""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.boot import Image, Program, Protect
from bootverify.design.design import Design
from bootverify.design.life import Behaviour, Recovery, Rule
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.executor.lives.foe import foe
from bootverify.executor.lives.release import window
from bootverify.executor.lives.root import page_of_root, refused
from bootverify.machine.judgement import Judgement, broken, kept, untold

MOST_MOVES = 3
SENDERS = {"remote-ota", "old-signed-image", "operator-error", "factory-insider", "build-pipeline"}
RUNNERS = {"app-code", "app-code-secure", "app-code-ns", "secure-partition"}


class _NotToldError(Exception):
    """What decides is not told."""


@dataclass(frozen=True, slots=True)
class _Device:
    """What lies where: numbers of releases, 0 for nothing. `shown` is what a lying chip shows to the check."""

    slots: tuple[int, ...]
    staged: int
    shown: int
    floor: int
    free: int
    newest: int


@dataclass(frozen=True, slots=True)
class _Build:
    """How the stage that starts the image decides; `versions` by release number, from 1."""

    nsib: bool
    compares: bool
    counts: bool
    opens_when_full: bool
    build_number: bool
    versions: tuple[tuple[int, int, int, int], ...]

    def boot(self, device: _Device) -> tuple[_Device, int]:
        """One boot: the device after it and the release that started, 0 for none."""
        if device.staged:
            device = self._install(device)
        order = sorted(range(len(device.slots)), key=lambda slot: -device.slots[slot])
        for slot in order if self.nsib else [0]:
            release = device.slots[slot]
            if not release or (self.counts and release < device.floor):
                continue
            if self.counts and release > device.floor:
                if device.free:
                    device = replace(device, floor=release, free=device.free - 1)
                elif not self.opens_when_full:
                    continue
            return replace(device, newest=max(device.newest, release)), release
        return device, 0

    def _install(self, device: _Device) -> _Device:
        checked = device.shown or device.staged
        done = replace(device, staged=0, shown=0)
        if self.nsib:  # MCUboot copies a bootloader into the slot that is not running
            spare = device.slots.index(min(device.slots))
            slots = tuple(device.staged if slot == spare else held for slot, held in enumerate(device.slots))
            return replace(done, slots=slots)
        length = 4 if self.build_number else 3
        there = device.slots[0]
        older = there and self.versions[checked - 1][:length] < self.versions[there - 1][:length]
        if (self.compares and older) or (self.counts and device.staged < device.floor):
            return done
        return replace(done, slots=(device.staged,))


def no_downgrade(design: Design, image: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Try every order of a few moves and boots; what starts is compared with what ever started."""
    if isinstance(image, NetworkStage):
        return _second_core(design, image, attacker)
    try:
        build, start = _built(design, image)
        moves = _Moves(design, image, attacker, build)
        return _explored(build, start, moves)
    except _NotToldError as missing:
        return untold(str(missing), image.source)


def _second_core(design: Design, stage: NetworkStage, attacker: Attacker) -> Judgement:
    """Send an older image of the network core, which has no counter and no second slot (ncs-boot 2.8)."""
    if foe(design, attacker) not in SENDERS or not (stage.updatable and stage.fed_by):
        return untold("how an older image comes to the network core", stage.source)
    if design.life.rules is None or any(rule.image in {"", stage.name} for rule in design.life.rules):
        return untold("whether the rule against older images speaks of the network core", stage.source)
    story = f"{attacker.name} sends the older release", f"{stage.verified_by or 'whoever feeds it'} finds it genuine"
    return broken("no rule refuses an older image of the network core", *story, source=stage.source)


def _explored(build: _Build, start: _Device, moves: "_Moves") -> Judgement:
    seen: set[_Device] = set()
    waiting: list[tuple[_Device, tuple[str, ...]]] = [(start, ())]
    while waiting:
        device, story = waiting.pop(0)
        for name, changed in moves.of(device):
            after, started = build.boot(changed)
            told = (*story, name, f"boot: release {started or 'none'} starts")
            if started and started < after.newest:
                return broken(f"release {started} starts after release {after.newest} did", *told)
            if after not in seen and len(told) < 2 * MOST_MOVES:
                seen.add(after)
                waiting.append((after, told))
    return kept("no order of what he can do starts an older release") if moves.certain else untold(moves.doubt)


def _built(design: Design, image: Image) -> tuple[_Build, _Device]:
    if image.verified_by is None:
        raise _NotToldError("nothing verifies the image, so no rule protects it")
    if design.life.rules is None:
        raise _NotToldError("no rule against older images is told")
    starter = design.stage(image.verified_by)
    nsib = starter.program is Program.NSIB
    if nsib and len(image.slots) != 2:
        raise _NotToldError("NSIB with a single slot is not judged")
    mine = [each.versions for each in design.images if each.versions]
    if nsib and design.life.releases not in mine and [*design.life.releases] != sorted({*design.life.releases}):
        raise _NotToldError("by which numbers NSIB tells releases apart whose versions do not rise")
    rules = [rule for rule in design.life.rules if _protects(design, rule, image, starter.program)]
    if any(rule.by in {"unknown", "security-counter"} for rule in rules):
        raise _NotToldError(f"what the rule `{rules[0].by}` enforces")
    versions = design.life.releases or ((1, 0, 0, 0), (2, 0, 0, 0))
    if len(versions) < 2:
        raise _NotToldError("one release alone cannot be downgraded to")
    compares = any(rule.by == "version" for rule in rules)
    if compares and design.life.mode != "overwrite":
        unchecked = design.life.does(Behaviour.VERSION_UNCHECKED_WHEN_PERMANENT)
        if not unchecked or design.life.request == "test":
            raise _NotToldError("what the comparison of versions is worth in this update mode")
        compares = False
    counting = next((rule for rule in rules if rule.by in {"nsib", "mcuboot"}), None)
    opens = counting is not None and counting.by == "nsib" and _opens(design)
    if counting is not None and counting.by == "mcuboot":
        if counting.every_release is None or (not counting.every_release and design.life.releases):
            raise _NotToldError("whether every release raises the counter")
        if not counting.every_release:  # two releases have one value then, and those are the ones to look at
            counting = None
    newest = len(versions)
    full = counting is not None and counting.slots is not None and (counting.booted or 0) > counting.slots
    if full and not opens:
        full = False  # what could not be stored did not boot
    floor = newest - 1 if full else newest
    free = 0 if full else 4
    device = _Device((newest, 0) if nsib else (newest,), 0, 0, floor, free, newest)
    build = _Build(nsib, compares, counting is not None, opens, design.life.compare_build_number is True, versions)
    return build, device


def _protects(design: Design, rule: Rule, image: Image, starter: Program) -> bool:
    if rule.image and rule.image not in {image.name, *(stage.name for stage in design.stages_of(image.name))}:
        return False
    if rule.by == "nsib":
        return starter is Program.NSIB
    return rule.by == "unknown" or starter is Program.MCUBOOT


def _opens(design: Design) -> bool:
    """Whether an image whose counter value cannot be stored is booted (SDK up to 3.1, November 2025)."""
    if design.life.does(Behaviour.COUNTER_FAILS_OPEN):
        return True
    if design.life.does(Behaviour.COUNTER_FAILS_CLOSED):
        return False
    told = window(design.sdk)
    if told is None or told[0][:2] <= (3, 1) < told[1][:2]:
        raise _NotToldError("what happens when the counter cannot be stored")
    return told[1][:2] <= (3, 1)


class _Moves:
    """What this attacker can do to the device before a boot; `certain` tells whether that is all he can do."""

    def __init__(self, design: Design, image: Image, attacker: Attacker, build: _Build) -> None:
        self.design = design
        self.image = image
        self.who = foe(design, attacker)
        self.name = attacker.name
        self.build = build
        self.certain = True
        self.doubt = ""
        self.names = tuple(self._abilities())

    def _abilities(self) -> Iterator[str]:
        match self.who:
            case "ext-flash-read":
                return
            case "debug-port":
                life = self.design.lifecycle
                if not life.eraseprotect or not life.approtect:
                    yield "erase all and write older files"
            case "serial-port":
                yield from self._by_cable()
            case "ext-flash-write":
                if self._staging() is MemoryKind.EXTERNAL:
                    yield "stage"
                    yield "lie"
            case "bootloader-code" if self.build.nsib:
                yield from self._by_hand(page_of_root(self.design))
            case who if who in SENDERS:
                yield from self._by_update()
                if who in {"factory-insider", "build-pipeline"}:
                    self._doubt("what else he makes of what he sees")
            case who if who in RUNNERS:
                yield from self._by_code()
            case _:
                self._doubt("what he can do to the versions on the device")

    def _by_hand(self, exposed: str) -> Iterator[str]:
        """What code does that writes the slots of NSIB; `exposed` is what it writes of NSIB and its page."""
        yield "write slots"
        if exposed:
            yield f"rewrite {exposed} and then the slots"
        if self.design.lifecycle.flash_patch:
            self._doubt("what the flash patch unit has the first stage do")
        if self.design.soc.otp is not None:  # words that NSIB leaves open to secure code (ncs-boot 1.5)
            yield "fill counter"

    def _by_update(self) -> Iterator[str]:
        if self._staging() is not None:
            yield "stage"
        elif self.image.updatable:
            self._doubt("how its updates reach the device")

    def _by_cable(self) -> Iterator[str]:
        told = self.design.life.recovery
        if told is None or told is Recovery.GUARDED or self.build.nsib:
            self._doubt("what the recovery port takes")
        elif told is Recovery.OPEN:
            yield "upload"

    def _by_code(self) -> Iterator[str]:
        yield from self._by_update()
        if self.build.nsib:
            refuses = refused(self.design, self.image.slots)
            if refuses is False and self.who != "app-code-ns":
                yield from self._by_hand(page_of_root(self.design, self.design.stages))
            elif not refuses:
                self._doubt("whether he can write the slots")
            return
        locked = [
            span.range
            for stage in self.design.stages
            for step in stage.steps
            if isinstance(step, Protect)
            for span in step.spans
        ]
        areas = [self.design.partition(slot).range for slot in self.image.slots]
        if self.who in {"app-code", "app-code-secure"} and not any(
            area.overlaps(lock) for area in areas for lock in locked
        ):
            yield "write slots"
        else:
            self._doubt("whether he can write the slot")

    def _staging(self) -> MemoryKind | None:
        return self.design.partition(self.image.staging).memory if self.image.staging else None

    def _doubt(self, what: str) -> None:
        self.certain = False
        self.doubt = what

    def of(self, device: _Device) -> Iterator[tuple[str, _Device]]:
        """Each move with the device after it; doing nothing is one."""
        yield "reset", device
        for release in range(1, len(self.build.versions)):
            newest = len(self.build.versions)
            for name in self.names:
                match name:
                    case "stage":
                        yield f"{self.name} has release {release} staged", replace(device, staged=release)
                    case "lie":
                        lying = replace(device, staged=release, shown=newest)
                        yield f"the chip shows release {newest} to the check and {release} to the copy", lying
                    case "upload":
                        yield (
                            f"{self.name} uploads release {release} over the one in place",
                            replace(device, slots=(release,)),
                        )
                    case "write slots":
                        slots = (release, *(0 for _ in device.slots[1:]))
                        yield (
                            f"{self.name} erases the newest and writes release {release}",
                            replace(device, slots=slots),
                        )
                    case "fill counter":
                        # Done while an older release is in place: what comes later finds no free slot.
                        filled = (
                            replace(device, free=0, floor=min(device.floor, newest - 1))
                            if self.build.opens_when_full
                            else device
                        )
                        yield f"{self.name} uses up the counter before release {newest} comes", filled
                    case _:
                        erased = replace(device, slots=(release, *(0 for _ in device.slots[1:])), floor=0, free=4)
                        yield name, erased
