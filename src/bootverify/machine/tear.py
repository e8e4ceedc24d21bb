"""What is left of the write or erase in which the power fails: a pattern, so that a history can be run again."""

from enum import Enum
from typing import Any

from bootverify.dataclass import dataclass

MOST_SEED = 1 << 32


class Part(Enum):
    """Which write units of the operation are done when the power fails. Nobody knows; these stand for the others."""

    NONE = "none"
    FRONT = "front"  # the first half, as in the recorded runs
    BACK = "back"  # the second half
    ALL = "all"
    SCATTERED = "scattered"  # some here and some there, as `Tear.seed` says
    BITS = "bits"  # not even units are whole: some bits of them, as `Tear.seed` says


@dataclass(frozen=True, slots=True)
class Tear:
    """One way to leave an operation half done; `seed` picks the units or bits, always the same ones at one address."""

    part: Part
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.part.value}, seed {self.seed}" if self.seed else self.part.value


HALF = Tear(Part.FRONT)


def tear_of(told: Any) -> Tear | None:  # noqa: ANN401 - JSON and YAML are untyped
    """The tear that a script or trace tells: its part alone, with a seed, or true for the first half.

    Raises:
        ValueError: it is none of these.
    """
    if told is None or isinstance(told, bool):
        return HALF if told else None
    given = told if isinstance(told, dict) else {"part": told}
    parts = {each.value: each for each in Part}
    seed = given.get("seed", 0)
    if set(given) - {"part", "seed"} or str(given.get("part")) not in parts:
        raise ValueError(f"`torn` is one of {', '.join(parts)}, or {{part: scattered, seed: 1}}; not `{told}`")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < MOST_SEED:
        raise ValueError(f"the seed of a tear is a number from 0 to {MOST_SEED - 1}; not `{seed}`")
    return Tear(parts[str(given["part"])], seed)
