"""The settings of a group of cells, as variables: a register of the SPU, or what other units say of the cells."""

from collections.abc import Mapping
from functools import cached_property

from bootverify.dataclass import dataclass
from bootverify.design.protection import UnitKind
from bootverify.encoder.logic.terms import Op, Term, false, true, var

FIELDS = ("secure", "read", "write", "execute", "locked", "tampered")

# Which fields a unit has; soc.md 2.1 to 2.5. Where it has none the field is what it always reads.
_OF: Mapping[UnitKind, tuple[str, ...]] = {
    UnitKind.SPU: FIELDS,
    UnitKind.ACL: ("read", "write"),
    UnitKind.BPROT: ("write",),
    UnitKind.RRAMC: ("read", "write", "execute"),
}


@dataclass(frozen=True, kw_only=True)
class Region:
    """The settings of cells that read alike; a field that the units do not have is a constant."""

    members: tuple[int, ...]
    secure: Term
    read: Term
    write: Term
    execute: Term
    locked: Term
    tampered: Term

    @property
    def fields(self) -> tuple[Term, ...]:
        """The five fields of a register, variables or not."""
        return (self.secure, self.read, self.write, self.execute, self.locked)

    @cached_property
    def variables(self) -> tuple[Term, ...]:
        """Those fields that are variables, `tampered` last."""
        return tuple(field for field in (*self.fields, self.tampered) if field.op is Op.VAR)

    @cached_property
    def start(self) -> Mapping[Term, bool]:
        """What the variables are at reset: all permitted, secure, unlocked (soc.md 2.1: 0x17; 2.2 to 2.5)."""
        values = zip((*self.fields, self.tampered), (*RESET_REGION, False), strict=True)
        return {field: value for field, value in values if field.op is Op.VAR}


RESET_REGION = (True, True, True, True, False)


def region(members: tuple[int, ...], kind: UnitKind = UnitKind.SPU, *, attributed: bool = False) -> Region:
    """The settings of the cells with these numbers, named after them.

    `attributed`: a unit beside the guard makes cells non-secure.
    """
    name = f"region[{_ranges(members)}]"
    has = {*_OF[kind], *(("secure",) if attributed else ())}
    terms = {
        field: var(f"{name}.{field}") if field in has else true() if value else false()
        for field, value in zip(FIELDS, (*RESET_REGION, False), strict=True)
    }
    return Region(members=members, **terms)


def _ranges(numbers: tuple[int, ...]) -> str:
    """Numbers in order as text: `0-1,7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
