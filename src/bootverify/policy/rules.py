"""What designs are asked: policies, whom they are asked about, and the vendor's support statements."""

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.support import SupportRow
from bootverify.policy.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One set of them; with `any_attacker` each policy is asked about all these attackers, whomever it lists."""

    policies: tuple[Policy, ...]
    attackers: tuple[Attacker, ...]
    support: tuple[SupportRow, ...]
    any_attacker: bool = False
