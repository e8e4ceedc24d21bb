"""May this initiator do this, here, now? Every unit that guards the address is asked, byte by byte where it matters."""

from collections.abc import Iterator

from bootverify.design.protection import Access, Attribution
from bootverify.executor.device import Device
from bootverify.ranges import AddressRange


def granules(device: Device, area: AddressRange) -> Iterator[AddressRange]:
    """`area` cut where the answer of a protection unit can change, in order of address."""
    at = area.start
    for border in (*device.borders(area), area.end):
        if at < border:
            yield AddressRange(at, border)
        at = border


def answering(device: Device, area: AddressRange) -> Iterator[AddressRange]:
    """The same of what lies in the memory: a map may reach beyond its end, where nothing answers an access."""
    inside = area.intersection(AddressRange(device.flash.start, device.flash.end))
    return granules(device, inside) if inside is not None else iter(())


def allowed_parts(device: Device, area: AddressRange, access: Access, initiator: Attribution) -> list[AddressRange]:
    """The parts of `area` at which `initiator` gets `access`."""
    return [part for part in answering(device, area) if device.allows(part.start, access, initiator)]


def read(device: Device, area: AddressRange, initiator: Attribution) -> list[tuple[int, bytes]]:
    """What a read of `area` shows: address and bytes of each readable part.

    A refused read returns zeros or faults (ps-nrf5340, SPU); either shows nothing.
    """
    return [
        (part.start, device.flash.read(part.start, part.size))
        for part in allowed_parts(device, area, Access.READ, initiator)
    ]


def read_uicr(device: Device, initiator: Attribution) -> bytes:
    """What a read of the one-time programmable words shows; nothing where they answer others only."""
    return bytes(device.uicr.data) if device.uicr_answers(initiator) else b""


def erase_and_write(device: Device, area: AddressRange, image: bytes, initiator: Attribution) -> bool:
    """Erase `area` and program `image` from its start, where permitted; whether any byte could be changed.

    Erasing goes by page; a page is erased only where all of it is permitted (the write that triggers the erase and
    every granule of the page; pages never span granules on the modelled parts).
    """
    page = device.design.soc.page
    changed = False
    for part in allowed_parts(device, area, Access.WRITE, initiator):
        first, last = part.start // page * page, -(-part.end // page) * page
        for at in range(first, last, page):
            kept_front = device.flash.read(at, max(0, part.start - at))
            kept_back_from = min(at + page, part.end)
            kept_back = device.flash.read(kept_back_from, at + page - kept_back_from)
            device.flash.erase(at, page)
            inside = range(max(at, part.start), min(at + page, part.end))
            offset = inside.start - area.start
            body = image[offset : offset + len(inside)].ljust(len(inside), b"\xff")
            whole = kept_front + body + kept_back
            device.flash.write(at, whole)
        changed = True
    return changed
