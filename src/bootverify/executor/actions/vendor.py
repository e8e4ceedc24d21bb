"""The actions of the vendor, the update service and the update client, and the bytes that they send."""

from bootverify.design.attacker import Capability
from bootverify.design.boot import EncryptionType, Image, Run
from bootverify.executor.actions.supply import lasts_as_told
from bootverify.executor.content import shown_whole
from bootverify.executor.layout import home, room_before, scratch_areas, staging_partitions, stores_of
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.network.path import shipped_image, update_path
from bootverify.executor.stages import mcuboot
from bootverify.executor.stages.update_client import UpdateClient
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Deliver, Inspect, Produce, Publish, Request, Unwrap
from bootverify.machine.content import Content, Crafted, Erased, File, Genuine, Invalidated


def produce(world: World, action: Produce) -> None:
    """The device is one that production programs with a later release of an image."""
    image = _image(world, action.image)
    if world.begun:
        raise NotEnabled("the device has left production")
    if not image.updatable or not 1 <= action.release <= world.design.releases:
        raise NotEnabled(f"{action.image} {action.release} is never made")
    world.device = world.factory.device(later={image.name: action.release})
    world.log.append(f"production programs {image.name} {action.release}")


def publish(world: World, action: Publish) -> None:
    """The vendor ships an update to everybody."""
    image = None if action.image == shipped_image(world.design) else _image(world, action.image)
    if not (image is None or image.updatable) or not 1 <= action.release <= world.design.releases:
        raise NotEnabled(f"{action.image} {action.release} is never shipped")
    if image is None:
        package = world.factory.network_package(action.release)
    else:
        package = world.factory.package(image, action.release, action.slot)
    world.published[action.image, action.release, action.slot] = package
    world.log.append(
        f"the vendor publishes {package.name} ({len(package.file)} bytes{', encrypted' if package.encrypted else ''})"
    )


def inspect(world: World, action: Inspect) -> None:
    """The attacker looks for secrets in what an update shows him."""
    package = world.published.get((action.image, action.release, action.slot))
    if package is None:
        raise NotEnabled("it is not published")
    data = world.factory.opened(package, world.knowledge)
    if package.plain in data and action.image != shipped_image(world.design):
        for part in stores_of(world.design, _image(world, action.image)):
            world.knowledge.parts |= {(part.image, part.part)}
            world.knowledge.see(part.name, world.factory.part_bytes(part, action.release, action.slot))
    for key in world.knowledge.read(data):
        where = data.index(world.knowledge.values[key])
        world.log.append(f"{world.attacker.name} reads {package.name}: the bytes at {where:#x} are {key}")
    if not world.log:
        world.log.append(f"{world.attacker.name} reads {package.name}: no secret in what it shows")


def unwrap(world: World, action: Unwrap) -> None:
    """The attacker decrypts an update with a key that he knows."""
    key = next((each for each in world.design.keys if each.name == action.key), None)
    if key is None:
        raise NotEnabled(f"no key is called {action.key}")
    if not (key.published or world.knowledge.knows(key.name)):
        raise NotEnabled(f"he does not know {key.name}")
    image = _image(world, action.image)
    variant = world.design.variants(image)[0]
    package = world.published.get((action.image, action.release, variant))
    if package is None:
        raise NotEnabled("it is not published")
    plain = world.factory.decrypted(package, world.value(key))
    if plain is None:
        raise NotEnabled(f"{key.name} does not open {package.name}")
    world.log.append(f"{world.attacker.name} decrypts {package.name} with {key.name}: {len(plain)} bytes in clear")


