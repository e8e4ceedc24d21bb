"""The network core of nRF5340 as variables: what its flash holds, what it runs, what waits for it, what is locked.

soc.md 6, ncs-boot 2.8: the core is held off by every reset of the application core, and starts when the application
lets it. b0n locks itself, obeys a command in shared RAM, else locks its application and starts it unchecked. What each
variable means stands in the docstring of `SecondCore`. Where a design leaves any of this untold there are none.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from bootverify.dataclass import dataclass
from bootverify.design.boot import BootGo, EncryptionType, Image, Program, SignatureType, Stage, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.life import Behaviour
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.network import NetworkStage
from bootverify.encoder.logic.terms import (
    BOOL,
    Sort,
    Term,
    Value,
    and_,
    const,
    eq,
    false,
    ite,
    member,
    not_,
    or_,
    true,
    var,
)
from bootverify.encoder.variables.cells import Cells, Extent
from bootverify.machine.content import Genuine

ERASED, CRAFTED, FOREIGN, NONE = "erased", "crafted", "foreign", "none"
LEAST_SLOT = 0x2000  # bytes behind which an image of the owner's lies, with room to spare
LEAST_PAGES = 4  # of a staging partition
# What is told of b0n's locks beside where they lie; the moves know a core whose ACL is empty after each reset.
_ODD_LOCKS = frozenset(
    {Behaviour.LOCK_FAILURE_PASSES, Behaviour.LOCKS_SURVIVE_SOFT_RESET, Behaviour.LOCK_ENTRIES_COUNTED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """The step of MCUboot's that hands an update over, where it waits, and the image whose signature it carries."""

    stage: Stage
    step: BootGo | None
    carrier: Image
    staging: str


