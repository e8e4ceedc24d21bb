"""Every name that a claim may use: predicates of the state, fixed attributes, collections.

>>> PREDICATES["knows"].arguments
('attacker', 'key')
"""

from dataclasses import dataclass

from bootverify.design.boot import EncryptionType, Image, Program, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key, KeyKind
from bootverify.design.memory import MemoryKind, Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A property of a state: what it is asked of, and what it means in one sentence."""

    arguments: tuple[str, ...]
    meaning: str


PREDICATES: dict[str, Predicate] = {
    "intact": Predicate(arguments=("stage",), meaning="every byte of the stage's image is as it was provisioned"),
    "starting": Predicate(arguments=("image",), meaning="this boot has just handed over to the image"),
    "running": Predicate(arguments=("image",), meaning="one of the image's stages is running"),
    "authentic": Predicate(
        arguments=("image",),
        meaning="the slot this boot took the image from holds the owner's image, in all parts",
    ),
    "writable": Predicate(
        arguments=("attacker", "image"),
        meaning="the attacker could change a byte of the image's slots now",
    ),
    "exposed": Predicate(
        arguments=("partition",),
        meaning="non-secure code is running, and it or a bus master it commands could reach a byte of the partition",
    ),
    "knows": Predicate(arguments=("attacker", "key"), meaning="the value of the key is in the attacker's hands"),
    "usable": Predicate(
        arguments=("attacker", "key"),
        meaning="the attacker can have the key applied to what he likes",
    ),
    "shipped": Predicate(
        arguments=("key",),
        meaning="the value of the key is part of a published update, encrypted or not",
    ),
    "carried": Predicate(
        arguments=("key", "image"),
        meaning="the value of the key is part of a published update of the image",
    ),
    "renewed": Predicate(
        arguments=("key",),
        meaning="an image that carries the key is running in a later release than the factory's",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A fixed attribute: bool, int, str, or the words it is one of; and what it means."""

    values: type[bool | int | str] | tuple[str, ...]
    meaning: str

    @property
    def type(self) -> type[bool | int | str]:
        """The type of its values."""
        return str if isinstance(self.values, tuple) else self.values


ROLES = ("root_of_trust", "bootloader", "tfm", "application")

COLLECTIONS: dict[str, str] = {
    "keys": "key",
    "images": "image",
    "stages": "stage",
    "partitions": "partition",
}

ATTRIBUTES: dict[str, dict[str, Fixed]] = {
    "key": {
        "name": Fixed(values=str, meaning="its name"),
        "kind": Fixed(values=tuple(kind.value for kind in KeyKind), meaning="what the value is"),
        "secret": Fixed(values=bool, meaning="whether the value lets one sign or decrypt"),
        "published": Fixed(values=bool, meaning="whether everybody has the secret half"),
    },
    "image": {
        "name": Fixed(values=str, meaning="its name"),
        "updatable": Fixed(values=bool, meaning="whether updates of it are shipped"),
        "verified": Fixed(values=bool, meaning="whether a stage verifies it before it starts"),
        "encrypted": Fixed(values=bool, meaning="whether its updates are encrypted in transit"),
        "role": Fixed(values=ROLES, meaning="that of its first stage"),
    },
    "stage": {
        "name": Fixed(values=str, meaning="its name"),
        "program": Fixed(values=tuple(program.value for program in Program), meaning="which vendor program it is"),
        "role": Fixed(values=ROLES, meaning="what it is in the chain of trust"),
        "image": Fixed(values=str, meaning="the name of the image it is part of"),
        "updatable": Fixed(values=bool, meaning="whether updates of its image are shipped"),
        "verified": Fixed(values=bool, meaning="whether another stage verifies its image"),
        "encrypted": Fixed(values=bool, meaning="whether updates of its image are encrypted"),
    },
    "partition": {
        "name": Fixed(values=str, meaning="its name"),
        "size": Fixed(values=int, meaning="bytes"),
        "start": Fixed(values=int, meaning="first address"),
        "drawn": Fixed(
            values=("secure", "non_secure", "open"),
            meaning="what the map asks for; an internal area without a word is secure where TF-M is present",
        ),
    },
}


def attribute(design: Design, thing: Stage | Image | Key | Partition, name: str) -> str | int | bool:
    """The fixed attribute `name` of a thing of `design`.

    Raises:
        KeyError: such a thing has no attribute of that name.
    """
    values: dict[str, str | int | bool]
    match thing:
        case Key():
            values = {
                "name": thing.name,
                "kind": thing.kind.value,
                "secret": thing.secret,
                "published": thing.published,
            }
        case Image():
            values = {
                "name": thing.name,
                **_of_image(thing),
                "role": _role(design, design.stages_of(thing.name)[0]),
            }
        case Stage():
            values = {
                "name": thing.name,
                "program": thing.program.value,
                "role": _role(design, thing),
                "image": thing.image,
                **_of_image(design.image(thing.image)),
            }
        case Partition():
            values = {
                "name": thing.name,
                "size": thing.range.size,
                "start": thing.range.start,
                "drawn": _drawn(design, thing),
            }
    return values[name]


def _of_image(image: Image) -> dict[str, bool]:
    return {
        "updatable": image.updatable,
        "verified": image.verified_by is not None,
        "encrypted": image.encryption is not EncryptionType.NONE,
    }


def _drawn(design: Design, partition: Partition) -> str:
    """`open` is what no unit of this core judges: a core without TF-M, a span of parts that differ, other memories."""
    if not design.has_tfm or partition.memory in {MemoryKind.SRAM, MemoryKind.NETWORK}:
        return "open"
    if partition.members:
        drawn = {_drawn(design, design.partition(name)) for name in partition.members}
        return drawn.pop() if len(drawn) == 1 else "open"
    if partition.attribution is not None:
        return partition.attribution.value
    return "open" if partition.memory is MemoryKind.EXTERNAL else "secure"


def _role(design: Design, stage: Stage) -> str:
    if stage == design.root:
        return "root_of_trust"
    match stage.program:
        case Program.NSIB | Program.MCUBOOT:
            return "bootloader"
        case Program.TFM:
            return "tfm"
        case Program.APPLICATION:
            return "application"
