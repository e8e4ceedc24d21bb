"""The registers of the protection units as facts: bits are read, no unit is asked for its judgement."""

from collections.abc import Callable, Iterable

from bootverify.encoder.logic.terms import Op, Value
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.region import Region
from bootverify.executor.device import Device
from bootverify.executor.units import mpc, rramc, spu
from bootverify.executor.units.acl import BLOCK_READ, BLOCK_WRITE, Acl
from bootverify.executor.units.bprot import BLOCKS_PER_WORD, Bprot
from bootverify.executor.units.rramc import Rramc
from bootverify.executor.units.spu import Spu

Facts = dict[str, Value]
SPU_BITS = (spu.SECURE, spu.READ, spu.WRITE, spu.EXECUTE, spu.LOCK)


def registers(frame: Frame, device: Device) -> Facts:
    """What the units say of each group of cells, and how many entries are in use."""
    facts: Facts = {}
    for region in frame.regions:
        facts |= _register(region, device.guard) if isinstance(device.guard, Spu) else _cells(frame, region, device)
    if frame.entries is not None:
        facts[frame.entries.name] = str(_used(device.guard))
    return facts


def _register(region: Region, unit: Spu) -> Facts:
    """The fields when all members read alike; `tampered` when they do not."""
    read = {unit.registers[i] for i in region.members}
    register = min(read)
    facts: Facts = {field.name: bool(register & bit) for field, bit in zip(region.fields, SPU_BITS, strict=True)}
    facts[region.tampered.name] = len(read) > 1
    return facts


def _cells(frame: Frame, region: Region, device: Device) -> Facts:
    """A field is true where nothing refuses; of cells that read differently the more permissive is told."""
    edges = frame.cells.edges
    ends = [at for i in region.members for at in (edges[i], edges[i + 1] - 1)]
    told: dict[str, Callable[[int], bool]] = {
        "read": lambda at: not _refused(device.guard, at, "read"),
        "write": lambda at: not _refused(device.guard, at, "write"),
        "execute": lambda at: not _refused(device.guard, at, "execute"),
    }
    facts: Facts = {}
    for name, says in told.items():
        field = getattr(region, name)
        if field.op is Op.VAR:
            facts[field.name] = any(says(at) for at in ends)
    if region.secure.op is Op.VAR:
        facts[region.secure.name] = all(_secure(device, at) for at in ends)
    return facts


def _refused(unit: Spu | Acl | Bprot | Rramc, at: int, access: str) -> bool:
    """Whether an entry, bit or region over the byte at `at` refuses."""
    match unit:
        case Acl():
            blocking = BLOCK_WRITE if access == "write" else BLOCK_READ
            return any(permission & blocking and start <= at < start + size for start, size, permission in unit.entries)
        case Bprot():
            word, bit = divmod((at - unit.start) // unit.granule, BLOCKS_PER_WORD)
            return access == "write" and bool(unit.config[word] >> bit & 1)
        case Rramc():
            bit = {"read": rramc.READ, "write": rramc.WRITE, "execute": rramc.EXECUTE}[access]
            return any(not config & bit for config in _over(unit, at))
        case Spu():
            raise AssertionError("a region of an SPU has a register")


def _over(unit: Rramc, at: int) -> Iterable[int]:
    """The settings of the regions over the byte at `at`."""
    spans = ((config, *unit.range(number)) for number, config in unit.config.items())
    return [config for config, start, end in spans if start <= at < end]


def _secure(device: Device, at: int) -> bool:
    """Whether no override opens the byte at `at`; the bits of overlapping ones are or-ed."""
    assert device.mpc is not None
    over = [each for each in device.mpc.overrides if each.config & mpc.ENABLE and each.start <= at < each.end]
    masked = any(each.mask & mpc.SECURE for each in over)
    return not masked or any(each.permission & mpc.SECURE for each in over)


def _used(unit: Spu | Acl | Bprot | Rramc) -> int:
    match unit:
        case Acl():
            return sum(any(written) for written in unit.written)
        case Rramc():
            start, end = unit.range(rramc.FREE_REGION)
            return int(end > start)
        case _:
            return 0
