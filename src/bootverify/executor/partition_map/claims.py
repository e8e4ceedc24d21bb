"""Claims about the map and the configuration, by looking at every place they speak of (docs/SEMANTICS.md, "The map").

One function per name of the vocabulary; each returns the misfits. A claim is true without misfits, false with a certain
one, and open when all that it has hang on something that nothing tells.
"""

from collections.abc import Callable, Iterator, Mapping

from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, InImage, InPartition, Key, Placement
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import Attribution, UnitKind
from bootverify.executor.partition_map.areas import boot_areas, leaves, nested, of_role, under
from bootverify.executor.partition_map.settings import SETTINGS
from bootverify.executor.partition_map.stages import STAGES
from bootverify.machine.misfit import Misfit
from bootverify.policy.formula import And, Attribute, Call, Formula, Literal, Not, Or
from bootverify.policy.static import applies
from bootverify.ranges import AddressRange

Thing = Design | Key
Truth = bool | None

SLOTS = (Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.SCRATCH)
UNOWNED = (Role.REST, Role.AREA)  # names for what others own or leave
LASTING = (MemoryKind.INTERNAL, MemoryKind.EXTERNAL, MemoryKind.UICR, MemoryKind.NETWORK)
# Modes in which MCUboot does not ask for equal slots (MCUboot, docs/design.md, "Image slots" and the modes below it).
FREE_MODES = {"overwrite", "direct-xip", "ram-load", "single-slot", "firmware-updater"}
NO_TRAILER = {"direct-xip", "ram-load", "single-slot"}


def judged(design: Design, formula: Formula, it: Thing) -> Truth:
    """Whether the claim is true; None when something that nothing tells decides."""
    match formula:
        case Call(predicate=name):
            found = misfits(design, name, it)
            certain = [misfit for misfit in found if not misfit.open_point]
            return False if certain else None if found else True
        case Not(operand):
            inner = judged(design, operand, it)
            return None if inner is None else not inner
        case And(operands):
            values = [judged(design, operand, it) for operand in operands]
            return False if False in values else None if None in values else True
        case Or(operands):
            values = [judged(design, operand, it) for operand in operands]
            return True if True in values else None if None in values else False
        case _:
            return applies(design, formula, it)


def places(design: Design, formula: Formula, it: Thing) -> tuple[Misfit, ...]:
    """All misfits of the predicates in the claim."""
    match formula:
        case Call(predicate=name):
            return misfits(design, name, it)
        case Not(Call(predicate="embedded")) if isinstance(it, Key):
            return tuple(_lies(it, place) for place in it.placements if _is_embedded(place))
        case Not(operand):
            return places(design, operand, it)
        case And(operands) | Or(operands):
            return tuple(misfit for operand in operands for misfit in places(design, operand, it))
        case Attribute(name=name) if isinstance(it, Key):
            return (Misfit(text=f"`{it.name}` is {name}", sources=(it.source,)),)
        case Attribute() | Literal():
            return ()
        case _:
            return ()


def misfits(design: Design, predicate: str, it: Thing) -> tuple[Misfit, ...]:
    """What breaks the predicate of that name."""
    if predicate == "embedded":
        assert isinstance(it, Key)
        return () if _embedded(it) else (Misfit(text=f"`{it.name}` lies in no image", sources=(it.source,)),)
    return tuple(PREDICATES[predicate](design))


def disjoint(design: Design) -> Iterator[Misfit]:
    """Plain partitions, and the slots of the chain whatever they consist of."""
    plain = [part for part in leaves(design) if part.memory in LASTING and part.role not in UNOWNED]
    slots = [part for part in design.partitions if part.role in SLOTS and part.members and part.memory in LASTING]
    for i, left in enumerate(plain):
        for right in plain[i + 1 :]:
            if _collide(left, right, {}):
                yield _overlap(left, right)
    inner = {slot.name: under(design, slot) for slot in slots}
    for i, slot in enumerate(slots):
        for other in [*slots[i + 1 :], *(part for part in plain if part.role in SLOTS)]:
            if _collide(slot, other, inner):
                yield _overlap(slot, other)


