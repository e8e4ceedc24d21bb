"""The algorithms that MCUboot's configuration chooses for signatures and encryption (MCUboot, boot/zephyr/Kconfig)."""

from bootverify.design.settings import Told
from bootverify.sources.importers.kconfig import Kconfig

ENCRYPTS = tuple(f"CONFIG_BOOT_ENCRYPT_{name}" for name in ("IMAGE", "RSA", "EC256", "X25519"))
_SIGNATURES = {"RSA": "rsa-2048", "ECDSA_P256": "ecdsa-p256", "ED25519": "ed25519", "NONE": "none"}
# How the image key travels follows from the signature: each scheme's default in "Encrypted images" of that file.
_WRAPS = {"rsa-2048": "rsa-oaep", "rsa-3072": "rsa-oaep", "ecdsa-p256": "ecies-p256", "ed25519": "ecies-x25519"}


def signature_type(config: Kconfig) -> Told | None:
    """What MCUboot verifies images by, and the line that says so; None where nothing does."""
    for name, signature in _SIGNATURES.items():
        found = config.on(f"CONFIG_BOOT_SIGNATURE_TYPE_{name}")
        if found is not None:
            longer = name == "RSA" and config.text("CONFIG_BOOT_SIGNATURE_TYPE_RSA_LEN") == "3072"
            return Told(value="rsa-3072" if longer else signature, source=found.source)
    return None


def encryption_type(config: Kconfig, signature: str) -> Told | None:
    """How the keys of encrypted images travel, where MCUboot opens any beside that `signature`."""
    found = config.on(*ENCRYPTS)
    return None if found is None else Told(value=_WRAPS.get(signature, ""), source=found.source)
