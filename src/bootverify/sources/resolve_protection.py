"""What stages lock, what TF-M attributes, what hardware sets at reset: from the file as written to steps."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from bootverify.design.boot import SEPARATORS, Image, Program, Protect, SetUpTrustZone
from bootverify.design.design import Lifecycle
from bootverify.design.memory import MemoryKind, Partition
from bootverify.design.protection import Access, Attribution, Lock, Span, UnitKind
from bootverify.design.soc import FlashPatch
from bootverify.design.source import Source
from bootverify.ranges import AddressRange
from bootverify.sources.models import StageModel
from bootverify.sources.resolve_context import Context, Path
from bootverify.sources.schema import ImageEntry, LifecycleEntry, ProtectEntry

EARLY = "early"  # a design may have a stage protect at its start whose program does so at its end only
FIRST_FREE_SINCE = (1, 7)  # SDK release with the library that looks for a free ACL entry (2021-06-17, soc.md 3)
LOCKS_FIRST_SINCE = (2, 6)  # SDK release with TF-M commit 3168ecf73 (soc.md 8.1)


# -- what is set before the first instruction


def lifecycle_on_soc(context: Context, life: Lifecycle) -> Lifecycle:
    """The life cycle with what only this part can have; what it cannot have is a fault."""
    entry = context.entry.lifecycle
    if life.eraseprotect and not context.soc.eraseprotect:
        context.fault(("lifecycle", "eraseprotect"), f"{context.soc.name} has no erase protection; say false")
    if entry is None:
        return life
    return replace(life, boot_region=_boot_region(context, entry), flash_patch=_flash_patch(context, entry))


def _boot_region(context: Context, entry: LifecycleEntry) -> AddressRange | None:
    """What UICR.BOOTCONF protects: whole KiB from the start of memory, no more than a region holds (soc.md 2.4)."""
    size, guard, at = entry.boot_region, context.soc.guard, ("lifecycle", "boot_region")
    if size is None:
        return None
    if guard.kind is not UnitKind.RRAMC:
        context.fault(at, f"{context.soc.name} has no boot region; drop `boot_region`")
        return None
    if size % guard.granule or not 0 < size <= (guard.largest or 0):
        context.fault(at, f"a boot region has 1 to {(guard.largest or 0) // 1024} whole KiB, not {size:#x} bytes")
        return None
    return AddressRange.sized(context.soc.flash.start, size)


def _flash_patch(context: Context, entry: LifecycleEntry) -> bool:
    wanted, at = entry.flash_patch, ("lifecycle", "flash_patch")
    match context.soc.flash_patch:
        case FlashPatch.ABSENT:
            if wanted:
                context.fault(at, f"{context.soc.name} has no flash patch unit; say false")
            return False
        case FlashPatch.FIXED:
            if wanted is False:
                context.fault(at, f"the flash patch unit of {context.soc.name} cannot be switched off; say true")
            return True
        case FlashPatch.SWITCHABLE:
            return wanted is not False


# -- protecting


def resolved_protects(
    context: Context, image: Image, images: Sequence[Image], model: StageModel, operation: str
) -> list[Protect]:
    """The protecting calls of one moment: those that the design lists, or what the vendor's program protects there."""
    entry, listed = context.entry.chain[image.name], context.entry.chain[image.name].protects
    calls = [call.operation for call in model.program if call.operation.startswith("protect")]
    if listed is None:
        source = next((call.source for call in model.program if call.operation == operation), None)
        own = _vendors(context, image, images, entry, source, first=operation == calls[0]) if source else None
        return [own] if own is not None else []
    if not calls:
        context.fault(("chain", image.name, "protects"), f"{model.name} protects nothing; drop `protects`")
        return []
    moments = {"start": calls[0] if len(calls) > 1 else EARLY, "hand_over": calls[-1]}
    chosen = [i for i, item in enumerate(listed) if moments.get(item.when or "", calls[0]) == operation]
    # Spans that lose the same are one call, in the order listed: a key's page may be hidden before the stage is locked.
    alike = groupby(chosen, key=lambda i: (listed[i].lock, frozenset(listed[i].deny)))
    return [_listed(context, image, listed, list(numbers)) for _, numbers in alike]


