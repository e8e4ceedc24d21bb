"""Every name that a claim may use: predicates of the state, fixed attributes, collections.

>>> PREDICATES["knows"].arguments
('attacker', 'key')
"""

from bootverify.dataclass import dataclass
from bootverify.design.boot import EncryptionType, Image, Program, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, InKmu, InPartition, Key, KeyKind, Purpose
from bootverify.design.memory import UNGUARDED, MemoryKind, Partition, Role
from bootverify.design.network import NetworkStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A property of a state: what it is asked of, and what it means in one sentence.

    `layout`: a property of the design alone, for claims of the kind `layout`; the others are for all other kinds.
    `history`: it asks what has been before, which a state tells only where it is kept. `network`: it is asked of
    programs of the network core as well.
    """

    arguments: tuple[str, ...]
    meaning: str
    layout: bool = False
    history: bool = False
    network: bool = False


PREDICATES: dict[str, Predicate] = {
    "intact": Predicate(
        arguments=("stage",), meaning="every byte of the stage's image is as it was provisioned", network=True
    ),
    "starting": Predicate(arguments=("image",), meaning="this boot has just handed over to the image"),
    "running": Predicate(arguments=("image",), meaning="one of the image's stages is running", network=True),
    "authentic": Predicate(
        arguments=("image",),
        meaning="the slot this boot took the image from holds the owner's image, in all parts",
        network=True,
    ),
    "writable": Predicate(
        arguments=("attacker", "image"),
        meaning="the attacker could change a byte of the image's slots now",
        network=True,
    ),
    "exposed": Predicate(
        arguments=("partition",),
        meaning="non-secure code is running, and it or a bus master it commands could reach a byte of the partition",
    ),
    "knows": Predicate(arguments=("attacker", "key"), meaning="the value of the key is in the attacker's hands"),
    "shown": Predicate(
        arguments=("attacker", "image"),
        meaning="the attacker has read some code of the image in clear; of a stage that shares one, of its part",
    ),
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
    "older": Predicate(
        arguments=("image",),
        meaning="this boot hands over to an older release of the image than one that was booted and kept before",
        history=True,
        network=True,
    ),
}

_LAYOUT: dict[str, str] = {
    "disjoint": "no two partitions of a memory share a byte, spans and shared update slots aside",
    "inside_memory": "every partition lies inside its memory",
    "spans_filled": "every span begins and ends with its members",
    "ends_right": "every end address that is written is the start plus the size",
    "slots_match": "primary and secondary slot of an image fit the update mode",
    "pages_whole": "update slots start and end on pages that are erased whole",
    "variants_match": "the two slots of the second boot stage have one size",
    "boundaries_aligned": "memory changes hands between the secure and the non-secure side on granules alone",
    "locks_aligned": "what a boot stage is to write-protect consists of whole granules of the lock unit",
    "locks_fit": "what a boot stage is to write-protect is no more than the lock unit can cover",
    "locks_itself": "the last boot stage write-protects its own area",
    "images_fit": "every signed image leaves room for the trailer of its slot",
    "as_planned": "the built map has every partition where the static map puts it",
    "consistent": "no two places of the input contradict each other",
    "provisioned": "an immutable first stage has a place for its keys and slot addresses",
    "enciphered_outside": "updates that wait in external memory are encrypted",
    "debug_closed": "the debug ports are closed once the device runs",
    "downgrade_refused": "the boot loader refuses an older version",
    "recovery_absent": "nobody at the serial port can replace images",
    "management_guarded": "updates by radio need pairing or authentication",
    "nsib_key_given": "the signing key of the first stage is one that the owner keeps",
    "signatures_checked": "the boot stages check signatures, not digests alone",
    "primary_verified": "the primary image is verified at every boot",
    "nsib_counts": "the first stage counts versions and refuses older ones",
    "sectors_suffice": "no update slot has more sectors than the boot loader keeps track of",
    "network_update_safe": "updates of the network core are installed without a way back that breaks them",
    "variants_in_lock": "both slots of the second boot stage lie where it locks",
    "root_fits": "the first stage lies at the start of memory, in what the hardware can lock",
    "pads_right": "the room in front of an image holds its header and keeps its vectors aligned",
    "ram_boundaries_aligned": "secure and non-secure RAM meet on a granule",
    "keys_revocable": "the boot loader revokes the keys before the one that it uses",
    "counter_bounded": "an update that the hardware counter has no room for is refused",
    "fields_listed": "unsigned fields of an image that the boot loader does not know are refused",
    "image_key_wrapped": "a swap through memory that others read keeps the image key wrapped",
    "version_countable": "the second stage has a version that the first stage's counter can hold",
    "cleaned_up": "the boot loader puts the core's own units back before it starts the secure side",
    "test_options_off": "nothing that is meant for testing alone is on",
    "pure_inside": "images that are signed as a whole, without a digest, wait in internal memory",
    "network_debug_closed": "the debug port of the network core is closed once it runs",
    "places_checked": "the boot loader asks for which of several slots an update was built",
    "staging_reached": "updates that wait in external memory can be read and written there",
    "code_inside": "no part of the application is executed on an external chip",
    "network_areas_whole": "the areas that the network core's first stage locks consist of whole blocks",
}
PREDICATES |= {name: Predicate(arguments=("map",), meaning=meaning, layout=True) for name, meaning in _LAYOUT.items()}
PREDICATES["embedded"] = Predicate(
    arguments=("key",), meaning="the value lies in an image or a partition of the device", layout=True
)


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
        "decrypts": Fixed(values=bool, meaning="whether updates are decrypted with it"),
        "in_kmu": Fixed(
            values=bool, meaning="whether it lies in slots of a KMU whose generations bootloaders try in turn"
        ),
        "handed_out": Fixed(
            values=bool,
            meaning="whether updates that the chain does not show carry it: it lies in a program of the network core"
            " that is updated, or it was seen in an update, or a slot for one, of a chain that is not drawn",
        ),
        "in_service": Fixed(values=bool, meaning="whether a key service of the secure side holds it"),
        "in_status": Fixed(values=bool, meaning="whether it is noted in MCUboot's swap status, and nowhere else"),
    },
    "image": {
        "name": Fixed(values=str, meaning="its name"),
        "updatable": Fixed(values=bool, meaning="whether updates of it are shipped"),
        "verified": Fixed(values=bool, meaning="whether a stage verifies it before it starts"),
        "encrypted": Fixed(values=bool, meaning="whether its updates are encrypted in transit"),
        "role": Fixed(values=ROLES, meaning="that of its first stage"),
        "application": Fixed(values=bool, meaning="whether the application is it, or a part of it"),
    },
    "stage": {
        "name": Fixed(values=str, meaning="its name"),
        "program": Fixed(values=tuple(program.value for program in Program), meaning="which vendor program it is"),
        "role": Fixed(values=ROLES, meaning="what it is in the chain of trust"),
        "image": Fixed(values=str, meaning="the name of the image it is part of"),
        "updatable": Fixed(values=bool, meaning="whether updates of its image are shipped"),
        "verified": Fixed(values=bool, meaning="whether another stage verifies its image"),
        "encrypted": Fixed(values=bool, meaning="whether updates of its image are encrypted"),
        "combined": Fixed(values=bool, meaning="whether its image holds other stages, too"),
    },
    "map": {
        "name": Fixed(values=str, meaning="the design's name"),
        "drawn": Fixed(values=bool, meaning="whether the map has a partition"),
        "trustzone": Fixed(
            values=bool, meaning="whether the SoC has a secure and a non-secure state, as far as anything tells"
        ),
        "chain": Fixed(values=bool, meaning="whether the images are drawn, not the map alone"),
        "bootloader": Fixed(values=bool, meaning="whether a boot stage is in the map or the configuration"),
        "built": Fixed(values=bool, meaning="whether signed images are at hand"),
        "planned": Fixed(values=bool, meaning="whether a static map stands beside the map"),
        "tells_debug": Fixed(values=bool, meaning="whether a life cycle or a setting speaks of the debug port"),
        "tells_downgrade": Fixed(values=bool, meaning="whether a setting speaks of older versions"),
        "tells_recovery": Fixed(values=bool, meaning="whether a setting speaks of serial recovery"),
        "tells_management": Fixed(values=bool, meaning="whether a setting speaks of updates by radio"),
        "tells_nsib_key": Fixed(values=bool, meaning="whether a setting speaks of the first stage's signing key"),
        "tells_signatures": Fixed(values=bool, meaning="whether a setting speaks of signatures"),
        "tells_primary": Fixed(values=bool, meaning="whether a setting speaks of verifying the primary image"),
        "tells_nsib_counter": Fixed(values=bool, meaning="whether a setting speaks of the first stage's counter"),
        "tells_sectors": Fixed(values=bool, meaning="whether a setting speaks of the sectors of a slot"),
        "tells_network": Fixed(values=bool, meaning="whether a setting speaks of updates of the network core"),
        "tells_revocation": Fixed(values=bool, meaning="whether a setting speaks of revoking keys"),
        "tells_counter_room": Fixed(values=bool, meaning="whether a setting speaks of a counter that is used up"),
        "tells_fields": Fixed(values=bool, meaning="whether a setting speaks of unsigned fields"),
        "tells_image_key": Fixed(values=bool, meaning="whether a setting speaks of the image key during a swap"),
        "tells_version": Fixed(values=bool, meaning="whether a setting has the second stage's version"),
        "tells_clean_up": Fixed(values=bool, meaning="whether a setting speaks of what the boot loader leaves behind"),
        "tells_test_options": Fixed(values=bool, meaning="whether a setting speaks of options for testing"),
        "tells_pure": Fixed(values=bool, meaning="whether a setting speaks of signatures without a digest"),
        "tells_network_debug": Fixed(values=bool, meaning="whether a setting speaks of the network core's debug port"),
        "tells_split": Fixed(values=bool, meaning="whether a setting speaks of code on an external chip"),
        "tells_places": Fixed(values=bool, meaning="whether a setting speaks of the slot that an update was built for"),
        "tells_driver": Fixed(values=bool, meaning="whether a setting speaks of a driver of the external chip"),
        "network": Fixed(values=bool, meaning="whether the map has partitions of the network core"),
    },
    "network": {
        "name": Fixed(values=str, meaning="its name"),
        "boots": Fixed(values=bool, meaning="whether it is the first stage of the network core"),
        "updatable": Fixed(values=bool, meaning="whether updates of it are shipped"),
    },
    "partition": {
        "name": Fixed(values=str, meaning="its name"),
        "size": Fixed(values=int, meaning="bytes"),
        "start": Fixed(values=int, meaning="first address"),
        "drawn": Fixed(
            values=("secure", "non_secure", "open"),
            meaning="what the map asks for; an internal area without a word is secure where TF-M is present, "
            "but for what alignment leaves over",
        ),
        "data": Fixed(values=bool, meaning="without TF-M: data of the application in internal memory"),
    },
}


def attribute(
    design: Design, thing: Stage | Image | Key | Partition | NetworkStage | Design, name: str
) -> str | int | bool:
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
                "decrypts": any(use.purpose is Purpose.DECRYPT for use in thing.uses),
                "in_kmu": design.soc.kmu_version > 1
                and bool(thing.placements)
                and all(isinstance(place, InKmu) for place in thing.placements),
                "handed_out": _handed_out(design, thing),
                "in_service": any(
                    isinstance(place, Elsewhere) and place.what == "service" for place in thing.placements
                ),
                "in_status": bool(thing.placements)
                and all(isinstance(place, Elsewhere) and place.what == "swap-status" for place in thing.placements),
            }
        case Image():
            values = {
                "name": thing.name,
                **_of_image(thing),
                "role": _role(design, design.stages_of(thing.name)[0]),
                "application": any(stage == design.application for stage in design.stages_of(thing.name)),
            }
        case Stage():
            values = {
                "name": thing.name,
                "program": thing.program.value,
                "role": _role(design, thing),
                "image": thing.image,
                "combined": len(design.stages_of(thing.image)) > 1,
                **_of_image(design.image(thing.image)),
            }
        case Partition():
            values = {
                "name": thing.name,
                "size": thing.range.size,
                "start": thing.range.start,
                "drawn": _drawn(design, thing),
                "data": _of_application(design, thing),
            }
        case NetworkStage():
            values = {"name": thing.name, "boots": thing.boots, "updatable": thing.updatable}
        case Design():
            values = _of_map(thing)
    return values[name]


def _handed_out(design: Design, key: Key) -> bool:
    if not design.stages:
        return bool({"update", "slot"} & {*key.found})
    fed = {stage.partition for stage in design.network if stage.updatable}
    return any(isinstance(place, InPartition) and place.partition in fed for place in key.placements)


def _of_map(design: Design) -> dict[str, str | int | bool]:
    settings = design.settings
    boot = {Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A}
    drawn = any(partition.role in boot for partition in design.partitions)
    told = settings.bootloader is not None and bool(settings.bootloader.value)
    return {
        "name": design.name,
        "drawn": bool(design.partitions),
        "trustzone": design.soc.trustzone or not design.soc.known,
        "chain": bool(design.stages),
        "bootloader": drawn or told,
        "built": bool(design.artifacts),
        "planned": bool(design.planned),
        "tells_debug": settings.debug_closed is not None or bool(design.stages),
        "tells_downgrade": settings.downgrade_prevention is not None,
        "tells_recovery": settings.serial_recovery is not None,
        "tells_management": settings.open_management is not None,
        "tells_nsib_key": settings.nsib_key_given is not None,
        "tells_signatures": settings.signatures_checked is not None,
        "tells_primary": settings.primary_verified is not None,
        "tells_nsib_counter": settings.nsib_counter is not None,
        "tells_sectors": settings.image_sectors is not None,
        "tells_network": settings.network_update is not None,
        "tells_revocation": settings.keys_revocable is not None,
        "tells_counter_room": settings.counter_bounded is not None,
        "tells_fields": settings.fields_listed is not None,
        "tells_image_key": settings.image_key_wrapped is not None,
        "tells_version": settings.second_stage_version is not None,
        "tells_clean_up": settings.cleaned_up is not None,
        "tells_test_options": settings.test_options is not None,
        "tells_pure": settings.pure_signature is not None,
        "tells_network_debug": settings.network_debug_closed is not None,
        "tells_split": settings.split_image is not None,
        "tells_places": settings.places_checked is not None,
        "tells_driver": settings.external_driver is not None,
        "network": any(partition.memory is MemoryKind.NETWORK for partition in design.partitions),
    }


def _of_image(image: Image) -> dict[str, bool]:
    return {
        "updatable": image.updatable,
        "verified": image.verified_by is not None,
        "encrypted": image.encryption is not EncryptionType.NONE,
    }


def _drawn(design: Design, partition: Partition) -> str:
    """`open` is what no unit of this core judges: a core without TF-M, a span of parts that differ, other memories.

    So is what alignment leaves over: nothing lies there.
    """
    if not design.has_tfm or partition.memory in UNGUARDED:
        return "open"
    if partition.members:
        parts = [part for name in partition.members if (part := design.partition(name)).role is not Role.FILLER]
        drawn = {_drawn(design, part) for part in parts}
        return drawn.pop() if len(drawn) == 1 else "open"
    if partition.attribution is not None:
        return partition.attribution.value
    apart = partition.memory is MemoryKind.EXTERNAL or partition.role is Role.FILLER
    return "open" if apart else "secure"


def _of_application(design: Design, partition: Partition) -> bool:
    """Whether the one world of a core without TF-M keeps its data there."""
    plain = partition.memory is MemoryKind.INTERNAL and not partition.members
    return plain and not design.has_tfm and partition.role is Role.STORAGE


def _role(design: Design, stage: Stage) -> str:
    if stage == design.root:
        return "root_of_trust"
    match stage.program:
        case Program.NSIB | Program.MCUBOOT:
            return "bootloader"
        case Program.TFM | Program.SPM:
            return "tfm"
        case Program.APPLICATION:
            return "application"
