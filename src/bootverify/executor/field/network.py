"""A release for the network core on units in the field: MCUboot commands b0n to copy it, which starts what it knows.

b0n and its provision data are those of production for good: where its application lies, and where it looks for the
command. MCUboot knows the map of the release that it comes from, the image is linked for the map of its own.
"""

from collections.abc import Iterator

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.executor.crypto import RawP256Key
from bootverify.executor.flash import Power, PowerLost, powered
from bootverify.executor.making import network_build
from bootverify.executor.memory import Ram
from bootverify.executor.network.core import NetworkCore, Transfer
from bootverify.executor.network.pcd import BLOCK, COPY, REGION, Command
from bootverify.executor.stages.b0n import B0n, start

BUFFER = 0x8000  # where the image waits, behind the block's region


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """How it ended: `why` the release does not run, empty when it does; `log` what b0n said; `cuts` that were tried.

    `stuck` says after which of the cuts it does not run, though the command is given again.
    """

    why: str
    log: tuple[str, ...]
    cuts: int = 0
    stuck: str = ""


def fed(made: Design, looker: Design, new: Design) -> Fed | None:
    """What b0n of units `made` so does with the release `new`, when MCUboot of `looker` hands it over.

    None where one of the designs says too little of the network core.
    """
    core, known, aim = network_build.programmed(made), network_build.core_of(looker), network_build.core_of(new)
    if core is None or known is None or aim is None:
        return None
    image = network_build.image(aim, "the new release", version=2, key=RawP256Key(network_build.OWNER))
    command = Command(magic=COPY, data=BUFFER, length=len(image), offset=known.own.size)
    heard = network_build.block_at(looker) == network_build.block_at(made)
    feed = _Feed(image, command if heard else Command(magic=0), aim.application.start)
    power = Power()
    why = feed.into(core.copy(), power)
    if why:
        return Fed(why=why if heard else f"b0n does not find the command ({why})", log=tuple(feed.log))
    told = tuple(feed.log)
    stuck = next((f"operation {at + 1} of {power.spent}: {end}" for at, end in feed.cut(core, power.spent) if end), "")
    return Fed(why="", log=told, cuts=power.spent, stuck=stuck)


class _Feed:
    """One release on its way: the command is given, the core released, then released again to run."""

    def __init__(self, image: bytes, command: Command, linked: int) -> None:
        self.image = image
        self.command = command
        self.linked = linked
        self.log: list[str] = []

    def into(self, core: NetworkCore, power: Power) -> str:
        """Carry it out; why the release does not run then, empty when it does."""
        self.log = []
        with powered([core.flash], power):
            copied = self._run(core, self.command)
            if copied is not B0n.COPIED:
                return self.log[-1]
            self._run(core, Command(magic=0))
        slot = core.application.start
        if core.running and core.flash.read(slot, len(self.image)) == self.image and slot == self.linked:
            return ""
        return f"it is linked for {self.linked:#x}, and b0n starts what lies at {slot:#x}"

    def cut(self, core: NetworkCore, operations: int) -> Iterator[tuple[int, str]]:
        """Every cut of the way, after which MCUboot gives the command again, as it does until b0n reports success."""
        for at in range(operations):
            unit = core.copy()
            try:
                self.into(unit, Power(cut_after=at))
            except PowerLost:
                unit.force_off()
            yield at, self.into(unit, Power())

    def _run(self, core: NetworkCore, command: Command) -> B0n:
        ram = Ram(0, REGION)
        ram.data[: BLOCK.size] = command.pack()
        core.force_off()
        core.log.clear()
        ended = start(core, Transfer(ram, self._readable, lambda: True))
        self.log += [f"b0n: {line}" for line in core.log]
        if ended.how not in {B0n.COPIED, B0n.STARTED}:
            self.log.append(f"b0n: {ended.how.value}: {ended.why}")
        return ended.how

    def _readable(self, at: int, size: int) -> bytes | None:
        inside = at >= BUFFER and at + size <= BUFFER + len(self.image)
        return self.image[at - BUFFER : at - BUFFER + size] if inside else None
