"""The keys of a card: where each lies, what it is for, who has it."""

import re
from typing import Any

from bootverify.sources.importers.card.chain import Link
from bootverify.sources.importers.card.draft import Draft
from bootverify.sources.importers.card.key_facts import PUBLIC, TRUST, put_facts, readable
from bootverify.sources.importers.card.words import read, says, truth, turned, words

KINDS = {"public": "public", "private": "private", "symmetric": "symmetric", "hash": "hash"}
ENGINE = r"write-only|crypto ?cell|cracen|engine|\bkey register|kmu-only"
RAM_ADDRESS = r"\b0x2[0-9a-f]{7}\b"
MEMORY = rf"\bs?ram\b|buffer|memory|{RAM_ADDRESS}"
HOST = r"\bhost\b|\bhsm\b|build server|signing server|vault|offline|developer|\bci\b"
KEY_OFFSET = 0x400  # where a key lies in code unless it is told
INSIDE = (  # who does not read the external chip: what a swap notes there is told, what it notes inside is not
    "operator-error", "remote-ota", "app-code", "app-code-ns", "app-code-secure", "secure-partition", "debug-port",
    "serial-port", "power-cut", "factory-insider", "build-pipeline", "bootloader-code", "netcore-code",
)  # fmt: skip
PUSHED_WORDS = 2  # slots of 16 bytes that a wrapping key of 256 bits takes
KNOWN = [
    "name",
    "kind",
    "placement",
    "used_for",
    "push_to",
    "cpu_readable",
    "permissions",
    "private_half",
    "state",
    "revocation",
    "transport",
    "provisioned",
    "stored",
    "value",
    "origin",
    "unique_per_device",
]


def put_keys(draft: Draft, chain: list[Link]) -> None:
    """Write every key of the card."""
    keys = [key for key in draft.design.get("keys") or [] if isinstance(key, dict)]
    for i, key in enumerate(keys):
        _put(draft, key, ("keys", i), chain, keys)
    for key in keys:
        # A published private half opens what the public half stands for, and the other way round.
        for other in _partners(key, keys):
            if key.get("kind") == "private":
                draft.native["keys"][other]["other_half"] = str(key["name"])
            if draft.native["keys"][str(key["name"])].get("published"):
                draft.native["keys"][other]["published"] = True


def _partners(key: dict[str, Any], keys: list[dict[str, Any]]) -> list[str]:
    text = str(key.get("used_for", ""))
    if not says(text, "match|half of|belongs to|pair"):
        return []
    return [str(other["name"]) for other in keys if other is not key and str(other["name"]) in text]


def _put(
    draft: Draft, key: dict[str, Any], told_at: tuple[str | int, ...], chain: list[Link], keys: list[dict[str, Any]]
) -> None:
    name = str(key.get("name", f"key {told_at[-1]}"))
    at = ("keys", name)
    kind = read(key.get("kind", ""), KINDS).first
    if kind is None:
        draft.open(told_at, "unread-kind", f"kind `{key.get('kind')}` of key `{name}`", about=[name])
    draft.put(at, {"kind": kind or "symmetric"}, told_at)
    places = _places(draft, key, name, told_at, chain)
    draft.put((*at, "placement"), places if len(places) > 1 else places[0], (*told_at, "placement"))
    _put_use(draft, key, told_at, chain, keys)
    put_facts(draft, key, name, told_at)
    per_device = truth(key["unique_per_device"]) if "unique_per_device" in key else None
    if per_device is not None:
        draft.put((*at, "per_device"), per_device, told_at)
    if "transport" in key and not says(key["transport"], r"production|factory|provision|line|wire|never|host"):
        _shipped(draft, key, name, told_at, chain)
    for field in sorted(set(key) - set(KNOWN)):
        draft.open((*told_at, field), "unread-key-field", f"`{field}: {key[field]}` of key `{name}`", about=[name])


def _shipped(draft: Draft, key: dict[str, Any], name: str, told_at: tuple[str | int, ...], chain: list[Link]) -> None:
    """A key that travels with updates is part of something shipped, wherever it ends up."""
    if not says(key["transport"], r"over the air|ota\b|update|release|download|dfu"):
        draft.open(told_at, "unread-transport", f"transport `{key['transport']}` of `{name}`", about=[name])
        return
    image = next((link.name for link in reversed(chain) if link.shipped), None)
    entry = draft.native["keys"][name]
    places = entry["placement"] if isinstance(entry["placement"], list) else [entry["placement"]]
    if image is not None and not any(isinstance(place, dict) and "image" in place for place in places):
        entry["placement"] = [{"image": image, "release": 2}, *places]


