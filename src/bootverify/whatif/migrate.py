"""May units in the field take a release, keep what they have, and come out with its policies holding?

Every release that a unit may have been made with is asked about, after every number of the later ones.
"""

from collections.abc import Callable, Sequence

from bootverify.check.verdict import Report
from bootverify.design.boot import EncryptionType
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.executor.field.release import by_wire, runs_in_place, upgrade_mode
from bootverify.executor.mcuboot.config import Mode
from bootverify.whatif.migration.answers import Effort, Interview
from bootverify.whatif.migration.files import NO_FILES, Files
from bootverify.whatif.migration.fleet import Fleet
from bootverify.whatif.migration.policies import Outcome
from bootverify.whatif.migration.proposed import split
from bootverify.whatif.migration.questions import Migration, Untold, agreed

MOST_RELEASES = 12
ASSUMED = (
    "a unit that stops is reset; nobody attacks during the update",
    "the application may write all of its data partitions",
    "keys that neither side tells of are the same on both",
)
LOADED = ("bootloaders in the field load images to where releases are built to run",)


def migrate(
    deployed: Sequence[Design],
    new: Design | None,
    check: Callable[[Design], Report],
    effort: Effort | None = None,
    *,
    files: Files = NO_FILES,
    watch: Callable[[int, int], None] = lambda _done, _of: None,
) -> Migration:
    """The answers about `new` for units of the releases `deployed`, oldest first.

    Without `new`, the one deployed design draws the map of the next release itself. `files` are the bytes of the
    releases, where they are builds. `watch` is told how many of the histories are done.

    Raises:
        InputError: they are not for one part, no map is proposed, or there are more releases than can be played.
    """
    if new is None:
        field, new = split(deployed[0])
        deployed = [field]
    if len(deployed) > MOST_RELEASES:
        raise InputError.at(new.name, 0, f"{len(deployed)} releases are too many; give at most {MOST_RELEASES}")
    for design in deployed:
        if design.soc.name != new.soc.name:
            file = new.files[0].file if new.files else new.name
            text = f"this is for {new.soc.name}, and units in the field are {design.soc.name}; compare what fits"
            raise InputError.at(file, new.source.line, text)
    fleet = Fleet.of(deployed, new)
    outcomes: dict[Design, Outcome] = {}
    kinds, histories, untold = [], fleet.histories(), _untold(fleet.designs)
    for number, indices in enumerate(histories):
        watch(number, len(histories))
        told = [
            Interview(fleet, indices, check, outcomes, effort or Effort(), files, option=option).kind()
            for option in ((False, True) if untold else (False,))
        ]
        kinds.append(agreed(told[0], told[-1], untold) if untold else told[0])
    watch(len(histories), len(histories))
    loads = LOADED if any(upgrade_mode(each) is Mode.RAM_LOAD for each in fleet.designs) else ()
    return Migration(new=new.name, soc=new.soc.title, kinds=tuple(kinds), assumptions=(*ASSUMED, *loads))


def _untold(designs: Sequence[Design]) -> Untold | None:
    """The option of MCUboot on which answers may hang."""
    if any(runs_in_place(design) and not any(map(design.started_in_place, design.images)) for design in designs):
        return Untold.REVERT
    ciphered = any(
        by_wire(design, image) and image.encryption is not EncryptionType.NONE
        for design in designs
        for image in design.images
    )
    return Untold.DECRYPT if ciphered else None
