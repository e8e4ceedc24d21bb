"""What a program does with the keys that its release brings: on its first run it copies them into the KMU."""

from bootverify.design.boot import Stage
from bootverify.design.keys import InKmu
from bootverify.executor.content import taken
from bootverify.executor.making.factory import delivered_by
from bootverify.executor.world import World
from bootverify.machine.content import Genuine


def copy_delivered_keys(world: World, stage: Stage) -> None:
    """Write the keys that the running release of `stage` carries for the KMU into their slots, once."""
    device = world.device
    image = world.design.image(stage.image)
    held = taken(world, image)
    for key in world.design.keys:
        for place in key.placements:
            if not isinstance(place, InKmu) or place.slots[0] in device.kmu.slots:
                continue
            carriers = [each.release for each in delivered_by(key) if each.image == image.name]
            if held and all(isinstance(each, Genuine) and each.release in carriers for each in held):
                world.factory.provision(device, key, place)
                device.log.append(f"{stage.name}: copies {key.name} into the KMU")