def _put_use(
    draft: Draft,
    key: dict[str, Any],
    told_at: tuple[str | int, ...],
    chain: list[Link],
    keys: list[dict[str, Any]],
) -> None:
    text = str(key.get("used_for", ""))
    name = str(key.get("name", f"key {told_at[-1]}"))
    at = ("keys", name)
    partners = _partners(key, keys)
    target = _target(text, chain)
    if partners:
        verifies = next((str(other.get("used_for", "")) for other in keys if str(other["name"]) == partners[0]), "")
        if key.get("kind") == "private" and (signed := _target(verifies, chain)):
            draft.put((*at, "signs"), signed, (*told_at, "used_for"))
    elif says(text, "verif|check|validat|authentic"):
        if target:
            draft.put((*at, "verifies"), target, (*told_at, "used_for"))
    elif says(text, r"\bsign"):
        if target:
            draft.put((*at, "signs"), target, (*told_at, "used_for"))
    elif says(text, "unwrap|decrypt|decipher"):
        encrypted = [link.name for link in chain if not says(link.told.get("encrypted", "none"), "^none")]
        named = [link.name for link in chain if link.name in words(text)]
        if says(text, r"\bapp\b") and not named and target:
            named = [target]
        images = [each for each in named if each in encrypted] or encrypted
        if images:
            draft.put((*at, "decrypts"), images if len(images) > 1 else images[0], (*told_at, "used_for"))
    else:
        draft.note((*told_at, "used_for"), f"key `{name}` is used to {text} (no part of the boot chain)")


def _target(text: str, chain: list[Link]) -> str | None:
    """The image that a use speaks of."""
    told = words(text)
    for link in chain:
        if link.name in told:
            return link.name
    main = [link.name for link in chain if link.program == "application"]
    if main and says(text, r"\bapp(lication)?s?\b|\bimages?\b|firmware|update"):
        return main[-1]
    boots = [link.name for link in chain if link.program == "mcuboot"]
    return boots[-1] if boots and says(text, "bootloader") else None


def _places(
    draft: Draft, key: dict[str, Any], name: str, told_at: tuple[str | int, ...], chain: list[Link]
) -> list[Any]:
    text = str(key.get("placement", ""))
    found: list[Any] = []
    image = _image_in(text, chain)
    if image is not None:
        release = re.search(r"release\s+v?(\d+)", text)
        place: dict[str, Any] = {"image": image}
        if "parts" in draft.native["chain"].get(image, {}) and key.get("kind") in {"private", "symmetric"}:
            text = f"in which part of `{image}` the value of `{name}` lies"
            foes = ("app-code-ns", "netcore-code")
            draft.open((*told_at, "placement"), "part-not-told", text, about=[name], attackers=foes)
        if release:
            place["release"] = min(max(int(release[1]), 1), draft.native.get("releases", 2))
        found.append(place)
    if says(text, r"\bkmu\b"):
        found.append(_kmu(draft, key, name, text, told_at))
        soc = draft.soc()
        if soc.known and max(found[-1]["kmu"]) >= soc.kmu_slots:
            words = f"{soc.title} has {soc.kmu_slots or 'no'} KMU slots, but `{name}` lies in `{text}`"
            draft.open((*told_at, "placement"), "no-such-slot", words, about=[name], contradiction=True)
            draft.open((*told_at, "placement"), "no-such-slot", words, policies=TRUST, contradiction=True)
            found[-1] = {"elsewhere": "unread", "words": text}
    if says(text, r"uicr|\botp\b|one-time|fuses?\b"):
        found.append("uicr")
    partitions = draft.native.get("partitions", {})
    table = [each for each in partitions if each in re.findall(r"[\w.+-]+", text)]
    named = [each for each in table if image is None and "uicr" not in found]
    if not named and says(text, "provision partition|provision page") and "uicr" not in found:
        named = [each for each in partitions if says(each, "provision")][:1]
    found += [_stored(draft, each) for each in named]
    if says(text, r"\bbuild (dir|directory|folder|output|tree|artefacts?|artifacts?)\b"):
        draft.put(("keys", name, "found"), ["build"], (*told_at, "placement"))
        found.append("host")
    elif says(text, HOST) or says(text, PUBLIC):
        found.append("host")
    if says(text, "crypto service|secure storage|trusted storage|\\bits\\b|\\bpsa\\b|key ?store"):
        found.append({"elsewhere": "service", "words": text})
        what = f"what the service that holds `{name}` gives away (`{text}`)"
        others = ["app-code-secure", "debug-port", "fault-injection", "bootloader-code"]
        told = "foreign_keys_exported" in draft.native.get("life", {})
        who = tuple(others if told else [*others, "app-code-ns"])
        draft.open((*told_at, "placement"), "held-by-service", what, about=[name], attackers=who)
    if says(text, "swap status|trailer|status area"):
        found.append({"elsewhere": "swap-status", "words": text})
        what = f"who reads `{name}` where it lies (`{text}`)"
        draft.open((*told_at, "placement"), "held-in-status", what, about=[name], attackers=INSIDE)
    if not found:
        draft.open((*told_at, "placement"), "unread-placement", f"key `{name}` lies in `{text}`", about=[name])
        found.append({"elsewhere": "unread", "words": text})
    return found


