"""Edits that a designer could make, each of one fact; whether one helps is for a new check to say.

Costs order them: a switch first, then a lock that grows, then a key that moves, then what the chain does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bootverify.design.boot import Image, Protect, Stage
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, Key, KeyKind, Purpose
from bootverify.ranges import AddressRange

KMU_FIRST = 8  # slots below are taken by the SDK's own keys (hw_unique_key.h)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Entries set to values, as paths of the design file; `cost` orders edits, `words` say it."""

    change: dict[str, Any]
    cost: int
    words: str


def candidates(design: Design, plain: dict[str, Any]) -> list[Edit]:
    """Single edits of `design`, whose document is `plain`, cheapest first."""
    found = [*_lifecycle(design), *_verification(plain), *_locks(design, plain), *_keys(design), *_chain(design, plain)]
    return sorted(found, key=lambda edit: (edit.cost, edit.words))


def _lifecycle(design: Design) -> Iterator[Edit]:
    for name in ("approtect", "secure_approtect", "eraseprotect"):
        if getattr(design.lifecycle, name) is False:
            yield Edit(change={f"lifecycle.{name}": True}, cost=1, words=f"switch {name} on")


def _verification(plain: dict[str, Any]) -> Iterator[Edit]:
    for name, image in plain.get("chain", {}).items():
        if image.get("validate_primary") is False:
            yield Edit(
                change={f"chain.{name}.validate_primary": True},
                cost=1,
                words=f"{name} verifies what it starts at every boot",
            )
        if image.get("counter") is False:
            yield Edit(change={f"chain.{name}.counter": True}, cost=1, words=f"{name} counts versions")
        if image.get("program") == "mcuboot" and image.get("downgrade", "none") == "none":
            yield Edit(change={f"chain.{name}.downgrade": "version"}, cost=1, words=f"{name} refuses a lower version")
        for i, span in enumerate(image.get("protects") or ()):
            if span.get("lock") == "none":
                yield Edit(
                    change={f"chain.{name}.protects.{i}.lock": "until_reset"}, cost=1, words=f"{name} locks until reset"
                )


def _locks(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    """Each boot stage locks its own slots whole, outward to the granule."""
    granule = design.soc.guard.granule
    for stage in design.stages:
        image = design.image(stage.image)
        entry = plain.get("chain", {}).get(image.name, {})
        if stage.program.value not in {"nsib", "mcuboot"}:
            continue
        area = _whole(design, image, granule)
        wanted = [{"span": [area.start, area.end], "lock": "until_reset"}]
        if entry.get("protects") != wanted and not _locked(stage, area):
            yield Edit(change={f"chain.{image.name}.protects": wanted}, cost=2, words=f"{stage.name} locks {area}")


def _whole(design: Design, image: Image, granule: int) -> AddressRange:
    slots = [design.partition(slot).range for slot in image.slots]
    start = min(slot.start for slot in slots) // granule * granule
    return AddressRange(start, -(-max(slot.end for slot in slots) // granule) * granule)


def _locked(stage: Stage, area: AddressRange) -> bool:
    spans = [span.range for step in stage.steps if isinstance(step, Protect) for span in step.spans]
    return any(span.covers(area) for span in spans)


def _keys(design: Design) -> Iterator[Edit]:
    taken = {
        number for key in design.keys for place in key.placements if isinstance(place, InKmu) for number in place.slots
    }
    free = [number for number in range(KMU_FIRST, max(design.soc.kmu_slots - 1, KMU_FIRST)) if number not in taken]
    for key in design.keys:
        if not key.secret:
            continue
        if key.published:
            yield Edit(
                change={f"keys.{key.name}.published": False},
                cost=4,
                words=f"a {key.name} of one's own, never published",
            )
        if design.soc.kmu_slots and len(free) >= 2 and _used_on_device(key):
            place = {"kmu": free[:2], "push_to": "engine", "readable": False}
            yield Edit(
                change={f"keys.{key.name}.placement": place},
                cost=3,
                words=f"provision {key.name} into KMU slots {free[0]}-{free[1]}, pushed to the engine",
            )
        if not _used_on_device(key):
            yield Edit(change={f"keys.{key.name}.placement": "host"}, cost=2, words=f"keep {key.name} on the host")


def _used_on_device(key: Key) -> bool:
    return key.kind is KeyKind.SYMMETRIC or any(use.purpose is Purpose.DECRYPT for use in key.uses)


def _chain(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    for name, image in plain.get("chain", {}).items():
        if image.get("update") == "over_the_air" and design.stages_of(name)[0].program.value == "mcuboot":
            yield Edit(change={f"chain.{name}.update": "never"}, cost=6, words=f"{name} is never updated")
