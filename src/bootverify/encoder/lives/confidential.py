"""Images and keys kept hidden, concluded: the least set of facts closed under the clauses of who sees what.

`plain` is the whole image, `sealed` an encrypted file of it, `own` the part that an attacker runs in.
"""

from collections.abc import Iterator

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.boot import EncryptionType, Image, Program, Protect, Stage
from bootverify.design.design import Design
from bootverify.design.keys import (
    Elsewhere,
    HostOnly,
    InImage,
    InKmu,
    InPartition,
    InUicr,
    Key,
    Placement,
    Purpose,
    PushTarget,
)
from bootverify.design.life import Behaviour
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Access
from bootverify.encoder.lives.areas import secure_side_closed
from bootverify.encoder.lives.foe import foe
from bootverify.machine.judgement import Judgement, broken, kept, untold

READERS = {"bootloader-code", "app-code", "app-code-secure", "secure-partition"}
SWAPS = {"swap-move", "swap-offset", "swap-scratch"}
BYSTANDERS = {"remote-ota", "old-signed-image", "operator-error", "power-cut"}


@dataclass(frozen=True, slots=True)
class _Clause:
    """`then` follows when all of `given` are facts."""

    then: str
    given: tuple[str, ...] = ()


def image_hidden(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Broken iff `plain:image` follows."""
    facts, open_ends = _closure(design, foe(design, attacker))
    if not facts.isdisjoint({f"plain:{image.name}", f"own:{image.name}"}):
        return broken(f"{attacker.name} comes by the plaintext of {image.name}", source=image.source)
    if open_ends:
        return untold(open_ends[0], image.source)
    return kept(f"no way leads {attacker.name} to the plaintext of {image.name}", image.source)


def part_hidden(design: Design, stage: Stage, attacker: Attacker) -> Judgement:
    """Broken iff `plain:image` follows, or it is the part that he runs in."""
    facts, open_ends = _closure(design, foe(design, attacker))
    own = f"own:{stage.image}" in facts and stage == design.application
    if own or f"plain:{stage.image}" in facts:
        return broken(f"{attacker.name} comes by the plaintext of {stage.name}", source=stage.source)
    if open_ends:
        return untold(open_ends[0], stage.source)
    return kept(f"no way leads {attacker.name} to the plaintext of {stage.name}", stage.source)


def key_hidden(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Broken iff `key:name` follows."""
    facts, open_ends = _closure(design, foe(design, attacker))
    if f"key:{key.name}" in facts:
        return broken(f"{attacker.name} comes by the value of {key.name}", source=key.source)
    services = [place for place in key.placements if isinstance(place, Elsewhere) and place.what == "service"]
    if services and foe(design, attacker) == "secure-partition":  # "Level 1: every partition privileged" (soc.md 8.3)
        return broken("no boundary lies between the key service and his partition", source=services[0].source)
    if services and who_may_export(design, foe(design, attacker)):
        return broken("the key service does not bind key ids to their owner", source=services[0].source)
    asks = design.life.foreign_keys_exported is False and foe(design, attacker) == "app-code-ns"
    if asks and services and len(key.placements) == 1 and secure_side_closed(design):
        return kept("key ids are bound to their owner, and the secure side is closed to him", services[0].source)
    at_chip = foe(design, attacker) in {"ext-flash-read", "ext-flash-write"}
    status = at_chip and any(_noted_for(key))  # what lies on the chip is told of it
    if not key.placements or any(isinstance(place, Elsewhere) for place in key.placements if not status):
        return untold(f"where {key.name} lies", key.source)
    if open_ends:
        return untold(open_ends[0], key.source)
    return kept(f"no way leads {attacker.name} to {key.name}", key.source)


def _noted_for(key: Key) -> Iterator[str]:
    """The images of which `key` is the image key, if it lies in the swap status alone."""
    if key.placements and all(isinstance(at, Elsewhere) and at.what == "swap-status" for at in key.placements):
        yield from (use.image for use in key.uses if use.purpose is Purpose.DECRYPT)


def who_may_export(design: Design, who: str) -> bool:
    """Whether the key service gives `who` keys that others imported."""
    return who == "app-code-ns" and design.life.foreign_keys_exported is True


def _closure(design: Design, who: str) -> tuple[frozenset[str], list[str]]:
    clauses = [*_everybodys(design), *_memory_clauses(design, who), *_chip_clauses(design, who)]
    facts: frozenset[str] = frozenset()
    while True:
        more = facts | {clause.then for clause in clauses if facts.issuperset(clause.given)}
        if more == facts:
            return facts, list(_open_ends(design, who))
        facts = more


def _everybodys(design: Design) -> Iterator[_Clause]:
    for key in design.keys:
        if key.published:
            yield _Clause(f"key:{key.name}")
        for use in key.uses:
            if use.purpose is Purpose.DECRYPT:
                yield _Clause(f"opens:{use.image}", (f"key:{key.name}",))
        for place in key.placements:
            if isinstance(place, InImage) and key.secret:
                yield _Clause(f"key:{key.name}", (f"plain:{place.image}",))
        for name in _noted_for(key):  # who opens an update has unwrapped its image key
            yield _Clause(f"key:{key.name}", (f"sealed:{name}", f"opens:{name}"))
    for image in design.images:
        yield _Clause(f"plain:{image.name}", (f"sealed:{image.name}", f"opens:{image.name}"))
        if image.updatable:
            yield _Clause(f"{_as_shipped(image)}:{image.name}")
        starter = design.stage(image.verified_by).program if image.verified_by else None
        if design.life.clear_release and starter is Program.MCUBOOT:
            yield _Clause(f"plain:{image.name}")


def _as_shipped(image: Image) -> str:
    return "plain" if image.encryption is EncryptionType.NONE else "sealed"


def _reads_memory(design: Design, who: str) -> bool:
    if who in READERS:
        return True
    if who == "fault-injection" and design.life.glitch:
        return True
    return who in {"debug-port", "fault-injection"} and not design.lifecycle.approtect


def _memory_clauses(design: Design, who: str) -> Iterator[_Clause]:
    if who in {"factory-insider", "build-pipeline"}:
        yield from (_Clause(f"plain:{image.name}") for image in design.images)
    veiled = _veiled(design)
    if _reads_memory(design, who):
        yield from (_Clause(f"plain:{image.name}") for image in design.images if veiled.isdisjoint(image.slots))
    if who == "app-code-ns" and design.application is not None:
        yield _Clause(f"own:{design.application.image}")
    if who in {"factory-insider", "build-pipeline"}:
        shown = {"factory", "update", "slot"} | ({"build"} if who == "build-pipeline" else set())
        yield from (_Clause(f"key:{key.name}") for key in design.keys if key.secret and shown & {*key.found})
    if who == "factory-insider":
        yield from (_Clause(f"key:{key.name}") for key in design.keys if _loaded(key) and _shared(design, key))
    if _reads_memory(design, who):
        for key in design.keys:
            if key.secret and any(_readable(place, veiled) for place in key.placements):
                yield _Clause(f"key:{key.name}")


def _loaded(key: Key) -> bool:
    """Production writes the secret into a store of its own; no release brings it there later."""
    carried = [place.release for place in key.placements if isinstance(place, InImage)]
    later = bool(carried) and all(release is not None and release > 1 for release in carried)
    return key.secret and not later and any(isinstance(place, InKmu | InUicr | InPartition) for place in key.placements)


def _shared(design: Design, key: Key) -> bool:
    """All devices have one value: it is told, or they open the same updates with it."""
    sealed = {image.name for image in design.images if image.updatable and _as_shipped(image) == "sealed"}
    opens = any(use.purpose is Purpose.DECRYPT and use.image in sealed for use in key.uses)
    return key.per_device is False or (key.per_device is None and opens)


def _veiled(design: Design) -> set[str]:
    """The internal partitions that a lock makes unreadable, whole or in part."""
    spans = [
        span.range
        for stage in design.stages
        for step in stage.steps
        if isinstance(step, Protect) and Access.READ in step.deny
        for span in step.spans
    ]
    inside = [part for part in design.partitions if part.memory is MemoryKind.INTERNAL]
    return {part.name for part in inside for low in spans if low.start < part.range.end and part.range.start < low.end}


def _readable(place: Placement, veiled: set[str]) -> bool:
    match place:
        case InPartition(partition=partition):
            return partition not in veiled
        case InUicr():
            return True
        case InKmu():
            return place.readable or place.push_to is PushTarget.RAM
        case _:
            return False


def _outside(design: Design) -> frozenset[str]:
    return frozenset(part.name for part in design.partitions if part.memory is MemoryKind.EXTERNAL)


def _reads_chip(design: Design, who: str) -> bool:
    """Whether the external chip is his to read: by a clip, or by his own code after an erase-all of the rest."""
    probe = who in {"debug-port", "fault-injection"} and not design.lifecycle.eraseprotect
    return who in {"ext-flash-read", "ext-flash-write"} or (probe and not _reads_memory(design, who))


def _chip_clauses(design: Design, who: str) -> Iterator[_Clause]:
    if not _reads_chip(design, who):
        return
    outside, life = _outside(design), design.life
    scratch_out = any("scratch" in name for name in outside)
    for key in design.keys:
        if key.secret and any(
            isinstance(place, InPartition) and place.partition in outside for place in key.placements
        ):
            yield _Clause(f"key:{key.name}")
    for image in design.images:
        staged_out = image.staging is not None and image.staging in outside
        sealed = _as_shipped(image) == "sealed"
        if staged_out:
            yield _Clause(f"{_as_shipped(image)}:{image.name}")
        if sealed and staged_out and life.mode in {"swap-move", "swap-scratch"} and life.factory_image == "signed":
            yield _Clause(f"plain:{image.name}")
        if sealed and staged_out and life.mode in SWAPS and who == "ext-flash-write":
            # Between check and copy he takes the mark of encryption from the header; so it is taken back (loader.c).
            yield _Clause(f"plain:{image.name}")
        if sealed and scratch_out and life.mode == "swap-scratch":
            if not design.keeps_image_keys_wrapped:
                yield _Clause(f"sealed:{image.name}")
                yield _Clause(f"opens:{image.name}")
            if Behaviour.SCRATCH_PLAIN in life.behaviours:
                yield _Clause(f"plain:{image.name}")


def _open_ends(design: Design, who: str) -> Iterator[str]:
    """What would have to be told before an absence can be concluded."""
    if _reads_memory(design, who) and _veiled(design):
        yield "whether he reads what a lock hides before it does"
    if who == "factory-insider":
        for key in design.keys:
            held = key.secret and any(isinstance(place, InKmu | InUicr | InPartition) for place in key.placements)
            if held and not (_loaded(key) and _shared(design, key)):
                yield f"whether the factory sees {key.name} when it is loaded"
    elif who == "build-pipeline":
        if any(isinstance(place, HostOnly) for key in design.keys for place in key.placements):
            yield "whether a key of the host is used where he is"
    elif who == "fault-injection" and design.lifecycle.approtect and not design.life.glitch:
        yield "whether this silicon withstands a glitch"
    elif _reads_chip(design, who):
        yield from _chip_open_ends(design)
    elif who not in READERS | BYSTANDERS | {"debug-port", "fault-injection"}:
        yield "what he gets to read"


def _chip_open_ends(design: Design) -> Iterator[str]:
    outside, life = _outside(design), design.life
    scratch_out = any("scratch" in name for name in outside)
    for image in design.images:
        if outside.intersection(image.slots):
            yield f"how {image.name} lies in external memory"
        staged_out = image.staging is not None and image.staging in outside
        if _as_shipped(image) == "plain" or not (staged_out or scratch_out):
            continue
        if life.mode not in {"overwrite", "swap-move", "swap-scratch"}:
            yield f"what update mode `{life.mode}` leaves outside"
        elif life.mode != "overwrite" and staged_out and not life.factory_image:
            yield "whether the factory's image is encrypted when it is swapped out"
        if (
            life.mode == "swap-scratch"
            and scratch_out
            and not (life.behaviours & {Behaviour.SCRATCH_PLAIN, Behaviour.SCRATCH_ENCRYPTED})
        ):
            yield "whether the scratch area holds plain sectors"
