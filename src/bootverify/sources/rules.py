"""Loads what designs are asked: ours, or what a user names."""

from collections.abc import Sequence

from bootverify.policy.rules import Rules
from bootverify.sources.attackers import all_attackers, load_attacker
from bootverify.sources.policies import all_policies, load_policies
from bootverify.sources.support import load_support


def load_rules(policies: Sequence[str] = (), attackers: Sequence[str] = ()) -> Rules:
    """What is named, else all of ours; where both are named, an attacker whom a policy does not list is asked about.

    Raises:
        InputError: a name is unknown, or a file that was named is wrong.
    """
    return Rules(
        policies=tuple(each for name in policies for each in load_policies(name)) if policies else all_policies(),
        attackers=tuple(load_attacker(name) for name in attackers) if attackers else all_attackers(),
        support=load_support(),
        any_attacker=bool(policies and attackers),
    )
