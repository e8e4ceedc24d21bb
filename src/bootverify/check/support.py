"""The claim kind `supported`: each combination around a stage needs a row that allows it.

Without one, or where one excludes it, it is undefined, never violated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import field

from bootverify.check.verdict import Fact
from bootverify.dataclass import dataclass
from bootverify.design.boot import EncryptionType, Image, Program, SignatureType, Stage
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, InImage, InKmu, InPartition, InUicr, Key, KeyKind, Purpose
from bootverify.design.network import NetworkStage
from bootverify.design.source import NOWHERE, Source
from bootverify.design.support import Support, SupportRow

PAIRED = ("overwrite", "swap", "swap-move", "swap-offset", "swap-scratch")
FIRST, UPGRADABLE = frozenset({242, 244, 246}), frozenset({226, 228, 230})  # where keys are looked for (ncs-boot 2.7)
_PLACES = {  # of keys, in the words of reports
    "image": "an image",
    "kmu": "the KMU",
    "otp": "the words for provisioning",
    "partition": "a partition of its own",
    "host": "no device",
    "elsewhere": "another place",
}
SECTOR = 0x1000  # moving and offset swaps want one more in one of the slots (ncs-boot 2.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """The rows that allow what is drawn around a stage, and what no row speaks of."""

    facts: tuple[Fact, ...]
    missing: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A statement that is needed, for `number` of something; `words` say it in the names of the design, at `source`."""

    kind: Support
    programs: tuple[str, ...]
    words: str
    number: int = 0
    source: Source = field(default=NOWHERE, compare=False)


def supported(design: Design, subject: Stage | Key | NetworkStage | Design, rows: Sequence[SupportRow]) -> Supported:
    """What the vendor says of a key's place; or of every stage: what it starts, installs and decrypts.

    One thing that nobody defines leaves no device to speak of, so a stage is asked with all others, its own first.
    """
    facts, missing = [], []
    wishes = list(_of_key(design, subject)) if isinstance(subject, Key) else []
    if not isinstance(subject, Key):
        first = (subject,) if isinstance(subject, Stage) else ()
        for stage in (*first, *design.stages):
            wishes.extend(_wanted(design, stage))
    for wanted in dict.fromkeys(wishes):
        row = next((row for row in rows if _speaks(row, wanted, design)), None)
        said = "" if row is None else f"{row.statement} ({row.document})"
        if row is not None and not row.excluded:
            facts.append(Fact(source=row.source, text=said))
            continue
        why = f"excluded: {said}" if said else "no document of the vendor defines it for this part and release"
        missing.append(Fact(source=wanted.source, text=f"{wanted.words}: {why}"))
    return Supported(facts=tuple(facts), missing=tuple(missing))


def _wanted(design: Design, stage: Stage) -> Iterator[_Wanted]:
    image = design.image(stage.image)
    program = stage.program.value
    if stage == design.root:
        words = f"{program} as first stage"
        yield _Wanted(kind=Support.FIRST, programs=(program,), words=words, source=image.source)
        if image.updatable:
            # No row: nothing of the vendor's replaces what a reset enters.
            words = f"updates of {stage.name} as first stage"
            yield _Wanted(kind=Support.FIRST, programs=(program, "updated"), words=words, source=image.update_source)
    elif stage == design.stages_of(image.name)[0] and image.verified_by is not None:
        yield _starts(design, design.stage(image.verified_by), image)
    yield from _counters(design, stage)
    yield from _updates(design, stage)
    for key in design.keys:
        served = [use for use in key.uses if use.image and design.image(use.image).verified_by == stage.name]
        if any(use.purpose in {Purpose.VERIFY, Purpose.DECRYPT} for use in served):
            yield from _of_key(design, key)
    for other in design.images:
        if other.verified_by == stage.name:
            yield _starts(design, stage, other)
            yield _verifies(stage, other)
            if stage.program is Program.NSIB and len(other.slots) == 2:  # s0 and s1
                yield _variants(design, other)
        if other.encryption is not EncryptionType.NONE and other.decryptor == stage.name:
            programs = (program, design.stages_of(other.name)[0].program.value)
            words = f"{stage.name} ({program}) decrypts {other.name} ({programs[1]})"
            source = other.source
            yield _Wanted(kind=Support.DECRYPTS, programs=programs, words=words, source=source)


