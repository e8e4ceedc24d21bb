"""Claims about the map and the configuration as numbers: truth, falsehood, or None where nothing tells.

What each name means is docs/SEMANTICS.md, "The map". Extents are pairs of numbers; memory is cut into cells at every
start and end, and a cell belongs to whoever covers it. No unit, stage or other claim is asked.
"""

from collections.abc import Iterable

from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, Key, Placement
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import Attribution, UnitKind
from bootverify.design.settings import Told
from bootverify.encoder.partition_map.stages import STAGE_CLAIMS
from bootverify.policy.formula import And, Attribute, Call, Compare, Formula, Literal, Member, Not, Or
from bootverify.policy.static import applies

Extent = tuple[int, int]
Truth = bool | None

_SWAPS = {"swap-move": 1, "swap-scratch": 0, "swap-offset": -1}  # pages that the primary may have more
_CHAIN = {Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.SCRATCH}
_SECOND = {Role.VARIANT_A, Role.VARIANT_B}
_VOLATILE = {MemoryKind.SRAM, MemoryKind.RAM_FLASH}
_WITHIN = {Role.PAD, Role.APPLICATION, Role.TFM, Role.BOOTLOADER}


def truth(design: Design, formula: Formula, it: Design | Key) -> Truth:
    """The value of the claim: of `and` the least, of `or` the greatest, with unknown between false and true."""
    match formula:
        case Call(predicate=name):
            return _Claims(design).value(name, it)
        case Not(operand):
            value = truth(design, operand, it)
            return value if value is None else not value
        case And(operands):
            return _least(truth(design, operand, it) for operand in operands)
        case Or(operands):
            negated = _least(_negated(truth(design, operand, it)) for operand in operands)
            return _negated(negated)
        case Attribute() | Compare() | Literal() | Member():
            return applies(design, formula, it)
        case _:
            raise AssertionError(formula)


def _is_embedded(place: Placement) -> bool:
    if isinstance(place, Elsewhere):
        return place.what == "shipped"
    return type(place).__name__ in {"InImage", "InPartition"}


def _least(values: Iterable[Truth]) -> Truth:
    order: list[Truth] = [False, None, True]
    return order[min((order.index(value) for value in values), default=2)]


def _negated(value: Truth) -> Truth:
    return None if value is None else not value


