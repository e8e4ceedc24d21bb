"""The owner's keys: the value of each key of a design, as its kind and its place ask for.

The keys are test keys, generated from names.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from bootverify.dataclass import dataclass
from bootverify.design.boot import EncryptionType, Image, SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import Key, KeyKind, Purpose
from bootverify.executor.crypto import PrivateKey, RawEd25519Key, RawP256Key, Scheme
from bootverify.executor.making import nsib_build


@dataclass(slots=True)
class OwnerKeys:
    """The keys of one design.

    `signers` name the pair that signs an image, where it is another than the owner's first; `trusted` the pairs whose
    public halves the verifier of an image was built with, where they are others than the one that signs. `outer` is the
    pair that signs MCUboot's own layer around an update of MCUboot, where it is not the application's.
    """

    design: Design
    signers: Mapping[str, str] = field(default_factory=dict)
    trusted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outer: str = ""

    def value(self, key: Key) -> bytes:
        """The value of `key`: the secret itself, or the public half or its hash."""
        match key.kind:
            case KeyKind.SYMMETRIC if self._opens_for_pair(key):
                return self.pair(key).secret
            case KeyKind.SYMMETRIC:
                return material(f"{self.design.name}/{key.name}", 16)
            case KeyKind.PRIVATE:
                for use in key.uses:
                    if use.purpose is Purpose.SIGN:
                        return self.signing_key(use.image).secret
                return self.pair(key).secret
            case KeyKind.PUBLIC | KeyKind.HASH:
                for use in key.uses:
                    public = self.signing_key(use.image).public
                    return public if key.kind is KeyKind.PUBLIC else hashlib.sha256(public).digest()[:16]
                return material(f"{self.design.name}/{key.name}", 64)

    def signing_key(self, image: str) -> PrivateKey:
        """The owner's key pair that signs `image`."""
        return self.pair_called(image, self._signer(image))

    def anchors(self, image: str) -> tuple[bytes, ...]:
        """The public halves that MCUboot verifies `image` with, in order."""
        return tuple(self.pair_called(image, name).public for name in self._trusted(image))

    def pair_called(self, image: str, name: str) -> PrivateKey:
        """The owner's key pair of that name, of the kind that signs `image`."""
        scheme = self.design.image(image).signature
        return PrivateKey(Scheme.ECDSA_P256 if scheme is SignatureType.NONE else Scheme(scheme.value), name)

    def _signer(self, image: str) -> str:
        return self.signers.get(image, f"{self.design.name}/signs/{image}")

    def _trusted(self, image: str) -> tuple[str, ...]:
        return self.trusted.get(image, (self._signer(image),))

    def nsib_anchors(self, image: str) -> tuple[bytes, ...]:
        """The public halves that NSIB verifies `image` with, in the order of their provisioning."""
        return tuple(self.nsib_key(image, name).public for name in self._trusted(image))

    def nsib_key(self, image: str, name: str = "") -> RawP256Key | RawEd25519Key:
        """The owner's key pair that signs `image` for NSIB: the same, in NSIB's raw form; or the one called `name`."""
        name = name or self._signer(image)
        by_kmu = nsib_build.by_kmu(self.design, self.design.image(image))
        return RawEd25519Key(name) if by_kmu else RawP256Key(name)

    def slot_value(self, key: Key) -> bytes:
        """What the KMU slots of `key` hold: the value; of a verification key on nRF54L its 32 raw bytes."""
        if not key.secret and self.design.soc.kmu_version > 1:
            for use in key.uses:
                if self.design.image(use.image).signature is SignatureType.ED25519:
                    return RawEd25519Key(self._trusted(use.image)[0]).public
        return self.value(key)

    def pair(self, key: Key) -> PrivateKey:
        """The key pair behind a private key that decrypts."""
        curves = {
            self.design.image(use.image).encryption for use in key.uses if use.purpose is Purpose.DECRYPT and use.image
        }
        scheme = Scheme.X25519 if EncryptionType.ECIES_X25519 in curves else Scheme.ECDSA_P256
        return PrivateKey(scheme, f"{self.design.name}/{key.name}")

    def _opens_for_pair(self, key: Key) -> bool:
        """Whether it opens what is wrapped for a key pair, so that it can be nothing but the private half."""
        opened = [use.image for use in key.uses if use.purpose is Purpose.DECRYPT and use.image]
        secret_alone = {EncryptionType.NONE, EncryptionType.AES_KW}
        return any(self.design.image(name).encryption not in secret_alone for name in opened)

    def decryption_key(self, image: Image) -> Key | None:
        """The declared key that opens encrypted updates of `image`."""
        for key in self.design.keys:
            if key.secret and any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses):
                return key
        return None


@lru_cache(maxsize=256)
def material(label: str, length: int) -> bytes:
    """`length` bytes that look random and depend on the label alone."""
    return hashlib.shake_128(b"bootverify test material: " + label.encode()).digest(length)
