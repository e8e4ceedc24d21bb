"""A unit with its life behind it: made as one release, updated with others, its application running."""

from itertools import permutations

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.keys import InPartition
from bootverify.executor.field.film import Failure, Film, contents
from bootverify.executor.field.release import Release, by_wire
from bootverify.executor.field.storage import Drawer, drawers, outside
from bootverify.executor.field.unit import Snapshot, Unit
from bootverify.machine.action import Request
from bootverify.whatif.migration.fleet import History


@dataclass(slots=True)
class Ready:
    """A unit of the field with its life behind it, and its application running."""

    unit: Unit
    history: History
    data: dict[str, bytes]
    start: Snapshot

    def film(self, order: tuple[str, ...]) -> Film:
        """The release is about to come; the unit is as it was when it was ready."""
        self.unit.restore(self.start)
        self.unit.boot()
        self.unit.log.clear()
        film = Film(unit=self.unit, target=self.history.new, request=self.request, data=self.data)
        film.checked = all(film.may_stage(image) for image in order)
        return film

    @property
    def request(self) -> Request:
        """What the deployed client asks for: as it is told, or a test."""
        told = self.history.releases[-1].design.life.request
        return Request.PERM if told == "permanent" else Request.TEST

    @property
    def field(self) -> Design:
        """The design of the release that the unit has last taken."""
        return self.history.releases[-1].design


def ready(history: History, *, option: bool = False) -> Ready | Failure:
    """A unit with that history; the failure where a deployed release does not come in on such units."""
    first, *later = history.releases
    designs = tuple(release.design for release in (*history.releases, history.new))
    unit = Unit.made(first, outside=outside(designs), counted=history.counted, option=option)
    data = {}
    for drawer in drawers(first.design):
        data[drawer.name] = _produced(first, drawer)
        unit.device.flash.load(drawer.range.start, data[drawer.name])
    unit.boot()
    if unit.application is None:
        return Failure(image=first.design.images[-1].name, why=f"{first.title} does not boot", alive=None)
    for release in later:
        unit.releases.append(release)
        film = Film(unit=unit, target=release, request=Request.TEST, data=data, checked=False)
        failure = first_way(film, deliverable(unit.releases[-2].design, release.design))
        if failure is not None:
            return failure
        data = as_left(unit, release.design)
    unit.releases += [history.new, history.following]
    return Ready(unit, history, data, unit.snapshot())


def first_way(film: Film, images: tuple[str, ...]) -> Failure | None:
    """Play the orders until one works; the first failure where none does. The film then tells the way that counts."""
    unit, start, failure, told = film.unit, film.unit.snapshot(), None, film.scenes
    for order in permutations(images):
        unit.restore(start)
        unit.boot()
        unit.log.clear()
        film.scenes = []
        this = film.play(order)
        if this is None:
            return None
        if failure is None or (failure.alive is None and this.alive is not None):
            failure, told = this, film.scenes
    film.scenes = told
    return failure


def deliverable(field: Design, new: Design) -> tuple[str, ...]:
    """The images of `new` that units of `field` take updates of."""
    takes = {
        image.name
        for image in field.images
        if (image.updatable and field.update_places(image)) or by_wire(field, image)
    }
    return tuple(image.name for image in new.images if image.updatable and image.name in takes)


def as_left(unit: Unit, design: Design) -> dict[str, bytes]:
    """What the running application has in its drawers now."""
    flash = unit.device.flash
    return {
        drawer.name: flash.read(drawer.range.start, drawer.range.size)
        for drawer in drawers(design)
        if flash.holds(drawer.range.start, drawer.range.size)
    }


def found(unit: Unit, design: Design, data: dict[str, bytes]) -> list[str]:
    """The data partitions in which what the application kept is found again."""
    now = as_left(unit, design)
    return [name for name, held in now.items() if name in data and held[: len(data[name])] == data[name][: len(held)]]


def _produced(release: Release, drawer: Drawer) -> bytes:
    """What a new unit has in a data partition: data of its application, and the keys that production put there."""
    data = bytearray(contents(release, drawer))
    for key in release.design.keys:
        if key.secret and any(
            isinstance(each, InPartition) and each.partition == drawer.name for each in key.placements
        ):
            value = release.factory.value(key)
            data[: len(value)] = value
    return bytes(data)
