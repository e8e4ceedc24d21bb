"""Edits that a designer could make; whether one helps is for a new check to say.

Each names the policies that it is tried for. Order among edits of as many facts: a switch first, then a lock, a border,
a key, and what the chain does last.
"""

from collections.abc import Iterator
from dataclasses import field
from typing import Any

from bootverify.check.replays.taken_out import noted
from bootverify.dataclass import dataclass
from bootverify.design.boot import Program
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, Key, KeyKind, Purpose

KMU_FIRST = 8  # slots below are taken by the SDK's own keys (hw_unique_key.h)
SECRETS = ("no-secret-in-updatable", "secret-confidential", "secret-use-restricted", "private-key-in-image")
BOOTS = ("authentic-only", "rot-immutable", "boot-write-denied", "boot-locks-itself")
ACCEPTED = ("no-published-key", "authentic-only", "rot-immutable", "boot-write-denied")
NOTED = (*SECRETS, "image-confidential", "swap-keys-wrapped")
WRAP = "have MCUboot keep image keys wrapped in its swap status (CONFIG_BOOT_SWAP_SAVE_ENCTLV)"
# settings that say what a build has: the value that the policies want
WANTED: dict[str, tuple[bool, tuple[str, ...], str]] = {
    "serial_recovery": (False, ("serial-recovery-absent",), "build without serial recovery"),
    "open_management": (False, ("radio-update-guarded",), "take updates by radio after pairing only"),
    "nsib_key_given": (True, ("no-published-key",), "give the build a signing key of one's own"),
    "downgrade_prevention": (True, ("downgrade-prevention",), "switch downgrade prevention on"),
    "protects_itself": (True, ("boot-locks-itself",), "build the boot loader with fprotect"),
    "updates_encrypted": (True, ("external-secondary-plain",), "encrypt the updates"),
    "image_key_wrapped": (True, NOTED, WRAP),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Entries set to values and entries removed, as paths of the design file; `words` say it.

    `cost` orders edits, then `moved`: by how many bytes something moves.
    """

    words: str
    cost: int
    helps: tuple[str, ...]
    change: dict[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    moved: int = 0


def candidates(design: Design, plain: dict[str, Any]) -> list[Edit]:
    """Single edits of chain, keys and settings of `design`, whose document is `plain`."""
    return [
        *_lifecycle(design, plain),
        *_settings(plain),
        *_noted(design, plain),
        *_verification(design, plain),
        *_keys(design, plain),
        *_secure_side(design, plain),
    ]


def _lifecycle(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    ports = ("debug-port-closed", *BOOTS, *SECRETS)
    for name in ("approtect", "secure_approtect", "eraseprotect"):
        if getattr(design.lifecycle, name) is False:
            yield Edit(change={f"lifecycle.{name}": True}, cost=1, words=f"switch {name} on", helps=ports)
    if plain.get("lifecycle", {}).get("flash_patch") or design.lifecycle.flash_patch:
        words = "switch the flash patch unit off in production"
        yield Edit(change={"lifecycle.flash_patch": False}, cost=1, words=words, helps=BOOTS)


def _settings(plain: dict[str, Any]) -> Iterator[Edit]:
    for name, value in plain.get("settings", {}).items():
        if name in WANTED and value is not WANTED[name][0]:
            wanted, helps, words = WANTED[name]
            yield Edit(change={f"settings.{name}": wanted}, cost=1, words=words, helps=helps)


def _noted(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    """Image keys that a swap notes wrapped, where nobody says so, or that it does not."""
    if "image_key_wrapped" not in plain.get("settings", {}) and any(noted(design, each) for each in design.images):
        told = "settings.image_key_wrapped" if design.life.save_encrypted is None else "life.save_encrypted"
        yield Edit(change={told: True}, cost=1, words=WRAP, helps=NOTED)


def _verification(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    for name, image in plain.get("chain", {}).items():
        at = f"chain.{name}"
        if image.get("validate_primary") is False:
            words = f"{name} verifies what it starts at every boot"
            yield Edit(change={f"{at}.validate_primary": True}, cost=1, words=words, helps=ACCEPTED)
        if image.get("counter") is False:
            yield Edit(change={f"{at}.counter": True}, cost=1, words=f"{name} counts versions", helps=("no-downgrade",))
        if image.get("program") == "mcuboot" and image.get("downgrade", "none") == "none":
            words = f"{name} refuses a lower version"
            yield Edit(change={f"{at}.downgrade": "version"}, cost=1, words=words, helps=("downgrade-prevention",))
        if image.get("signature", "none") == "none" and image.get("verified_by"):
            for signature in _signatures(design):
                words = f"{image['verified_by']} verifies {signature} signatures of {name}"
                yield Edit(change={f"{at}.signature": signature}, cost=1, words=words, helps=ACCEPTED)
        if image.get("update") == "never" and image.get("staging"):
            words = f"{name} takes updates"
            yield Edit(change={f"{at}.update": "over_the_air"}, cost=5, words=words, helps=("key-rotatable",))
        if image.get("update") == "over_the_air" and design.stages_of(name)[0].program is Program.MCUBOOT:
            words = f"{name} is never updated"
            yield Edit(change={f"{at}.update": "never"}, cost=6, words=words, helps=SECRETS)


def _signatures(design: Design) -> tuple[str, ...]:
    """The algorithms to try, those that other images of the chain have first."""
    used = [image.signature.value for image in design.images if image.signature.value != "none"]
    return tuple(dict.fromkeys((*used, "ecdsa-p256", "ed25519", "rsa-2048")))


# -- keys


def _keys(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    for key in design.keys:
        at, entry = f"keys.{key.name}", plain.get("keys", {}).get(key.name, {})
        own = f"a {key.name} of one's own, never published"
        if entry.get("published"):
            yield Edit(change={f"{at}.published": False}, cost=4, words=own, helps=(*ACCEPTED, *SECRETS))
        elif key.published and "fingerprint" in entry:
            yield Edit(drop=(f"{at}.fingerprint",), cost=4, words=own, helps=(*ACCEPTED, *SECRETS))
        place = entry.get("placement")
        if isinstance(place, dict) and place.get("push_to") == "ram":
            words = f"push {key.name} to the engine"
            yield Edit(change={f"{at}.placement.push_to": "engine"}, cost=1, words=words, helps=SECRETS)
        if isinstance(place, dict) and place.get("readable"):
            words = f"let nobody read {key.name} back"
            yield Edit(change={f"{at}.placement.readable": False}, cost=1, words=words, helps=SECRETS)
        yield from _moved(design, key, f"{at}.placement", place)


def _moved(design: Design, key: Key, at: str, place: Any) -> Iterator[Edit]:  # noqa: ANN401 - plain YAML
    taken = {n for other in design.keys for spot in other.placements if isinstance(spot, InKmu) for n in spot.slots}
    free = [n for n in range(KMU_FIRST, max(design.soc.kmu_slots - 1, KMU_FIRST)) if n not in taken]
    if key.secret and not _used_on_device(key) and place != "host":
        yield Edit(change={at: "host"}, cost=2, words=f"keep {key.name} on the host", helps=SECRETS)
    if key.secret and _used_on_device(key):
        if len(free) >= 2 and not (isinstance(place, dict) and "kmu" in place):
            there = {"kmu": free[:2], "push_to": "engine", "readable": False}
            words = f"provision {key.name} into KMU slots {free[0]}-{free[1]}, pushed to the engine"
            yield Edit(change={at: there}, cost=3, words=words, helps=SECRETS)
        for name in _fixed(design, _image_of(place)):
            words = f"keep {key.name} in {name}, which is never updated"
            yield Edit(change={at: {"image": name}}, cost=4, words=words, helps=SECRETS)
    if key.kind is KeyKind.PUBLIC and _image_of(place):
        verifiers = [image.verified_by for image in design.images for use in key.uses if use.image == image.name]
        for name in dict.fromkeys(design.stage(stage).image for stage in verifiers if stage):
            if name != _image_of(place):
                words = f"keep {key.name} in {name}, which verifies with it"
                yield Edit(change={at: {"image": name}}, cost=2, words=words, helps=("key-rotatable",))


def _fixed(design: Design, now: str) -> list[str]:
    """The images, other than that of `now`, that are never updated and have a place for a key that opens updates."""
    loaders = [image.name for image in design.images if design.stages_of(image.name)[0].program is Program.MCUBOOT]
    return [name for name in loaders if not design.image(name).updatable and name != now]


def _image_of(place: Any) -> str:  # noqa: ANN401
    return str(place.get("image", "")) if isinstance(place, dict) else ""


def _used_on_device(key: Key) -> bool:
    return key.kind is KeyKind.SYMMETRIC or any(use.purpose is Purpose.DECRYPT for use in key.uses)


# -- TF-M


def _secure_side(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    """TF-M between the application and the rest, where the map has room for it; its partitions unprivileged."""
    helps = (*SECRETS, *BOOTS, "isolation-boundary")
    for name, image in plain.get("chain", {}).items():
        parts = image.get("parts")
        if parts and design.has_tfm and design.isolation_level == 1:
            words = "let TF-M keep its partitions apart (isolation level 2)"
            yield Edit(change={f"chain.{name}.trustzone.isolation_level": 2}, cost=2, words=words, helps=helps)
        inner = {part.role.value: part.name for part in design.partitions if part.role is not None}
        if parts or image.get("program") != "application" or not {"tfm", "application"} <= set(inner):
            continue
        wanted = {
            "tfm": {"program": "tfm", "code": inner["tfm"]},
            "app": {"program": "application", "code": inner["application"]},
        }
        drop = tuple(f"chain.{name}.{field}" for field in ("program", "attribution") if field in image)
        words = f"build {name} with TF-M, so that the application is non-secure"
        yield Edit(change={f"chain.{name}.parts": wanted}, drop=drop, cost=5, words=words, helps=helps)
        level = {f"chain.{name}.parts": wanted, f"chain.{name}.trustzone": {"isolation_level": 2}}
        yield Edit(change=level, drop=drop, cost=6, words=f"{words}, at isolation level 2", helps=helps)
