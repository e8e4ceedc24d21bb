"""The actions of hostile code and of the probe."""

from itertools import product

from bootverify.design.attacker import Capability
from bootverify.design.boot import BootGo, Program, Step, UpgradeMode
from bootverify.design.protection import Access, Attribution
from bootverify.executor.access import erase_and_write, read
from bootverify.executor.actions import attack
from bootverify.executor.actions.vendor import bytes_for
from bootverify.executor.device import Halt
from bootverify.executor.layout import home, room_before, scratch_areas, store_ranges, stores_of
from bootverify.executor.making import network_build
from bootverify.executor.network.path import shipped_image, update_path
from bootverify.executor.stages import mcuboot, network
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import FeedNetwork, ForgeTrailer, Jump, Meanwhile, Overwrite, ProgramRegion, Request
from bootverify.machine.content import Crafted, Erased, Genuine
from bootverify.ranges import AddressRange


def _initiators(world: World) -> tuple[Attribution, ...]:
    found = attack.hostile_as(world)
    if not found:
        raise NotEnabled("nothing that he controls is running")
    return found


def _writers(world: World, area: AddressRange) -> tuple[Attribution, ...]:
    """As whom he writes to `area`; no unit stands before the external chip, so at a clip he is as good as any code.

    At a recovery port he has the bootloader write for him.
    """
    if attack.at_chip(world, area, Access.WRITE):
        return (Attribution.NON_SECURE,)
    if attack.at_port(world, area):
        return (world.design.stages[world.device.stage].attribution,)
    return _initiators(world)


def overwrite(world: World, action: Overwrite) -> None:
    """He writes to a store what the units let him."""
    if network.program_at(world.device, action.partition) is not None:
        _overwrite_there(world, action)
        return
    area = store_ranges(world.design)[action.partition]
    if action.content == Crafted(wrapped=True) and attack.at_port(world, area):
        raise NotEnabled("what is sent by cable comes from its first byte on: no TLV is changed alone")
    data = bytes_for(world, action.content, action.partition)
    before = world.device.flash.read(area.start, area.size)
    done = [erase_and_write(world.device, area, data.ljust(area.size, b"\xff"), who) for who in _writers(world, area)]
    if not any(done):
        raise NotEnabled(f"no byte of {action.partition} can be written")
    if action.content == Crafted():
        _seal_over_the_rest(world, action.partition, before, data)
    if action.partition in scratch_areas(world.design):
        world.device.spoiled.add(action.partition)
    world.log.append(f"{world.attacker.name} writes {action.content} to {action.partition} ({area})")


def _seal_over_the_rest(world: World, store: str, before: bytes, wanted: bytes) -> None:
    """Where some of what he `wanted` there could not be written, he signs what stands there instead, if he can."""
    flash, area = world.device.flash, store_ranges(world.design)[store]
    if flash.read(area.start, len(wanted)) == wanted:
        return
    again = world.factory.sealed_over(store, before, world.knowledge, flash)
    for who in _writers(world, area) if again is not None else ():
        erase_and_write(world.device, area, again or b"", who)


def _overwrite_there(world: World, action: Overwrite) -> None:
    """His code on the network core writes that core's own flash."""
    core, area = world.device.network, network.program_at(world.device, action.partition)
    assert core is not None
    assert area is not None
    if not network.hostile(world):
        raise NotEnabled("nothing that he controls is running on the network core")
    match action.content:
        case Erased():
            data = b""
        case Genuine(image=name, release=release) if name == shipped_image(world.design):
            if (name, release, "") not in world.published or area != core.application:
                raise NotEnabled(f"{action.content} is not published, or for another place")
            data = network_build.released(core, release)
        case _:
            data = network_build.crafted(core)
    if not core.write(area, data):
        raise NotEnabled(f"no byte of {action.partition} can be written")
    world.log.append(f"{world.attacker.name} writes {action.content} to {action.partition} ({area})")


