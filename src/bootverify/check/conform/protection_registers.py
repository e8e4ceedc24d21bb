"""Registers of the units in the form of the recording, and the map that it derives from them."""

from collections.abc import Iterable

from bootverify.check.conform.protection_bench import Json, Units
from bootverify.executor.units import acl, bprot, mpc, rramc, sau, spu

WORD = 4


def registers(units: Units) -> Json:
    """The registers that differ from reset."""
    shown: Json = {}
    if units.spu:
        unit = units.spu
        shown["FLASHREGION"] = _runs(enumerate(unit.registers), spu.RESET_VALUE)
        shown["RAMREGION"] = _runs(enumerate(unit.ram), spu.RESET_VALUE)
        shown["PERIPHID"] = peripherals(unit)
        if any(unit.nsc[:2]):
            shown["FLASHNSC0"] = [hex(each) for each in unit.nsc[:2]]
    if units.acl:
        shown["ACL"] = [[i, *map(hex, entry)] for i, entry in enumerate(units.acl.entries) if any(entry)]
    if units.bprot:
        shown["CONFIG"] = [hex(each) for each in units.bprot.config]
        shown["DISABLEINDEBUG"] = hex(units.bprot.disabled_in_debug)
    if units.rramc:
        shown["RRAMC"] = [
            [region, hex(units.rramc.address[region]), hex(units.rramc.config[region])] for region in _used(units.rramc)
        ]
    if units.mpc:
        shown["MPC"] = [
            [i, *map(hex, (each.config, each.start, each.end, each.permission, each.mask))]
            for i, each in enumerate(units.mpc.overrides)
            if each != mpc.Override()
        ]
    if units.sau:
        pairs = zip(units.sau.base, units.sau.limit, strict=True)
        shown["SAU"] = [[i, hex(base), hex(limit)] for i, (base, limit) in enumerate(pairs) if base or limit]
    return shown


def peripherals(unit: spu.Spu) -> Json:
    """PERIPHID values that differ from reset, in runs."""
    return _runs(enumerate(unit.peripherals), spu.PERIPHERAL_RESET)


def map_of(units: Units) -> Json:
    """The derived table."""
    if units.spu:
        return _spu_map(units.spu)
    if units.acl:
        return [
            [hex(start), hex(start + size), _acl_allowed(permission)]
            for start, size, permission in units.acl.entries
            if permission and size
        ]
    if units.bprot:
        return _bprot_map(units.bprot)
    assert units.rramc
    return [_rramc_line(units.rramc, region) for region in _used(units.rramc)]


def attribution_map(units: Units) -> Json:
    """The derived table of TF-M on nRF54L."""
    assert units.sau
    assert units.mpc
    named = {False: "NS", True: "NSC"}
    ranges = [(area, bool(units.sau.limit[i] & sau.CALLABLE)) for i in range(4) if (area := units.sau.range(i))]
    return {
        "sau": [[hex(start), hex(end), named[callable_]] for (start, end), callable_ in ranges],
        "mpc_nonsecure": [
            [hex(each.start), hex(each.end), "L" if each.config & mpc.LOCK else ""]
            for each in units.mpc.overrides
            if each.config & mpc.ENABLE and each.mask & mpc.SECURE and not each.permission & mpc.SECURE
        ],
    }


def ignored(units: Units) -> Json:
    """Ignored writes: runs of neighbours for the SPU, single registers for the ACL."""
    if units.acl:
        return [["ACL", each.index, each.register, hex(each.value)] for each in units.acl.ignored]
    if not units.spu:
        return []
    runs: list[list[Json]] = []
    for each in units.spu.ignored:
        step = WORD if each.register == "UNIMPLEMENTED" else 1
        last = runs[-1] if runs else None
        if last and last[0] == each.register and last[2] + step == each.index and last[3] == hex(each.value):
            last[2] = each.index
        else:
            runs.append([each.register, each.index, each.index, hex(each.value)])
    return runs


def _runs(table: Iterable[tuple[int, int]], reset: int) -> Json:
    runs: list[list[Json]] = []
    for index, value in table:
        if value == reset:
            continue
        if runs and runs[-1][1] == index - 1 and runs[-1][2] == hex(value):
            runs[-1][1] = index
        else:
            runs.append([index, index, hex(value)])
    return runs


def _spu_map(unit: spu.Spu) -> Json:
    shown: Json = {
        "flash": _spans(unit.registers, unit.start, unit.granule),
        "ram": _spans(unit.ram, unit.ram_start, unit.ram_granule),
    }
    if any(unit.nsc[:2]):
        region, code = (each & ~spu.LOCK for each in unit.nsc[:2])
        shown["nsc"] = {"region": region, "code": code}
        if code > spu.NSC_LARGEST_CODE:
            shown["nsc"]["reserved_code"] = True
        elif code:
            end = unit.start + (region + 1) * unit.granule
            secure = region < unit.count and bool(unit.registers[region] & spu.SECURE)
            shown["nsc"] |= {"range": [hex(end - (16 << code)), hex(end)], "in_secure_region": secure}
    return shown


def _spans(table: list[int], start: int, granule: int) -> Json:
    spans: list[list[str]] = []
    for index, value in enumerate(table):
        words = f"{'S' if value & spu.SECURE else 'N'} {_letters(value, spu.READ, spu.WRITE, spu.EXECUTE)}"
        words += " L" if value & spu.LOCK else ""
        if spans and spans[-1][2] == words:
            spans[-1][1] = hex(start + (index + 1) * granule)
        else:
            spans.append([hex(start + index * granule), hex(start + (index + 1) * granule), words])
    return spans


def _letters(value: int, read: int, write: int, execute: int) -> str:
    bits = zip((read, write, execute), "rwx", strict=True)
    return "".join(letter if value & bit else "-" for bit, letter in bits)


def _acl_allowed(permission: int) -> str:
    return ("-" if permission & acl.BLOCK_READ else "r") + ("-" if permission & acl.BLOCK_WRITE else "w")


def _bprot_map(unit: bprot.Bprot) -> Json:
    spans: list[list[str]] = []
    for block in range(unit.blocks):
        if unit.config[block // bprot.BLOCKS_PER_WORD] >> block % bprot.BLOCKS_PER_WORD & 1:
            start, end = hex(block * unit.granule), hex((block + 1) * unit.granule)
            if spans and spans[-1][1] == start:
                spans[-1][1] = end
            else:
                spans.append([start, end, "r-"])
    return spans


def _used(unit: rramc.Rramc) -> list[int]:
    return [region for region, config in unit.config.items() if config != rramc.RESET_VALUE or unit.address[region]]


def _rramc_line(unit: rramc.Rramc, region: int) -> Json:
    config = unit.config[region]
    words = [
        _letters(config, rramc.READ, rramc.WRITE, rramc.EXECUTE),
        "S" if config & rramc.SECURE else "any",
        *(["O"] if config & rramc.WRITEONCE else []),
        *(["L"] if config & rramc.LOCK else []),
    ]
    return [*map(hex, unit.range(region)), " ".join(words)]