def deliver(world: World, action: Deliver) -> None:
    """The update client stages what it was sent."""
    device = world.device
    # PREMISE the application's update client is running
    if device.halted or not isinstance(device.design.stages[device.stage].steps[device.step], Run):
        raise NotEnabled("no update client is running")
    if action.partition not in staging_partitions(device.design):
        raise NotEnabled(f"{action.partition} stages no update")
    if action.partition in device.active.values():
        raise NotEnabled(f"the update client leaves {action.partition} alone, which the application runs from")
    if not _confirmed(world, action.partition):
        raise NotEnabled(f"the update client leaves {action.partition} alone, which the next boot may go back to")
    if action.by_attacker and not world.attacker.can(Capability.SEND_UPDATE):
        raise NotEnabled("he cannot reach the update service")
    if not (action.by_attacker or _ours(world, action)):
        raise NotEnabled(f"the vendor does not send {action.content} to {action.partition}")
    if action.request not in {Request.TEST, Request.PERM}:
        raise NotEnabled("the update client requests test or perm")
    # EFFECT
    area, lead = home(device.design, action.partition), room_before(device.design, action.partition)
    data = bytes_for(world, action.content, action.partition)[lead:]
    if lead + len(data) > area.size:
        raise NotEnabled(f"{action.content} is larger than {action.partition}")
    client = UpdateClient(Area(device.flash, area.start, area.size), data, lead)
    who = world.attacker.name if action.by_attacker else "the vendor"
    told = f"{who} sends {action.content}; the update client"
    asked = f"{action.partition} ({action.request.value})"
    whole = lasts_as_told(world, action, lambda: client.stage(action.request))
    world.log.append(f"{told} stages it in {asked}" if whole else f"{told} is staging it in {asked}")
    world.receipt = client.receipt


def _confirmed(world: World, slot: str) -> bool:
    """Whether what runs is there to stay, of an image that starts in place from `slot`, too.

    Zephyr's client refuses to erase what a boot would revert to (img_mgmt_state.c, img_mgmt_slot_in_use).
    """
    for image in world.design.images:
        step, active = world.design.started_in_place(image), world.device.active.get(image.name)
        if step is not None and step.revert and slot in image.slots and active is not None:
            return mcuboot.standing(world.device, active) is Request.PERM
    return True


def _ours(world: World, action: Deliver) -> bool:
    """Whether the vendor's client stages that there."""
    content = action.content
    if not isinstance(content, Genuine):
        return False
    path = update_path(world.design)
    if path is not None and content.image == shipped_image(world.design):
        return path.staging == action.partition
    places = world.design.update_places(image := _image(world, content.image))
    return action.partition in places and (image.staging is not None or content.slot in {"", action.partition})


def confirm(world: World) -> None:
    """The running application keeps itself."""
    device = world.device
    if device.halted or not isinstance(device.design.stages[device.stage].steps[device.step], Run):
        raise NotEnabled("no application is running")
    image = world.design.image(device.design.stages[device.stage].image)
    if not mcuboot.confirm(device, image):
        raise NotEnabled("there is nothing to confirm")
    world.log.append(f"{image.name} confirms itself")


def bytes_for(world: World, content: Content, store: str) -> bytes:
    """What who sends or writes `content` puts into `store`, from its start."""
    data = _bytes_of(world, content, store)
    return b"\xff" * room_before(world.design, store) + data if data else data


def _bytes_of(world: World, content: Content, store: str) -> bytes:
    match content:
        case Erased():
            return b""
        case Crafted(unmarked=True):
            raise NotEnabled("`unmarked` is what a clip makes of an image in the middle of a step (`meanwhile`)")
        case Crafted(wrapped=True):
            data = world.factory.wrapped(store, world.device.flash)
            if data is None:
                raise NotEnabled(f"in {store} lies no image key that anybody can wrap anew")
            return data
        case Crafted():
            return world.factory.crafted(store, content, world.knowledge, world.device)
        case Genuine():
            if (content.image, content.release, content.slot) not in world.published:
                raise NotEnabled(f"{content} is not published")
            return _genuine_bytes(world, content, store)
        case Invalidated():
            raise NotEnabled("nobody sends that")
        case File():
            raise NotEnabled("a device of made images takes none of a file; name an image and a release of it")


def _image(world: World, name: str) -> Image:
    for image in world.design.images:
        if image.name == name:
            return image
    raise NotEnabled(f"no image is called {name}")


def _genuine_bytes(world: World, content: Genuine, store: str) -> bytes:
    if content.image == shipped_image(world.design):
        return world.factory.network_package(content.release).file
    image: Image = world.design.image(content.image)
    if store in scratch_areas(world.design):
        raise NotEnabled(f"no image lies in {store}")
    for held in stores_of(world.design, image):
        if held.name == store:
            hidden = image.encryption is not EncryptionType.NONE and world.design.started_in_place(image) is None
            if hidden and not shown_whole(world, store, content):
                raise NotEnabled(f"nobody has shown him {content} in clear")
            return world.factory.part_bytes(held, content.release, content.slot)
    return world.factory.package(image, content.release, content.slot).file
