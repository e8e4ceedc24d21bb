"""The keys as meant: where each lies, and what it is used for."""

from bootverify.design.keys import (
    Elsewhere,
    HostOnly,
    InImage,
    InKmu,
    InPartition,
    InUicr,
    Key,
    KeyKind,
    Placement,
    Purpose,
    PushTarget,
    Use,
)
from bootverify.sources.known_keys import published_key
from bootverify.sources.resolve_context import Context, Path
from bootverify.sources.schema import (
    ElsewherePlacement,
    ImagePlacement,
    KeyEntry,
    KmuPlacement,
    PartitionPlacement,
)


def resolved_keys(context: Context) -> tuple[Key, ...]:
    """The keys of the design, in the order in which it lists them."""
    return tuple(_key(context, name) for name in context.entry.keys)


def _key(context: Context, name: str) -> Key:
    entry = context.entry.keys[name]
    at = ("keys", name)
    places = entry.placement if isinstance(entry.placement, list) else [entry.placement]
    uses = []
    decrypts = [entry.decrypts] if isinstance(entry.decrypts, str) else entry.decrypts or []
    wanted: list[tuple[Purpose, list[str] | list[str | None]]] = [
        (Purpose.VERIFY, [entry.verifies]),
        (Purpose.SIGN, [entry.signs]),
        (Purpose.DECRYPT, decrypts),
    ]
    for purpose, images in wanted:
        for image in images:
            if image is not None:
                context.known(
                    (*at, f"{purpose.value}s" if purpose is not Purpose.VERIFY else "verifies"),
                    image,
                    context.entry.chain,
                    "image",
                )
                uses.append(Use(purpose=purpose, image=image))
    if entry.opens_images and not uses:
        uses.append(Use(purpose=Purpose.DECRYPT))
    return Key(
        name=name,
        found=tuple(entry.found),
        kind=KeyKind(entry.kind),
        placements=tuple(
            _placement(context, (*at, "placement", *([index] if isinstance(entry.placement, list) else [])), place)
            for index, place in enumerate(places)
        ),
        uses=tuple(uses),
        published=entry.published or (bool(entry.fingerprint) and published_key(entry.fingerprint) is not None),
        fingerprint=entry.fingerprint,
        revocable=entry.reusable or entry.revocable,
        reusable=entry.reusable,
        empty=_empty(context, name, entry),
        all_words_written=entry.all_words_written,
        other_half=entry.other_half if entry.other_half in context.entry.keys else "",
        per_device=entry.per_device,
        source=context.source(at),
    )


def _empty(context: Context, name: str, entry: KeyEntry) -> bool:
    places = entry.placement if isinstance(entry.placement, list) else [entry.placement]
    kmu = all(isinstance(place, KmuPlacement) for place in places)
    slots_of_generations = context.soc.kmu_version > 1 or not context.soc.known
    if entry.reusable and not (kmu and slots_of_generations):
        context.fault(("keys", name, "reusable"), f"`{name}` is reusable: only a KMU slot of nRF54L can be")
    if entry.state == "empty" and not (kmu and slots_of_generations and entry.verifies):
        text = f"`{name}` is empty: only a KMU slot of nRF54L that a bootloader consults for `verifies` can be"
        context.fault(("keys", name, "state"), text)
    return entry.state == "empty"


def _placement(
    context: Context, at: Path, place: str | KmuPlacement | ImagePlacement | PartitionPlacement | ElsewherePlacement
) -> Placement:
    source = context.source(at)
    match place:
        case "host":
            return HostOnly(source=source)
        case "uicr":
            return InUicr(source=source)
        case KmuPlacement():
            if context.soc.known and max(place.kmu) >= context.soc.kmu_slots:
                context.fault(
                    at, f"{context.soc.name} has {context.soc.kmu_slots} KMU slots, so no slot {max(place.kmu)}"
                )
            return InKmu(
                slots=tuple(place.kmu), push_to=PushTarget(place.push_to), readable=place.readable, source=source
            )
        case ImagePlacement():
            context.known(at, place.image, context.entry.chain, "image")
            return InImage(image=place.image, release=place.release, offset=place.offset, source=source)
        case PartitionPlacement():
            context.known(at, place.partition, context.partitions, "partition")
            return InPartition(partition=place.partition, source=source)
        case ElsewherePlacement():
            return Elsewhere(what=place.elsewhere, words=place.words, source=source)
        case _:
            raise AssertionError(place)