def _counters(design: Design, stage: Stage) -> Iterator[_Wanted]:
    """The hardware counters that are wanted together, where `stage` is one of those that keep one.

    MCUboot's counter and NSIB in the chain exclude each other, whether NSIB counts or not (ncs-boot 2.4).
    """
    rules = [rule for rule in design.life.rules or () if rule.by in {"nsib", "mcuboot"}]
    programs = {rule.by for rule in rules}
    if "mcuboot" in programs and design.root.program is Program.NSIB:
        programs.add("nsib")
    for rule in rules:
        if rule.by == stage.program.value and rule.slots is not None:
            room = (rule.by, "odd") if rule.slots % 2 else (rule.by,)
            words, number = f"{rule.slots} slots of {stage.name}'s counter", rule.slots
            yield _Wanted(kind=Support.ROOMS, programs=room, words=words, number=number, source=rule.source)
    if stage.program.value in programs and rules:
        words = f"hardware counters in {' and '.join(sorted(programs))}"
        yield _Wanted(kind=Support.COUNTERS, programs=tuple(sorted(programs)), words=words, source=rules[0].source)


def _updates(design: Design, stage: Stage) -> Iterator[_Wanted]:
    """The update mode that is told, and the comparison of versions in it."""
    started = [image for image in design.images if image.verified_by == stage.name]
    steps, starts = [step for image in started if (step := design.started_in_place(image))], bool(started)
    mode = design.life.mode or next((step.mode.value for step in steps), "")
    if stage.program is not Program.MCUBOOT or not starts or not mode or mode == "none":
        return
    source = design.life.source
    yield _Wanted(kind=Support.INSTALLS, programs=(mode,), words=f"update mode {mode}", source=source)
    for image in design.images:
        if image.verified_by == stage.name:
            yield from _installed(design, image, mode)
    fed = [stage for stage in design.network if stage.fed_by and not stage.boots]
    if fed:
        encrypted = any(image.encryption is not EncryptionType.NONE for image in design.images)
        how = "encrypted updates beside those" if encrypted else "updates"
        words = f"{how} of {fed[0].name} on the network core in update mode {mode}"
        programs = (mode, "encrypted") if encrypted else (mode,)
        yield _Wanted(kind=Support.RADIOS, programs=programs, words=words, source=fed[0].source)
    for rule in design.life.rules or ():
        if rule.by == "version":
            words = f"comparison of versions in update mode {mode}"
            yield _Wanted(kind=Support.COMPARES, programs=(mode,), words=words, source=rule.source)


def _installed(design: Design, image: Image, mode: str) -> Iterator[_Wanted]:
    """What the mode asks of an image: its encryption, and two slots of one size."""
    if image.encryption is not EncryptionType.NONE:
        words = f"encrypted updates of {image.name} in update mode {mode}"
        yield _Wanted(kind=Support.ENCRYPTS, programs=(mode,), words=words, source=image.source)
        programs = (image.signature.value, image.encryption.value)
        words = f"{programs[1]} beside {programs[0]} signatures for {image.name}"
        yield _Wanted(kind=Support.WRAPS, programs=programs, words=words, source=image.source)
    if len(image.slots) == 1 and image.staging is not None and mode in PAIRED:
        sizes = [design.partition(name).range for name in (image.slots[0], image.staging)]
        apart = abs((sizes[0].end - sizes[0].start) - (sizes[1].end - sizes[1].start))
        related = ("equal",) if apart <= SECTOR else ("unequal",)
        words = f"slots of {image.name} that differ by {apart:#x} bytes in update mode {mode}"
        yield _Wanted(kind=Support.PAIRS, programs=related, words=words, source=image.update_source)


