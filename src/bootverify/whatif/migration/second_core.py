"""The network core's part of a release: b0n of the field copies it where it knows, and starts it, or does not."""

from dataclasses import replace
from functools import cached_property

from bootverify.check.verdict import Fact, Verdict
from bootverify.design.boot import Program
from bootverify.design.design import Design
from bootverify.design.network import NetworkStage
from bootverify.executor.field.film import Scene
from bootverify.executor.field.network import Fed, fed
from bootverify.executor.network.path import application_of
from bootverify.whatif.migration.questions import Answer, Question

FREEZE = "Freeze b0n, its partitions and the transfer RAM: no update reaches what b0n knows."


class SecondCore:
    """What is so of the network core of units made as `root`, whose MCUboot is that of `last` until it is updated."""

    def __init__(self, root: Design, last: Design, new: Design, delivered: tuple[str, ...]) -> None:
        self.root = root
        self.new = new
        boots = [stage.image for stage in last.stages if stage.program is Program.MCUBOOT]
        self._renewed = any(image in delivered for image in boots)
        self._lookers = (last, new) if self._renewed else (last,)

    def taken(self, answer: Answer) -> Answer:
        """The answer whether units take the release, or the next one, with what becomes of the second core's image."""
        program = self._fed_program
        if program is None or answer.verdict is not Verdict.HOLDS:
            return answer
        ways = self._ways[-1:] if answer.question is Question.NEXT else self._ways
        told = [way for way in ways if way is not None]
        if len(told) < len(ways):
            why = f"nothing tells where b0n finds {program.name}, so whether it comes in is open"
            return replace(answer, verdict=Verdict.UNDEFINED, strength="", because=why, facts=self._facts)
        good = next((way for way in told if not way.why), None)
        if good is not None:
            return replace(answer, because=f"{answer.because}; so does {program.name}, copied by b0n")
        scene = Scene(what=f"MCUboot hands {program.name} to b0n", at=told[0].why, log=told[0].log)
        why = f"{program.name} does not run: {told[0].why.removeprefix('b0n: failed: ')}"
        return replace(answer, verdict=Verdict.VIOLATED, because=why, facts=self._facts, scenes=(scene,), to_do=FREEZE)

    def survived(self, answer: Answer) -> Answer:
        """The answer about power cuts, with those of the copy that b0n makes."""
        good = next((way for way in self._ways if way is not None and not way.why), None)
        if self._fed_program is None or good is None or answer.verdict is not Verdict.HOLDS:
            return answer
        if good.stuck:
            why = f"{self._fed_program.name} does not run when the power fails while b0n copies it: {good.stuck}"
            return replace(answer, verdict=Verdict.VIOLATED, because=why)
        return replace(
            answer, because=f"{answer.because}, and of {good.cuts} while b0n copies {self._fed_program.name}"
        )

    @property
    def _fed_program(self) -> NetworkStage | None:
        """What MCUboot feeds to b0n, where units have a second core that it may feed."""
        program = application_of(self.new)
        if program is None or application_of(self.root) is None:
            return None
        return program if program.updatable and program.fed_by else None

    @cached_property
    def _ways(self) -> tuple[Fed | None, ...]:
        return tuple(fed(self.root, looker, self.new) for looker in self._lookers)

    @property
    def _facts(self) -> tuple[Fact, ...]:
        """Where the programs lie on both sides."""
        found = []
        for words, design in (("in the field", self.root), ("as released", self.new)):
            names = {part.name: part for part in design.partitions}
            for stage in design.network:
                if stage.partition in names:
                    part = names[stage.partition]
                    found.append(Fact(source=part.source, text=f"{stage.name} {words}: {part.range} (network)"))
        return tuple(dict.fromkeys(found))