class _Claims:
    """The predicates of one design; extents and members are worked out once."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.parts = design.partitions
        self.extent: dict[str, Extent] = {part.name: (part.range.start, part.range.end) for part in self.parts}
        self.told = design.settings
        self.content: dict[str, set[str]] = {}
        for part in self.parts:  # members stand before the spans that they are part of
            self.content[part.name] = {*part.members}.union(*(self.content[name] for name in part.members))

    def value(self, name: str, it: Design | Key) -> Truth:
        """The predicate called `name`."""
        if isinstance(it, Key):
            assert name == "embedded"
            return any(_is_embedded(place) for place in it.placements)
        if name in STAGE_CLAIMS:
            return STAGE_CLAIMS[name](self.design)
        match name:
            case "disjoint":
                return not any(self._shared(kind) for kind in MemoryKind if kind not in _VOLATILE)
            case "inside_memory":
                return all(
                    low <= start and end <= high
                    for part in self.parts
                    for (start, end), (low, high) in self._homes(part)
                )
            case "spans_filled":
                return all(
                    self._filled(part)
                    for part in self.parts
                    if part.members and not part.partial and part.role is not Role.REST
                )
            case "ends_right":
                listed = [*self.parts, *self.design.planned]
                return all(part.written_end in {None, part.range.end} for part in listed)
            case "slots_match":
                return self._slots_match()
            case "pages_whole":
                moved = [part for part in self.parts if part.role in {Role.PRIMARY, Role.SECONDARY, Role.SCRATCH}]
                edges = [self.extent[part.name] for part in moved if part.memory is MemoryKind.INTERNAL]
                return all(edge % self.design.soc.page == 0 for extent in edges for edge in extent)
            case "variants_match":
                first, second = self._sizes(Role.VARIANT_A), self._sizes(Role.VARIANT_B)
                return not first or not second or len({*first, *second}) == 1
            case "boundaries_aligned":
                return self._boundaries()
            case "locks_aligned":
                return all(self._on_granule(own, after) for own, after, _ in self._areas())
            case "locks_fit":
                return self._locks_fit()
            case "images_fit":
                return self._images_fit()
            case "as_planned":
                fixed = [plan for plan in self.design.planned if plan.role is not Role.FILLER]
                return all(self._as_planned(plan) for plan in fixed if plan.name != "external_flash")
            case "consistent":
                return len(self.design.contradictions) == 0
            case "provisioned":
                return self._provisioned()
            case "enciphered_outside":
                return self._enciphered()
            case "debug_closed":
                both = self.design.soc.trustzone and self.design.soc.secure_approtect
                ports = [self.told.debug_closed, *([self.told.secure_debug_closed] if both else [])]
                return _least(_as_truth(port) for port in ports)
            case "locks_itself":
                return _as_truth(self.told.protects_itself)
            case "downgrade_refused":
                return _as_truth(self.told.downgrade_prevention)
            case "recovery_absent":
                return _negated(_as_truth(self.told.serial_recovery))
            case "management_guarded":
                return _negated(_as_truth(self.told.open_management))
            case "nsib_key_given":
                return _as_truth(self.told.nsib_key_given)
            case _:
                raise AssertionError(name)

    # -- the map

    def _shared(self, kind: MemoryKind) -> bool:
        """Whether some cell of the memory belongs to two that may not share it."""
        here = [
            part for part in self.parts if part.memory is kind and self.extent[part.name][0] < self.extent[part.name][1]
        ]
        plain = [part for part in here if not part.members and part.role not in {Role.REST, Role.AREA}]
        slots = [part for part in here if part.role in _CHAIN]
        for group in (plain, slots):
            cuts = sorted({edge for part in group for edge in self.extent[part.name]})
            for cell in cuts:
                owners = [part for part in group if self.extent[part.name][0] <= cell < self.extent[part.name][1]]
                if any(not self._may_share(a, b) for i, a in enumerate(owners) for b in owners[i + 1 :]):
                    return True
        return False

    def _may_share(self, a: Partition, b: Partition) -> bool:
        if a.role is Role.SECONDARY and b.role is Role.SECONDARY and a.number != b.number:
            return True
        return self._holds(a, b) or self._holds(b, a)

    def _holds(self, outer: Partition, inner: Partition) -> bool:
        if self._consists(outer, inner):
            return True
        (low, high), (start, end) = self.extent[outer.name], self.extent[inner.name]
        container = outer.role in {Role.PRIMARY, Role.SECONDARY} or outer.role in _SECOND
        fits = low <= start and end <= high
        return (
            container
            and fits
            and (inner.role in _WITHIN or outer.name in inner.name or inner.name[:7] in {"cpuapp_", "cpurad_"})
        )

    def _consists(self, outer: Partition, inner: Partition) -> bool:
        return inner.name in self.content[outer.name]

    def _homes(self, part: Partition) -> list[tuple[Extent, Extent]]:
        soc = self.design.soc
        known = {MemoryKind.INTERNAL: soc.flash, MemoryKind.UICR: soc.uicr, MemoryKind.SRAM: soc.ram}
        homes = [(known[part.memory].start, known[part.memory].end)] if part.memory in known else []
        homes += [(each.range.start, each.range.end) for each in self.design.memories if each.kind is part.memory]
        extent = self.extent[part.name]
        return [] if extent[0] == extent[1] else [(extent, home) for home in homes]

    def _filled(self, part: Partition) -> bool:
        edges = [self.extent[name] for name in part.members]
        return self.extent[part.name] == (min(start for start, _ in edges), max(end for _, end in edges))

    def _as_planned(self, plan: Partition) -> bool:
        built = [part for part in self.parts if part.name == plan.name]
        wanted = (plan.memory, plan.range.start, plan.range.end)
        return all((part.memory, *self.extent[part.name]) == wanted for part in built)

    # -- slots

    def _sizes(self, role: Role, number: int | None = None) -> list[int]:
        chosen = [part for part in self.parts if part.role is role and number in {None, part.number}]
        return [self.extent[part.name][1] - self.extent[part.name][0] for part in chosen]

    def _slots_match(self) -> Truth:
        if _as_truth(self.told.unequal_slots):
            return True
        mode = str(self.told.update_mode.value) if self.told.update_mode is not None else None
        if mode is not None and mode not in _SWAPS:
            return True
        spare = self.design.soc.page * _SWAPS.get(mode or "", 0)
        numbers = {part.number for part in self.parts if part.role is Role.PRIMARY}
        differences = {
            primary - secondary
            for number in numbers
            for primary in self._sizes(Role.PRIMARY, number)
            for secondary in self._sizes(Role.SECONDARY, number)
        }
        fits = differences <= {0, spare}
        unsure = mode is None or (spare != 0 and not self.design.soc.known)
        return fits or (None if unsure else False)

    def _images_fit(self) -> bool:
        mode = str(self.told.update_mode.value) if self.told.update_mode is not None else ""
        tail = 0 if mode in {"direct-xip", "ram-load", "single-slot"} else self.design.soc.page
        slots = [
            part
            for part in self.parts
            if part.role in {Role.PRIMARY, Role.SECONDARY} and part.memory is MemoryKind.INTERNAL
        ]
        extents = [self.extent[part.name] for part in slots]
        return all(
            artifact.at + artifact.size + tail <= end
            for artifact in self.design.artifacts
            for start, end in extents
            if artifact.at is not None and start == artifact.at
        )

    def _provisioned(self) -> Truth:
        first = [part for part in self.parts if part.role is Role.ROOT and part.memory is MemoryKind.INTERNAL]
        if not first or any(part.role is Role.PROVISION for part in self.parts):
            return True
        return None if self.design.partial_map else False

    def _enciphered(self) -> Truth:
        outside = [part for part in self.parts if part.role is Role.SECONDARY and part.memory is MemoryKind.EXTERNAL]
        return _as_truth(self.told.updates_encrypted) if outside else True

    # -- granules

    def _boundaries(self) -> bool:
        soc = self.design.soc
        if not soc.trustzone or not _as_truth(self.told.non_secure_application):
            return True
        step = soc.attribution.granule if soc.attribution is not None else soc.guard.granule
        owners: dict[int, set[Attribution]] = {}
        for part in self.parts:
            start, end = self.extent[part.name]
            if part.memory is not MemoryKind.INTERNAL or part.members or part.attribution is None or start == end:
                continue
            code = part.role is Role.APPLICATION and part.attribution is Attribution.NON_SECURE
            if code and start % step:
                return False
            for granule in {start // step, (end - 1) // step}:
                owners.setdefault(granule, set()).add(part.attribution)
        return self._unshared(owners, step)

    def _unshared(self, owners: dict[int, set[Attribution]], step: int) -> bool:
        """No granule has two owners; one that begins or ends in a granule meets those that run through it."""
        for granule, seen in owners.items():
            for part in self.parts:
                start, end = self.extent[part.name]
                if (
                    part.memory is MemoryKind.INTERNAL
                    and not part.members
                    and part.attribution is not None
                    and start < end
                ):
                    through = start // step <= granule <= (end - 1) // step
                    seen.update({part.attribution} if through else ())
            if len(seen) > 1:
                return False
        return True

    def _areas(self) -> list[tuple[Extent, int | None, bool]]:
        """What is to be locked, where the next slot starts, and whether it is a first stage with a second behind it."""
        inner = [part for part in self.parts if part.memory is MemoryKind.INTERNAL]
        second = [part for part in self.parts if part.role in _SECOND] or [
            part for part in inner if part.role is Role.BOOTLOADER
        ]
        follow = [self.extent[part.name][0] for part in inner if part.role in _CHAIN - {Role.ROOT, Role.SCRATCH}]
        areas: list[tuple[Extent, int | None, bool]] = []
        for part in inner:
            if part.role is Role.ROOT:
                own = self.extent[part.name]
                areas.append((own, min((start for start in follow if start >= own[1]), default=None), bool(second)))
        if second:
            edges = [self.extent[part.name] for part in second]
            own = (min(start for start, _ in edges), max(end for _, end in edges))
            slots = [self.extent[part.name][0] for part in inner if part.role is Role.PRIMARY and part.number == 0]
            areas.append((own, min((start for start in slots if start >= own[1]), default=None), False))
        return areas

    def _on_granule(self, own: Extent, after: int | None) -> bool:
        step = self.design.soc.guard.granule
        start, end = own
        ragged = end % step
        return start % step == 0 and (ragged == 0 or after is None or after >= end - ragged + step)

    def _locks_fit(self) -> Truth:
        guard = self.design.soc.guard
        wanted = _as_truth(self.told.protects_itself)
        if guard.kind is not UnitKind.RRAMC or guard.largest is None or wanted is False:
            return True
        for (start, end), _, followed in self._areas():
            most = guard.largest if start else guard.largest * guard.entries
            if not followed and end - start > most:
                return None if wanted is None else False
        return True


def _as_truth(told: Told | None) -> Truth:
    return None if told is None else bool(told.value)
