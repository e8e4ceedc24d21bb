"""The files of builds themselves: what a device with the old build's bytes makes of the new build's update.

The film is played with images made from the designs, whose keys are known; here the real ones are offered, with the
signatures that they have. Where the two differ, the files have the last word against the release, and nothing has it
for the release.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bootverify.check.verdict import Verdict
from bootverify.dataclass import dataclass
from bootverify.design.firmware import Firmware, Package
from bootverify.executor.field.film import Scene
from bootverify.executor.programmed.updates import Offer, application_updates, offered
from bootverify.whatif.migration.questions import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The bytes of each release, oldest first, the new one last; None where a release is a design alone.

    `published` names keys whose private half is published (`executor.programmed`).
    """

    firmware: Sequence[Firmware | None]
    published: Mapping[str, str]

    def beside(self, answer: Answer, indices: tuple[int, ...]) -> Answer:
        """The answer whether units of that history take the release, with what the files themselves do."""
        offers = self._offers(indices)
        if not offers or answer.verdict not in {Verdict.HOLDS, Verdict.VIOLATED}:
            return answer
        last = offers[-1]
        name = _name(last.package)
        scenes = tuple(_scene(offer) for offer in offers)
        if last.taken is None:
            return replace(answer, because=f"{answer.because}; what {name} itself does is open: {last.why}")
        if answer.verdict is Verdict.HOLDS and last.taken:
            return replace(answer, because=f"{answer.because}; so does {name}, on the bytes of the build in the field")
        if answer.verdict is Verdict.HOLDS:
            why = f"the build's own {name} is not taken: {last.why}"
            return replace(answer, verdict=Verdict.VIOLATED, because=why, scenes=scenes, to_do=SIGN)
        if not last.taken:
            return replace(answer, because=f"{answer.because}; nor does {name} come in: {last.why}")
        why = f"images made from the designs do not come in ({answer.because}), and the build's own {name} does"
        return replace(answer, verdict=Verdict.UNKNOWN, strength="", because=why)

    def _offers(self, indices: tuple[int, ...]) -> tuple[Offer, ...]:
        """What becomes of each later release's file on a device made with the first; none where a file is missing."""
        builds = [self.firmware[index] for index in (*indices, len(self.firmware) - 1)] if self.firmware else [None]
        known = [build for build in builds if build is not None]
        packages = [package for build in known[1:] for package in application_updates(build)[:1]]
        if len(known) < len(builds) or len(packages) < len(known) - 1:
            return ()
        return tuple(offered(known[0], packages, self.published))


SIGN = "Sign the update with the key that the bootloader in the field holds, for its map and its mode."
BEFORE_AND_AFTER = ("programmed ", "locked until reset", "debug port")  # lines of a log that are no news of an update
NO_FILES = Files(firmware=(), published={})


def _name(package: Package) -> str:
    return package.file.rsplit("/", 1)[-1]


def _scene(offer: Offer) -> Scene:
    end = offer.story.at or offer.story.why or "nothing runs"
    said = tuple(line for line in offer.story.lines if not line.startswith(BEFORE_AND_AFTER))
    return Scene(what=f"{_name(offer.package)} is staged on the build's own bytes", at=end, log=said)
