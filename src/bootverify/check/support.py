"""The claim kind `supported`: each combination around a stage needs a row that allows it.

Without one it is undefined, never violated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bootverify.check.verdict import Fact
from bootverify.design.boot import EncryptionType, Image, Stage
from bootverify.design.design import Design
from bootverify.design.source import NOWHERE, Source
from bootverify.design.support import Support, SupportRow

OPEN_POINT = "unsupported-combination"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """The rows that allow what is drawn around a stage, and what no row speaks of."""

    facts: tuple[Fact, ...]
    missing: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A statement that is needed; `words` say it in the names of the design, at `source`."""

    kind: Support
    programs: tuple[str, ...]
    words: str
    source: Source = field(default=NOWHERE, compare=False)


def supported(design: Design, stage: Stage, rows: Sequence[SupportRow]) -> Supported:
    """What the vendor says of `stage`: of its place, of what it starts, of what it is to decrypt."""
    facts, missing = [], []
    for wanted in dict.fromkeys(_wanted(design, stage)):
        row = next((row for row in rows if _allows(row, wanted, design.sdk)), None)
        if row is None:
            words = f"{wanted.words}: no document of the vendor defines it"
            missing.append(Fact(source=wanted.source, text=words))
        else:
            facts.append(Fact(source=row.source, text=f"{row.statement} ({row.document})"))
    return Supported(facts=tuple(facts), missing=tuple(missing))


def _wanted(design: Design, stage: Stage) -> Iterator[_Wanted]:
    image = design.image(stage.image)
    program = stage.program.value
    if stage == design.root:
        words = f"{program} as first stage"
        yield _Wanted(kind=Support.FIRST, programs=(program,), words=words, source=image.source)
    elif stage == design.stages_of(image.name)[0] and image.verified_by is not None:
        yield _starts(design, design.stage(image.verified_by), image)
    yield from _counters(design, stage)
    for other in design.images:
        if other.verified_by == stage.name:
            yield _starts(design, stage, other)
        if other.encryption is not EncryptionType.NONE and other.decryptor == stage.name:
            programs = (program, design.stages_of(other.name)[0].program.value)
            words = f"{stage.name} ({program}) decrypts {other.name} ({programs[1]})"
            source = other.source
            yield _Wanted(kind=Support.DECRYPTS, programs=programs, words=words, source=source)


def _counters(design: Design, stage: Stage) -> Iterator[_Wanted]:
    """The hardware counters that are wanted together, where `stage` is one of those that keep one."""
    rules = [rule for rule in design.life.rules or () if rule.by in {"nsib", "mcuboot"}]
    programs = tuple(dict.fromkeys(rule.by for rule in rules))
    if stage.program.value in programs:
        words = f"hardware counters in {' and '.join(programs)}"
        yield _Wanted(kind=Support.COUNTERS, programs=tuple(sorted(programs)), words=words, source=rules[0].source)


def _starts(design: Design, starter: Stage, image: Image) -> _Wanted:
    # Only NSIB has a row for another bootloader behind it: a second MCUboot is undefined.
    started = design.stages_of(image.name)[0]
    programs = (starter.program.value, started.program.value)
    words = f"{starter.name} ({programs[0]}) starts {started.name} ({programs[1]})"
    return _Wanted(kind=Support.STARTS, programs=programs, words=words, source=image.source)


def _allows(row: SupportRow, wanted: _Wanted, sdk: str) -> bool:
    return row.kind is wanted.kind and row.programs == wanted.programs and row.speaks_of(sdk)
