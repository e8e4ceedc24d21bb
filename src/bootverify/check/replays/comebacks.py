"""Ways by which an older release may come back, tried on the executor before anything is searched for.

They are guesses, like what a search finds: only a replay of them earns a verdict.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, product

from bootverify.check.replays.way import Way
from bootverify.design.attacker import Attacker
from bootverify.design.boot import EncryptionType, Image
from bootverify.design.design import Design
from bootverify.design.network import NetworkStage
from bootverify.executor.actions.attack import code_as
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    EraseAll,
    ForgeTrailer,
    Overwrite,
    Probe,
    Produce,
    Publish,
    ReadOut,
    Request,
    Reset,
)
from bootverify.machine.content import Crafted, Erased, Genuine


def comeback(
    design: Design,
    attacker: Attacker,
    image: Image | NetworkStage,
    bad: Callable[[World], bool],
    made: Iterable[int] = (),
) -> tuple[Action, ...]:
    """The actions of the first guess after which `bad` holds; none when all fail.

    `made` are the later releases of the image that a device may leave production with.
    """

    def stops(world: World) -> bool:
        """Where it is bad already, or a boot stage of his has the device."""
        return bad(world) or bool(code_as(world))

    fresh = Way.start(design, attacker, history=True)
    way = fresh.boots(stops)
    if bad(way.world):
        return way.done
    ways: dict[tuple[Action, ...], Way] = {(): way}  # many guesses begin alike
    guesses = _guesses(design, image, made) if isinstance(image, Image) else _guesses_there(design, image)
    for guess in guesses:
        for length in range(1, len(guess) + 1):
            beginning, action = guess[:length], guess[length - 1]
            if beginning not in ways:
                before = fresh if isinstance(action, Produce) else ways[beginning[:-1]]
                way = ways[beginning] = _further(before, action, stops)
                if bad(way.world):
                    return way.done
    return ()


def _further(way: Way, action: Action, stops: Callable[[World], bool]) -> Way:
    """The way with one action more, where that can happen."""
    try:
        return way.then(action).boots(stops)
    except NotEnabled:
        return way


def _guesses(design: Design, image: Image, made: Iterable[int]) -> Iterator[tuple[Action, ...]]:
    variants, places = design.variants(image), design.update_places(image)
    for high in made if places else ():
        for low, request in product(range(1, high), (Request.PERM, Request.TEST)):
            sent = _delivered(image, low, variants[-1], places[-1], request)
            yield (Produce(image=image.name, release=high), *sent, Reset())
    for low, high in combinations(range(1, design.releases + 1), 2):
        for request, then in product((Request.PERM, Request.TEST), repeat=2):
            if not places:
                continue
            first, second = variants[-1], variants[0]
            up = (*_delivered(image, high, first, places[-1], request), Reset(), Confirm())
            yield (*up, *_delivered(image, low, second, places[0], then), Reset())
            if request is then:
                old = Genuine(image.name, low, second)
                published = Publish(image=image.name, release=low, slot=second)
                written = [Overwrite(partition=where, content=old) for where in _stores(design, image, second)]
                others = [slot for slot in image.slots[1:] if slot != second]
                gone = [Overwrite(partition=slot, content=Erased()) for slot in others]
                shown = tuple(_read(design, image, second))
                yield (*shown, *up, published, *gone, *written, Reset())
                yield (*shown, *up, published, EraseAll(), *written, Reset())
                if second and others:
                    yield (*up, *_sent(design, image, second, places[0], request), *_put_back(image, low, second))


def _sent(design: Design, image: Image, slot: str, where: str, request: Request) -> Iterator[Action]:
    """He stages a boot loader of his own, as whoever he is: a sender, or one with a clip on the chip; it is booted."""
    his = Crafted(image.name, slot)
    yield Deliver(partition=where, content=his, request=request, by_attacker=True)
    yield Overwrite(partition=where, content=his)
    yield from (ForgeTrailer(image=each.name, request=request) for each in design.images if each.staging == where)
    yield Reset()


def _put_back(image: Image, release: int, slot: str) -> Iterator[Action]:
    """A boot loader of his in `slot` fills the slots with an old release: its own last, which is the end of it."""
    for each in (*(other for other in image.slots if other != slot), slot):
        yield Publish(image=image.name, release=release, slot=each)
        yield Overwrite(partition=each, content=Genuine(image.name, release, each))
    yield Reset()


def _guesses_there(design: Design, program: NetworkStage) -> Iterator[tuple[Action, ...]]:
    """Updates of the network core, one after the other."""
    for low, high in combinations(range(1, design.releases + 1), 2):
        sent = [_delivered(program, release, "", program.staging, Request.PERM) for release in (high, low)]
        yield (*sent[0], Reset(), *sent[1], Reset())


def _read(design: Design, image: Image, variant: str) -> Iterator[Action]:
    """He reads what production installed, where updates would not show it to him."""
    if image.encryption is not EncryptionType.NONE:
        for where in _stores(design, image, variant):
            yield from (ReadOut(partition=where), Probe(partition=where))


def _stores(design: Design, image: Image, variant: str) -> list[str]:
    """The places of an image's code: its slot, or the parts of the stages in it."""
    parts = [stage.code for stage in design.stages_of(image.name) if stage.code]
    return [variant] if variant else parts or list(image.slots)


def _delivered(
    image: Image | NetworkStage, release: int, variant: str, where: str, request: Request
) -> tuple[Action, ...]:
    made = Genuine(image.name, release, variant)
    sent = Deliver(partition=where, content=made, request=request, by_attacker=False)
    return Publish(image=image.name, release=release, slot=variant), sent
