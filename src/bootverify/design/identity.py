"""What a thing is, apart from what it is called: the identity that survives a renamed partition or a reordered file."""

from collections import Counter
from collections.abc import Iterator

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A thing of a design: `kind` is stage, image, key or partition, `nature` tells it apart without its name.

    `nature` is empty where several things of one kind are alike.
    """

    kind: str
    name: str
    nature: str


def identities(design: Design) -> tuple[Identity, ...]:
    """Every image, stage, key and partition of the design."""
    found = [Identity(kind=kind, name=name, nature=nature) for kind, name, nature in _things(design)]
    seen = Counter((each.kind, each.nature) for each in found)
    return tuple(
        each if seen[each.kind, each.nature] == 1 else Identity(kind=each.kind, name=each.name, nature="")
        for each in found
    )


def _things(design: Design) -> Iterator[tuple[str, str, str]]:
    """An image or stage is its place in the chain, a key its kind and use, a partition its role, else its range."""
    for number, image in enumerate(design.images):
        programs = "+".join(stage.program.value for stage in design.stages_of(image.name))
        yield "image", image.name, f"{number + 1} of {len(design.images)}: {programs}"
    for number, stage in enumerate(design.stages):
        yield "stage", stage.name, f"{number + 1} of {len(design.stages)}: {stage.program.value}"
    order = {image.name: number + 1 for number, image in enumerate(design.images)}
    for key in design.keys:
        uses = ", ".join(sorted(f"{use.purpose.value} {order.get(use.image, 0)}" for use in key.uses))
        yield "key", key.name, f"{key.kind.value}: {uses} {key.fingerprint}".rstrip()
    for program in design.network:
        yield "network", program.name, program.partition
    for partition in design.partitions:
        yield "partition", partition.name, _place(partition)


def _place(partition: Partition) -> str:
    span = ", a span" if partition.members else ""
    return f"{partition.memory.value} {partition.range}{span}"