def inside_memory(design: Design) -> Iterator[Misfit]:
    """Each partition against the SoC's memory, and against the extent that the build states."""
    soc = {MemoryKind.INTERNAL: design.soc.flash, MemoryKind.UICR: design.soc.uicr, MemoryKind.SRAM: design.soc.ram}
    stated = {memory.kind: memory for memory in design.memories}
    for part in design.partitions:
        home = soc.get(part.memory)
        if home is not None and not home.covers(part.range):
            text = f"`{part.name}` ({part.range}) leaves the {part.memory.value} memory of {design.soc.name} ({home})"
            yield Misfit(text=text, sources=(part.source, design.soc.source))
        elif part.memory in stated and not stated[part.memory].range.covers(part.range):
            memory = stated[part.memory]
            text = f"`{part.name}` ({part.range}) leaves the region that the build states ({memory.range})"
            yield Misfit(text=text, sources=(part.source, memory.source))


def spans_filled(design: Design) -> Iterator[Misfit]:
    """A span against the hull of its members."""
    for part in design.partitions:
        if not part.members or part.partial or part.role is Role.REST:
            continue
        members = [design.partition(name) for name in part.members]
        hull = AddressRange(min(each.range.start for each in members), max(each.range.end for each in members))
        if hull != part.range:
            names = ", ".join(part.members)
            text = f"`{part.name}` ({part.range}) says otherwise than its members {names}, which cover {hull}"
            yield Misfit(text=text, sources=(part.source, *(each.source for each in members)))


def ends_right(design: Design) -> Iterator[Misfit]:
    """The written end address against start and size."""
    for part in (*design.partitions, *design.planned):
        if part.written_end is not None and part.written_end != part.range.end:
            text = (
                f"`{part.name}` is written to end at {part.written_end:#x}; start and size end at {part.range.end:#x}"
            )
            yield Misfit(text=text, sources=(part.source,))


def slots_match(design: Design) -> Iterator[Misfit]:
    """Primary and secondary of each image, as the update mode wants them."""
    mode, unequal = design.settings.update_mode, design.settings.unequal_slots
    if (unequal is not None and unequal.value) or (mode is not None and mode.value in FREE_MODES):
        return
    for primary in of_role(design, Role.PRIMARY):
        for secondary in of_role(design, Role.SECONDARY):
            more = primary.range.size - secondary.range.size
            spare = {"swap-move": design.soc.page, "swap-offset": -design.soc.page}
            extra = spare.get(str(mode.value), 0) if mode is not None else 0
            if primary.number != secondary.number or more in {0, extra}:
                continue
            sizes = f"{primary.range.size:#x} and {secondary.range.size:#x}"
            text = f"`{primary.name}` and `{secondary.name}` have {sizes} bytes"
            sources = (primary.source, secondary.source, *([mode.source] if mode is not None else []))
            open_point = "update-mode-not-told" if mode is None else ""
            if extra and not design.soc.known:
                open_point = design.soc.open_points[0].name
            yield Misfit(text=text, sources=sources, open_point=open_point)


def pages_whole(design: Design) -> Iterator[Misfit]:
    """Slots in internal memory that MCUboot erases and writes page by page."""
    page = design.soc.page
    for role in (Role.PRIMARY, Role.SECONDARY, Role.SCRATCH):
        for slot in of_role(design, role):
            if slot.memory is MemoryKind.INTERNAL and not slot.range.aligned(page):
                text = f"`{slot.name}` ({slot.range}) is not made of whole pages of {page:#x}"
                yield Misfit(text=text, sources=(slot.source, design.soc.source))