def _variants(design: Design, image: Image) -> _Wanted:
    first, second = (design.partition(name).range for name in image.slots)
    apart = abs((first.end - first.start) - (second.end - second.start))
    related = ("variants", "unequal" if apart else "equal")
    words = f"slots {' and '.join(image.slots)} of {image.name} that differ by {apart:#x} bytes"
    return _Wanted(kind=Support.PAIRS, programs=related, words=words, source=image.source)


def _verifies(stage: Stage, image: Image) -> _Wanted:
    programs = (stage.program.value, image.signature.value)
    words = f"{stage.name} ({programs[0]}) verifies {programs[1]} signatures"
    return _Wanted(kind=Support.VERIFIES, programs=programs, words=words, source=image.source)


def _of_key(design: Design, key: Key) -> Iterator[_Wanted]:
    """The place of a key that a boot stage uses, by kind and purpose; other keys are the owner's own affair.

    Of a secret in an image it matters in whose: only the program that uses it has a place for it.
    """
    for place in key.placements:
        match place:
            case InImage(image=name) if key.secret:
                where = design.stages_of(name)[0].program.value
            case InImage():
                where = "image"
            case InKmu():
                where = _kmu_place(design, key, place)
            case InUicr():
                where = "otp"
            case InPartition():
                where = "partition"
            case HostOnly():
                where = "host"
            case _:
                where = "elsewhere"
        if key.kind is KeyKind.HASH and key.all_words_written is False:
            where += ", with an erased half-word"  # which the provisioning script refuses (ncs-boot 1.8)
        purposes = sorted({use.purpose.value for use in key.uses}) or ["other"]
        for purpose in purposes:
            programs = (key.kind.value, purpose, where)
            words = f"a {programs[0]} key to {purpose}, kept in {_PLACES.get(where, where)}"
            yield _Wanted(kind=Support.KEEPS, programs=programs, words=words, source=key.source)


def _kmu_place(design: Design, key: Key, place: InKmu) -> str:
    """A slot of the KMU; of nRF54L's, whether boot stages look there for a key of that algorithm (soc.md 5.3)."""
    if design.soc.kmu_version < 2 or key.kind is not KeyKind.PUBLIC:
        return "kmu"
    verified = [design.image(use.image) for use in key.uses if use.purpose is Purpose.VERIFY and use.image]
    strange = [image.signature.value for image in verified if image.signature is not SignatureType.ED25519]
    if strange:
        return f"the KMU for {strange[0]} signatures"
    known = all(place.slots[0] in _generations(design, image) for image in verified)
    return "kmu" if known else f"KMU slot {place.slots[0]}"


def _generations(design: Design, image: Image) -> frozenset[int]:
    """The slots in which what starts the image looks for its key: NSIB in its own, MCUboot behind it in others.

    "MCUboot uses 242 by default; 226 only when NSIB precedes it or a deprecated option is set" (soc.md 5.3).
    """
    if image.verified_by is None or design.stage(image.verified_by).program is not Program.MCUBOOT:
        return FIRST
    return UPGRADABLE if design.root.program is Program.NSIB else FIRST | UPGRADABLE


def _starts(design: Design, starter: Stage, image: Image) -> _Wanted:
    # Only NSIB has a row for another bootloader behind it: a second MCUboot is undefined.
    started = design.stages_of(image.name)[0]
    programs = (starter.program.value, started.program.value)
    words = f"{starter.name} ({programs[0]}) starts {started.name} ({programs[1]})"
    return _Wanted(kind=Support.STARTS, programs=programs, words=words, source=image.source)


def _speaks(row: SupportRow, wanted: _Wanted, design: Design) -> bool:
    same = row.kind is wanted.kind and row.programs == wanted.programs
    return same and (row.most is None or wanted.number <= row.most) and row.speaks_of(design.sdk, design.soc.name)