def _listed(context: Context, image: Image, items: Sequence[ProtectEntry], chosen: Sequence[int]) -> Protect:
    at = ("chain", image.name, "protects")
    first, kind = items[chosen[0]], context.soc.guard.kind
    counts = _counts_entries(context, image)
    if not _can_deny(context, items, chosen, set(first.deny), counts=counts):
        context.fault(at, f"the {kind.value} of {context.soc.name} cannot deny {', '.join(first.deny)} in this way")
    if first.lock == "none" and kind is not UnitKind.SPU:
        context.fault(at, f"what the {kind.value} of {context.soc.name} protects is locked; drop `lock: none`")
    deny = frozenset(Access(word) for word in first.deny)
    return Protect(
        spans=tuple(
            Span(range=context.range((*at, i), items[i].span), source=context.source((*at, i))) for i in chosen
        ),
        lock=Lock(first.lock),
        deny=deny | ({Access.EXECUTE} if Access.READ in deny else set()),
        counts_entries=counts,
        source=context.source(at),
    )


def _can_deny(
    context: Context, items: Sequence[ProtectEntry], chosen: Sequence[int], deny: set[str], *, counts: bool
) -> bool:
    """Whether the unit, and the vendor's code for it, can take that access away (soc.md 2.7, 3).

    The library for an ACL denies writing, or all access; the one that `counts` is known to deny writing alone.
    """
    match context.soc.guard.kind:
        case UnitKind.SPU | UnitKind.BPROT:
            return deny == {"write"}
        case UnitKind.ACL:
            return deny == {"write"} or (not counts and {"read", "write"} <= deny)
        case UnitKind.RRAMC:
            whole = deny == {"read", "write", "execute"}
            sizes = [items[i].span[1] - items[i].span[0] for i in chosen]
            fits = len(chosen) == 1 and sizes[0] <= (context.soc.guard.largest or 0)
            return deny == {"write"} or (whole and fits)


def _vendors(
    context: Context, image: Image, images: Sequence[Image], entry: ImageEntry, source: Source, *, first: bool
) -> Protect | None:
    """What the vendor's program protects where the design is silent: itself, NSIB's provision page at the end."""
    page = context.partitions.get(entry.provision or "")
    if first:
        span = Span(range=_own_area(context, image, images), source=source)
    elif page is not None:
        span = Span(range=page.range, source=page.source)
    else:
        return None
    return Protect(spans=(span,), counts_entries=_counts_entries(context, image), source=source)


def _counts_entries(context: Context, image: Image) -> bool:
    """Whether the ACL library of this build begins with entry 0 in each stage, in use or not (soc.md 3)."""
    said = context.entry.chain[image.name].lock_library
    if context.soc.guard.kind is not UnitKind.ACL:
        return False
    return not _since(context.entry.sdk, FIRST_FREE_SINCE) if said is None else said == "counted"


