"""Where code lies: the stores of each image, as byte ranges (docs/SEMANTICS.md, "Stores")."""

from functools import lru_cache

from bootverify.dataclass import dataclass
from bootverify.design.boot import BootGo, ChooseSlot, Image, Program, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.keys import InPartition
from bootverify.design.memory import MemoryKind
from bootverify.executor.network.path import update_path
from bootverify.ranges import AddressRange

EXTERNAL_ALIGN = 0x100000  # where the external memory is thought to begin: the next such line behind the internal one


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A named place of code; `part` is the stage whose part of the image it holds, empty for a whole image."""

    name: str
    range: AddressRange
    image: str
    slot: str
    part: str = ""


def external_start(design: Design) -> int:
    """Where the executor's one address line puts the first byte of the external memory."""
    return -(-design.soc.flash.end // EXTERNAL_ALIGN) * EXTERNAL_ALIGN


@lru_cache(maxsize=1024)
def home(design: Design, partition: str) -> AddressRange:
    """Where the bytes of `partition` lie on the executor's address line.

    Addresses of external memory count from its start in a design; here they follow behind the internal memory.
    """
    found = design.partition(partition)
    if found.memory is MemoryKind.EXTERNAL:
        start = external_start(design) + found.range.start
        return AddressRange.sized(start, found.range.size)
    return found.range


def load_window(design: Design) -> AddressRange:
    """RAM in which MCUboot places images, where it loads them: the upper half; no document of a design tells."""
    ram = design.soc.ram
    return AddressRange.sized(ram.start + ram.size // 2, ram.size // 2)


def external_size(design: Design) -> int:
    """How much external memory the chain and its keys use; 0 where they use none."""
    used = {slot for image in design.images for slot in image.slots} | {*staging_partitions(design)}
    used |= {
        step.scratch for stage in design.stages for step in stage.steps if isinstance(step, BootGo) and step.scratch
    }
    used |= {place.partition for key in design.keys for place in key.placements if isinstance(place, InPartition)}
    ends = [part.range.end for part in design.partitions if part.name in used and part.memory is MemoryKind.EXTERNAL]
    page = design.soc.page
    return -(-max(ends, default=0) // page) * page


def stores_of(design: Design, image: Image) -> tuple[Store, ...]:
    """The stores of all slots of `image`, in the order of the slots, then of the stages."""
    return _stores_of(design, image.name)


@lru_cache(maxsize=128)
def _stores_of(design: Design, name: str) -> tuple[Store, ...]:
    image = design.image(name)
    stages = [stage for stage in design.stages_of(image.name) if stage.code is not None]
    found: list[Store] = []
    for slot in image.slots:
        whole = home(design, slot)
        if not stages:
            found.append(Store(name=slot, range=whole, image=image.name, slot=slot))
            continue
        starts = [whole.start]
        starts += [design.partition(stage.code).range.start for stage in stages[1:] if stage.code]
        ends = [*starts[1:], whole.end]
        for stage, start, end in zip(stages, starts, ends, strict=True):
            assert stage.code is not None
            part = AddressRange(start, end if image.verified_by else _ends(design, stage.code, end))
            found.append(Store(name=stage.code, range=part, image=image.name, slot=slot, part=stage.name))
    return tuple(found)


def _ends(design: Design, code: str, most: int) -> int:
    """Where a part that nothing verifies ends: where another partition begins behind its own; it is no code of it."""
    own = design.partition(code)
    behind = (other for other in design.partitions if other.memory is own.memory and other.range.start >= own.range.end)
    return min((other.range.start for other in behind if other.range.start < most), default=most)


def staging_partitions(design: Design) -> tuple[str, ...]:
    """The partitions in which updates wait, each once, in the order of the images; then that of the network core."""
    path = update_path(design)
    found = [name for image in design.images for name in design.update_places(image)]
    return tuple(dict.fromkeys([*found, *([path.staging] if path is not None else [])]))


def provision_pages(design: Design) -> dict[str, AddressRange]:
    """The flash page that holds NSIB's data, by the partition's name; empty where OTP words do."""
    steps = (step for stage in design.stages for step in stage.steps)
    names = [step.provision for step in steps if isinstance(step, ChooseSlot) and step.provision is not None]
    return {name: AddressRange.sized(design.partition(name).range.start, design.soc.page) for name in names}


def room_before(design: Design, staging: str) -> int:
    """How many bytes at its start whoever stages an update leaves free: swap using offset reads a sector higher."""
    steps = (step for stage in design.stages for step in stage.steps)
    shifted = any(
        isinstance(step, BootGo)
        and step.mode is UpgradeMode.SWAP_OFFSET
        and design.image(step.image).staging == staging
        for step in steps
    )
    return design.soc.page if shifted else 0


def scratch_areas(design: Design) -> dict[str, AddressRange]:
    """The partitions through which MCUboot moves what changes places, by name."""
    steps = (step for stage in design.stages for step in stage.steps)
    names = [step.scratch for step in steps if isinstance(step, BootGo) and step.scratch is not None]
    return {name: home(design, name) for name in names}


def store_ranges(design: Design) -> dict[str, AddressRange]:
    """Every store by name: parts of slots, staging partitions; and NSIB's provision page, MCUboot's scratch areas."""
    ranges = {store.name: store.range for image in design.images for store in stores_of(design, image)}
    ranges |= {name: home(design, name) for name in staging_partitions(design)}
    return ranges | provision_pages(design) | scratch_areas(design)


def booted_by_mcuboot(design: Design, image: Image) -> bool:
    """Whether the stage that starts `image` is MCUboot."""
    return image.verified_by is not None and design.stage(image.verified_by).program is Program.MCUBOOT
