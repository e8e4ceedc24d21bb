"""An update by file of a device that holds a build's own bytes, with the power lost everywhere."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.firmware import Firmware, Package
from bootverify.design.memory import Role
from bootverify.executor.every_cut import End, Kept, Rest, sweep
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.programmed import boot, network
from bootverify.executor.programmed.builds import MODES
from bootverify.executor.programmed.life import Life
from bootverify.executor.programmed.story import Ended, Ending, Teller
from bootverify.executor.update_sweep import Swept
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Action, Boot, Deliver, Request
from bootverify.machine.content import File
from bootverify.machine.tear import HALF, Tear

NOBODY = Attacker(name="power-cut", title="the power fails", capabilities=frozenset({Capability.CUT_POWER}))


def sweep_file(
    firmware: Firmware,
    package: Package,
    request: Request,
    published: Mapping[str, str],
    *,
    tears: Sequence[Tear] = (HALF,),
    progress: Callable[[float], None] | None = None,
) -> Swept:
    """Stage `package` on a device that was programmed with `firmware`, and cut every boot from there on.

    Recovered: boots that nobody cuts end with the application running, and the primary slot holds the image that it
    held before or the one that an uncut boot puts there, byte for byte.

    Raises:
        NotEnabled: the device runs no application, the update cannot be staged, or nothing tells how it is installed.
    """
    mode = MODES.get(str(firmware.loader.mode.value)) if firmware.loader.mode is not None else None
    if mode is None or not mode.upgrades:
        told = f"its mode is {mode.value}, which copies nothing" if mode is not None else "nothing tells its mode"
        raise NotEnabled(f"MCUboot installs no update into the primary slot: {told}")
    life = Life.start(replace(firmware, updates=()), NOBODY, published, {package.file: package.data})
    actions = _staged(life, package, request)
    board = life.board
    staging = board.partition(Role.SECONDARY)
    assert staging is not None, "something was staged there"
    chain = _Chain(life, [("the old image", _image(life))])
    board.settled = True
    after = _uncut(life)
    chain.whole = [("the new image", _image(after)), *chain.whole]
    found = sweep(board.memories, chain.boot, tears=tears, rest=chain.rest(), progress=progress)
    boots = found.worst.boots if found.worst is not None else ()
    return Swept(
        image=package.file,
        name=package.file,
        request=request,
        mode=mode,
        size=len(package.data),
        room=staging.range.size,
        uncut=chain.named(after),
        survey=found,
        actions=actions,
        history=tuple(Boot(cut_after=each.after, torn=each.tear) for each in boots),
        untold=(*(life.story.unknown if life.story is not None else ()),),
    )


def _staged(life: Life, package: Package, request: Request) -> tuple[Action, ...]:
    """The first boot and the delivery, which have happened then."""
    staging = life.board.partition(Role.SECONDARY)
    if staging is None:
        raise NotEnabled("the map has no slot in which an update waits")
    actions = (Boot(), Deliver(partition=staging.name, content=File(package.file), request=request))
    for action in actions:
        life.act(action)
    return actions


def _uncut(life: Life) -> Life:
    """The same device after one boot that nobody cuts, on memories of its own."""
    board = replace(life.board)
    board.device = life.board.device.twin()
    board.network = life.board.network.copy() if life.board.network is not None else None
    board.places = replace(board.places, keys=list(board.places.keys)) if board.places is not None else None
    twin = replace(life, board=board)
    twin.act(Boot())
    return twin


def _image(life: Life) -> bytes:
    """The image in the primary slot, up to the end of its payload."""
    primary = life.board.partition(Role.PRIMARY)
    assert primary is not None, "MCUboot has run"
    flash, area = life.board.device.flash, primary.range
    header = ImageHeader.read(flash.read(area.start, SIZE))
    return flash.read(area.start, min(header.header_size + header.image_size, area.size)) if header.found else b""


@dataclass(slots=True)
class _Chain:
    """The boots of one device; `whole` are the images that may be there in the end, by name."""

    life: Life
    whole: list[tuple[str, bytes]] = field(default_factory=list)

    def boot(self) -> End:
        """From reset to where the device stays."""
        board, teller = self.life.board, Teller(self.life.published)
        board.device.reset_units()
        try:
            at = boot.run(board, teller)
            network.run(board, teller)
        except Ended as ended:
            return End(good=False, what=ended.why)
        held = self._held(self.life)
        return End(good=bool(held), what=f"{at}, {held or 'an image that is neither'}")

    def named(self, life: Life) -> str:
        """Where `life` stands, in the same words."""
        story = life.story
        assert story is not None, "it has been booted"
        return f"{story.at}, {self._held(life)}" if story.ending is Ending.RUNS else story.why

    def _held(self, life: Life) -> str:
        primary = life.board.partition(Role.PRIMARY)
        assert primary is not None, "MCUboot has run"
        flash, start = life.board.device.flash, primary.range.start
        return next((name for name, image in self.whole if image and flash.shows(start, image)), "")

    def rest(self) -> Rest:
        """The keys of a KMU, and the slot that NSIB chose."""
        board = self.life.board

        def kept() -> Kept:
            held = tuple(board.places.keys) if board.places is not None else ()

            def restore() -> None:
                if board.places is not None:
                    board.places.keys[:] = held

            return held, restore

        def situation() -> Hashable:
            return board.loader[0].start if board.loader is not None else 0

        return Rest(kept, situation)