def variants_match(design: Design) -> Iterator[Misfit]:
    """s0 against s1."""
    for first in of_role(design, Role.VARIANT_A):
        for second in of_role(design, Role.VARIANT_B):
            if first.range.size != second.range.size:
                sizes = f"{first.range.size:#x} and {second.range.size:#x}"
                text = f"`{first.name}` and `{second.name}` have {sizes} bytes"
                yield Misfit(text=text, sources=(first.source, second.source))


def boundaries_aligned(design: Design) -> Iterator[Misfit]:
    """Every granule of the attribution unit that both sides want, and the start of non-secure code."""
    outside = design.settings.non_secure_application
    if outside is None or not outside.value or not design.soc.trustzone:
        return
    unit = design.soc.attribution
    granule = unit.granule if unit is not None else design.soc.guard.granule
    inside = [part for part in leaves(design) if part.memory is MemoryKind.INTERNAL]
    secure = [part for part in inside if part.attribution is Attribution.SECURE]
    for part in (part for part in inside if part.attribution is Attribution.NON_SECURE):
        if part.role is Role.APPLICATION and part.range.start % granule:
            text = f"`{part.name}` starts at {part.range.start:#x}, no multiple of the {granule:#x} granule"
            yield Misfit(text=text, sources=(part.source, outside.source, design.soc.guard.source))
        for other in secure:
            if part.range.rounded_out(granule).overlaps(other.range.rounded_out(granule)):
                text = (
                    f"`{other.name}` ({other.range}) and `{part.name}` ({part.range}) share a granule of {granule:#x}"
                )
                yield Misfit(text=text, sources=(part.source, other.source, design.soc.guard.source))