class SecondCore:
    """The variables of the network core, each with what its values mean.

    `network first` of `genuine`, `crafted`
        What lies in the place of b0n and its provision data.
    `network slot` of `erased`, `crafted`, `<application> <release>`
        What lies in the slot of its application; `crafted` is also what a cut left of an update.
    `network runs` of `none`, `crafted`, `<application> <release>`
        What the slot held when the core was started in this boot; `crafted` too where it was not b0n that ran.
    `network locked`
        It was b0n that ran, so its locks stand.
    `transfer locked`
        The RAM with the command block is read-only until the next reset of the application core.
    `network staged` of those of the slot and `foreign`, `network asked`
        What waits in the staging partition, if there is one, and whether MCUboot is asked to install it. `foreign` is
        an update of another image.
    `kept[<application> n]`
        The core was started from release n or a later one; *if* somebody asks for what has been, for each later one.
    `published[<application> <release>]`
        As of every update.
    """

    def __init__(self, design: Design, cells: Cells, *, history: bool) -> None:
        """Only where `untold` says nothing."""
        self.design = design
        self.boots, self.application = _programs(design)
        fed = _fed(design, self.application)
        assert fed is not None
        self.fed = fed
        names = [f"{self.application.name} {release}" for release in range(1, design.releases + 1)]
        self.names = tuple(names if fed.step is not None else names[:1])
        content = Sort("NetworkContent", (ERASED, CRAFTED, FOREIGN, *self.names))
        self.first = var("network first", Sort("NetworkFirst", ("genuine", CRAFTED)))
        self.slot = var("network slot", content)
        self.runs = var("network runs", Sort("NetworkRuns", (NONE, CRAFTED, *self.names)))
        self.locked = var("network locked")
        self.closed = var("transfer locked")
        self.staged = var("network staged", content) if fed.step is not None else None
        self.asked = var("network asked") if fed.step is not None else None
        self.published = {name: var(f"published[{name}]") for name in (self.names if fed.step is not None else ())}
        self.kept = {
            release: var(f"kept[{self.application.name} {release}]")
            for release in range(2, len(self.names) + 1 if history else 2)
        }
        self._cells = cells

    @property
    def variables(self) -> tuple[Term, ...]:
        """All of them."""
        updates = [each for each in (self.staged, self.asked) if each is not None]
        return (
            self.first, self.slot, self.runs, self.locked, self.closed, *updates,
            *self.published.values(), *self.kept.values(),
        )  # fmt: skip

    @property
    def init(self) -> Mapping[Term, tuple[Value, ...]]:
        """As production leaves it."""
        start: dict[Term, tuple[Value, ...]] = {
            each: (False,) if each.sort is BOOL else (each.sort.values[0],) for each in self.variables
        }
        return {**start, self.slot: (self.names[0],)}

    @property
    def reset(self) -> dict[Term, Term]:
        """What every reset of the application core does: the other core is off, the RAM is secure and open again."""
        return {self.runs: self.run(NONE), self.locked: false(), self.closed: false()}

    @property
    def erased(self) -> dict[Term, Term]:
        """What an erase-all of the application core does beyond that; the other core keeps its flash, and runs on."""
        found = {self.runs: self.runs, self.locked: self.locked}
        if self.staged is not None and self.asked is not None and self.extent.guarded:
            found |= {self.staged: self.content(ERASED), self.asked: false()}
        return found

    def relations(self, fed: Term) -> Iterator[tuple[Term, str]]:
        """What is guessed of them, with words: while the core runs its locks stand, so its flash is what it was.

        `fed`: MCUboot is through with it in this boot. What a cut left in the slot waits to be copied again until then.
        """
        yield or_(not_(self.started), self.locked), "the network core runs => network locked"
        yield or_(not_(self.started), self.closed), "the network core runs => transfer locked"
        yield self.as_made, f"{self.first.name} = genuine"
        yield not_(eq(self.runs, CRAFTED)), f"{self.runs.name} is no attacker's"
        released = member(self.slot, self.names)
        yield released, f"{self.slot.name} is a release"
        yield not_(eq(self.slot, ERASED)), f"{self.slot.name} is not erased"
        yield or_(not_(fed), released), f"MCUboot is through => {self.slot.name} is a release"
        if self.staged is not None and self.asked is not None:
            waits = and_(self.asked, member(self.staged, self.names))
            yield or_(not_(eq(self.slot, CRAFTED)), waits), f"{self.slot.name} = crafted => a release waits for it"

    # -- values

    def content(self, value: str) -> Term:
        """What the slot or the staging partition holds, as a value."""
        return const(self.slot.sort, value)

    def run(self, value: str) -> Term:
        """What the core runs, as a value."""
        return const(self.runs.sort, value)

    def genuine(self, name: str) -> Genuine:
        """The release of that name."""
        return Genuine(self.application.name, int(name.rsplit(" ", 1)[1]))

    @property
    def as_made(self) -> Term:
        """b0n is what production put there."""
        return eq(self.first, "genuine")

    @cached_property
    def begun(self) -> dict[Term, Term]:
        """What comes of the core once it is let go, with no command waiting; an attacker's image starts."""
        held = self.run(CRAFTED)
        for name in self.names:
            held = ite(eq(self.slot, name), self.run(name), held)
        runs = ite(eq(self.slot, ERASED), self.run(NONE), held)
        started = not_(eq(self.slot, ERASED))
        return {
            self.runs: ite(self.as_made, runs, self.run(CRAFTED)),
            self.locked: and_(self.as_made, started),
        }

    # -- who reaches what

    @property
    def started(self) -> Term:
        """Something runs on the core."""
        return not_(eq(self.runs, NONE))

    def remembered(self, runs: Term) -> dict[Term, Term]:
        """What is kept once the core is started as `runs` says; what is copied there is there to stay."""
        return {kept: or_(kept, member(runs, self.names[release - 1 :])) for release, kept in self.kept.items()}

    @property
    def older(self) -> Term:
        """It runs a release before one that was kept."""
        below = (and_(kept, member(self.runs, self.names[: release - 1])) for release, kept in self.kept.items())
        return or_(*below)

    def hostile(self, *, own: bool) -> Term:
        """Code of the attacker's runs on the core; `own`: he had it there from the start."""
        return self.started if own else eq(self.runs, CRAFTED)

    def some(self, stage: NetworkStage) -> Term:
        """Code on the core can change a byte of a program of that core."""
        return not_(self.locked) if self._open(stage) == () else true()

    def every(self, stage: NetworkStage) -> Term:
        """Code on the core can change all of it."""
        return true() if self._open(stage) is None else not_(self.locked)

    def _open(self, stage: NetworkStage) -> tuple[int, ...] | None:
        """The pages of the program that no lock of b0n covers; None: all of them."""
        area, page = _area(self.design, stage), _page(self.design)
        assert area is not None
        spans = _spans(self.design, self.boots)
        pages = range(area[0], area[1], page)
        left = tuple(at for at in pages if not any(low <= at and at + page <= high for low, high in spans))
        return None if len(left) == len(pages) else left

    @cached_property
    def extent(self) -> Extent:
        """The staging partition."""
        return self._cells.whole(self.fed.staging)

    @cached_property
    def trailer(self) -> Extent:
        """The page of it with the request."""
        return self._cells.trailer(self.fed.staging)

    def accepted(self, forged: Term) -> Term:
        """MCUboot may find what is staged good, and b0n too; `forged`: so it does with an image of the attacker's."""
        assert self.staged is not None
        return or_(member(self.staged, self.names), and_(eq(self.staged, CRAFTED), forged))


