"""Keys and signed images of a build, recognised by content: compiled in, provisioned, signed with, or committed."""

import re
from dataclasses import replace

from bootverify.design.source import Source
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.found_keys import put_found_keys
from bootverify.sources.importers.hexfile import (
    FirmwareFile,
    hashes_among,
    public_keys,
    signed_images,
)
from bootverify.sources.importers.kconfig import Symbol
from bootverify.sources.importers.key_files import keys_of
from bootverify.sources.importers.project import Project
from bootverify.sources.known_keys import KnownKey, known_keys, published_key
from bootverify.sources.models import load_soc
from bootverify.sources.roles import NETWORK_PREFIX, provision_among
from bootverify.sources.search import Search

_MOST_KEYS = 100
# Roles of one key pair: what the boot loader holds, what the configuration names, what images are signed with.
_IMAGE_KEYS = {"image_verification", "image_signing", "signed_with"}
# Where a checkout of the SDK has the repositories of which models/known-keys.yaml names files.
_CHECKOUTS = {"MCUboot": "bootloader/mcuboot/", "sdk-nrf": "nrf/"}
_HEADERS = {"mcuboot": "MCUboot", "nsib": "sdk-nrf"}
_KMU_BASES = (242, 226)  # of the first boot stage, and of MCUboot behind NSIB; two slots each of up to three keys
_MOST_GENERATIONS = 3
_GENERATIONS = "CONFIG_BOOT_SIGNATURE_KMU_SLOTS"  # how many MCUboot tries (MCUboot's Kconfig; kmu_guides of the SDK)


def put_keys(draft: Draft, project: Project, search: Search) -> None:
    """Every key that the build's files show, and every signed image; with a chain, what the key is for."""
    for file in project.firmware:
        _compiled_in(draft, project, file)
    _named_files(draft, project)
    for file in project.firmware:
        _provisioned(draft, file)
        _images(draft, file, _kmu_of_mcuboot(draft, project) or "host")
    for number, key in enumerate(project.public_keys):
        place = _nsib_place(draft, project, "b0", number)
        _put(draft, f"nsib_key_{number}", "public", key.name, key.source, place=place, verifies=True)
    tried = _mcuboot_slots(draft, project)
    if project.kmu or tried:
        from bootverify.sources.importers.kmu_file import put_generations, put_kmu_keys  # noqa: PLC0415 - few have them

        put_kmu_keys(draft, project, _verified_by_slot(draft, project))
        told = config.symbol(_GENERATIONS) if (config := project.image("mcuboot")) is not None else None
        if told is not None:
            put_generations(draft, project, tried, _verified(draft, "mcuboot"), told.source)
    put_found_keys(draft, project, search)


def _compiled_in(draft: Draft, project: Project, file: FirmwareFile) -> None:
    """Public keys inside MCUboot's own code."""
    area = _area(draft, "mcuboot", "boot_partition", "s0", "s1")
    own = file.file.rsplit("/", 3)[-3:-2] == ["mcuboot"]
    for found in public_keys(file):
        if not own and not any(low <= found.at < high for low, high in area):
            continue
        source = Source(file=file.file, text=f"public key ({found.kind}) at {found.at:#x}")
        _put(
            draft,
            "image_verification",
            "public",
            found.digest,
            source,
            place=_place_of(draft, "mcuboot"),
            verifies=True,
        )
    if "mcuboot" not in project.images and not area:
        for found in public_keys(file):
            if published_key(found.digest) is not None:
                source = Source(file=file.file, text=f"public key ({found.kind}) at {found.at:#x}")
                _put(draft, "compiled_in", "public", found.digest, source, place="host")


def _provisioned(draft: Draft, file: FirmwareFile) -> None:
    """Published keys among the hashes that NSIB accepts."""
    wanted = {key.provisioned: key.type for key in known_keys() if key.provisioned}
    whole = "provision" in file.file.rsplit("/", 1)[-1]
    for low, high in [(0, 1 << 32)] if whole else _area(draft, "provision", "cpunet:provision", "otp_provision"):
        for found in hashes_among(file, wanted, within=(low, high)):
            source = Source(file=file.file, text=f"hash of a published key at {found.at:#x}")
            _put(draft, "provisioned", "hash", found.digest, source, place=_first_image(draft, "uicr"))


def _images(draft: Draft, file: FirmwareFile, place: object) -> None:
    for found in signed_images(file):
        if found.digest_ok is False:
            continue
        at = f"@{found.at:x}" if file.addressed else ""
        name = _plain(f"{file.file.rsplit('/', 1)[-1]}{at}")
        if draft.has(("artifacts", name)) or len(draft.plain.get("artifacts", {})) >= _MOST_KEYS:
            continue
        source = Source(file=file.file, text=f"signed image{at.replace('@', ' at 0x')}, version {found.version}")
        key = ""
        if found.keyhash:
            key = _put(draft, "signed_with", "public", found.keyhash, source, place=place, verifies=True)
        plain = {"size": found.size, "version": found.version}
        if file.addressed:
            plain["at"] = found.at
        if key:
            plain["key"] = key
        if found.encryption != "none":
            plain["encrypted"] = True
        draft.put(("artifacts", name), plain, source)


