"""What relates slots to each other and to what was kept, as candidates for lemmas: each is proved, or dropped."""

from collections.abc import Iterator

from bootverify.design.boot import Image
from bootverify.encoder.logic.terms import Term, and_, eq, false, implies, member, not_, or_
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import NO_SLOT
from bootverify.encoder.variables.rollback import at_most


def relations(frame: Frame) -> Iterator[tuple[Term, str]]:
    """With words: what is taken lies in the active slot; once a release was kept, a slot holds it or a later one."""
    yield from _pairs(frame)
    yield from _counted(frame)
    yield from _startable(frame)
    yield from _second(frame)
    for image in frame.design.images:
        if image.name not in frame.active:
            continue
        taken, active = frame.taken(image.name), frame.active[image.name]
        for slot in image.slots:
            holds = eq(taken, frame.content(slot))
            yield implies(eq(active, slot), holds), f"{active.name} = {slot} => {taken.name} = content[{slot}]"
            if slot in frame.variants(image):
                fits = member(frame.content(slot), frame.named(image.name, slot=slot))
                yield implies(eq(active, slot), fits), f"{active.name} = {slot} => content[{slot}] is built for it"
        for (name, release), kept in frame.kept.items():
            if name != image.name:
                continue
            later = range(release, frame.design.releases + 1)
            held = [_holds(frame, image, slot, later) for slot in image.slots]
            yield implies(kept, or_(*held)), f"{kept.name} => a slot of {name} holds release {release} or later"
            runs = member(taken, frame.named(name, releases=later))
            yield (
                or_(not_(kept), eq(active, NO_SLOT), runs),
                f"{kept.name} => release {release} or later of {name} is taken",
            )


def _second(frame: Frame) -> Iterator[tuple[Term, str]]:
    """Those of the network core."""
    core = frame.second
    if core is None:
        return
    steps = [
        (step, mark)
        for each in frame.design.stages
        for step, mark in zip(each.steps, frame.marks[each.name], strict=True)
    ]
    looks = next((i for i, (step, _) in enumerate(steps) if step is core.fed.step), -1)
    yield from core.relations(member(frame.at, [mark for _, mark in steps[looks + 1 :]]))


def _holds(frame: Frame, image: Image, slot: str, releases: range) -> Term:
    """The slot holds one of the releases, built for it, and for good where a boot takes back what is not confirmed."""
    built_for = slot if slot in frame.variants(image) else ""
    held = member(frame.content(slot), frame.named(image.name, releases=releases, slot=built_for))
    return and_(held, eq(frame.standings[slot], "perm")) if slot in frame.standings else held


def _pairs(frame: Frame) -> Iterator[tuple[Term, str]]:
    """The slot holds what was kept, or later; what a copy that was cut is made from is a release, and no older one."""
    for name in frame.installs:
        parts, staging = frame.pair(name)
        assert staging is not None
        flag, waiting = frame.midway(name), frame.content(staging)
        taken = frame.taken(name)
        for part in parts if len(parts) > 1 else ():
            words = f"{taken.name} is a release => content[{part.name}] = {taken.name}"
            yield or_(not_(member(taken, frame.named(name))), eq(frame.content(part), taken)), words
        if frame.cuts:
            yield or_(not_(flag), member(waiting, frame.named(name))), f"{flag.name} => a release waits"
        for (image, release), kept in frame.kept.items():
            if image != name:
                continue
            later = frame.named(name, releases=range(release, frame.design.releases + 1))
            if len(parts) > 1:
                yield or_(not_(kept), member(taken, later)), f"{kept.name} => release {release} or later is taken"
            for part in parts:
                words = f"{kept.name} => content[{part.name}] is release {release} or later"
                yield or_(not_(kept), member(frame.content(part), later)), words
            if frame.cuts:
                words = f"{kept.name} and {flag.name} => release {release} or later waits"
                yield or_(not_(kept), not_(flag), member(waiting, later)), words


def _startable(frame: Frame) -> Iterator[tuple[Term, str]]:
    """One of the slots that NSIB chooses from holds a release that its counter lets in, and so does what it took."""
    for image in frame.design.images:
        if image.name not in frame.active:
            continue
        for release in frame.releases(image) if frame.counter is not None else (1,):
            later = range(release, frame.design.releases + 1)
            held = [_holds(frame, image, slot, later) for slot in image.slots]
            below, words = false(), ""
            if frame.counter is not None and release > 1:
                below = member(frame.counter, [str(each) for each in range(release)])
                words = f"counter is {release} or more => "
            taken = member(frame.taken(image.name), frame.named(image.name, releases=later))
            yield or_(below, *held), f"{words}a slot of {image.name} holds release {release} or later"
            none = eq(frame.active[image.name], NO_SLOT)
            yield or_(below, none, taken), f"{words}release {release} or later of {image.name} is taken"


def _counted(frame: Frame) -> Iterator[tuple[Term, str]]:
    """MCUboot's counter has followed what was kept, and what it starts is no lower."""
    marks = [mark for stage in frame.design.stages for mark in frame.marks[stage.name]]
    for name, stored in frame.stored.items():
        image = frame.design.image(name)
        looks = next(
            mark
            for stage in frame.design.stages
            for step, mark in zip(stage.steps, frame.marks[stage.name], strict=True)
            if step is frame.counting[name]
        )
        stages = frame.design.stages_of(name)
        behind = marks[marks.index(looks) + 1 : marks.index(frame.marks[stages[-1].name][-1]) + 1]
        found_good = member(frame.at, behind[: behind.index(frame.marks[stages[0].name][0]) + 1])
        stays = frame.stays(name, {})
        started, running = and_(found_good, stays), and_(member(frame.at, behind), stays)
        for release in frame.releases(image):
            value = frame.counter_in(image, release)
            reached = not_(member(stored, stored.sort.values[: stored.sort.values.index(value)]))
            kept = frame.kept.get((name, release))
            if kept is not None:
                yield or_(not_(kept), reached), f"{kept.name} => {stored.name} is {value} or higher"
            held = member(frame.taken(name), frame.named(name, releases=(release,)))
            words = f"release {release} of {name} is started => {stored.name} is {value}"
            yield or_(not_(found_good), not_(held), at_most(stored, value)), f"{words} or lower"
            yield or_(not_(started), not_(held), reached), f"{words} or higher"
            yield or_(not_(running), not_(held), reached), f"release {release} of {name} runs => the same"
