"""Keeps `taken[image]` true: what a write, or NSIB's choice, makes of an image as a whole."""

from collections.abc import Mapping

from bootverify.encoder.logic.terms import Term, and_, eq, false, ite, member, or_
from bootverify.encoder.variables.cells import Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import NO_SLOT


def followed(frame: Frame, updates: Mapping[Term, Term]) -> dict[Term, Term]:
    """`updates`, and what they make of the images that have several stores."""
    found = dict(updates)
    for name, taken in frame.takings.items():
        contents = {store: frame.content(store) for store in frame.cells.of_image(name)}
        written = {each: updates[held] for each, held in contents.items() if held in updates}
        value = taken
        if len(frame.design.image(name).slots) > 1:
            value = _slot(frame, name, written, updates)
        elif written:
            left = [held for store, held in contents.items() if store not in written]
            first, *others = [*written.values(), *left]
            same = and_(*(eq(first, other) for other in others))
            value = ite(same, first, frame.is_content(CRAFTED))
        if value is not taken:
            found[taken] = value
    found.update(_shifted(frame, found))
    if frame.second is not None and frame.second.runs in found:
        found.update(frame.second.remembered(found[frame.second.runs]))
    if frame.at in updates:
        found.update(_remembered(frame, found))
    return found


def _shifted(frame: Frame, updates: Mapping[Term, Term]) -> dict[Term, Term]:
    """What is written to a staging slot lies where it is taken from, and nothing that is written is production's.

    Unless whoever writes it says otherwise.
    """
    found = {}
    for image, unshifted in frame.unshifted.items():
        _, staging = frame.pair(image)
        assert staging is not None
        if frame.content(staging) in updates and unshifted not in updates:
            found[unshifted] = false()
    for image, pair in frame.bare.items():
        parts, staging = frame.pair(image)
        for bare, stores in zip(pair, (parts, (staging,)), strict=True):
            written = any(store is not None and frame.content(store) in updates for store in stores)
            if written and bare not in updates:
                found[bare] = false()
    return found


def _remembered(frame: Frame, updates: Mapping[Term, Term]) -> dict[Term, Term]:
    """What is kept once a boot gets to an image: the release in it, if no swap is to take it back or to change it.

    What is written over an image that was started has not been booted; what is confirmed is kept from the next boot on.
    """
    found = {}
    for (name, release), kept in frame.kept.items():
        taken = frame.taken(name)
        first, *_ = frame.marks[frame.design.stages_of(name)[0].name]
        later = frame.named(name, releases=range(release, frame.design.releases + 1))
        runs = and_(
            eq(updates.get(frame.at, frame.at), first),
            member(updates.get(taken, taken), later),
            frame.stays(name, updates),
        )
        found[kept] = or_(kept, runs)
    return found


def _slot(frame: Frame, image: str, written: Mapping[Store, Term], updates: Mapping[Term, Term]) -> Term:
    active, taken = frame.active[image], frame.taken(image)
    chosen = updates.get(active)
    if chosen is not None:
        slot = str(chosen.value)
        if slot == NO_SLOT:
            return frame.is_content(ERASED)
        store = frame.cells.stores[slot]
        return written.get(store, frame.content(store))
    if frame.loads(image):
        return taken  # a copy in RAM stays what it is
    for store, content in written.items():
        taken = ite(eq(active, store.slot), content, taken)
    return taken