def _named_files(draft: Draft, project: Project) -> None:
    """Key files that the configuration names: in the application's folder, or in the SDK's own tree, published with it.

    A bare name is relative to MCUboot's folder (MCUboot, boot/zephyr/CMakeLists.txt). A file of that name elsewhere
    says nothing: content decides, never the name.
    """
    symbols = {
        "mcuboot": ("CONFIG_BOOT_SIGNATURE_KEY_FILE", "SB_CONFIG_BOOT_SIGNATURE_KEY_FILE"),
        "nsib": ("CONFIG_SB_SIGNING_KEY_FILE", "SB_CONFIG_SECURE_BOOT_SIGNING_KEY_FILE"),
    }
    for owner, names in symbols.items():
        configs = [project.image(owner), project.sysbuild]
        symbol = next((found for config in configs if config for name in names if (found := config.symbol(name))), None)
        if symbol is None or not symbol.value:
            continue
        known = _in_tree(symbol.value, _HEADERS[owner])
        read = keys_of(project, symbol, published=known is not None)
        role = "image_signing" if owner == "mcuboot" else "nsib_signing"
        if known is None and not read:
            project.ledger.add(symbol.source, f"the key file {symbol.value[-60:]} was not seen; its content is unknown")
        for fingerprint, source in read or ([(known.fingerprint, _named(symbol))] if known is not None else []):
            place = _nsib_place(draft, project, "uicr")
            if owner == "mcuboot":
                place = _kmu_of_mcuboot(draft, project) or _place_of(draft, "mcuboot")
            _put(draft, role, "public", fingerprint, source, place=place, verifies=True)
    _decryption(draft, project)


def _decryption(draft: Draft, project: Project) -> None:
    """The private key that MCUboot decrypts updates with is compiled into it (ncs-boot 2.6), wherever its file lies."""
    encrypted = draft.plain.get("chain", {})
    image = next((name for name, entry in encrypted.items() if entry.get("encryption", "none") != "none"), "")
    names = ("CONFIG_BOOT_ENCRYPTION_KEY_FILE", "SB_CONFIG_BOOT_ENCRYPTION_KEY_FILE")
    configs = [config for config in (project.image("mcuboot"), project.sysbuild) if config is not None]
    symbol = next((found for config in configs for name in names if (found := config.symbol(name)) is not None), None)
    if not image or symbol is None:
        return
    known = _in_tree(symbol.value, _HEADERS["mcuboot"])
    read = keys_of(project, symbol, published=known is not None)
    if read:
        known = published_key(read[0][0])
    plain: dict[str, object] = {"kind": "private", "placement": _place_of(draft, "mcuboot"), "decrypts": image}
    if known is not None:
        plain |= {"fingerprint": known.fingerprint, "published": True}
    elif read:
        plain["fingerprint"] = read[0][0]
    draft.put(("keys", "image_decryption"), plain, read[0][1] if read else _named(symbol))


def _in_tree(value: str, default: str) -> KnownKey | None:
    path = re.sub(r"/+", "/", value.replace("\\", "/"))
    for key in known_keys():
        for place in key.files:
            title, _, inside = place.partition(", ")
            checkout = _CHECKOUTS.get(title, "?")
            if path.endswith("/" + checkout + inside) or ("/" not in path and title == default and path == inside):
                return key
    return None


def _named(symbol: Symbol) -> Source:
    return Source(file=symbol.source.file, line=symbol.source.line, text=symbol.source.text)


def _put(
    draft: Draft,
    name: str,
    kind: str,
    digest: str,
    source: Source,
    *,
    place: object,
    verifies: bool = False,
) -> str:
    """One key of that digest and role; a second one gets a number. The name under which it stands."""
    known = published_key(digest)
    fingerprint = known.fingerprint if known is not None else digest if len(digest) == 64 else ""
    keys = draft.plain.setdefault("keys", {})
    for other, entry in keys.items():
        role = re.sub(r"_\d+$", "", other)
        same = role == name or {role, name} <= _IMAGE_KEYS
        if same and entry.get("fingerprint", "") == fingerprint:
            first = draft.origins["keys", other]
            draft.origins["keys", other] = replace(first, also=(*first.also, source))
            return str(other)
    called, number = name, 2
    while called in keys:
        called, number = f"{name}_{number}", number + 1
    if number > _MOST_KEYS:
        return name
    plain: dict[str, object] = {"kind": kind, "placement": place}
    image = _verified(draft, name)
    if verifies and image:
        plain["verifies"] = image
    if fingerprint:
        plain["fingerprint"] = fingerprint
    if known is not None:
        plain["published"] = True
    draft.put(("keys", called), plain, source)
    return called


