"""From the design file as written to the Design as meant: defaults, references, spans, steps.

All faults of one file are reported together, each with its line. Read on in `resolve_map`, `resolve_chain`,
`resolve_keys`, `resolve_settings` and `lifetime`.
"""

from collections.abc import Sequence

from bootverify.design.design import Design, InputFile, Unmodelled
from bootverify.design.openpoint import MAP_CONFLICT, OpenPoint
from bootverify.design.soc import UNSPECIFIED, Soc
from bootverify.errors import Fault, InputError
from bootverify.sources.lifetime import network, open_points, told_life
from bootverify.sources.models import part_called, second_core, unspecified_soc
from bootverify.sources.resolve_chain import resolved_images, resolved_stages
from bootverify.sources.resolve_context import Context
from bootverify.sources.resolve_keys import resolved_keys
from bootverify.sources.resolve_map import (
    contradiction,
    ragged_slot,
    resolved_map,
    resolved_memories,
    swapped_by,
    used_by,
)
from bootverify.sources.resolve_protection import lifecycle_on_soc
from bootverify.sources.resolve_settings import (
    resolved_artifacts,
    resolved_contradictions,
    resolved_lifecycle,
    resolved_settings,
)
from bootverify.sources.schema import DesignEntry
from bootverify.sources.written import Written


def resolve(entry: DesignEntry, written: Written, ledger: Sequence[Unmodelled] = ()) -> Design:
    """The design that `entry` describes.

    Raises:
        InputError: a reference to nothing, an overlap, a span outside its memory, a chain that cannot be meant.
    """
    soc = _soc(entry, written)
    faults: list[Fault] = []
    context = Context(entry, written, soc, resolved_map(entry.partitions, written, "partitions", faults), faults)
    proposed = resolved_map(entry.proposed, written, "proposed", faults)
    planned = resolved_map(entry.planned, written, "planned", faults)
    images, keys = resolved_images(context), resolved_keys(context)
    if images and entry.lifecycle is None:
        context.fault((), "`lifecycle` is missing: say whether the debug port is closed")
    _stop_at_faults(context)
    stages = resolved_stages(context, images)
    _stop_at_faults(context)
    life, points = resolved_lifecycle(entry.lifecycle, written)
    if soc.known:
        life = lifecycle_on_soc(context, life)
    elif images:
        points = (*points, *soc.open_points)
    _stop_at_faults(context)
    conflict = contradiction(context.partitions, used_by(images, stages), soc)
    ragged = ragged_slot(context.partitions, swapped_by(images, stages), soc)
    if conflict or ragged:
        statement = f"the map contradicts itself: {conflict}" if conflict else ragged
        points = (*points, OpenPoint(name=MAP_CONFLICT, statement=statement))
    return Design(
        name=entry.name,
        title=entry.title,
        soc=soc,
        sdk=entry.sdk,
        partitions=tuple(context.partitions.values()),
        images=images,
        stages=stages,
        keys=keys,
        lifecycle=life,
        releases=entry.releases,
        open_points=(*points, *open_points(entry, keys, written)),
        life=told_life(entry, stages, written),
        network=network(entry, written),
        network_soc=second_core(soc) if entry.network else None,
        proposed=tuple(proposed.values()),
        files=tuple(InputFile(file=file, sha256=digest) for file, digest in _inputs(written)),
        ledger=tuple(ledger),
        memories=resolved_memories(entry.memories, written),
        planned=tuple(planned.values()),
        settings=resolved_settings(entry.settings, written, images, stages, entry.lifecycle),
        artifacts=resolved_artifacts(entry.artifacts, written),
        contradictions=resolved_contradictions(entry.contradictions, written),
        partial_map=entry.partial_map,
        source=written.source(()),
    )


def _soc(entry: DesignEntry, written: Written) -> Soc:
    place = written.source(("soc",))
    if entry.soc == UNSPECIFIED and not entry.chain:
        return unspecified_soc(place)
    return part_called(entry.soc, place)


def _inputs(written: Written) -> tuple[tuple[str, str], ...]:
    return written.inputs or ((written.file, written.sha256),)


def _stop_at_faults(context: Context) -> None:
    if context.faults:
        raise InputError(sorted(set(context.faults), key=lambda fault: (fault.line, fault.message)))
