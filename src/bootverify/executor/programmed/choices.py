"""Every way in which something untold can be: tried all, and what of it decides."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import product

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of each combination; `names` are the axes, in the order of the combinations' values."""

    names: tuple[str, ...]
    ends: Mapping[tuple[object, ...], Hashable]

    @property
    def agree(self) -> bool:
        """Whether all end alike."""
        return len(set(self.ends.values())) == 1

    @property
    def untold(self) -> list[str]:
        """The axes with more than one value."""
        return [name for i, name in enumerate(self.names) if len({values[i] for values in self.ends}) > 1]

    @property
    def deciding(self) -> list[str]:
        """The axes along which some end changes, everything else being equal."""
        return [name for i, name in enumerate(self.names) if self._decides(i)]

    def _decides(self, axis: int) -> bool:
        seen: dict[tuple[object, ...], Hashable] = {}
        for values, end in self.ends.items():
            rest = values[:axis] + values[axis + 1 :]
            if seen.setdefault(rest, end) != end:
                return True
        return False


def tried(axes: Mapping[str, Sequence[object]], end_of: Callable[..., Hashable]) -> Tried:
    """The end of every combination; `end_of` takes one value of each axis, in order.

    >>> tried({"a": (1, 2), "b": (0,)}, lambda a, b: a > 1).deciding
    ['a']
    """
    return Tried(tuple(axes), {values: end_of(*values) for values in product(*axes.values())})
