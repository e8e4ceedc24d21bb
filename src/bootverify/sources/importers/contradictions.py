"""What two places of a build say differently: sources and build, configuration and bytes, package and map."""

from collections.abc import Iterator, Mapping
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.memory import Role
from bootverify.design.source import Source
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.hexfile import FirmwareFile, signed_images
from bootverify.sources.importers.identity import parts_of_images
from bootverify.sources.importers.packages import Described, Package
from bootverify.sources.importers.partition_manager import PmEntry
from bootverify.sources.importers.pm_config import differing
from bootverify.sources.importers.project import Project, soc_in
from bootverify.sources.importers.provisioning import Provisioned, faults_of, provisioned_in
from bootverify.sources.importers.tree_entries import put_tree
from bootverify.sources.ledger import Ledger
from bootverify.sources.roles import number_of, role_of

MOST = 100
_CORES = 2  # the image numbers before those of MCUboot's own slots (ncs-boot 4.3)
_SHARED = {Role.ROOT, Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.SCRATCH}


@dataclass(frozen=True, slots=True)
class _Found:
    topic: str
    text: str
    sources: tuple[Source, ...]


def put_contradictions(draft: Draft, project: Project) -> None:
    """Everything of the kind, each with the places that it is about."""
    found = [
        *_parts(project),
        *_bootloader(project),
        *_key(draft),
        *_compiled(project),
        *_provisioned(project),
        *_trees(project),
    ]
    for package in project.packages:
        found += [*_package(draft, project, package), *_versions(project, package)]
    for number, each in enumerate(found[:MOST]):
        draft.plain.setdefault("contradictions", []).append({"topic": each.topic, "text": each.text})
        if each.topic == "part":
            point = {"name": "part-told-twice", "statement": each.text, "contradiction": True}
            draft.plain.setdefault("open_points", []).append(point)
        first = each.sources[0]
        draft.origins["contradictions", number] = Source(
            file=first.file, line=first.line, text=first.text, also=each.sources[1:]
        )


def _parts(project: Project) -> Iterator[_Found]:
    """Programs of one core that were configured for different parts: one of them is left from another build."""
    built = parts_of_images(project)
    other = next((part for part in built if part.name != built[0].name), None)
    if other is not None:
        text = f"one program is built for {built[0].name}, another for {other.name}"
        yield _Found("part", text, (other.source, built[0].source))


def _bootloader(project: Project) -> Iterator[_Found]:
    """What the sources ask for and the build does not have."""
    asked = project.sources.on("CONFIG_BOOTLOADER_MCUBOOT") if project.sources is not None else None
    if asked is None and project.sources_sysbuild is not None:
        asked = project.sources_sysbuild.on("SB_CONFIG_BOOTLOADER_MCUBOOT")
    application = project.image("application")
    built = application.flag("CONFIG_BOOTLOADER_MCUBOOT") if application is not None else None
    if asked is not None and built is not None and not built.value and "mcuboot" not in project.images:
        text = "the sources ask for a boot loader, and the build has none"
        yield _Found("bootloader", text, (asked.source, built.source))


def _key(draft: Draft) -> Iterator[_Found]:
    """The configuration names a published key, and the boot loader holds another."""
    keys = draft.plain.get("keys", {})
    held = {name: entry for name, entry in keys.items() if name.startswith("image_verification")}
    prints = {entry.get("fingerprint") for entry in held.values()}
    for name, entry in keys.items():
        if name.startswith("image_signing") and held and entry.get("fingerprint") not in prints:
            text = "the boot loader holds another key than the file that the configuration names"
            yield _Found(
                "signing-key", text, (draft.origins["keys", name], *(draft.origins["keys", other] for other in held))
            )
            return


def _compiled(project: Project) -> Iterator[_Found]:
    """The map against the figures that the programs were compiled with."""
    pairs = ((project.partitions, project.compiled), (project.network_partitions, project.network_compiled))
    for entries, compiled in pairs:
        for text, entry, source in differing(entries, compiled):
            yield _Found("compiled-map", text, (entry.source, source))


def _trees(project: Project) -> Iterator[_Found]:
    """The devicetree of each image has a map of its own, and they are to agree on what boot stages work with."""
    seen: dict[str, tuple[str, dict[str, Any], Source]] = {}
    for role in ("application", "mcuboot", "nsib") if not project.partitions else ():
        tree = project.trees.get(role)
        part = Draft()
        if tree is not None:
            put_tree(part, tree, Ledger())
        for name, entry in part.plain.get("partitions", {}).items():
            place, source = {key: entry.get(key) for key in ("at", "size", "memory")}, part.origins["partitions", name]
            other, told, where = seen.setdefault(name, (role, place, source))
            if told != place and role_of(name) in _SHARED:
                extents = f"{_extent(place)} in the devicetree of {role}, and {_extent(told)} in that of {other}"
                yield _Found("devicetree-maps", f"`{name}` is {extents}", (source, where))


def _extent(place: Mapping[str, Any]) -> str:
    memory = f" of the {place['memory']} memory" if place["memory"] else ""
    return f"{place['at']:#x}-{place['at'] + place['size']:#x}{memory}"