class Meddling:
    """What he does to the external chip while a step is under way, called before each access of the step.

    Bytes behind what he writes stay: he spoils no trailer that serves him.
    """

    def __init__(self, world: World, step: Step, turn: Meanwhile) -> None:
        """Raises NotEnabled: he cannot, or the step has nothing to do with the partition."""
        if not isinstance(step, BootGo) or turn.partition not in _read_in(world, step):
            raise NotEnabled(f"the step reads nothing of {turn.partition}")
        area = home(world.design, turn.partition)
        if not attack.at_chip(world, area, Access.WRITE):
            raise NotEnabled(f"he has no clip on a chip that holds {turn.partition}")
        self.data = _answered(world, turn, area)
        self.world, self.turn, self.start, self.seen, self.done = world, turn, area.start, 0, False

    def __call__(self, start: int) -> None:
        """An access to the area that begins at `start` is about to be made."""
        if start != self.start:
            return
        if self.seen == self.turn.before:
            self.done = True
            self.world.device.flash.load(self.start, self.data)
            told = f"from now on {self.world.attacker.name} has the chip answer with {self.turn.content}"
            self.world.device.log.append(told)
        self.seen += 1


def _answered(world: World, turn: Meanwhile, area: AddressRange) -> bytes:
    """The bytes that the chip answers with."""
    match turn.content:
        case Erased():
            return b"\xff" * area.size
        case Crafted(unmarked=True):
            data = world.factory.unmarked(turn.partition, world.device.flash)
            if data is None:
                raise NotEnabled(f"no header in {turn.partition} says that an image is encrypted")
            return b"\xff" * room_before(world.design, turn.partition) + data
        case content:
            return bytes_for(world, content, turn.partition)


def _read_in(world: World, step: BootGo) -> tuple[str, ...]:
    """The partitions that MCUboot installs updates from in that step."""
    path = update_path(world.design)
    found = world.design.update_places(world.design.image(step.image))
    return (*found, path.staging) if path is not None and path.step == step else found


def forge_trailer(world: World, action: ForgeTrailer) -> None:
    """He asks for an upgrade by the trailer of a slot."""
    path = update_path(world.design)
    if path is not None and action.image == shipped_image(world.design):
        _forge_for_network(world, path.staging, action.request)
        return
    image = world.design.image(action.image)
    if not any(
        isinstance(step, BootGo) and step.image == image.name for stage in world.design.stages for step in stage.steps
    ):
        raise NotEnabled(f"no trailer of {image.name} is looked at")
    in_place = world.design.started_in_place(image) is not None
    if in_place != bool(action.slot) or action.slot not in {"", *image.slots}:
        raise NotEnabled(f"name the slot of {image.name}" if in_place else f"{image.name} starts from one slot")
    staging = image.staging or image.slots[0]
    asked = staging if action.request in {Request.TEST, Request.PERM} else image.slots[0]
    area = home(world.design, action.slot or asked)
    if not any(attack.may_write_trailer(world, area, who) for who in _writers(world, area)):
        raise NotEnabled("he cannot write that trailer")
    mcuboot.forge_request(world.device, image, action.request, action.slot)
    where = f" of {action.slot}" if action.slot else ""
    world.log.append(f"{world.attacker.name} rewrites the trailer{where}: the next boot sees {action.request.value}")


def _forge_for_network(world: World, staging: str, request: Request) -> None:
    """The trailer of the slot for the network core; the other slot is RAM, and is not asked."""
    area = home(world.design, staging)
    if request not in {Request.TEST, Request.PERM}:
        raise NotEnabled("no trailer of the network core's image asks for that")
    if not any(attack.may_write_trailer(world, area, who) for who in _writers(world, area)):
        raise NotEnabled("he cannot write that trailer")
    world.device.flash.erase(area.end - world.design.soc.page, world.design.soc.page)
    mcuboot.request_upgrade(world.device, area, request)
    world.log.append(f"{world.attacker.name} rewrites the trailer: the next boot sees {request.value}")


