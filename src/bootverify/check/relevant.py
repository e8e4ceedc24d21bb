"""The part of a design that a question about behaviour can depend on: the rest is left out before it is asked.

What is left out: partitions that nothing runs from, waits in, passes through or keeps a key in, which are bytes like
any others; debug protection, for an attacker without a probe; titles, files and all settings but how a swap keeps image
keys, which are for claims about maps and for people.
"""

from dataclasses import replace

from bootverify.check.question import Question
from bootverify.design.attacker import Capability
from bootverify.design.boot import BootGo, ChooseSlot
from bootverify.design.design import Design
from bootverify.design.keys import InPartition
from bootverify.design.memory import MemoryKind, Partition
from bootverify.design.settings import Settings
from bootverify.policy.formula import And, Formula, Not, Or, Quantified


def relevant(design: Design, question: Question) -> Design:
    """The design as far as `question`, which is about behaviour, can see it; equal designs have equal answers."""
    kept = design.partitions
    if not _speaks_of_partitions(question.ask.claim.formula):
        names = _used(design)
        if isinstance(question.subject, Partition):
            names |= {question.subject.name}
        names = _with_members(design, names)
        kept = tuple(part for part in design.partitions if part.name in names)
    life = design.lifecycle
    if not question.attacker.can(Capability.DEBUG):
        life = replace(life, approtect=True, secure_approtect=True, eraseprotect=True)
    return replace(
        design,
        title="",
        partitions=kept,
        lifecycle=life,
        files=(),
        ledger=(),
        memories=(),
        planned=(),
        settings=Settings(image_key_wrapped=design.settings.image_key_wrapped),
        artifacts=(),
        contradictions=(),
        partial_map=False,
    )


def _used(design: Design) -> set[str]:
    names = {slot for image in design.images for slot in (*image.slots, *([image.staging] if image.staging else []))}
    names |= {stage.code for stage in design.stages if stage.code is not None}
    names |= {place.partition for key in design.keys for place in key.placements if isinstance(place, InPartition)}
    if design.network:
        names |= {part.name for part in design.partitions if part.memory in {MemoryKind.NETWORK, MemoryKind.SRAM}}
        names |= {stage.staging for stage in design.network if stage.staging}
    steps = [step for stage in design.stages for step in stage.steps]
    names |= {step.provision for step in steps if isinstance(step, ChooseSlot) and step.provision is not None}
    return names | {step.scratch for step in steps if isinstance(step, BootGo) and step.scratch is not None}


def _with_members(design: Design, names: set[str]) -> set[str]:
    members = {part.name: part.members for part in design.partitions}
    found: set[str] = set()
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += members.get(name, ())
    return found


def _speaks_of_partitions(formula: Formula) -> bool:
    match formula:
        case Not(operand):
            return _speaks_of_partitions(operand)
        case And(operands) | Or(operands):
            return any(_speaks_of_partitions(operand) for operand in operands)
        case Quantified():
            return formula.collection == "partitions" or _speaks_of_partitions(formula.body)
        case _:
            return False
