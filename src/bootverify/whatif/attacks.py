"""Two designs of which both break a policy: does each fall to the other's attack? Told by replaying it there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from bootverify.check.question import Question
from bootverify.check.replays.again import succeeds
from bootverify.check.verdict import Finding, Verdict
from bootverify.design.design import Design
from bootverify.machine.action import Action
from bootverify.machine.trace import action_from_dict, action_to_dict
from bootverify.whatif.compare import Change, Compared

KINDS = {"stage": "stage", "image": "image", "key": "key", "partition": "partition", "slot": "partition"}
Names = Mapping[tuple[str, str], str]


class Asked(Protocol):
    """What knows the questions about a design; `check.session.Session` does."""

    def question(self, design: Design, finding: Finding) -> Question | None:
        """The question that `finding` answers; None when it is not asked."""


def with_attacks(
    questions: Sequence[Compared], old: Design, new: Design, names: Names, asked: Asked
) -> tuple[Compared, ...]:
    """The same, where both are violated with what the attacks say: each attack is replayed on the other design.

    Weaker: the old attack still works, and the new one did not before. Stronger: the other way round. Incomparable:
    neither works on the other design.
    """
    back = {(kind, now): before for (kind, before), now in names.items()}
    found = []
    for each in questions:
        if each.old is None or each.new is None or not _differ(each.old, each.new):
            found.append(each)
            continue
        stays = _works(each.old, new, each.new, names, asked)
        known = _works(each.new, old, each.old, back, asked)
        changes = {
            (True, True): Change.EQUAL,
            (True, False): Change.WEAKER,
            (False, True): Change.STRONGER,
            (False, False): Change.INCOMPARABLE,
        }
        found.append(replace(each, attacks=changes[stays, known]))
    return tuple(found)


def _differ(old: Finding, new: Finding) -> bool:
    """Whether both were broken by attacks that do not read alike."""
    if {old.verdict, new.verdict} != {Verdict.VIOLATED} or old.trace is None or new.trace is None:
        return False
    return old.trace.actions != new.trace.actions and bool(old.trace.steps) and bool(new.trace.steps)


def _works(attack: Finding, design: Design, there: Finding, names: Names, asked: Asked) -> bool:
    question = asked.question(design, there)
    if question is None or attack.trace is None:
        return False
    return succeeds(design, question, [_renamed(action, names) for action in attack.trace.actions])


def _renamed(action: Action, names: Names) -> Action:
    return action_from_dict(_walked(action_to_dict(action), names))


def _walked(plain: Any, names: Names) -> Any:  # noqa: ANN401 - plain values
    if not isinstance(plain, dict):
        return plain
    return {key: _called(key, value, names) for key, value in plain.items()}


def _called(key: str, value: Any, names: Names) -> Any:  # noqa: ANN401
    if key in KINDS and isinstance(value, str):
        return names.get((KINDS[key], value), value)
    return _walked(value, names)
