"""Behaviour that no document defines, and words of the input that nobody could read, by name."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.source import NOWHERE, Source

MAP_CONFLICT = "map-contradicts-itself"
APPROTECT_UNKNOWN = "approtect-not-recorded"
CHAIN_NOT_DRAWN = "chain-not-drawn"
OTHER_CORE_NOT_DRAWN = "other-core-not-drawn"
SOC_NOT_TOLD = "soc-not-told"
SOC_NOT_MODELLED = "soc-not-modelled"
UNSUPPORTED = "unsupported-combination"
NOT_TOLD = "not-told"
# which say what they decide
WITH_RULES_OF_THEIR_OWN = frozenset({MAP_CONFLICT, APPROTECT_UNKNOWN, CHAIN_NOT_DRAWN, SOC_NOT_MODELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A named gap; unknown but fixed for a device.

    `about` are the names of the stages, images, partitions and keys whose questions it touches, `policies` the
    policies, `attackers` those that it is about, and whoever can do as much; empty: all. `contradiction`: two things
    of the input cannot both be true.
    """

    name: str
    statement: str
    about: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    attackers: tuple[Attacker, ...] = ()
    contradiction: bool = False
    source: Source = field(default=NOWHERE, compare=False)

    def touches(self, policy: str, names: tuple[str, ...]) -> bool:
        """Whether it could decide the question of `policy` about the thing of these names, against its attackers.

        An empty `policy` is one of the user's own: what it depends on nobody told.
        """
        return (not self.policies or not policy or policy in self.policies) and (
            not self.about or any(name in self.about for name in names)
        )