def untold(design: Design) -> str:
    """What has to be told of the network core before its moves are known; empty where all of it is."""
    boots = [each for each in design.network if each.boots]
    runs = [each for each in design.network if not each.boots]
    if design.network_soc is None or len(boots) != 1 or len(runs) != 1:
        return "a network core of which less is told than a first stage and its application"
    if any(_area(design, each) is None for each in (*boots, *runs)):
        return "where the programs of the network core lie, in whole pages"
    if design.life.behaviours & _ODD_LOCKS:
        return "locks of the network core that fail or stay"
    if design.life.does(Behaviour.ACKNOWLEDGED_EARLY):
        return "uploads to the network core that are acknowledged before they are in flash"
    application = runs[0]
    if any(stage.program is Program.SPM for stage in design.stages) and not application.transfer_locked:
        return "what SPM leaves open of the transfer RAM"
    if not application.fed_by:
        return "how its bytes come to the network core"
    if any(low % _page(design) or high % _page(design) for low, high in _spans(design, boots[0])):
        return "a lock of the network core that is no whole pages"
    return (
        "" if _fed(design, application) is not None else "who verifies updates of the network core, and where they wait"
    )


def _programs(design: Design) -> tuple[NetworkStage, NetworkStage]:
    first, application = sorted(design.network, key=lambda each: not each.boots)
    return first, application


def _fed(design: Design, application: NetworkStage) -> Fed | None:
    """Who feeds it; `step` None: no updates of it are shipped. None where nothing tells.

    An image of its own, in the mode overwrite-only: that is what is known of updates of the network core (nrf53_hooks).
    """
    for stage in design.stages:
        steps = [step for step in stage.steps if isinstance(step, BootGo)]
        if stage.name != application.verified_by or stage.program is not Program.MCUBOOT or len(steps) != 1:
            continue
        (step,) = steps
        image = design.image(step.image)
        if not application.updatable:
            return Fed(stage=stage, step=None, carrier=image, staging="")
        known = [part for part in design.partitions if part.name == application.staging]
        page = design.soc.page
        if (
            not known
            or known[0].memory not in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}
            or any(at % page for at in (known[0].range.start, known[0].range.end))
            or known[0].range.size < LEAST_PAGES * page
            or step.mode is not UpgradeMode.OVERWRITE
            or step.counter
            or image.encryption is not EncryptionType.NONE
            or image.signature is SignatureType.NONE
            or not application.signature
            or image.staging in {None, application.staging}
            or application.staging in image.slots
        ):
            return None
        return Fed(stage=stage, step=step, carrier=image, staging=application.staging)
    return None


def _page(design: Design) -> int:
    assert design.network_soc is not None
    return design.network_soc.page


def _area(design: Design, stage: NetworkStage) -> tuple[int, int] | None:
    """First byte of the program, and the first behind it, in whole pages of that core's flash; b0n's with its data."""
    assert design.network_soc is not None
    base, page = design.network_soc.flash.start, _page(design)
    parts = [part for part in design.partitions if part.memory is MemoryKind.NETWORK]
    found = next((part.range for part in parts if part.name == stage.partition), None)
    if found is None:
        return None
    start, end = _absolute(found.start, found.end, base)
    if stage.boots:
        data = [
            _absolute(part.range.start, part.range.end, base) for part in parts if part.role is Role.NETWORK_PROVISION
        ]
        end = max([end, *(high for _, high in data[:1])])
    whole = start % page == 0 and end % page == 0 and base <= start and end <= design.network_soc.flash.end
    return (start, end) if whole and (stage.boots or end - start > LEAST_SLOT) else None


def _spans(design: Design, boots: NetworkStage) -> list[tuple[int, int]]:
    """What b0n write-protects, joined where one span follows another."""
    assert design.network_soc is not None
    base = design.network_soc.flash.start
    joined: list[tuple[int, int]] = []
    for start, end in sorted(_absolute(span.range.start, span.range.end, base) for span in boots.locks):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _absolute(start: int, end: int, base: int) -> tuple[int, int]:
    """Whether or not the design counts from the start of that core's flash."""
    return (start, end) if start >= base else (start + base, end + base)
