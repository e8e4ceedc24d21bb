"""What relates slots to each other and to what was kept, as candidates for lemmas: each is proved, or dropped."""

from collections.abc import Iterator

from bootverify.encoder.frame import Frame
from bootverify.encoder.frame_hardware import NO_SLOT
from bootverify.encoder.terms import Term, eq, implies, member, not_, or_


def relations(frame: Frame) -> Iterator[tuple[Term, str]]:
    """With words: what is taken lies in the active slot; once a release was kept, a slot holds it or a later one."""
    yield from _pairs(frame)
    for image in frame.design.images:
        if len(image.slots) < 2 or frame.active is None:
            continue
        taken = frame.taken(image.name)
        for slot in image.slots:
            holds = eq(taken, frame.content(slot))
            yield implies(eq(frame.active, slot), holds), f"active = {slot} => {taken.name} = content[{slot}]"
        for (name, release), kept in frame.kept.items():
            if name != image.name:
                continue
            later = range(release, frame.design.releases + 1)
            held = [member(frame.content(slot), frame.named(name, releases=later, slot=slot)) for slot in image.slots]
            yield implies(kept, or_(*held)), f"{kept.name} => a slot of {name} holds release {release} or later"
            runs = member(taken, frame.named(name, releases=later))
            yield (
                or_(not_(kept), eq(frame.active, NO_SLOT), runs),
                f"{kept.name} => release {release} or later of {name} is taken",
            )


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
