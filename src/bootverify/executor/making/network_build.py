"""What production and an attacker put on the network core: b0n with its provision data, and an application for it.

A design says of the second core where its programs lie (`NetworkStage.partition`). b0n's partition is taken to be the
container of its code and its provision data, which are the last 0x280 bytes (ncs-boot 1.8, 3.4), unless the map has a
partition of its own for them right behind.
"""

from functools import lru_cache

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.network import NetworkStage
from bootverify.executor.crypto import RawP256Key
from bootverify.executor.making.nsib_build import release_of
from bootverify.executor.making.owner_keys import material
from bootverify.executor.network.core import NetworkCore
from bootverify.executor.network.path import application_of
from bootverify.executor.network.pcd import place
from bootverify.executor.nsib import NsibConfig, maker
from bootverify.executor.nsib.config import Magics
from bootverify.ranges import AddressRange

PROVISION = 0x280
CODE = 0x1000  # bytes of code in the images that we make
FAMILY = 53
OWNER, STRANGER = "the network core's owner", "the attacker's network core key"


def core_of(design: Design) -> NetworkCore | None:
    """The second core of `design`, blank; None where the design says too little of it, or has none."""
    soc = design.network_soc
    boots = next((each for each in design.network if each.boots), None)
    runs = application_of(design)
    if soc is None or boots is None or runs is None:
        return None
    places = [_area(design, each, soc.flash.start) for each in (boots, runs)]
    if any(place is None for place in places):
        return None
    own, application = (place for place in places if place is not None)
    provision = next((each for each in design.partitions if each.role is Role.NETWORK_PROVISION), None)
    storage = own.end - PROVISION
    if provision is not None:
        storage = _at(provision.range, soc.flash.start).start
        own = AddressRange(own.start, max(own.end, storage + provision.range.size))
    fits = own.size % soc.page == 0 and application.size % soc.page == 0 and application.size > 2 * CODE
    inside = own.start >= soc.flash.start and application.end <= soc.flash.end
    if not (fits and inside):
        return None
    core = NetworkCore.blank(soc, own, application, storage, release_of(design.sdk))
    core.locks = _locks(boots, own, soc.flash.start)
    return core


def _locks(first: NetworkStage, own: AddressRange, base: int) -> tuple[AddressRange, ...]:
    """The areas that b0n locks: spans that follow each other are one, but its own and the application's are two."""
    joined: list[AddressRange] = []
    for area in sorted((_at(span.range, base) for span in first.locks), key=lambda each: each.start):
        cut = (
            [area]
            if not area.start < own.end < area.end
            else [AddressRange(area.start, own.end), AddressRange(own.end, area.end)]
        )
        for part in cut:
            if joined and part.start <= joined[-1].end and part.start != own.end:
                joined[-1] = AddressRange(joined[-1].start, max(joined[-1].end, part.end))
            else:
                joined.append(part)
    return tuple(joined)


def core_for(design: Design, runs: NetworkStage) -> NetworkCore | None:
    """The core with release 1 of `runs` behind whatever starts it; None where its place is not told, or is none."""
    soc = design.network_soc
    application = _area(design, runs, soc.flash.start) if soc is not None else None
    if soc is None or application is None:
        return None
    own = AddressRange(soc.flash.start, application.start)
    if own.size < PROVISION or own.size % soc.page or application.size < 2 * CODE or application.end > soc.flash.end:
        return None
    core = NetworkCore.blank(soc, own, application, own.end - PROVISION, release_of(design.sdk))
    return _provisioned(core)


def block_at(design: Design) -> int:
    """Where the command block lies: the map's partition, else where the release's Partition Manager puts it."""
    found = next((each for each in design.partitions if each.name == "pcd_sram"), None)
    return found.range.start if found is not None and found.memory is MemoryKind.SRAM else place(design.sdk)


def programmed(design: Design) -> NetworkCore | None:
    """The core as it leaves production: provision data with the slot's address, and release 1 of its application."""
    core = core_of(design)
    return _provisioned(core) if core is not None else None


def _provisioned(core: NetworkCore) -> NetworkCore:
    key = RawP256Key(OWNER)
    data = maker.provision(_config(core), slots=(core.application.start,) * 2, public_keys=(key.public,))
    core.flash.load(core.own.start, material("b0n", core.storage - core.own.start))
    core.flash.load(core.storage, data)
    core.made = core.flash.read(core.own.start, core.own.size)
    core.flash.load(core.application.start, released(core, 1))
    return core


def released(core: NetworkCore, number: int) -> bytes:
    """Release `number` of the owner's, as it lies in the slot."""
    return image(core, f"release {number}", version=number, key=RawP256Key(OWNER))


def crafted(core: NetworkCore) -> bytes:
    """An application of the attacker's: its digest is right, its signature his own."""
    return image(core, "the attacker's code", version=99, key=RawP256Key(STRANGER))


def image(core: NetworkCore, name: str, *, version: int, key: RawP256Key) -> bytes:
    """Code with metadata, linked to the slot, and validation info behind it."""
    return _signed(_config(core), core.application.start, name, version, key)


@lru_cache(maxsize=64)
def _signed(config: NsibConfig, start: int, name: str, version: int, key: RawP256Key) -> bytes:
    payload = maker.program(start, CODE)[:0x400] + material(name, CODE - 0x400)
    return maker.sign_image(config, payload, address=start, version=version, key=key)


def _config(core: NetworkCore) -> NsibConfig:
    return NsibConfig(
        release=core.release,
        magics=Magics.of_hardware(FAMILY),
        bootloader=core.own,
        slot_size=core.application.size,
        storage=core.storage,
    )


def _area(design: Design, stage: NetworkStage, base: int) -> AddressRange | None:
    try:
        found = design.partition(stage.partition)
    except KeyError:
        return None
    return _at(found.range, base) if found.memory is MemoryKind.NETWORK else None


def _at(area: AddressRange, base: int) -> AddressRange:
    """Absolute, whether or not the design counts from the start of the memory."""
    return area if area.start >= base else AddressRange(area.start + base, area.end + base)
