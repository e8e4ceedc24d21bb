"""The values that a fact can be tried with: switches, choices, or pages of the memory that it lies in."""

from collections.abc import Sequence
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.errors import InputError
from bootverify.ranges import AddressRange, parse_size
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import keys_of
from bootverify.sources.written import Written

MOST_VALUES = 16_384
AROUND = 16  # numbers below and above, of what is no address
SPARE = 64  # pages behind the last partition of a memory whose extent nothing states
CHOICES: dict[str, tuple[str, ...]] = {
    "mode": ("overwrite", "swap-move", "swap-scratch", "swap-offset"),
    "downgrade": ("none", "version"),
    "lock": ("until_reset", "none"),
    "update": ("never", "over_the_air"),
    "signature": ("none", "ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072"),
    "encryption": ("none", "ecies-p256", "ecies-x25519", "aes-kw", "rsa-oaep"),
    "attribution": ("secure", "non_secure"),
    "push_to": ("engine", "ram"),
    "isolation_level": (1, 2),  # type: ignore[dict-item]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values in order; `step` is their distance where they are numbers, else 0."""

    values: Sequence[Any]
    step: int


def domain(written: Written, path: str, value: Any) -> Domain:  # noqa: ANN401 - plain YAML
    """What the fact at `path`, which is `value` now, can be.

    Raises:
        InputError: it has no values to run through, or too many.
    """
    last = path.rsplit(".", 1)[-1]
    if isinstance(value, bool):
        return Domain(values=(False, True), step=0)
    if last in CHOICES:
        return Domain(values=CHOICES[last], step=0)
    if last == "placement":
        return Domain(values=_placements(written), step=0)
    number = size_of(value)
    if number is None:
        words = f"`{path}` has no values to run through; name a number, a switch, a choice or a key's placement"
        raise InputError.at(written.file, 0, words)
    if last in {"at", "size"} or ".span." in path:
        return _addresses(design_of(written), written, path, number)
    return Domain(values=range(max(0, number - AROUND), number + AROUND + 1), step=1)


def size_of(value: object) -> int | None:
    """The number of bytes that is written; None where it is none."""
    try:
        return parse_size(value) if isinstance(value, str) else value if isinstance(value, int) else None
    except ValueError:
        return None


def step_of(design: Design, memory: MemoryKind) -> int:
    """How far apart two addresses in that memory are tried: a page, a word of the UICR."""
    return max(design.soc.word, 1) if memory is MemoryKind.UICR else design.soc.page or design.soc.guard.granule


def stated(design: Design, memory: MemoryKind) -> AddressRange | None:
    """The memory as the SoC or the input states it."""
    home = {MemoryKind.INTERNAL: design.soc.flash, MemoryKind.UICR: design.soc.uicr, MemoryKind.SRAM: design.soc.ram}
    return home.get(memory) or next((each.range for each in design.memories if each.kind is memory), None)


def extent(design: Design, memory: MemoryKind) -> AddressRange:
    """The memory as it is stated; where nothing does, what the map uses and some room behind."""
    ends = [each.range.end for each in design.partitions if each.memory is memory]
    return stated(design, memory) or AddressRange(0, max(ends, default=0) + SPARE * step_of(design, memory))


def _addresses(design: Design, written: Written, path: str, value: int) -> Domain:
    """Pages, with the same remainder as now, of the memory that the partition lies in; one behind its end."""
    keys, _ = keys_of(written.plain, path)
    part = next((each for each in design.partitions if keys[:1] == ("partitions",) and each.name == keys[1]), None)
    memory = part.memory if part is not None else MemoryKind.INTERNAL
    step, known = step_of(design, memory), extent(design, memory)
    low, high = known.start, known.end
    if keys[-1] == "size":
        low, high = 0, high - (part.range.start if part is not None else low) + step
    else:
        high += step
    first = low + (value - low) % step
    count = max(0, (high - first) // step + 1)
    if count > MOST_VALUES:
        raise InputError.at(written.file, 0, f"`{path}` has {count:,} values; at most {MOST_VALUES:,} are tried")
    return Domain(values=[each for each in range(first, high + 1, step) if each or keys[-1] != "size"], step=step)


def _placements(written: Written) -> tuple[Any, ...]:
    """Where a key can lie: on the host, in each image, in KMU slots where the part has them."""
    design = design_of(written)
    kmu: list[Any] = []
    if design.soc.kmu_slots:
        kmu = [{"kmu": [8, 9], "push_to": target, "readable": False} for target in CHOICES["push_to"]]
    return ("host", *kmu, *({"image": image.name} for image in design.images))
