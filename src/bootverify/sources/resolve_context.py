"""What the parts of `resolve` share: the file as written, the SoC, the map, and the faults found so far."""

from collections.abc import Collection, Sequence

from bootverify.dataclass import dataclass
from bootverify.design.memory import Partition
from bootverify.design.soc import Soc
from bootverify.design.source import Source
from bootverify.errors import Fault
from bootverify.ranges import AddressRange
from bootverify.sources.schema import DesignEntry
from bootverify.sources.written import Written

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What resolving a part of a design needs to see; `faults` collects, so that one run names them all."""

    entry: DesignEntry
    written: Written
    soc: Soc
    partitions: dict[str, Partition]
    faults: list[Fault]

    def source(self, at: Path) -> Source:
        """The place of a key."""
        return self.written.source(at)

    def fault(self, at: Path, message: str) -> None:
        """Note that what stands at `at` is wrong."""
        place = self.source(at)
        self.faults.append(Fault(file=place.file, line=place.line, message=message))

    def range(self, at: Path, pair: Sequence[int]) -> AddressRange:
        """A span of the internal memory, first address and end."""
        if pair[0] > pair[1]:
            self.fault(
                at, f"a span runs from its first address to its end: [{pair[0]:#x}, {pair[1]:#x}] runs backwards"
            )
            return AddressRange(0, 0)
        extent = AddressRange(pair[0], pair[1])
        if not self.soc.flash.covers(extent):
            self.fault(at, f"span {extent} leaves the flash of {self.soc.name} ({self.soc.flash})")
        return extent

    def known(self, at: Path, name: str, among: Collection[str], what: str) -> None:
        """Note it where `name`, which stands at `at`, is none of `among`."""
        if name not in among:
            self.fault(at, f"`{name}` is no {what}; known: {', '.join(among) or 'there is none'}")
