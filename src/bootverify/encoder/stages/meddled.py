"""What MCUboot's boot_go leaves when somebody writes what it works on: the external chip, or its scratch area.

The staged image is read more than once: to find out whether it is good, and to copy it. Between two reads the chip may
come to hold anything, so what was found good is not yet what is copied; what is looked at after the copy counts. A
scratch area that he wrote may have a swap go on that nobody began, with bytes of his.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bootverify.design.boot import BootGo, UpgradeMode
from bootverify.design.protection import Access
from bootverify.encoder.knowledge import forgeable, opens
from bootverify.encoder.logic.terms import Term, and_, eq, false, ite, member, not_, or_, true
from bootverify.encoder.moves.move import choice
from bootverify.encoder.stages.outcome import FOREIGN, Outcome
from bootverify.encoder.stages.rollback import Rollback
from bootverify.encoder.variables.cells import Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED


def clipped(frame: Frame, staging: Store) -> bool:
    """He has a clip on the chip that `staging` lies on, and writes with it."""
    return not staging.extent.guarded and Access.WRITE in frame.clip


class Meddled:
    """The outcomes of one `boot_go` on an image whose staging partition he can write at any time."""

    def __init__(self, frame: Frame, step: BootGo, goes: str, mark: str) -> None:
        self.frame, self.step, self.goes, self.mark = frame, step, goes, mark
        self.image = frame.design.image(step.image)
        self.parts, self.staging = frame.pair(self.image.name)
        self.genuine = frame.named(self.image.name)
        self.rollback = Rollback(frame, step, frame.content(self.parts[0]), swaps=False)

    @property
    def possible(self) -> bool:
        """He has a clip on the chip that updates are staged on."""
        return self.staging is not None and clipped(self.frame, self.staging)

    def copied(self, accepted: Term, settles: Mapping[Term, Term]) -> Iterator[Outcome]:
        """He writes once the staged image is `accepted`; the step leaves `settles` of requests and the other slot."""
        if not self.possible:
            return
        assert self.staging is not None
        frame, staging = self.frame, self.staging
        for name, passes in (("good", self.good), ("unseen", self.unseen)):
            title = f"what came after the check is copied, {name}"
            foreign = choice(f"{self.mark}: {title}", FOREIGN, frame.content_sort)
            held = ite(member(foreign, self.genuine), foreign, frame.is_content(CRAFTED))
            updates = {**settles, **{frame.content(part): held for part in self.parts}}
            guard = and_(accepted, self.his(foreign), passes(foreign))
            counted, inputs = self.counted(title, foreign)
            yield Outcome(
                name=title, guard=guard, goes=self.goes, updates={**updates, **counted}, inputs=(foreign, *inputs),
                foreign=staging.name,
            )  # fmt: skip
        spoilt = {**settles, **{frame.content(part): frame.is_content(CRAFTED) for part in self.parts}}
        name = "what came after the check is copied, and refused"
        yield Outcome(name=name, guard=accepted, goes=HALTED, updates=spoilt, foreign=staging.name)

    def vague(self) -> Iterator[Outcome]:
        """What a write at any moment, or to the scratch area, may leave; and what later boots make of a cut pair."""
        if self.staging is not None and self.step.scratch is not None:
            yield from _Vague(self, "scratch spoiled", self.frame.spoiled[self.step.scratch]).outcomes()
        mixed = self.frame.mixed(self.image.name)
        if self.staging is not None and mixed is not false():
            yield from _Vague(self, "mixed", mixed).outcomes()
        if self.possible:
            yield from _Vague(self, "meddled with", false()).outcomes()

    def counted(self, title: str, content: Term) -> tuple[dict[Term, Term], tuple[Term, ...]]:
        """The counter once it has followed `content`; of bytes of his it follows what they claim."""
        if self.rollback.stored is None:
            return {}, ()
        claim = choice(f"{self.mark}: {title}", "claimed counter", self.rollback.stored.sort)
        return self.rollback.raised(content, claim), (claim,)

    def his(self, foreign: Term) -> Term:
        """Bytes that he can write: his own, none, or those of an update that is in everybody's hands."""
        published = (and_(eq(foreign, name), known) for name, known in self.frame.published.items())
        return or_(member(foreign, (CRAFTED, ERASED)), *published)

    def good(self, content: Term) -> Term:
        """MCUboot starts the release, which it looks at once more after the copy."""
        if not opens(self.frame, self.image):
            return false()
        return and_(member(content, self.genuine), self.rollback.admits(content))

    def unseen(self, content: Term) -> Term:
        """It may start what lies there though no owner made it: nothing is verified, or he can sign."""
        if not self.step.validate:
            return not_(eq(content, ERASED))
        return and_(eq(content, CRAFTED), forgeable(self.frame, self.image))


