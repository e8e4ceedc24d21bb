"""The life of a device that holds a build's own bytes: boots, power cuts, updates by file, and who is hostile.

The actions are those of `machine.action`, where they need no image that we could make; what a device of made images
does with them is in `executor.run`. A boot is one action: which stages it has follows from the bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from hashlib import shake_128

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.firmware import Firmware, Package
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.protection import Access, Attribution
from bootverify.executor import access
from bootverify.executor.flash import Power, PowerLost, powered
from bootverify.executor.programmed import debug, recovery
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.boot import boot_board
from bootverify.executor.programmed.slots import client_for, confirm
from bootverify.executor.programmed.story import Ending, Story
from bootverify.executor.units.debug_port import DebugPort
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import (
    Action,
    Boot,
    Confirm,
    Deliver,
    EraseAll,
    Overwrite,
    Probe,
    ReadOut,
    Request,
    Upload,
)
from bootverify.machine.content import Content, Crafted, Erased, File
from bootverify.machine.observation import Receipt
from bootverify.machine.tear import Part
from bootverify.ranges import AddressRange


@dataclass(slots=True)
class Life:
    """One device and who acts on it; `files` are the bytes that actions name, `log` what the last action showed.

    `receipt`: that was an upload. `story` is its last boot, None before the first; `wiped`: a probe erased it since.
    """

    board: Board
    attacker: Attacker
    published: Mapping[str, str]
    files: Mapping[str, bytes]
    story: Story | None = None
    wiped: bool = False
    log: list[str] = field(default_factory=list)
    receipt: Receipt | None = None

    @classmethod
    def start(
        cls, firmware: Firmware, attacker: Attacker, published: Mapping[str, str], files: Mapping[str, bytes]
    ) -> "Life":
        """A device that was programmed with `firmware`, before its first boot."""
        board = Board.programmed(firmware)
        board.lasting = True
        return cls(board, attacker, published, files)

    @property
    def at(self) -> str:
        """Where the device stays, as a mark."""
        if self.wiped:
            return "halted"
        if self.story is None or self.story.ending is Ending.CUT:
            return "off"
        return {Ending.RUNS: f"{self.story.at}.run", Ending.STOPS: "halted"}.get(self.story.ending, "open")

    @property
    def off(self) -> bool:
        """Whether it boots as soon as it has power again."""
        return self.at == "off"

    def act(self, action: Action) -> None:
        """Let `action` happen; `log` then tells what it did.

        Raises:
            NotEnabled: it cannot happen here.
        """
        self.log, self.receipt = [], None
        if self.at == "open":
            raise NotEnabled(f"it is open what the device does: {self.story.why if self.story else ''}")
        match action:
            case Boot():
                self._boot(action)
            case Deliver():
                self._deliver(action)
            case Upload():
                self._upload(action)
            case Confirm():
                self._running()
                if not confirm(self.board):
                    raise NotEnabled("no swap waits to be confirmed")
                self.log.append("the application confirms itself")
            case Overwrite():
                self._overwrite(action)
            case ReadOut(partition=partition):
                self._read(partition, self._code(), Capability.READ_EXTERNAL)
            case Probe(partition=partition):
                self._read(partition, self._probe(), None)
            case EraseAll():
                self._erase_all()
            case _:
                raise NotEnabled(_needless(action))

    def _boot(self, action: Boot) -> None:
        self._may_cut(action)
        board = self.board
        board.device.reset_units()
        board.loader_asked = action.loader
        power = Power(cut_after=action.cut_after, torn=action.torn)
        with powered(board.memories, power):
            story = boot_board(board, self.published)
        board.loader_asked = False
        if action.cut_after is not None and story.ending is not Ending.CUT:
            story = self._cut_at_the_end(story, action, power)
        self.story, self.wiped = story, False
        self.log += [*story.lines, *_why(story)]

    def _cut_at_the_end(self, story: Story, action: Boot, power: Power) -> Story:
        """The last write was done, and nothing after it; a later cut than that is none."""
        if power.spent != action.cut_after or (action.torn is not None and action.torn.part is not Part.NONE):
            raise NotEnabled(f"the boot has {power.spent} flash operations")
        self.board.device.reset_units()
        why = f"power lost after {power.spent} flash operations"
        return Story(lines=(*story.lines, why), ending=Ending.CUT, at="off", why=why, unknown=story.unknown)

    def _running(self) -> None:
        if self.story is None or self.story.ending is not Ending.RUNS or self.wiped:
            raise NotEnabled(f"the device is at {self.at}; no application runs")

    def _deliver(self, action: Deliver) -> None:
        self._running()
        loader = self.board.loader
        staging = [self.board.partition(Role.SECONDARY, number) for number in (0, 1)]
        if loader is None or action.partition not in {each.name for each in staging if each is not None}:
            known = ", ".join(each.name for each in staging if each is not None) or "none is in the map"
            raise NotEnabled(f"no update waits in {action.partition}; where one does: {known}")
        if not isinstance(action.content, File):
            raise NotEnabled("an update here is a file: `content: {is: file, file: app_update.bin}`")
        if action.request not in {Request.TEST, Request.PERM}:
            raise NotEnabled("an update is asked for as `test` or `perm`")
        package = Package(file=action.content.file, data=self._file(action.content))
        client = client_for(self.board, package, loader, NotEnabled)
        self.log.append(f"the update client writes {package.file} to {client.place:#x} ({action.request.value})")
        self._lasts(action, lambda: client.stage(action.request))
        self.receipt = client.receipt

    def _upload(self, action: Upload) -> None:
        """Whoever has the recovery tool restarts the device into MCUboot, and uploads."""
        if not isinstance(action.content, File):
            raise NotEnabled("an upload here is a file: `content: {is: file, file: app_update.bin}`")
        session = recovery.session(self.board, action, self._file(action.content), self.log.append)
        self.log.append(f"the recovery tool uploads {action.content.file} for {action.partition}")
        if self._lasts(action, session.sends):
            self.story = None
            self.log.append("the recovery tool resets the device")
        self.receipt = session.receipt

    def _lasts(self, action: Deliver | Upload, work: Callable[[], None]) -> bool:
        """Let `work` happen for as long as the supply holds, both cores counted; whether it came to its end."""
        self._may_cut(action)
        power = Power(cut_after=action.cut_after, torn=action.torn)
        try:
            with powered(self.board.memories, power):
                work()
        except PowerLost:
            pass
        if action.cut_after is None:
            return True
        if power.spent != action.cut_after:
            raise NotEnabled(f"it has {power.spent} flash operations")
        why = f"power lost after {power.spent} flash operations"
        self.log.append(why)
        self.board.device.reset_units()
        self.story = Story(lines=(), ending=Ending.CUT, at="off", why=why, unknown=())
        return False

    def _may_cut(self, action: Boot | Deliver | Upload) -> None:
        if action.cut_after is not None and not self.attacker.can(Capability.CUT_POWER):
            raise NotEnabled("nobody here cuts the power")

    def _file(self, content: File) -> bytes:
        if content.file not in self.files:
            raise NotEnabled(f"there is no file {content.file}")
        return self.files[content.file]

    # -- who is hostile

    def _code(self) -> tuple[Attribution, ...]:
        """As whom code of his runs: the application, or a part of the secure side."""
        if self.at != f"{self.story.at if self.story else ''}.run":
            return ()
        separated = self.board.partition(Role.TFM) is not None
        found = set()
        if self.attacker.can(Capability.RUN_APPLICATION):
            found.add(Attribution.NON_SECURE if separated else Attribution.SECURE)
        if separated and self.attacker.can(Capability.RUN_SECURE_PARTITION):
            unprivileged = self.board.firmware.design.isolation_level > 1
            found.add(Attribution.NON_SECURE if unprivileged else Attribution.SECURE)
        return tuple(sorted(found, key=lambda each: each.value))

    def _port(self) -> DebugPort:
        port = debug.port_of(self.board)
        if not self.attacker.can(Capability.DEBUG):
            raise NotEnabled("he has no probe")
        if port is None and not self.board.device.port_open:
            raise NotEnabled("nothing tells whether the debug port is open")
        return port if port is not None else DebugPort(self.board.firmware.design.soc.debug.scheme)

    def _probe(self) -> tuple[Attribution, ...]:
        """As whom his probe reads and writes."""
        port, opened = self._port(), self.board.device.port_open
        if not (port.open or opened):
            raise NotEnabled("the debug port is closed")
        secure = port.secure_open or opened
        return (Attribution.NON_SECURE, Attribution.SECURE) if secure else (Attribution.NON_SECURE,)

    def _writers(self, outside: bool) -> tuple[Attribution, ...]:
        if outside and self.attacker.can(Capability.WRITE_EXTERNAL):
            return (Attribution.NON_SECURE,)
        return self._code() or self._probe()

    def _area(self, name: str) -> tuple[AddressRange, bool]:
        """Where the partition lies, and whether that is outside the chip."""
        found = next((each for each in self.board.firmware.design.partitions if each.name == name), None)
        if found is None or found.memory not in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}:
            raise NotEnabled(f"the map has no partition {name} in internal or external memory")
        return self.board.home(found), found.memory is MemoryKind.EXTERNAL

    def _overwrite(self, action: Overwrite) -> None:
        area, outside = self._area(action.partition)
        data = self._data(action.content, area)
        done = [
            access.erase_and_write(self.board.device, area, data.ljust(area.size, b"\xff"), who)
            for who in self._writers(outside)
        ]
        if not any(done):
            raise NotEnabled(f"no byte of {action.partition} can be written")
        self.log.append(f"{self.attacker.name} writes {action.content} to {action.partition} ({area})")

    def _data(self, content: Content, area: AddressRange) -> bytes:
        match content:
            case Erased():
                return b""
            case Crafted():
                return shake_128(b"bytes of nobody").digest(area.size)
            case File():
                data = self._file(content)
                if len(data) > area.size:
                    raise NotEnabled(f"{content.file} is larger than the {area.size:,} bytes there")
                return data
            case _:
                raise NotEnabled("a build's own bytes come from files: `content: {is: file, file: ...}`")

    def _read(self, name: str, initiators: tuple[Attribution, ...], clip: Capability | None) -> None:
        area, outside = self._area(name)
        if outside and clip is not None and self.attacker.can(clip):
            initiators = (Attribution.NON_SECURE,)
        device = self.board.device
        shown = [sum(part.size for part in access.allowed_parts(device, area, Access.READ, who)) for who in initiators]
        if not any(shown):
            raise NotEnabled(f"no byte of {name} can be read")
        self.log.append(f"{self.attacker.name} reads {max(shown):,} bytes of {name}")

    def _erase_all(self) -> None:
        if not self._port().erase_all():
            raise NotEnabled("erase protection is on")
        board = self.board
        board.device.erase_all()
        board.places = None
        self.wiped = True
        self.log.append("halted: flash and UICR are erased, key slots with them")


def _why(story: Story) -> list[str]:
    words = {Ending.STOPS: "the device stops", Ending.OPEN: "it is open what happens"}
    return [f"{words[story.ending]}: {story.why}"] if story.ending in words else []


def _needless(action: Action) -> str:
    name = type(action).__name__
    return f"{name} is for images made for a design (`--made`); the bytes of a build are booted, updated, read, written"
