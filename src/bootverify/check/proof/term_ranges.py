"""Which values a term can have when each of its variables ranges over some of its own: bits, one for each value.

All combinations are looked at together: a term that is true of some is a number with a bit for each combination.
"""

from collections.abc import Mapping
from functools import lru_cache

from bootverify.encoder.logic.terms import BOOL, Op, Term, domain, ordered

MOST_COMBINATIONS = 256  # above that a term is evaluated part by part, which may only add values

Bits = int  # of one variable or term, lowest for the first value of its sort
Rows = int  # of combinations
Column = dict[int, Rows]  # where a term has each value, by its number

NO, YES = 1, 2  # the bits of the two truth values


@lru_cache(maxsize=100_000)
def passing(conjunct: Term, free: tuple[Term, ...], ranges: tuple[Bits, ...]) -> tuple[Bits, ...] | None:
    """What is left of each range of the variables `free` when the conjunct holds; None when it cannot."""
    count = _combinations(ranges)
    if count > MOST_COMBINATIONS:
        return ranges if _loose(conjunct, free, ranges) & YES else None
    columns = _columns(free, ranges, count)
    held = _column(conjunct, columns, count)[1]
    if not held:
        return None
    return tuple([_some(columns[variable], held) for variable in free])


@lru_cache(maxsize=100_000)
def possible(term: Term, free: tuple[Term, ...], ranges: tuple[Bits, ...]) -> Bits:
    """The values that `term` can have; some more when there are many combinations."""
    count = _combinations(ranges)
    if count > MOST_COMBINATIONS:
        return _loose(term, free, ranges)
    every = (1 << count) - 1
    return _some(_column(term, _columns(free, ranges, count), count), every)


def _combinations(ranges: tuple[Bits, ...]) -> int:
    count = 1
    for bits in ranges:
        count *= bits.bit_count()
    return count


def _some(column: Column, rows: Rows) -> Bits:
    """The values that occur in one of `rows`."""
    bits = 0
    for value, where in column.items():
        if where & rows:
            bits |= 1 << value
    return bits


def _columns(free: tuple[Term, ...], ranges: tuple[Bits, ...], count: int) -> dict[Term, Column]:
    """Where each variable has each of its values; the last one changes fastest."""
    columns: dict[Term, Column] = {}
    every, run = (1 << count) - 1, count
    for variable, bits in zip(free, ranges, strict=True):
        period, run = run, run // bits.bit_count()
        again = every // ((1 << period) - 1)  # a one at the start of each period
        block = ((1 << run) - 1) * again
        numbers = [i for i in range(bits.bit_length()) if bits >> i & 1]
        columns[variable] = {number: block << position * run for position, number in enumerate(numbers)}
    return columns


def _column(term: Term, columns: Mapping[Term, Column], count: int) -> Column:
    """Where `term` has each of its values; of a truth value both are told."""
    every = (1 << count) - 1
    done: dict[int, Column] = {}
    for node in ordered(term):
        parts = [done[argument.id] for argument in node.arguments]
        made: Column
        match node.op:
            case Op.CONST:
                made = {domain(node.sort).index(node.value): every}
            case Op.VAR:
                made = columns[node]
            case Op.NOT:
                made = {0: parts[0][1], 1: parts[0][0]}
            case Op.AND:
                held = every
                for part in parts:
                    held &= part[1]
                made = {0: every & ~held, 1: held}
            case Op.OR:
                held = 0
                for part in parts:
                    held |= part[1]
                made = {0: every & ~held, 1: held}
            case Op.EQ:
                held = 0
                for value, where in parts[0].items():
                    held |= where & parts[1].get(value, 0)
                made = {0: every & ~held, 1: held}
            case Op.ITE:
                chosen, others = parts[0][1], parts[0][0]
                made = {value: where & chosen for value, where in parts[1].items()}
                for value, where in parts[2].items():
                    made[value] = made.get(value, 0) | where & others
        if node.sort is BOOL and len(made) == 1:
            made = {0: made.get(0, 0), 1: made.get(1, 0)}
        done[node.id] = made
    return done[term.id]


def _loose(term: Term, free: tuple[Term, ...], ranges: tuple[Bits, ...]) -> Bits:
    """The values of `term`, each part on its own: may contain values that no assignment gives."""
    known = dict(zip(free, ranges, strict=True))
    done: dict[int, Bits] = {}
    for node in ordered(term):
        parts = [done[argument.id] for argument in node.arguments]
        match node.op:
            case Op.CONST:
                done[node.id] = 1 << domain(node.sort).index(node.value)
            case Op.VAR:
                done[node.id] = known[node]
            case Op.NOT:
                done[node.id] = parts[0] >> 1 | (parts[0] & NO) << 1
            case Op.AND:
                done[node.id] = _either(no=any(part & NO for part in parts), yes=all(part & YES for part in parts))
            case Op.OR:
                done[node.id] = _either(no=all(part & NO for part in parts), yes=any(part & YES for part in parts))
            case Op.EQ:
                alike = parts[0] == parts[1] and parts[0].bit_count() == 1
                done[node.id] = _either(no=not alike, yes=bool(parts[0] & parts[1]))
            case Op.ITE:
                done[node.id] = (parts[1] if parts[0] & YES else 0) | (parts[2] if parts[0] & NO else 0)
    return done[term.id]


def _either(*, no: bool, yes: bool) -> Bits:
    return no | yes << 1