class _Vague:
    """The outcomes of a step in which, or midway before which, he wrote; `mixed`: before, so that any bytes turn up."""

    def __init__(self, meddled: Meddled, name: str, mixed: Term) -> None:
        self.it, self.frame, self.name, self.mixed = meddled, meddled.frame, name, mixed
        assert meddled.staging is not None
        self.staging: Store = meddled.staging

    def outcomes(self) -> Iterator[Outcome]:
        """It goes on with a release or with what is not looked at, halts, installs a bootloader, or is cut."""
        it, frame = self.it, self.frame
        copied = self._input("a release is started", "copied")
        taken = {frame.content(part): copied for part in it.parts}
        found = and_(it.good(copied), self._turns_up(copied))
        yield self._left("a release is started", found, taken, (copied,), goes=it.goes)
        held, inputs = self._spliced("an unseen image is started", it.parts)
        unseen = or_(*(it.unseen(content) for content in held.values()))
        yield self._left("an unseen image is started", unseen, held, inputs, goes=it.goes)
        held, inputs = self._spliced("halts", it.parts)
        yield self._left("halts", true(), held, inputs, goes=HALTED)
        for store in frame.cells.of_image(it.step.bootloader) if it.step.bootloader else ():
            title = f"bootloader to {store.slot}"
            held, inputs = self._spliced(title, (store,))
            idle = not_(eq(frame.active[store.image], store.slot)) if store.image in frame.active else true()
            yield self._left(title, idle, held, inputs)
        if frame.cuts:
            held, inputs = self._spliced("cut", it.parts)
            yield self._left("cut", true(), held, inputs, cut=True)
            pair = {frame.content(each): frame.is_content(CRAFTED) for each in (*it.parts, self.staging)}
            midway = {**pair, **{each: true() for each in frame.settles(it.image.name)}}
            yield replace(self._outcome("cut midway", true(), midway, ()), cut=True)

    def _left(
        self,
        title: str,
        guard: Term,
        held: Mapping[Term, Term],
        inputs: tuple[Term, ...],
        *,
        goes: str = "",
        cut: bool = False,
    ) -> Outcome:
        """The outcome after which the staging slot holds anything and asks for anything."""
        it, frame, left = self.it, self.frame, self._input(title, "staged left")
        asks = choice(f"{it.mark}: {self.name}, {title}", "request left", REQUEST)
        # Of a release that is started for good the counter has followed it; else it may have followed any bytes.
        settled = goes == it.goes and it.step.validate and it.step.mode is UpgradeMode.OVERWRITE
        content = held[frame.content(it.parts[-1])] if settled else frame.is_content(CRAFTED)
        counted, more = it.counted(f"{self.name}, {title}", content)
        updates = {**held, frame.content(self.staging): left, frame.requests[it.image.name]: asks, **counted}
        updates |= frame.settles(it.image.name)
        if (unshifted := frame.unshifted.get(it.image.name)) is not None:
            where = choice(f"{it.mark}: {self.name}, {title}", "unshifted")
            updates[unshifted] = and_(where, member(left, tuple(frame.genuine)))
            more = (*more, where)
        for bare in frame.bare.get(it.image.name, ()):
            updates[bare] = choice(f"{it.mark}: {self.name}, {title}", bare.name)
            more = (*more, updates[bare])
        guard = and_(guard, self._turns_up(left))
        return replace(self._outcome(title, guard, updates, (*inputs, left, asks, *more)), goes=goes, cut=cut)

    def _outcome(self, title: str, guard: Term, updates: Mapping[Term, Term], inputs: tuple[Term, ...]) -> Outcome:
        before = self.mixed is not false()
        return Outcome(
            name=f"{self.name}, {title}",
            guard=and_(guard, self.mixed) if before else guard,
            updates=updates,
            inputs=inputs,
            foreign="" if before else self.staging.name,
            vague=True,
        )

    def _turns_up(self, content: Term) -> Term:
        """Such bytes were there, or he writes them; a pair that he mixed held updates, or what production left."""
        before = [self.frame.content(each) for each in (*self.it.parts, self.staging)]
        if self.mixed is not false():
            before += [self.frame.is_content(self.frame.factory(each)) for each in self.it.parts]
        return or_(self.it.his(content), *(eq(content, each) for each in before))

    def _spliced(self, title: str, stores: tuple[Store, ...]) -> tuple[dict[Term, Term], tuple[Term, ...]]:
        """What each of `stores` may hold after a copy that was spoilt; another image's bytes have no name there."""
        frame, held, inputs = self.frame, dict[Term, Term](), list[Term]()
        for store in stores:
            content = frame.content(store)
            inputs.append(mixed := self._input(title, f"content of {store.name}"))
            named = and_(member(mixed, (*frame.named(store.image), ERASED)), self._turns_up(mixed))
            held[content] = ite(or_(named, eq(mixed, content)), mixed, frame.is_content(CRAFTED))
        return held, tuple(inputs)

    def _input(self, title: str, name: str) -> Term:
        return choice(f"{self.it.mark}: {self.name}, {title}", name, self.frame.content_sort)
