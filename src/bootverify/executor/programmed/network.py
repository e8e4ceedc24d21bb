"""The network core on real bytes: b0n and what it starts, or an application that nothing verifies."""

from dataclasses import replace

from bootverify.design.memory import MemoryKind, Partition
from bootverify.executor.mcuboot.boot import staged_refusal
from bootverify.executor.mcuboot.config import BootConfig, Pair
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.trailer import Trailer, requested_swap
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.network.core import NetworkCore, Transfer, beside
from bootverify.executor.network.pcd import REGION, place
from bootverify.executor.nsib import release_for
from bootverify.executor.nsib.provision import HASH, KEY_ENTRY, StorageLayout, storage_base
from bootverify.executor.nsib.release import RELEASE_MAIN
from bootverify.executor.programmed.board import Board, Slots
from bootverify.executor.programmed.story import Teller
from bootverify.executor.stages.b0n import B0n, start
from bootverify.executor.stages.network_update import NetworkUpdate
from bootverify.ranges import AddressRange

LAYOUT = StorageLayout.HALFWORDS
MOST_KEYS = 16
RAM_FLASH = 0x10000  # where in RAM MCUboot keeps the image that it copied: ours, nothing depends on it


def core_of(board: Board) -> NetworkCore | None:
    """The network core with its bytes; None where the map has no b0n, or nothing is programmed there."""
    soc, flash = board.firmware.network, board.network
    if soc is None or flash is None:
        return None
    parts = {each.name.removeprefix("cpunet:"): _absolute(each, soc.flash.start) for each in _partitions(board)}
    b0n, provision = parts.get("b0n") or parts.get("b0n_partition"), parts.get("provision")
    if b0n is None or provision is None:
        return None
    own = AddressRange(b0n.start, provision.end)
    behind = [area for area in parts.values() if area.start == own.end]
    application = max(behind, key=lambda area: area.size, default=AddressRange(own.end, soc.flash.end))
    sdk = board.firmware.design.sdk
    numbers = ".".join(part if part.isdigit() else "0" for part in sdk.split(".")[:3])
    release = release_for(numbers) if sdk[:1].isdigit() else RELEASE_MAIN
    core = NetworkCore.blank(soc, own, application, provision.start, release)
    core.flash = flash
    core.storage = storage_base(Memory((flash,)), provision.start, LAYOUT, soc.flash)
    return core


def run(board: Board, teller: Teller) -> None:
    """What the network core does once the application core releases it; nothing where no bytes are for it."""
    if board.network is None or board.firmware.network is None:
        return
    teller.stage = "network core"
    core = core_of(board)
    if core is None:
        first = board.firmware.network.flash.start
        if board.network.read(first, 8) == b"\xff" * 8:
            teller.say(f"nothing is programmed at its reset vector {first:#x}")
        else:
            teller.say(f"once it is released, its reset vector {first:#x} starts its application: nothing verifies it")
        return
    teller.stage = "b0n"
    _tell_keys(teller, core)
    ended = start(core, transfer(board))
    for line in core.log:
        teller.say(line)
    if ended.how is not B0n.STARTED:
        teller.say(f"{ended.how.value}: {ended.why}")


def take_update(board: Board, teller: Teller, slots: Slots, config: BootConfig) -> None:
    """MCUboot hands a staged image that is linked for the network core to b0n, if it would accept it.

    It lies in the application's secondary slot in internal flash (told by its reset vector: sdk-mcuboot,
    boot_validated_swap_type), or in a slot of its own, from where MCUboot copies it to RAM (sdk-nrf, modules/mcuboot,
    nrf53_hooks). On success the request is erased and the boot goes on without a swap.
    """
    area = slots.network or slots.secondary
    core = core_of(board)
    if area is None or core is None:
        return
    header = ImageHeader.of(area.read(0, SIZE) or b"")
    vector = area.read(header.header_size + 4, 4) if header.found else None
    asked = requested_swap(Trailer(slots.primary, config.trailer).read(), Trailer(area, config.trailer).read())
    if not asked.upgrades or vector is None or int.from_bytes(vector, "little") not in core.soc.flash:
        return
    why = staged_refusal(replace(config, images=(Pair(slots.primary, area),)))
    if why:
        teller.say(f"network core update refused: {why}")
        return
    teller.say("network core update: its signature is good")
    view, data = transfer(board), area.start + header.header_size
    if slots.network is not None:
        copied = area.read(0, header.header_size + header.image_size) or b""
        data = board.firmware.design.soc.ram.start + RAM_FLASH + header.header_size
        view = Transfer(view.ram, beside(copied, data - header.header_size, view.readable), view.writable)
    if not NetworkUpdate(core, view, lambda _: None, teller.say).update(data, header.image_size):
        teller.not_told("MCUboot: what it does with a staged image whose copy to the network core failed")
        return
    Trailer(area, config.trailer).scramble(area.align)
    teller.say("network core updated; the request is erased")


def transfer(board: Board) -> Transfer:
    """The shared RAM after power-on: no command in it. The network core reads what lies in the internal memory."""
    flash = board.device.flash
    ram = Ram(place(board.firmware.design.sdk), REGION)
    return Transfer(ram, lambda at, size: flash.read(at, size) if flash.holds(at, size) else None, lambda: True)


def _tell_keys(teller: Teller, core: NetworkCore) -> None:
    """The keys of its provision data, which b0n as it is built never looks at."""
    count = int.from_bytes(core.flash.read(core.storage + LAYOUT.key_count, 4), "little")
    if count > MOST_KEYS:
        teller.say(f"no provision data at {core.storage:#x}")
        return
    for index in range(count):
        digest = core.flash.read(core.storage + LAYOUT.keys + index * KEY_ENTRY + 4, HASH).hex()
        teller.say(f"provisioned {index} (not used: it checks digests alone): {teller.key(digest, 'key hash')}")


def _partitions(board: Board) -> list[Partition]:
    return [each for each in board.firmware.design.partitions if each.memory is MemoryKind.NETWORK]


def _absolute(partition: Partition, base: int) -> AddressRange:
    start = partition.range.start
    return AddressRange.sized(start if start >= base else base + start, partition.range.size)
