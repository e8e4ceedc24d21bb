"""Where code lies: the stores of each image, as byte ranges (docs/SEMANTICS.md, "Stores")."""

from dataclasses import dataclass

from bootverify.design.boot import Image, Program
from bootverify.design.design import Design
from bootverify.ranges import AddressRange

HEADER = 0x200  # MCUboot header and pad on nRF52, nRF53 and nRF91 (ncs-boot 3.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A named place of code; `part` is the stage whose part of the image it holds, empty for a whole image."""

    name: str
    range: AddressRange
    image: str
    slot: str
    part: str = ""


def stores_of(design: Design, image: Image) -> tuple[Store, ...]:
    """The stores of all slots of `image`, in the order of the slots, then of the stages."""
    stages = [stage for stage in design.stages_of(image.name) if stage.code is not None]
    found: list[Store] = []
    for slot in image.slots:
        whole = design.partition(slot).range
        if not stages:
            found.append(Store(name=slot, range=whole, image=image.name, slot=slot))
            continue
        starts = [whole.start]
        starts += [design.partition(stage.code).range.start for stage in stages[1:] if stage.code]
        ends = [*starts[1:], whole.end]
        for stage, start, end in zip(stages, starts, ends, strict=True):
            assert stage.code is not None
            part = AddressRange(start, end)
            found.append(Store(name=stage.code, range=part, image=image.name, slot=slot, part=stage.name))
    return tuple(found)


def staging_partitions(design: Design) -> tuple[str, ...]:
    """The partitions in which updates wait, each once, in the order of the images."""
    return tuple(dict.fromkeys(image.staging for image in design.images if image.staging is not None))


def store_ranges(design: Design) -> dict[str, AddressRange]:
    """Every store by name: parts of slots, and staging partitions."""
    ranges = {store.name: store.range for image in design.images for store in stores_of(design, image)}
    ranges |= {name: design.partition(name).range for name in staging_partitions(design)}
    return ranges


def payload_start(design: Design, image: Image, slot: str) -> int:
    """The address of the first payload byte of `image` in `slot`.

    An image that MCUboot boots carries its header in front; one that NSIB boots, or the reset vector, does not.
    """
    start = design.partition(slot).range.start
    return start + HEADER if booted_by_mcuboot(design, image) else start


def booted_by_mcuboot(design: Design, image: Image) -> bool:
    """Whether the stage that starts `image` is MCUboot."""
    return image.verified_by is not None and design.stage(image.verified_by).program is Program.MCUBOOT