def _stored(draft: Draft, partition: str) -> dict[str, Any]:
    """A stage and a partition of one name are the same thing: what lies in the code of a stage is part of its image."""
    for image, entry in draft.native["chain"].items():
        codes = [part.get("code") for part in entry.get("parts", {}).values()] or [image]
        if partition in codes[1:]:
            return {"image": image, "offset": _from_payload(draft, entry["slot"], partition) + KEY_OFFSET}
        if partition in codes:
            return {"image": image}
    return {"partition": partition}


def _from_payload(draft: Draft, slot: str, partition: str) -> int:
    """How far behind the start of the payload in `slot` a partition begins."""
    partitions = draft.native["partitions"]
    first = partitions[slot]["span"][0] if "span" in partitions[slot] else slot
    return int(partitions[partition]["at"] - partitions[first]["at"] - draft.soc().header)


def _image_in(text: str, chain: list[Link]) -> str | None:
    if says(text, r"crypto service|storage|\bhost\b"):
        return None
    names = {link.name for link in chain}
    told: list[str] = re.findall(r"[\w.+-]+", text)
    for word, following in zip(told, [*told[1:], ""], strict=False):
        if word in names and following in {"image", "binary", "code", "update", "release", "build"}:
            return word
    if says(text, r"inside|part of|embedded|compiled|linked|hard-?coded|file in|in the \w+ image|release \d|firmware"):
        return (
            next((word for word in told if word in names), None)
            or _target(text, chain)
            or (next((link.name for link in reversed(chain) if link.program == "application"), None))
        )
    return None


def _whose_memory(draft: Draft, key: dict[str, Any], name: str, push: str, told_at: tuple[str | int, ...]) -> None:
    """Memory of the non-secure side shows non-secure code what a push leaves there; whose memory it is must be told."""
    tfm = (draft.design.get("protection") or {}).get("tfm")
    start = tfm.get("ns_ram_from") if isinstance(tfm, dict) else None
    at = re.search(RAM_ADDRESS, push, re.IGNORECASE)
    secure = says(push, r"\bsecure\b") and not says(push, r"non-?secure")
    below = isinstance(start, int) and at is not None and int(at[0], 16) + 16 * PUSHED_WORDS <= start
    above = isinstance(start, int) and at is not None and not below
    if above or not (secure or below):
        text = f"whether the non-secure side reads the memory that `{name}` is pushed to (`{push}`)"
        draft.open(told_at, "pushed-to-memory", text, about=[name], attackers=("app-code-ns", "netcore-code"))
    del key


def _kmu(draft: Draft, key: dict[str, Any], name: str, text: str, told_at: tuple[str | int, ...]) -> dict[str, Any]:
    found = re.search(r"slots?\s+(\d+)(?:\s*(?:-|to|and|,)\s*(\d+))?", text)
    if found:
        first, last = int(found[1]), int(found[2] or found[1])
        slots = list(range(first, max(first, min(last, first + 15)) + 1))
    else:
        slots = [0, 1]
        draft.open(
            (*told_at, "placement"),
            "unnamed-slot",
            f"`{text}` names no slot of the KMU",
            about=[name],
            policies=["secret-confidential", "secret-use-restricted", "anchor-available", "rot-immutable"],
        )
    push = str(key.get("push_to", ""))
    # What CRACEN calls its protected RAM answers the KMU alone (soc.md 5.3), where it lies inside the engine.
    fenced = says(push, r"protected ram|\b0x5181") and str(draft.native["soc"]) in {"nrf54l15", "nrf54l10", "nrf54l05"}
    to_memory, to_engine = says(push, MEMORY) and not fenced, says(push, ENGINE) or fenced
    if turned(push, ENGINE, MEMORY):
        to_memory = to_engine = False
    if re.match(RAM_ADDRESS, push.strip(), re.IGNORECASE) and not fenced:
        to_memory, to_engine = True, False  # an address that comes first is plainer than the words behind it
    if to_memory and key.get("kind") in {"private", "symmetric"}:
        _whose_memory(draft, key, name, push, told_at)
    if key.get("kind") in {"private", "symmetric"} and to_memory == to_engine:
        text = f"where the KMU pushes `{name}` to (`{push or 'not told'}`)"
        draft.open(told_at, "push-target", text, about=[name], policies=["secret-confidential"])
    return {
        "kmu": slots,
        "push_to": "ram" if to_memory and not to_engine else "engine",
        "readable": readable(draft, key, name, told_at),
    }
