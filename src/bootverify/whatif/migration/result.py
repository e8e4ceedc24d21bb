"""The design that a unit comes out as: old immutable stages, new updatable ones, keys as production left them.

Slots are where the stage that looks at them was built to look, so what an immutable stage knows stays as it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.boot import ChooseSlot, Image, Launch, Program, Stage, Step
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, InImage, InKmu, InPartition, InUicr, Key, Placement
from bootverify.design.life import Life
from bootverify.design.memory import Partition, Role
from bootverify.design.openpoint import MAP_CONFLICT, OpenPoint
from bootverify.design.settings import Settings
from bootverify.executor.field.release import upgrade_mode
from bootverify.executor.mcuboot.config import Mode
from bootverify.sources.resolve_map import contradiction

_BOOT_SETTINGS = ("bootloader", "update_mode", "protects_itself", "downgrade_prevention", "serial_recovery")
_BOOT_LIFE = ("mode", "rules", "compare_build_number", "validate", "validate_once", "recovery", "save_encrypted")


def resulting(field: Design, new: Design, delivered: Iterable[str]) -> Design:
    """What units made as `field` are once the images `delivered` are those of `new`; both speak one vocabulary."""
    return _Result(field, new, frozenset(delivered)).design()


@dataclass(slots=True)
class _Result:
    field: Design
    new: Design
    delivered: frozenset[str]

    def design(self) -> Design:
        images = tuple(self._image(image) for image in self.field.images)
        stages = self._stages()
        partitions = self._partitions(images, stages)
        same = tuple(partitions.values()) == self.new.partitions
        boot = self._boot_design()
        return replace(
            self.new,
            name=f"{self.field.name} in the field",
            soc=self.field.soc,
            sdk=self.field.sdk if self.field.root.program is Program.NSIB else self.new.sdk,
            partitions=tuple(partitions.values()),
            open_points=self._conflict(partitions, images),
            images=images,
            stages=stages,
            keys=self._keys(),
            lifecycle=self.field.lifecycle,
            life=_life(self.new.life, boot.life),
            settings=_settings(self.new.settings, boot.settings),
            planned=self.new.planned if same else (),
            proposed=(),
            files=tuple(dict.fromkeys((*self.new.files, *self.field.files))),
        )

    def _source(self, image: str) -> Design:
        """The design that the program in `image` comes from."""
        return self.new if image in self.delivered else self.field

    def _verifier(self, image: Image) -> Design:
        """The design that the stage which looks at `image` comes from."""
        if image.verified_by is None:
            return self.field
        return self._source(self.field.stage(image.verified_by).image)

    def _boot_design(self) -> Design:
        boots = [stage for stage in self.field.stages if stage.program is Program.MCUBOOT]
        return self._source(boots[-1].image) if boots else self.field

    def _image(self, image: Image) -> Image:
        looks = self._verifier(image)
        known = next((each for each in looks.images if each.name == image.name), image)
        own = next(each for each in self._source(image.name).images if each.name == image.name)
        return replace(
            own,
            slots=known.slots,
            staging=known.staging,
            verified_by=image.verified_by,
            signature=known.signature,
            encryption=known.encryption,
            decryptor=known.decryptor,
        )

    def _stages(self) -> tuple[Stage, ...]:
        found: list[Stage] = []
        for image in self.field.images:
            found += self._source(image.name).stages_of(image.name)
        names = {stage.name for stage in found}
        first = {stage.image: stage.name for stage in reversed(found)}
        return tuple(
            replace(stage, steps=tuple(self._led(step, names, first) for step in stage.steps)) for stage in found
        )

    def _led(self, step: Step, names: set[str], first: Mapping[str, str]) -> Step:
        """A hand-over to a stage that the other design does not have leads to the first one of that image."""
        if not isinstance(step, Launch) or step.stage in names:
            return step
        image = next(s.image for d in (self.field, self.new) for s in d.stages if s.name == step.stage)
        return replace(step, stage=first.get(image, step.stage))

    # -- the map

    def _partitions(self, images: tuple[Image, ...], stages: tuple[Stage, ...]) -> dict[str, Partition]:
        """The new map, with what old stages look at where they look."""
        found = {part.name: part for part in self.new.partitions}
        for image in images:
            for name in (*image.slots, *([image.staging] if image.staging else [])):
                _take(found, self._verifier(image), name)
        for stage in stages:
            pages = [step.provision for step in stage.steps if isinstance(step, ChooseSlot) and step.provision]
            for name in (*([stage.code] if stage.code else []), *pages):
                _take(found, self._source(stage.image), name)
        for name in _scratch(self._boot_design()):
            _take(found, self._boot_design(), name)
        return found

    def _conflict(self, found: dict[str, Partition], images: tuple[Image, ...]) -> tuple[OpenPoint, ...]:
        """The open point where the new map lays something over what an old stage uses."""
        used = {name for image in images for name in (*image.slots, *([image.staging] if image.staging else []))}
        used |= set(_scratch(self._boot_design()))
        text = contradiction(found, used, self.field.soc)
        points = tuple(point for point in self.new.open_points if point.name != MAP_CONFLICT)
        if not text:
            return points
        return (*points, OpenPoint(name=MAP_CONFLICT, statement=f"the map that units come out with: {text}"))

    # -- keys

    def _keys(self) -> tuple[Key, ...]:
        old = {key.name: key for key in self.field.keys}
        found: list[Key] = []
        for key in self.new.keys:
            places = [place for place in key.placements if self._there(place, old.get(key.name), key)]
            left = [place for place in self._left(old.pop(key.name, None)) if place not in places]
            if places or left:
                found.append(replace(key, placements=(*places, *left)))
        for key in old.values():
            left = list(self._left(key))
            if left:
                found.append(replace(key, placements=tuple(left)))
        return tuple(found)

    def _there(self, place: Placement, old: Key | None, key: Key) -> bool:
        """Whether the new design's word that the key lies there is true of a unit of the field."""
        match place:
            case InImage():
                return place.image in self.delivered
            case InKmu() | InUicr():
                brought = any(isinstance(each, InImage) and (each.release or 1) > 1 for each in key.placements)
                return brought or key.empty or (old is not None and place in old.placements)
            case _:
                return True

    def _left(self, old: Key | None) -> Iterable[Placement]:
        """Where a key of the field lies for good."""
        for place in old.placements if old is not None else ():
            match place:
                case InImage():
                    if place.image not in self.delivered:
                        yield place
                case InKmu() | InUicr():
                    yield place
                case InPartition() | HostOnly() | _:
                    continue


def _scratch(design: Design) -> list[str]:
    """The partitions that MCUboot swaps through."""
    swaps = upgrade_mode(design) is Mode.SWAP_SCRATCH
    return [part.name for part in design.partitions if swaps and part.role is Role.SCRATCH]


def _take(found: dict[str, Partition], of: Design, name: str) -> None:
    """Put `name` where `of` has it, with its parts; where it is there already, the new map's parts stay."""
    part = of.partition(name)
    held = found.get(name)
    if held is not None and (held.range, held.memory) == (part.range, part.memory):
        return
    found[name] = part
    for member in part.members:
        _take(found, of, member)


def _settings(new: Settings, boot: Settings) -> Settings:
    return replace(new, **{name: getattr(boot, name) for name in _BOOT_SETTINGS})


def _life(new: Life, boot: Life) -> Life:
    return replace(new, **{name: getattr(boot, name) for name in _BOOT_LIFE})
