"""The variables of one instant.

| variable | values | meaning |
|---|---|---|
| `at` | every mark, `halted` | the step about to be taken |
| `region[n].secure` `.read` `.write` `.locked` | truth | the register of region n of the SPU |
| `content[store]` | `<image> <release>`, `crafted`, `erased`, `invalidated`; in a staging partition also `<image> <release> <slot>` | what the store holds |
| `request[staging]` | `none test perm revert` | what the trailers ask for |
| `midway[staging]` | truth | an upgrade was cut and will be completed |
| `active` | the slots that NSIB chooses from, `none` | the slot chosen in this boot |
| `counter` | `1` ... | NSIB's stored version |
| `published[<image> <release> <slot>]` | truth | that update is in everybody's hands |
| `shipped[key image]` | truth | the key's value was part of a published update of the image |
| `knows[key]` | truth | the attacker has the value of a secret key |
| `wiped` | truth | an erase-all has happened: UICR, KMU and OTP are empty, the debug port is open |
"""

from dataclasses import dataclass

from bootverify.design.boot import ChooseSlot, Image, Stage, operation
from bootverify.design.design import Design
from bootverify.design.keys import InImage
from bootverify.encoder.boot.cells import Cells, cells_of
from bootverify.encoder.terms import Sort, Term, Value, const, eq, false, or_, var

HALTED = "halted"
CRAFTED, ERASED, INVALIDATED = "crafted", "erased", "invalidated"
NONE = "none"
REQUEST = Sort("Request", (NONE, "test", "perm", "revert"))


def marks_of(stage: Stage) -> tuple[str, ...]:
    """The marks of a stage, in order: `b0.protect`, `b0.choose_slot`, ..."""
    found: list[str] = []
    seen: dict[str, int] = {}
    for step in stage.steps:
        name = operation(step)
        seen[name] = seen.get(name, 0) + 1
        found.append(f"{stage.name}.{name}" + (str(seen[name]) if seen[name] > 1 else ""))
    return tuple(found)


def variants(image: Image) -> tuple[str, ...]:
    """The slots an update of `image` can be built for; the empty name where that makes no difference."""
    return image.slots if len(image.slots) > 1 else ("",)


def named(image: Image, release: int, slot: str = "") -> str:
    """The name of a release, as a content."""
    return f"{image.name} {release}" + (f" {slot}" if slot else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The register of one SPU region."""

    secure: Term
    read: Term
    write: Term
    locked: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """All variables of an instant, and where they start."""

    design: Design
    cells: Cells
    at: Term
    regions: tuple[Region, ...]
    content: dict[str, Term]
    request: dict[str, Term]
    midway: dict[str, Term]
    active: Term
    counter: Term
    published: dict[tuple[str, int, str], Term]
    shipped: dict[tuple[str, str], Term]
    knows: dict[str, Term]
    wiped: Term
    init: dict[Term, tuple[Value, ...]]

    def place(self, mark: str) -> Term:
        """A mark as a value of `at`."""
        return const(self.at.sort, mark)

    def is_at(self, *marks: str) -> Term:
        """Whether the device is at one of `marks`."""
        return or_(*(eq(self.at, mark) for mark in marks))

    def holds(self, store: str, value: str) -> Term:
        """Whether a store holds `value`; false when it never can."""
        variable = self.content[store]
        return eq(variable, value) if value in variable.sort.values else false()

    def first_mark(self, stage: str) -> str:
        """The first mark of a stage."""
        return marks_of(self.design.stage(stage))[0]


def frame_of(design: Design) -> Frame:
    """The frame of `design`, with the factory state as its start."""
    cells = cells_of(design)
    releases = range(1, design.releases + 1)
    marks = [mark for stage in design.stages for mark in marks_of(stage)]
    at = var("at", Sort("Mark", (*marks, HALTED)))
    init: dict[Term, tuple[Value, ...]] = {at: (marks[0],)}
    regions = []
    for number in range(cells.count):
        region = Region(**{part: var(f"region[{number}].{part}") for part in ("secure", "read", "write", "locked")})
        # soc.md 2.1: PERM resets to 0x17, secure, read, write, execute, unlocked
        init |= {region.secure: (True,), region.read: (True,), region.write: (True,), region.locked: (False,)}
        regions.append(region)
    content: dict[str, Term] = {}
    for name, cell in cells.by_name.items():
        if cell.slot:
            image = design.image(cell.image)
            values = [named(image, release) for release in releases] + [CRAFTED, ERASED]
            if _nsib_chooses(design, image):
                values.append(INVALIDATED)
            start = values[0] if cell.slot == image.slots[0] else ERASED
        else:
            values = [
                named(image, release, slot)
                for image in design.images
                if image.staging == name
                for release in releases
                for slot in variants(image)
            ] + [CRAFTED, ERASED]
            start = ERASED
        content[name] = var(f"content[{name}]", Sort(f"Content[{name}]", tuple(values)))
        init[content[name]] = (start,)
    staging = list(dict.fromkeys(image.staging for image in design.images if image.staging))
    request = {name: var(f"request[{name}]", REQUEST) for name in staging}
    midway = {name: var(f"midway[{name}]") for name in staging}
    init |= {variable: (NONE,) for variable in request.values()}
    init |= {variable: (False,) for variable in midway.values()}
    chosen = [slot for image in design.images if _nsib_chooses(design, image) for slot in image.slots]
    active = var("active", Sort("Active", (*chosen, NONE)))
    counter = var("counter", Sort("Counter", tuple(str(release) for release in releases)))
    init |= {active: (NONE,), counter: ("1",)}
    published, shipped = {}, {}
    for image in design.images:
        if not image.updatable:
            continue
        for release in releases:
            for slot in variants(image):
                published[image.name, release, slot] = var(f"published[{named(image, release, slot)}]")
        for key in design.keys:
            if key.secret and any(isinstance(place, InImage) and place.image == image.name for place in key.placements):
                shipped[key.name, image.name] = var(f"shipped[{key.name} {image.name}]")
    knows = {key.name: var(f"knows[{key.name}]") for key in design.keys if key.secret}
    wiped = var("wiped")
    init |= {variable: (False,) for variable in (*published.values(), *shipped.values(), wiped)}
    init |= {knows[key.name]: (key.published,) for key in design.keys if key.secret}
    return Frame(
        design=design,
        cells=cells,
        at=at,
        regions=tuple(regions),
        content=content,
        request=request,
        midway=midway,
        active=active,
        counter=counter,
        published=published,
        shipped=shipped,
        knows=knows,
        wiped=wiped,
        init=init,
    )


def _nsib_chooses(design: Design, image: Image) -> bool:
    return any(isinstance(step, ChooseSlot) and step.image == image.name for stage in design.stages for step in stage.steps)

