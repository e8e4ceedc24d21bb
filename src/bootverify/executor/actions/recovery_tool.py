"""The recovery tool beside a device of made images: whoever holds the cable has MCUboot write what he sends.

The device is restarted with the pin or button that makes MCUboot stay in its serial recovery, which begins before any
image is looked at (ncs-boot 2.1). What MCUboot does there is in `stages/serial_recovery`.
"""

from bootverify.design.attacker import Capability
from bootverify.design.boot import BootGo
from bootverify.design.life import Recovery as Port
from bootverify.executor.actions.supply import lasts_as_told
from bootverify.executor.actions.vendor import bytes_for
from bootverify.executor.layout import home, room_before
from bootverify.executor.making import network_build
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.encrypt import image_key
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.network.core import NetworkCore
from bootverify.executor.network.path import application_of
from bootverify.executor.stages import mcuboot, network
from bootverify.executor.stages.serial_recovery import Recovery, Session, check_request, slot_session, trailer_start
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Upload
from bootverify.machine.content import Content, Crafted, Genuine


def upload(world: World, action: Upload) -> None:
    """The tool uploads, waits for the last answer, and resets the device; the power may be lost after that answer.

    PREMISE the mark is that of MCUboot's `boot_go`, where `run` has brought the device.

    Raises:
        NotEnabled: there is no such port, he may not send that, or it does not go there.
    """
    design, device = world.design, world.device
    if design.life.recovery not in {Port.OPEN, Port.GUARDED}:
        raise NotEnabled("nothing tells of a recovery port: `life: {recovery: open}`")
    ours = isinstance(action.content, Genuine)
    if not ours and not (world.attacker.can(Capability.USE_CABLE) and design.life.recovery is Port.OPEN):
        raise NotEnabled(f"the vendor sends no {action.content}, and nobody else has the cable of an open port")
    step = None if device.halted else design.stages[device.stage].steps[device.step]
    if not isinstance(step, BootGo):
        raise NotEnabled("MCUboot does not get to its serial recovery")
    session = _network(world, action) or _image(world, action, step)
    who = "the recovery tool" if ours else world.attacker.name
    device.log.append(f"{who} uploads {action.content} for {action.partition}")
    whole = lasts_as_told(world, action, session.sends)
    world.receipt = session.receipt
    if whole:
        device.log.append(f"{who} resets the device")
        device.reset()


def _image(world: World, action: Upload, step: BootGo) -> Session:
    """An image of this core: by default into its primary slot; what is encrypted is decrypted where it lies."""
    design, image = world.design, world.design.image(step.image)
    if action.partition not in {*image.slots, image.staging}:
        raise NotEnabled(f"uploads of {image.name} go to {', '.join(image.slots)}, or to {image.staging}")
    second = action.partition == image.staging
    check_request(action.request, waits=second)
    built, where = mcuboot.config(world, step), home(design, action.partition)
    area, lead = Area(world.device.flash, where.start, where.size), room_before(design, action.partition)
    file = _file(world, action, lead)
    header = ImageHeader.of(file)
    closed = header.found and header.encrypted and not second and built.encryption is not None
    key = image_key(built.encryption, file) if closed and built.encryption is not None else None
    server = Recovery(area=area, lead=lead, trailer=trailer_start(area, built.mode, built.trailer))
    return slot_session(server, file, world.device.log.append, key=key, request=action.request)


def _file(world: World, action: Upload, lead: int) -> bytes:
    """What is sent: the vendor's file as it is published, or bytes of his for that place."""
    match action.content:
        case Genuine(image=image, release=release, slot=slot) if (image, release, slot) in world.published:
            return world.published[image, release, slot].file
        case content:
            return bytes_for(world, content, action.partition)[lead:]


def _network(world: World, action: Upload) -> Session | None:
    """An image of the network core: it comes to lie in RAM, and once that is acknowledged b0n copies it from there.

    Nobody verifies its signature: MCUboot looks at magic and reset vector, b0n at the digest.
    """
    device, core = world.device, world.device.network
    told = application_of(world.design)
    if told is None or action.partition != told.partition:
        return None
    if core is None:
        raise NotEnabled("the design says too little of the network core to run it")
    payload, file = _network_file(world, core, action.content, told.name)
    return network.mediator(device, core).session(file, payload, world.design.soc.header, device.log.append)


def _network_file(world: World, core: NetworkCore, content: Content, name: str) -> tuple[bytes, bytes]:
    """Payload and file of an update of the network core."""
    match content:
        case Genuine(release=release) if content.image == name and 1 <= release <= world.design.releases:
            payload = network_build.released(core, release)
        case Crafted():
            payload, release = network_build.crafted(core), 1
        case _:
            raise NotEnabled(f"no such image of {name} is sent")
    made = make_image(payload, version=Version(release), key=None, header_size=world.design.soc.header)
    return payload, made.shipped