def feed_network(world: World, action: FeedNetwork) -> None:
    """He has b0n copy an image of his own into the network core: its digest is right, nobody asks for more."""
    core = world.device.network
    if core is None:
        raise NotEnabled("the design has no second core that runs")
    refused = ""
    there = (network.domain(world.device),) if network.hostile(world) else ()
    for who in there or _initiators(world):
        refused = network.feed(world.device, network_build.crafted(core), who, offset=action.offset)
        if not refused:
            world.log.append(f"{world.attacker.name} commands b0n to copy an image of his own")
            return
    raise NotEnabled(refused)


def read_by_code(world: World, partition: str) -> None:
    """His code, or who has a clip on the external chip, reads what is shown of `partition`."""
    clipped = partition != "uicr" and attack.at_chip(world, _area(world, partition), Access.READ)
    read_out(world, partition, attack.code_as(world) or ((Attribution.NON_SECURE,) if clipped else ()))


def _area(world: World, partition: str) -> AddressRange:
    ranges = store_ranges(world.design)
    return ranges[partition] if partition in ranges else home(world.design, partition)


def read_out(world: World, partition: str, initiators: tuple[Attribution, ...]) -> None:
    """One of `initiators` reads what the units show of `partition`."""
    learned: list[str] = []
    shown = 0
    for initiator in initiators:
        if partition == "uicr":
            names, count = attack.read_uicr(world, initiator)
        else:
            area = _area(world, partition)
            names, count = attack.read_out(world, area, initiator)
            names += _noted(world, area, initiator)
            if count == area.size:
                _note(world, partition, world.device.flash.read(area.start, area.size))
            names += _opened(world, partition, area, initiator)
        learned += names
        shown = max(shown, count)
    if not shown:
        raise NotEnabled(f"no byte of {partition} can be read")
    world.log.append(
        f"{world.attacker.name} reads {shown} bytes of {partition}"
        + (f": {', '.join(learned)} is among them" if learned else "")
    )


def _note(world: World, partition: str, held: bytes) -> None:
    """He has seen all that `partition` holds; where a swap left an image there, its parts, too."""
    design = world.design
    world.knowledge.see(partition, held)
    for image in (each for each in design.images if each.staging == partition):
        for part, lead in product(stores_of(design, image), {0, room_before(design, partition)}):
            start = lead + part.range.start - home(design, part.slot).start
            world.knowledge.see(part.name, held[start : start + part.range.size])


def _opened(world: World, partition: str, area: AddressRange, initiator: Attribution) -> tuple[str, ...]:
    """The keys that become known where a swap left an image under a key of his: what he reads of it he has in clear."""
    staged = [image for image in world.design.images if image.staging == partition and world.factory.wraps(image)]
    if not staged:
        return ()
    held = bytearray(b"\xff" * area.size)
    for address, data in read(world.device, area, initiator):
        held[address - area.start : address - area.start + len(data)] = data
    learned: list[str] = []
    for image, lead in product(staged, {0, room_before(world.design, partition)}):
        clear = world.factory.with_his_key(image, bytes(held[lead:]))
        if clear is not None:
            _note(world, partition, b"\xff" * lead + clear)
            world.knowledge.parts |= world.factory.code_in(area.start + lead, clear)
            learned += world.knowledge.read(clear)
    return tuple(learned)


def _noted(world: World, area: AddressRange, initiator: Attribution) -> tuple[str, ...]:
    """What new image keys he reads where a swap noted them."""
    told, shown = [], read(world.device, area, initiator)
    for image in world.design.images:
        keys = mcuboot.image_keys(world, image, shown)
        if not keys <= world.knowledge.image_keys:
            world.knowledge.image_keys |= keys
            told.append(f"an image key of {image.name}")
    return tuple(told)


