"""What MCUboot makes of an update for the network core, in the step in which it looks after its other image.

sdk-nrf, modules/mcuboot, nrf53_hooks: what is staged is verified like any image, copied into RAM, and handed to b0n,
which looks at digests alone. Then header and trailer of what was staged go. What b0n refuses stops MCUboot. All
updates are carried out before an image is looked at to be started, so a bad one of the application comes too late to
keep the network core from its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bootverify.design.protection import Access
from bootverify.encoder.knowledge import forgeable
from bootverify.encoder.logic.terms import Sort, Term, and_, eq, false, ite, member, not_, or_, substitute
from bootverify.encoder.moves.move import choice
from bootverify.encoder.stages.outcome import FOREIGN as IN_THE_MIDDLE
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED
from bootverify.encoder.variables.second_core import CRAFTED, ERASED, FOREIGN, SecondCore

LEFT = Sort("NetworkLeft", ("kept", "partial", "erased"))  # what an erase that was cut leaves of what was staged


def fed(frame: Frame, core: SecondCore, mark: str, outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes of MCUboot's step, each with every one of the update that waits for the network core."""
    return [each for outcome in outcomes for each in _Fed(frame, core, mark, outcome).outcomes()]


class _Fed:
    def __init__(self, frame: Frame, core: SecondCore, mark: str, first: Outcome) -> None:
        self.frame, self.core, self.mark, self.first = frame, core, mark, first
        assert core.staged is not None
        assert core.asked is not None
        self.staged, self.asked = core.staged, core.asked
        self.accepted = and_(self.asked, core.accepted(forgeable(frame, core.fed.carrier)))
        his = [eq(self.staged, CRAFTED), eq(self.staged, FOREIGN), frame.erased_all]
        self.refused = and_(self.asked, or_(*his), not_(eq(self.staged, ERASED)))

    def outcomes(self) -> Iterator[Outcome]:
        """A step that was cut, or restarts the device, comes to no second image."""
        if self.first.cut or not self.first.goes:
            yield self.first
            return
        # Where the step halts it may have stopped at the first image: nothing then shows a way.
        late = self.first.goes == HALTED
        yield from self._untouched(late=late)
        none = {self.staged: self.core.content(ERASED), self.asked: false()}
        yield self._with("what is staged for the network core is erased", self.refused, none, vague=late)
        copied = {**self._copied(), self.staged: self.core.content(CRAFTED), self.asked: false()}
        yield self._with("the network core is updated", self.accepted, copied, vague=late)
        if not late:
            yield from self._stopped()
        if self.frame.cuts:
            yield from self._cut()
        if self.possible:
            yield from self._meddled()

    def _untouched(self, *, late: bool) -> Iterator[Outcome]:
        """Nothing is asked, or nothing with a header is staged; one of the attacker's may have none."""
        idle = or_(not_(self.asked), member(self.staged, (ERASED, CRAFTED)))
        if not late:
            yield self._with("", idle, {})
            return
        yield self._with("", not_(self.asked), {})
        yield self._with("the network core is not reached", self.asked, {}, vague=True)

    def _copied(self) -> dict[Term, Term]:
        return {self.core.slot: ite(self.core.as_made, self.staged, self.core.slot)}

    def _stopped(self) -> Iterator[Outcome]:
        """A signed image that b0n has no use for; so MCUboot stops at each boot."""
        odd = or_(eq(self.staged, FOREIGN), and_(eq(self.staged, CRAFTED), self.accepted))
        yield self._with("stopped at what b0n refuses", and_(self.asked, odd), {}, goes=HALTED)
        spoilt = {self.core.slot: self.core.content(CRAFTED)}
        guard = and_(self.accepted, eq(self.staged, CRAFTED))
        yield self._with("stopped at what b0n has copied", guard, spoilt, goes=HALTED, vague=True)

    # -- power cuts

    def _cut(self) -> Iterator[Outcome]:
        """Power goes while b0n copies, or once it has; the request stands until the trailer is erased."""
        half = {self.core.slot: ite(self.core.as_made, self.core.content(CRAFTED), self.core.slot)}
        yield self._with("cut while the network core is updated", self.accepted, half, cut=True)
        yield self._erase("cut once the network core is updated", self.accepted, self._copied())
        yield self._erase("cut while what is staged for the network core is erased", self.refused, {})

    def _erase(self, name: str, guard: Term, before: Mapping[Term, Term]) -> Outcome:
        at = f"{self.mark}: {self._named(name)}"
        left, asks = choice(at, "staged left", LEFT), choice(at, "asked left")
        remains = ite(eq(left, "partial"), self.core.content(CRAFTED), self.core.content(ERASED))
        updates = {
            **before,
            self.staged: ite(eq(left, "kept"), self.staged, remains),
            self.asked: and_(self.asked, asks),
        }
        return self._with(name, guard, updates, cut=True, inputs=(left, asks))

    # -- somebody writes the external chip meanwhile

    @property
    def possible(self) -> bool:
        """He has a clip on the chip that holds what is staged."""
        return not self.core.extent.guarded and Access.WRITE in self.frame.clip

    def _meddled(self) -> Iterator[Outcome]:
        """b0n gets what the chip holds once the check is done, and nobody verifies the copy."""
        name = "what came after the check goes to the network core"
        foreign = choice(f"{self.mark}: {self._named(name)}", IN_THE_MIDDLE, self.core.slot.sort)
        his = or_(eq(foreign, CRAFTED), *(and_(eq(foreign, each), seen) for each, seen in self.core.published.items()))
        updates = {
            self.core.slot: ite(self.core.as_made, foreign, self.core.slot),
            self.staged: self.core.content(CRAFTED),
            self.asked: false(),
        }
        yield self._with(
            name, and_(self.accepted, his), updates, inputs=(foreign,), foreign=self.core.fed.staging
        )  # fmt: skip
        for goes in dict.fromkeys((self.first.goes, HALTED)):
            words = f"meddled with for the network core, {goes}"
            at = f"{self.mark}: {self._named(words)}"
            held, staged = choice(at, "slot", self.core.slot.sort), choice(at, "staged", self.core.slot.sort)
            asks = choice(at, "asked left")
            anything = {self.core.slot: held, self.staged: staged, self.asked: asks}
            possible = and_(or_(self.asked, eq(held, self.core.slot)), not_(eq(held, FOREIGN)))
            yield self._with(words, possible, anything, goes=goes, inputs=(held, staged, asks), vague=True)

    # -- both images

    def _named(self, words: str) -> str:
        return f"{self.first.name}; {words}" if words else self.first.name

    def _with(
        self,
        words: str,
        guard: Term,
        updates: Mapping[Term, Term],
        *,
        goes: str = "",
        inputs: tuple[Term, ...] = (),
        foreign: str = "",
        cut: bool = False,
        vague: bool = False,
    ) -> Outcome:
        """The outcome of the first image with that of the second; each has inputs of its own."""
        first, name = self.first, self._named(words)
        at = f"{self.mark}: {name}"
        renamed = {each: choice(at, f"first {i}", each.sort) for i, each in enumerate(first.inputs)} if words else {}
        kept = {target: substitute(value, renamed) for target, value in first.updates.items()}
        return replace(
            first,
            name=name,
            guard=and_(substitute(first.guard, renamed), guard),
            goes="" if cut else goes or first.goes,
            updates={**kept, **updates},
            inputs=(*(renamed.get(each, each) for each in first.inputs), *inputs),
            cut=cut,
            foreign=foreign or first.foreign,
            vague=first.vague or vague,
        )
