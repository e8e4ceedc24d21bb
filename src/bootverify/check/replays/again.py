"""Whether an attack that broke a policy of one design breaks it in another: by letting it happen there."""

from collections.abc import Sequence

from bootverify.check.question import Question
from bootverify.check.replays.replay import replay
from bootverify.check.retired import in_the_field
from bootverify.design.design import Design
from bootverify.executor.claims.evaluate import holds
from bootverify.executor.world import World
from bootverify.machine.action import Action
from bootverify.policy.policy import ClaimKind
from bootverify.policy.typecheck import uses_history


def succeeds(design: Design, question: Question, actions: Sequence[Action]) -> bool:
    """Whether `actions`, on a fresh device of `design`, end in a state that breaks the question's claim."""
    formula, names = question.ask.claim.formula, {"it": question.part}
    broken = question.ask.claim.kind is ClaimKind.NEVER

    def goal(world: World) -> bool:
        return holds(world, formula, names) is broken

    try:
        field, history = in_the_field(design, question), uses_history(formula)
        return replay(field, question.attacker, actions, goal, history=history).reached is not None
    except (KeyError, IndexError):
        return False  # it speaks of something that is not there