def _verified(draft: Draft, role: str) -> str:
    """The image that a key of that role verifies; empty when the chain has none."""
    nsib = role.startswith("nsib")
    if not draft.has(("chain", "b0" if nsib else "mcuboot")):
        return ""
    names = ("mcuboot", "app") if nsib else ("tfm+app", "spm+app", "app")
    return next((image for image in names if draft.has(("chain", image))), "")


def _area(draft: Draft, *names: str) -> list[tuple[int, int]]:
    partitions = draft.plain.get("partitions", {})
    found = [partitions[name] for name in names if name in partitions and "at" in partitions[name]]
    base = {"network": 0x01000000}
    starts = [(entry["at"] + base.get(entry.get("memory", ""), 0), entry["size"]) for entry in found]
    return [(start, start + size) for start, size in starts]


def _kmu_of_mcuboot(draft: Draft, project: Project) -> object | None:
    """The first free KMU slots of those that MCUboot tries; None where it carries its keys.

    Which of several generations a key is, no file tells. Slots: sdk-mcuboot, ed25519_psa.c (ncs-boot 2.7).
    """
    base = _mcuboot_base(draft, project)
    if base is None:
        return None
    places = [_slots(base, number) for number in range(_MOST_GENERATIONS)]
    taken = [entry.get("placement") for entry in draft.plain.get("keys", {}).values()]
    return next((place for place in places if place not in taken), None)


def _mcuboot_base(draft: Draft, project: Project) -> int | None:
    """The first of the slots that MCUboot tries; None where it carries its keys."""
    config = project.image("mcuboot")
    if config is None or not _keeps_generations(draft, project, "mcuboot"):
        return None
    if config.on("CONFIG_BOOT_SIGNATURE_USING_KMU") is None:
        return None
    told = config.number("CONFIG_NCS_BOOT_SIGNATURE_KMU_BASE_SLOT")
    behind = draft.has(("chain", "b0")) or config.on("CONFIG_NCS_BOOT_SIGNATURE_KMU_UROT_MAPPING") is not None
    return told if told is not None and told in _KMU_BASES else _KMU_BASES[1 if behind else 0]


def _mcuboot_slots(draft: Draft, project: Project) -> list[int]:
    """The first slot of each generation of keys that MCUboot tries: one, or as many as it is told (up to three)."""
    base, config = _mcuboot_base(draft, project), project.image("mcuboot")
    if base is None or config is None:
        return []
    told = config.number(_GENERATIONS) or 1
    return [base + 2 * number for number in range(min(told, _MOST_GENERATIONS))]


def _verified_by_slot(draft: Draft, project: Project) -> dict[int, str]:
    """The image that is verified with the key in each slot that a boot stage tries."""
    tried = {"mcuboot": _mcuboot_slots(draft, project), "nsib": []}
    if _keeps_generations(draft, project, "b0"):
        tried["nsib"] = [_KMU_BASES[0] + 2 * number for number in range(_MOST_GENERATIONS)]
    return {slot: image for role, slots in tried.items() if (image := _verified(draft, role)) for slot in slots}


def _nsib_place(draft: Draft, project: Project, wish: str, number: int = 0) -> object:
    """Where NSIB has the key of that number: on nRF54L in the KMU, else as hash among its provision data."""
    if _keeps_generations(draft, project, "b0") and number < _MOST_GENERATIONS:
        return _slots(_KMU_BASES[0], number)
    return _first_image(draft, wish)


def _slots(base: int, number: int) -> dict[str, object]:
    first = base + 2 * number
    return {"kmu": [first, first + 1], "push_to": "ram"}


def _keeps_generations(draft: Draft, project: Project, image: str) -> bool:
    """Whether the part has a KMU for generations of verification keys, and the chain that stage."""
    return draft.has(("chain", image)) and project.soc is not None and load_soc(project.soc.name).kmu_version > 1


def _place_of(draft: Draft, image: str) -> object:
    return {"image": image} if draft.has(("chain", image)) else "host"


def _first_image(draft: Draft, wish: str) -> object:
    """OTP where the map puts the provision data there, else the partition that holds them."""
    partitions = draft.plain.get("partitions", {})
    for name in (provision_among(partitions), f"{NETWORK_PREFIX}provision"):
        if name in partitions and partitions[name].get("memory") != "uicr":
            return {"partition": name}
    return "uicr" if wish == "uicr" or "provision" in partitions else "host"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+:@ -]", "_", text)[:80]