def _provisioned(project: Project) -> Iterator[_Found]:
    """What NSIB reads of its slots and keys, against the map and against what the vendor's script would write."""
    words = project.soc is not None and project.soc.name.startswith("nrf54l")
    for entries, names in ((project.partitions, ("s0", "s1")), (project.network_partitions, ("app", "s1"))):
        parts = {entry.name: entry for entry in entries if entry.at is not None and entry.size}
        place = parts.get("provision")
        data = None
        if place is not None and place.at is not None:
            found = (provisioned_in(file, place.at, words=words) for file in project.firmware)
            data = next((each for each in found if each is not None), None)
        if data is None or place is None:
            continue
        yield from _slots(data, parts, names)
        for text in faults_of(data.hashes):
            yield _Found("provisioned-keys", text, (data.source, place.source))
        if data.end > (place.at or 0) + (place.size or 0):
            text = f"the provision data end at {data.end:#x}, behind `provision` ({place.size:#x} bytes)"
            yield _Found("provisioned-size", text, (data.source, place.source))


def _slots(data: Provisioned, parts: dict[str, PmEntry], names: tuple[str, str]) -> Iterator[_Found]:
    """Both slots' addresses; without a second slot the data repeat the first (ncs-boot 1.8)."""
    first, second = (parts.get(name) for name in names)
    for slot, address in ((first, data.slots[0]), (second or first, data.slots[1])):
        if slot is not None and slot.at != address:
            text = f"the first stage looks for an image at {address:#x}, and `{slot.name}` starts at {slot.at:#x}"
            yield _Found("provisioned-slots", text, (data.source, slot.source))


def _package(draft: Draft, project: Project, package: Package) -> Iterator[_Found]:
    """The manifest of an update package against its images and the map; it is not signed, so it proves nothing."""
    images = {image.file.rsplit("/", 1)[-1]: image for image in package.images}
    for told in package.described:
        soc = soc_in(told.soc)
        if soc and project.soc is not None and project.soc.name != soc:
            text = f"the update package is for {soc}, and the build for {project.soc.name}"
            yield _Found("package-soc", text, (told.source, project.soc.source))
        image = images.get(told.file.rsplit("/", 1)[-1])
        if image is not None:
            yield from _described(told, image)
    first = [told for told in package.described if told.image == 0]
    if len(first) == 1:  # with more the image is linked for several places
        yield from _placed(draft, first[0])


def _versions(project: Project, package: Package) -> Iterator[_Found]:
    """Each core's image depends on the version of the other's where that symbol is on (modules/mcuboot/Kconfig)."""
    symbols = (config.on("CONFIG_NRF53_ENFORCE_IMAGE_VERSION_EQUALITY") for config in project.all_kconfigs())
    tied = next((symbol for symbol in symbols if symbol is not None), None)
    if tied is None:
        return
    listed = {told.file.rsplit("/", 1)[-1] for told in package.described if told.image < _CORES}
    seen: dict[str, str] = {}
    for image in package.images:
        version = next((found.version for found in signed_images(image) if found.at == 0), "")
        if version and image.file.rsplit("/", 1)[-1] in listed:
            seen[image.file] = version
    for file, version in seen.items():
        first, wanted = next(iter(seen.items()))
        if _four(version) != _four(wanted):
            text = f"both cores' images are to have one version, and `{file}` has {version}, `{first}` {wanted}"
            yield _Found("package-versions", text, (Source(file=file), tied.source))


def _described(told: Described, image: FirmwareFile) -> Iterator[_Found]:
    size = sum(len(segment.data) for segment in image.segments)
    where = Source(file=image.file)
    if told.size is not None and not image.addressed and told.size != size:
        text = f"the update package says that `{told.file}` has {told.size:,} bytes, and it has {size:,}"
        yield _Found("package-size", text, (told.source, where))
    version = next((found.version for found in signed_images(image) if found.at == 0), "")
    if told.version and version and _four(told.version) != _four(version):
        text = f"the update package calls `{told.file}` version {told.version}, and its header {version}"
        yield _Found("package-version", text, (told.source, where))


def _placed(draft: Draft, told: Described) -> Iterator[_Found]:
    """The application's load address lies in the first primary slot."""
    for name, entry in draft.plain.get("partitions", {}).items():
        if role_of(name) is not Role.PRIMARY or number_of(name) or "at" not in entry or told.load_address is None:
            continue
        start, end = entry["at"], entry["at"] + entry["size"]
        if entry.get("memory", "internal") == "internal" and not start <= told.load_address < end:
            text = f"the update package is built for {told.load_address:#x}, and `{name}` is {start:#x}-{end:#x}"
            yield _Found("package-address", text, (told.source, draft.origins["partitions", name]))


def _four(version: str) -> list[str]:
    """Major, minor, revision, build: what a version leaves out is 0.

    >>> _four("1.2") == _four("1.2.0+0")
    True
    """
    numbers, _, build = version.partition("+")
    parts = [part.lstrip("0") or "0" for part in numbers.split(".")]
    return [*[*parts, "0", "0", "0"][:3], build.lstrip("0") or "0"]
