"""Regressions of the kinds that reviews miss, each one edit of a base design, and the policy that it breaks."""

from dataclasses import dataclass
from typing import Any

from bootverify.sources.patch import edited
from bootverify.sources.written import Written
from tests.gate.bases import base

TFM, SINGLE, CELLULAR, NRF52, SMALL, RRAM = "nrf5340-tfm", "nrf5340", "nrf9151-tfm", "nrf52840", "nrf52832", "nrf54l15"
UNLOCK = ("chain.{}.protects.0.lock", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """An edit of the base design called `base`; `policy` is one of those that got weaker by it."""

    name: str
    base: str
    policy: str
    change: dict[str, Any]
    drop: tuple[str, ...] = ()

    @property
    def old(self) -> Written:
        """The design before."""
        return base(self.base)

    @property
    def new(self) -> Written:
        """The design after."""
        return edited(self.old, self.change, self.drop)


def _seed(name: str, on: str, policy: str, change: dict[str, Any] | None = None, *drop: str) -> Seed:
    return Seed(name=f"{name} on {on}", base=on, policy=policy, change=change or {}, drop=drop)


def _no_tfm(image: str = "tfm+app") -> tuple[dict[str, Any], tuple[str, ...]]:
    at = f"chain.{image}"
    return {f"{at}.program": "application", f"{at}.attribution": "secure"}, (f"{at}.parts", f"{at}.trustzone")


SEEDS: tuple[Seed, ...] = (
    # a region that is left unlocked, or not protected at all
    _seed("unlocked mcuboot", SINGLE, "rot-immutable", {"chain.mcuboot.protects.0.lock": "none"}),
    _seed("unlocked b0", CELLULAR, "rot-immutable", {"chain.b0.protects.0.lock": "none"}),
    _seed("dropped fprotect", SINGLE, "boot-locks-itself", {"chain.mcuboot.protects": []}),
    _seed("dropped fprotect", NRF52, "boot-write-denied", {"chain.mcuboot.protects": []}),
    _seed("dropped fprotect", SMALL, "boot-write-denied", {"chain.mcuboot.protects": []}),
    _seed("dropped fprotect", RRAM, "boot-write-denied", {"chain.mcuboot.protects": []}),
    _seed("dropped fprotect", TFM, "boot-locks-itself", {"chain.mcuboot.protects": []}),
    _seed("dropped fprotect", CELLULAR, "boot-locks-itself", {"chain.mcuboot.protects": []}),
    _seed("dropped fprotect of b0", NRF52, "rot-immutable", {}, "chain.b0.protects.0"),
    _seed("provision page left open", NRF52, "rot-immutable", {}, "chain.b0.protects.1"),
    # a lock that no longer covers what it is for
    _seed("lock one granule short", SINGLE, "boot-write-denied", {"chain.mcuboot.protects.0.span.1": 0x8000}),
    _seed("lock one page short", NRF52, "boot-write-denied", {"chain.mcuboot.protects.0.span.1": 0x22000}),
    _seed("lock one block short", SMALL, "boot-write-denied", {"chain.mcuboot.protects.0.span.1": 0xB000}),
    _seed("lock one region short", RRAM, "boot-write-denied", {"chain.mcuboot.protects.0.span.1": 0x8000}),
    _seed("lock of b0 half", CELLULAR, "authentic-only", {"chain.b0.protects.0.span.1": 0x4000}),
    _seed("lock off the granule", SINGLE, "authentic-only", {"chain.mcuboot.protects.0.span.1": 0xB000}),
    _seed("lock off the granule", TFM, "authentic-only", {"chain.b0.protects.0.span.1": 0x7000}),
    _seed("lock too large for the unit", RRAM, "authentic-only", {"chain.mcuboot.protects.0.span.1": 0x14000}),
    # keys
    _seed(
        "key moved into the updatable mcuboot",
        TFM,
        "no-secret-in-updatable",
        {"keys.kek.placement": {"image": "mcuboot"}},
    ),
    _seed(
        "key moved into the application",
        CELLULAR,
        "no-secret-in-updatable",
        {"keys.kek.placement": {"image": "tfm+app"}},
    ),
    _seed(
        "key moved into the application",
        SINGLE,
        "no-secret-in-updatable",
        {"keys.enc_priv.placement": {"image": "app"}},
    ),
    _seed(
        "signing key in the application",
        SINGLE,
        "private-key-in-image",
        {"keys.img_sign_priv.placement": {"image": "app"}},
    ),
    _seed(
        "signing key in the application",
        NRF52,
        "no-secret-in-updatable",
        {"keys.img_sign_priv.placement": {"image": "app"}},
    ),
    _seed(
        "signing key in the settings",
        NRF52,
        "private-key-in-image",
        {"keys.img_sign_priv.placement": {"partition": "settings_storage"}},
    ),
    _seed("key pushed to RAM", CELLULAR, "secret-confidential", {"keys.kek.placement.push_to": "ram"}),
    _seed("key slot readable", CELLULAR, "secret-confidential", {"keys.kek.placement.readable": True}),
    _seed("published key", TFM, "no-published-key", {"keys.img_verify_pub.published": True}),
    _seed("published key", CELLULAR, "authentic-only", {"keys.img_verify_pub.published": True}),
    _seed("published key", NRF52, "no-published-key", {"keys.b0_key_hash.published": True}),
    _seed("published key", SMALL, "no-published-key", {"keys.img_verify_pub.published": True}),
    _seed("published key", RRAM, "authentic-only", {"keys.ver_key_gen0.published": True}),
    _seed(
        "example key by content",
        SINGLE,
        "no-published-key",
        {"keys.img_verify_pub.fingerprint": "e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6"},
    ),
    _seed("verification key in b0", TFM, "key-rotatable", {"keys.img_verify_pub.placement": {"image": "b0"}}),
    _seed("verification key in b0", NRF52, "key-rotatable", {"keys.img_verify_pub.placement": {"image": "b0"}}),
    # what the boot loader verifies
    _seed("signature none", TFM, "authentic-only", {"chain.tfm+app.signature": "none"}),
    _seed("signature none", NRF52, "authentic-only", {"chain.app.signature": "none"}),
    _seed("signature none", SINGLE, "authentic-only", {"chain.app.signature": "none"}),
    _seed("signature none", RRAM, "authentic-only", {"chain.app.signature": "none"}),
    _seed("no validation at boot", SINGLE, "authentic-only", {"chain.mcuboot.validate_primary": False}),
    _seed("no validation at boot", NRF52, "authentic-only", {"chain.mcuboot.validate_primary": False}),
    _seed("no validation at boot", RRAM, "authentic-only", {"chain.mcuboot.validate_primary": False}),
    _seed("downgrade prevention off", TFM, "downgrade-prevention", {"chain.mcuboot.downgrade": "none"}),
    _seed("downgrade prevention off", SINGLE, "downgrade-prevention", {"chain.mcuboot.downgrade": "none"}),
    _seed("downgrade prevention off", CELLULAR, "downgrade-prevention", {}, "chain.mcuboot.downgrade"),
    _seed("downgrade prevention off", NRF52, "downgrade-prevention", {"chain.mcuboot.downgrade": "none"}),
    _seed("downgrade prevention off", RRAM, "downgrade-prevention", {"chain.mcuboot.downgrade": "none"}),
    _seed("mcuboot not updated any more", TFM, "key-rotatable", {"chain.mcuboot.update": "never"}),
    # ports
    _seed("APPROTECT off", TFM, "debug-port-closed", {"lifecycle.approtect": False}),
    _seed("APPROTECT off", SINGLE, "debug-port-closed", {"lifecycle.approtect": False}),
    _seed("secure APPROTECT off", CELLULAR, "debug-port-closed", {"lifecycle.secure_approtect": False}),
    _seed("APPROTECT off", NRF52, "debug-port-closed", {"lifecycle.approtect": False}),
    _seed("APPROTECT off", SMALL, "debug-port-closed", {"lifecycle.approtect": False}),
    _seed("APPROTECT off", RRAM, "debug-port-closed", {"lifecycle.approtect": False}),
    _seed("erase protection off", TFM, "rot-immutable", {"lifecycle.eraseprotect": False}),
    _seed("erase protection off", RRAM, "rot-immutable", {"lifecycle.eraseprotect": False}),
    _seed("flash patch on", NRF52, "rot-immutable", {"lifecycle.flash_patch": True}),
    # TF-M
    _seed("dropped TF-M", TFM, "secret-use-restricted", _no_tfm()[0], *_no_tfm()[1]),
    _seed("lock without s1", NRF52, "boot-write-denied", {"chain.mcuboot.protects.0.span.1": 0x16000}),
    _seed("partitions at level 1", TFM, "secret-use-restricted", {"chain.tfm+app.trustzone.isolation_level": 1}),
    _seed(
        "TF-M opens its storage",
        TFM,
        "isolation-boundary",
        {
            "partitions.nonsecure_storage": {"at": 0xF6000, "size": 0xA000, "attribution": "non_secure"},
            "partitions.tfm_storage.size": 0x6000,
        },
    ),
    _seed(
        "border off the granule",
        TFM,
        "boundary-alignment",
        {"partitions.tfm.size": 0xDE00, "partitions.app.at": 0x3E000, "partitions.app.size": 0x52000},
    ),
    _seed(
        "border off the granule",
        CELLULAR,
        "boundary-alignment",
        {"partitions.tfm.size": 0x3E00, "partitions.app.at": 0x34000, "partitions.app.size": 0xCC000},
    ),
    # the map
    _seed("overlapping storage", TFM, "map-no-overlap", {"partitions.nonsecure_storage.at": 0xF6000}),
    _seed("overlapping storage", SINGLE, "map-no-overlap", {"partitions.settings_storage.at": 0xE8000}),
    _seed("overlapping storage", CELLULAR, "map-no-overlap", {"partitions.settings_storage.at": 0x4CF000}),
    _seed("overlapping storage", NRF52, "map-no-overlap", {"partitions.settings_storage.at": 0xF8000}),
    _seed("overlapping storage", SMALL, "map-no-overlap", {"partitions.settings_storage.at": 0x70000}),
    _seed("slots overlap", RRAM, "map-no-overlap", {"partitions.slot1_partition.at": 0xC0000}),
    _seed("slot size mismatch", TFM, "slot-sizes-equal", {"partitions.mcuboot_secondary.size": 0x5C000}),
    _seed("slot size mismatch", CELLULAR, "slot-sizes-equal", {"partitions.mcuboot_secondary.size": 0xC8000}),
    _seed("slot size mismatch", NRF52, "slot-sizes-equal", {"partitions.mcuboot_secondary.size": 0x69000}),
    _seed("slot size mismatch", RRAM, "slot-sizes-equal", {"partitions.slot1_partition.size": 0xB6000}),
    _seed("slot off the page", RRAM, "slots-on-pages", {"partitions.slot1_partition.size": 0xB7C00}),
    _seed("storage behind the memory", SINGLE, "map-inside-memory", {"partitions.settings_storage.size": 0xA000}),
    _seed("storage behind the memory", NRF52, "map-inside-memory", {"partitions.settings_storage.size": 0x9000}),
    _seed("storage behind the memory", RRAM, "map-inside-memory", {"partitions.storage_partition.size": 0x3000}),
    _seed("provision partition gone", TFM, "provision-present", {}, "partitions.provision"),
    _seed(
        "span says otherwise",
        SINGLE,
        "map-spans-members",
        {"partitions.mcuboot_primary": {"at": 0xC000, "size": 0x60000, "span": ["mcuboot_pad", "app"]}},
    ),
    _seed("variants differ", TFM, "slot-sizes-equal", {"partitions.s1_image.size": 0x12E00}),
    # settings
    _seed("serial recovery", SINGLE, "serial-recovery-absent", {"settings.serial_recovery": True}),
    _seed("updates by radio without pairing", TFM, "radio-update-guarded", {"settings.open_management": True}),
    _seed("throw-away key", NRF52, "no-published-key", {"settings.nsib_key_given": False}),
    _seed(
        "updates in clear in external memory",
        CELLULAR,
        "external-secondary-plain",
        {"settings.updates_encrypted": False},
    ),
)
