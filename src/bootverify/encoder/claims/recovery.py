"""Recovery as safety: after whatever has happened somebody presses reset, and the device is left alone for some boots.

The procedure is a counter in the state. Until it begins, the device lives as ever; once it has begun, the stages take
their steps and nothing else happens: no cut, no write, no update. A boot may restart by itself once (an update of the
bootloader). The claim is of safety: when the last boot has ended, what was wanted is true, and no boot stage that
somebody else wrote has run on the way. That this end comes is the fourth obligation: as long as the procedure is not
over some step can be taken, and every step of it gets on: to a later boot, or to a later mark of the same.
"""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.boot import UpgradeMode
from bootverify.design.life import Behaviour
from bootverify.encoder.boot_system import BootSystem
from bootverify.encoder.claims.compile import Things
from bootverify.encoder.logic.script import BEGINS, RANK
from bootverify.encoder.logic.system import Transition
from bootverify.encoder.logic.terms import (
    Op,
    Sort,
    Term,
    and_,
    const,
    eq,
    false,
    ite,
    member,
    not_,
    or_,
    substitute,
    var,
)
from bootverify.encoder.moves.move import Move
from bootverify.encoder.release import until
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED
from bootverify.policy.formula import Formula

LIVING = "none"  # the procedure has not begun
# What is known of swaps that were cut is recorded from releases of today. "Fix device bricked after power failure
# during swap-move revert" (mcuboot, pull request 2100, October 2024) is in the SDK's from 3.0 on; a serious fault of
# swaps using scratch (2275) and that of the counter of a test that goes on (2282, both April 2025) are mended from 3.2
# on: 3.1 is built on what is older.
LAST_WITH_CUTS = (2, 10**6)
LAST_WITH_FAULTS = (3, 1)
# No cut bricks these: swept over the small layouts.
SWEPT = frozenset({UpgradeMode.OVERWRITE, UpgradeMode.SWAP_MOVE, UpgradeMode.SWAP_SCRATCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """The counter and what is claimed of it.

    `over` is true while the procedure has not begun, and once its last boot has ended; `hijacked` when somebody else's
    boot stage runs in it. `moving`: some step can be taken, or it is over. `idling`: satisfiable iff one of its steps
    does not get on.
    """

    counter: Term
    over: Term
    hijacked: Term
    moving: Term
    idling: Term

    def claim(self, wanted: Term) -> Term:
        """True of every reachable state iff `wanted` is true whenever the procedure has ended."""
        ended = and_(self.over, not_(eq(self.counter, LIVING)))
        return and_(or_(not_(ended), wanted), not_(self.hijacked))


@dataclass(frozen=True, kw_only=True)
class Recovering(BootSystem):
    """A boot system with the procedure in its state; `living` is the one without."""

    procedure: Procedure
    living: BootSystem

    def surely(self, formula: Formula, things: Things) -> None:
        """As of any system; also where it is not known of the release that a swap survives each cut."""
        design, frame = self.frame.design, self.frame
        steps = [step for _, step in frame.installs.values()]
        lost = design.life.does(Behaviour.SWAP_CUT_LOSES_IMAGE)
        told = design.life.does(Behaviour.SWAP_CUT_SURVIVES)
        for step in steps if frame.cuts else ():
            faulty = step.mode is UpgradeMode.SWAP_SCRATCH or step.counter
            last, since = (LAST_WITH_FAULTS, "3.2") if faulty else (LAST_WITH_CUTS, "3.0")
            if step.mode.swaps and (lost or not (told or until(design.sdk, last) is False)):
                tell = f"name an `sdk` from {since} on, or what is known of it in the `behaviours` of `life`"
                raise NotModelled(f"a swap that power cuts, where the release is not known to complete it: {tell}")
        if frame.cuts and any(step.mode not in SWEPT for step in steps):
            # Some pairs of cuts, in the boot that takes it back and in the next, stop MCUboot (SEMANTICS, Surprises).
            raise NotModelled("a test that swap using offset takes back, cut twice: `bootverify sweep` plays each cut")
        BootSystem.surely(self, formula, things)


def recovering(boot: BootSystem, boots: int) -> Recovering:
    """`boot` with the procedure of so many boots in its state."""
    frame, made = boot.frame, _Made(boot, boots)
    moves = list(made.moves())
    transitions = tuple(each.transition for each in moves)
    steps = [each for each in transitions if each.name.startswith(made.PREFIX)]
    counter = made.counter
    begun, ended = not_(eq(counter, LIVING)), frame.at_mark(frame.run_mark)
    over = or_(not_(begun), and_(member(counter, made.of(boots)), or_(ended, frame.at_mark(HALTED))))
    system = boot.system
    return Recovering(
        frame=frame,
        predicates=boot.predicates,
        system=replace(
            system,
            variables=(system.variables[0], counter, *system.variables[1:]),
            init={**system.init, counter: (LIVING,)},
            transitions=transitions,
        ),
        moves={each.name: each for each in moves},
        living=boot,
        procedure=Procedure(
            counter=counter,
            over=over,
            hijacked=and_(begun, not_(ended), boot.predicates.reach.code.any),
            moving=or_(over, *(each.guard for each in steps if each.guard.free.isdisjoint(each.inputs))),
            idling=or_(*(and_(each.guard, not_(_gets_on(frame, counter, each))) for each in steps)),
        ),
    )


class _Made:
    PREFIX = "recovery, "

    def __init__(self, boot: BootSystem, boots: int) -> None:
        self.boot, self.boots = boot, boots
        values = [value for number in range(1, boots + 1) for value in self.of(number)]
        self.counter = var(RANK[0], Sort("Boots", (LIVING, *values)))

    @staticmethod
    def of(number: int) -> tuple[str, str]:
        """The values of the counter in that boot: before and after it restarted by itself."""
        return str(number), f"{number} again"

    def moves(self) -> Iterator[Move]:
        """Life as ever; then each boot, each step of it."""
        frame, reset = self.boot.frame, self.boot.moves["reset"]
        for move in self.boot.moves.values():
            living = replace(move.transition, guard=and_(eq(self.counter, LIVING), move.transition.guard))
            yield replace(move, transition=living)
        # A device that has just restarted by itself, for whatever reason, is as one that somebody has reset.
        possible = or_(reset.transition.guard, frame.at_mark(frame.first_mark))
        yield self._turn(reset, BEGINS, and_(eq(self.counter, LIVING), possible), 1)
        ended = or_(frame.at_mark(frame.run_mark), frame.at_mark(HALTED))
        for number in range(2, self.boots + 1):
            due = and_(member(self.counter, self.of(number - 1)), ended)
            yield self._turn(reset, f"{self.PREFIX}reset {number}", due, number)
        for move in self.boot.moves.values():
            if move.undisturbed:
                yield self._step(move)

    def _turn(self, reset: Move, name: str, guard: Term, number: int) -> Move:
        """The reset before boot `number`."""
        updates = {**reset.transition.updates, self.counter: const(self.counter.sort, str(number))}
        return replace(reset, transition=Transition(name=name, guard=guard, updates=updates))

    def _step(self, move: Move) -> Move:
        """A step of a boot; one that restarts the device only where it has not restarted yet."""
        frame, known = self.boot.frame, move.transition
        inputs = {each: var(f"{each.name} in recovery", each.sort) for each in known.inputs}
        updates = {target: substitute(value, inputs) for target, value in known.updates.items()}
        begun = not_(eq(self.counter, LIVING))
        if updates.get(frame.at) is frame.go(frame.first_mark):
            begun = member(self.counter, [self.of(number)[0] for number in range(1, self.boots + 1)])
            updates[self.counter] = self._again()
        transition = Transition(
            name=f"{self.PREFIX}{move.name}",
            guard=and_(begun, substitute(known.guard, inputs)),
            updates=updates,
            inputs=tuple(inputs.values()),
            vague=known.vague,
        )
        return replace(move, transition=transition)

    def _again(self) -> Term:
        found = const(self.counter.sort, LIVING)
        for number in range(1, self.boots + 1):
            before, after = self.of(number)
            found = ite(eq(self.counter, before), const(self.counter.sort, after), found)
        return found


def _gets_on(frame: Frame, counter: Term, step: Transition) -> Term:
    """The counter rises, or stays while the mark becomes a later one."""
    later = _rises(frame.at, step.updates.get(frame.at, frame.at))
    boots = step.updates.get(counter)
    return later if boots is None else _rises(counter, boots)


def _rises(variable: Term, after: Term) -> Term:
    """`after` is a later value of the sort than `variable` is now."""
    values = variable.sort.values
    if after.op is Op.CONST:
        return member(variable, values[: values.index(str(after.value))])
    if after is variable:
        return false()
    return or_(*(and_(eq(after, value), member(variable, values[:i])) for i, value in enumerate(values)))