def _own_area(context: Context, image: Image, images: Sequence[Image]) -> AddressRange:
    """What the vendor's program protects when nothing else is said (ncs-boot 2.2): its own slot, rounded up.

    MCUboot behind NSIB, Partition Manager: from the start of s0 to the start of the primary slot.
    """
    own = [context.partitions[slot].range for slot in image.slots]
    granule = context.soc.guard.granule
    start, end = min(area.start for area in own), max(area.end for area in own)
    if len(own) > 1:
        primaries = [context.partitions[other.slots[0]].range for other in images if other.verified_by == image.name]
        end = min((area.start for area in primaries if area.start >= end), default=end)
        return AddressRange(start, end)
    return AddressRange(start, start + -(-(end - start) // granule) * granule)


# -- TF-M


def resolved_trustzone(context: Context, image: Image, codes: Sequence[str]) -> SetUpTrustZone:
    """What TF-M or SPM attributes: what the design says, else what the map does. `codes`: the non-secure programs."""
    at = ("chain", image.name, "trustzone")
    entry = context.entry.chain[image.name]
    parts = [(Program(part.program), part.code) for part in (entry.parts or {}).values()]
    by, home = next((program, code) for program, code in parts if program in SEPARATORS)
    tfm = context.partitions[home]
    opened = [context.partitions[code] for code in codes]
    secure = Span(range=tfm.range, source=tfm.source)
    open_code = tuple(Span(range=code.range, source=code.source) for code in opened)
    data = _opened_data(context, image, tfm, opened) if by is Program.TFM else ()
    given = entry.trustzone
    if by is Program.SPM and (context.soc.guard.kind is not UnitKind.SPU or given is not None or not opened):
        words = (
            "SPM divides the flash of a part with an SPU where the application starts; draw that, and no `trustzone`"
        )
        context.fault(("chain", image.name), words)
    if given is not None and given.secure_code:
        secure = _given(context, (*at, "secure_code"), given.secure_code)
    if given is not None and given.non_secure is not None:
        open_code = tuple(_given(context, (*at, "non_secure"), pair) for pair in given.non_secure)
    if given is not None and given.non_secure_data is not None:
        data = tuple(_given(context, (*at, "non_secure_data"), pair) for pair in given.non_secure_data)
    return SetUpTrustZone(
        secure_code=secure,
        non_secure=open_code,
        non_secure_data=data,
        locks_first=_locks_first(context.entry.sdk, given.secure_code_locked_first if given else None),
        debug_build=given is not None and given.build == "debug",
        isolation_level=given.isolation_level if given else 1,
        by=by,
        source=context.source(("chain", image.name, "parts")),
    )


def _given(context: Context, at: Path, pair: Sequence[int]) -> Span:
    return Span(range=context.range(at, pair), source=context.source(at))


def _opened_data(context: Context, image: Image, tfm: Partition, opened: Sequence[Partition]) -> tuple[Span, ...]:
    """The second slot and the non-secure storage.

    The slot's range is its start plus secure and non-secure image size, whatever its own size; the start of a slot in
    external memory is taken for an internal address (recorded runs of TF-M; target_cfg_53_91.c). The secure image
    starts with MCUboot's header, where the primary slot starts.
    """
    data = []
    slot = context.partitions[image.staging] if image.staging else None
    if slot is not None and slot.memory in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}:
        secure = tfm.range.end - min(tfm.range.start, context.partitions[image.slots[0]].range.start)
        size = secure + sum(code.range.size for code in opened)
        end = min(slot.range.start + size, context.soc.flash.end)
        if slot.range.start < end:
            data.append(Span(range=AddressRange(slot.range.start, end), source=slot.source))
    taken = {image.staging, *(code.name for code in opened)}
    data += [
        Span(range=part.range, source=part.source)
        for part in context.partitions.values()
        if part.attribution is Attribution.NON_SECURE
        and part.memory is MemoryKind.INTERNAL
        and part.name not in taken
        and not part.members
    ]
    return tuple(data)


def _locks_first(sdk: str, said: bool | None) -> bool:
    """TF-M locks its code before it opens the rest, in the SDK from 2.6 on; a release that is not said is new."""
    if said is not None:
        return said
    return _since(sdk, LOCKS_FIRST_SINCE)


def _since(sdk: str, release: tuple[int, int]) -> bool:
    """Whether `sdk` is that release or a later one; a release that is not said counts as new."""
    numbers = sdk.split(".")[:2]
    if len(numbers) < len(release) or not all(number.isdigit() for number in numbers):
        return True
    return tuple(int(number) for number in numbers) >= release