def program_region(world: World, action: ProgramRegion) -> None:
    """He sets the registers of a region that is not locked."""
    if not any(attack.program_region(world, action, who) for who in _initiators(world)):
        raise NotEnabled(f"region {action.region} is locked or out of his reach")
    permits = "".join(access.value[0] for access in sorted(action.permits, key=lambda access: access.value))
    world.log.append(
        f"{world.attacker.name} sets region {action.region} to {action.attribution.value}, {permits or 'no access'}"
    )


def patch_fetch(world: World, image: str) -> None:
    """He has the flash patch unit answer in place of `image`."""
    _initiators(world)
    if not world.design.lifecycle.flash_patch:
        raise NotEnabled("there is no flash patch unit, or it is switched off")
    step = world.design.started_in_place(world.design.image(image))
    if step is not None and step.mode is UpgradeMode.RAM_LOAD:
        raise NotEnabled(f"{image} runs from RAM, which the unit does not answer for")
    world.device.patched.add(image)
    world.log.append(f"{world.attacker.name} has the CPU fetch other words in place of {image}, across soft resets too")


def fill_slot(world: World, name: str) -> None:
    """He puts a key of his own into slots that are empty, or that he can make so."""
    key = world.design.key(name)
    if not key.fillable or not any(attack.fill_key(world, key, who) for who in _initiators(world)):
        raise NotEnabled(f"the slots of {name} take no other key, or are out of his reach")
    world.log.append(f"{world.attacker.name} provisions the KMU slots of {name} with a key of his own")


def use_slot(world: World, name: str) -> None:
    """He has the KMU push a key."""
    key = world.design.key(name)
    pushes = [pushed for who in _initiators(world) if (pushed := attack.push_key(world, key, who)) is not None]
    if not pushes:
        raise NotEnabled(f"the KMU does not push {name} for him")
    world.used.add(name)
    destination = pushes[0][0][0]
    in_ram = destination in world.design.soc.ram
    if in_ram and key.secret:
        world.knowledge.learn(name)
    note = (
        f"lands at {destination:#x} in RAM, where he reads it"
        if in_ram
        else f"goes to the engine register {destination:#x}, and he has it unwrap what he likes"
    )
    world.log.append(f"{world.attacker.name} has the KMU push {name}: it {note}")


def read_slot(world: World, name: str) -> None:
    """He reads the slot of a key."""
    key = world.design.key(name)
    values = [value for who in _initiators(world) if (value := attack.read_key(world, key, who)) is not None]
    if not values:
        raise NotEnabled("the KMU answers secure code only")
    if world.value(key) in values[0]:
        world.knowledge.learn(name)
        world.log.append(f"{world.attacker.name} reads {name} from its KMU slot")
    else:
        world.log.append(f"{world.attacker.name} reads the KMU slot of {name}: it shows 0xdeaddead")


def jump(world: World, action: Jump) -> None:
    """The hostile stage hands over to a later one of his choice."""
    device = world.device
    stage = device.design.stages[device.stage]
    names = [each.name for each in device.design.stages]
    if device.halted or stage.program is Program.APPLICATION or stage.attribution not in attack.hostile_as(world):
        # A probe halts the CPU in secure state only where the secure port is open (ps-nrf5340, Debug and trace).
        raise NotEnabled("the running stage is not hostile")
    if names.index(action.stage) <= device.stage:
        raise NotEnabled("only a later stage can be jumped to")
    device.enter(action.stage)
    world.log.append(f"the hostile {stage.name} jumps to {action.stage}")


def erase_all(world: World) -> None:
    """The probe erases the device, which opens its port."""
    device = world.device
    if not world.attacker.can(Capability.DEBUG):
        raise NotEnabled("he has no probe")
    if not device.port.erase_all():
        raise NotEnabled("erase protection is on")
    device.erase_all()
    device.halt(Halt.ERASED, "flash and UICR are erased, key slots with them")