def locks_aligned(design: Design) -> Iterator[Misfit]:
    """Start and end of each area; an end inside the last granule is rounded up where that hits no slot."""
    granule = design.soc.guard.granule
    for area in boot_areas(design):
        end = -(-area.own.end // granule) * granule
        if area.own.start % granule:
            text = f"the area to lock of `{area.name}` starts at {area.own.start:#x}, no multiple of {granule:#x}"
            yield Misfit(text=text, sources=(*area.sources, design.soc.guard.source))
        elif area.own.end % granule and area.next is not None and area.next < end:
            what = f"`{area.name}` ends at {area.own.end:#x}"
            text = f"{what}, and the granule of {granule:#x} that holds its end reaches what follows at {area.next:#x}"
            yield Misfit(text=text, sources=(*area.sources, design.soc.guard.source))


def locks_fit(design: Design) -> Iterator[Misfit]:
    """The area against what the entries of an RRAMC cover: all together from the start of memory, else one."""
    guard, wanted = design.soc.guard, design.settings.protects_itself
    if guard.kind is not UnitKind.RRAMC or guard.largest is None or (wanted is not None and not wanted.value):
        return
    for area in boot_areas(design):
        if area.root_alone is False:
            continue
        most = guard.largest * (guard.entries if area.own.start == 0 else 1)
        if area.own.size > most:
            text = f"`{area.name}` takes {area.own.size:#x} bytes, and the unit locks at most {most:#x} there"
            sources = (*area.sources, guard.source, *([wanted.source] if wanted is not None else []))
            yield Misfit(text=text, sources=sources, open_point="" if wanted is not None else "fprotect-not-told")


def images_fit(design: Design) -> Iterator[Misfit]:
    """Each image that lies in a slot, header to TLVs, against the slot without the page of its trailer."""
    mode = design.settings.update_mode
    trailer = 0 if mode is not None and mode.value in NO_TRAILER else design.soc.page
    slots = [*of_role(design, Role.PRIMARY), *of_role(design, Role.SECONDARY)]
    for artifact in design.artifacts:
        for slot in (slot for slot in slots if slot.memory is MemoryKind.INTERNAL and slot.range.start == artifact.at):
            room = slot.range.size - trailer
            if artifact.size > room:
                text = f"`{artifact.name}` has {artifact.size:#x} bytes, and `{slot.name}` has room for {room:#x}"
                yield Misfit(text=text, sources=(artifact.source, slot.source))


def as_planned(design: Design) -> Iterator[Misfit]:
    """The static map against the built one."""
    built = {part.name: part for part in design.partitions}
    for plan in design.planned:
        part = built.get(plan.name)
        if part is None or plan.role is Role.FILLER or plan.name == "external_flash":
            continue
        if (part.range, part.memory) != (plan.range, plan.memory):
            text = f"`{plan.name}` is planned at {plan.range} ({plan.memory.value}) and built at {part.range}"
            yield Misfit(text=text, sources=(plan.source, part.source))


def consistent(design: Design) -> Iterator[Misfit]:
    """What the importers found said twice, differently."""
    for each in design.contradictions:
        yield Misfit(text=each.text, sources=(each.source, *each.source.also))


def provisioned(design: Design) -> Iterator[Misfit]:
    """A place for the provision data wherever the first stage is NSIB."""
    for root in of_role(design, Role.ROOT):
        if root.memory is MemoryKind.INTERNAL and not of_role(design, Role.PROVISION):
            point = "static-map-is-not-all" if design.partial_map else ""
            text = f"no partition holds the keys and slot addresses that `{root.name}` reads"
            yield Misfit(text=text, sources=(root.source,), open_point=point)


def enciphered_outside(design: Design) -> Iterator[Misfit]:
    """Secondary slots in external memory."""
    encrypted = design.settings.updates_encrypted
    for slot in of_role(design, Role.SECONDARY):
        if slot.memory is not MemoryKind.EXTERNAL or (encrypted is not None and encrypted.value):
            continue
        text = f"`{slot.name}` lies in external memory, and updates are not encrypted"
        sources = (slot.source, *([encrypted.source] if encrypted is not None else []))
        yield Misfit(text=text, sources=sources, open_point="" if encrypted is not None else "encryption-not-told")


def _embedded(key: Key) -> bool:
    return any(_is_embedded(place) for place in key.placements)


def _is_embedded(place: Placement) -> bool:
    match place:
        case InImage() | InPartition():
            return True
        case Elsewhere(what=what):
            return what == "shipped"
        case _:
            return False


def _lies(key: Key, place: Placement) -> Misfit:
    match place:
        case InImage(image=image):
            where = f"image {image}"
        case InPartition(partition=partition):
            where = f"partition {partition}"
        case _:
            where = "a file that ships"
    return Misfit(text=f"`{key.name}` lies in {where}", sources=(place.source, *place.source.also))


def _collide(left: Partition, right: Partition, inner: Mapping[str, set[str]]) -> bool:
    if left.memory is not right.memory or not left.range.overlaps(right.range):
        return False
    if right.name in inner.get(left.name, ()) or left.name in inner.get(right.name, ()):
        return False
    if nested(left, right) or nested(right, left):
        return False
    # two images may wait in one slot, one after the other (MCUboot, multiple images; Nordic's shared secondary slot)
    return not (left.role is right.role is Role.SECONDARY and left.number != right.number)


def _overlap(left: Partition, right: Partition) -> Misfit:
    text = f"`{left.name}` ({left.range}) and `{right.name}` ({right.range}) overlap"
    return Misfit(text=text, sources=(left.source, right.source))


PREDICATES: dict[str, Callable[[Design], Iterator[Misfit]]] = {
    "disjoint": disjoint,
    "inside_memory": inside_memory,
    "spans_filled": spans_filled,
    "ends_right": ends_right,
    "slots_match": slots_match,
    "pages_whole": pages_whole,
    "variants_match": variants_match,
    "boundaries_aligned": boundaries_aligned,
    "locks_aligned": locks_aligned,
    "locks_fit": locks_fit,
    "images_fit": images_fit,
    "as_planned": as_planned,
    "consistent": consistent,
    "provisioned": provisioned,
    "enciphered_outside": enciphered_outside,
    **SETTINGS,
    **STAGES,
}
