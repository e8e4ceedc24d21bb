"""Signatures, as the crypto libraries of the boot loaders answer; the only file to use them."""

from enum import Enum
from functools import cache, lru_cache
from hashlib import sha256, sha512, shake_256
from math import gcd, prod

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from bootverify.dataclass import dataclass

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
COORDINATE = 32
PROVISIONED = 16  # bytes of the hash of a public key that NSIB is provisioned with


def verify_p256_raw(public_xy: bytes, message: bytes, signature_rs: bytes) -> bool:
    """Whether `r` then `s` is an ECDSA P-256 signature of SHA-256 over `message`."""
    x, y = _pair(public_xy)
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        signature = utils.encode_dss_signature(*_pair(signature_rs))
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is a pure Ed25519 signature over `message`."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class RawP256Key:
    """A P-256 key that follows from its name; its signatures are deterministic."""

    name: str

    @property
    def public(self) -> bytes:
        """X then Y."""
        numbers = _p256(self.name).public_key().public_numbers()
        return numbers.x.to_bytes(COORDINATE, "big") + numbers.y.to_bytes(COORDINATE, "big")

    def sign(self, message: bytes) -> bytes:
        """`r` then `s` of ECDSA with SHA-256."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = utils.decode_dss_signature(_p256(self.name).sign(message, algorithm))
        return r.to_bytes(COORDINATE, "big") + s.to_bytes(COORDINATE, "big")


@dataclass(frozen=True, slots=True)
class RawEd25519Key:
    """An Ed25519 key that follows from its name."""

    name: str

    @property
    def public(self) -> bytes:
        """The 32 bytes."""
        return _ed25519(self.name).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The pure signature."""
        return _ed25519(self.name).sign(message)


@cache
def _p256(name: str) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(sha256(name.encode()).digest(), "big") % (P256_ORDER - 1) + 1
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    return key if _can_be_provisioned(sha256(public).digest()) else _p256(f"{name}, another")


@cache
def _ed25519(name: str) -> ed25519.Ed25519PrivateKey:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())
    digest = sha512(key.public_key().public_bytes_raw()).digest()
    return key if _can_be_provisioned(digest) else _ed25519(f"{name}, another")


def _can_be_provisioned(digest: bytes) -> bool:
    """Whether NSIB's provision data take a key with that hash; who meets one that they do not take makes another key.

    A half-word 0xFFFF could still be written to (facts/ncs-boot 1.8).
    """
    halfwords = zip(digest[:PROVISIONED:2], digest[1:PROVISIONED:2], strict=True)
    return (0xFF, 0xFF) not in halfwords


def _pair(raw: bytes) -> tuple[int, int]:
    return int.from_bytes(raw[:COORDINATE], "big"), int.from_bytes(raw[COORDINATE:], "big")


# -- MCUboot: images are signed over their SHA-256 digest


class Scheme(Enum):
    """What a key pair is for."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    ED25519 = "ed25519"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    X25519 = "x25519"

    @property
    def rsa_bits(self) -> int:
        """The size of the modulus; 0 where there is none."""
        return int(self.value.removeprefix("rsa-")) if self.value.startswith("rsa-") else 0


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key pair that follows from its name: a test key, never a product's."""

    scheme: Scheme
    name: str

    @property
    def secret(self) -> bytes:
        """The secret value: scalar or seed; the prime p of an RSA key."""
        match self.scheme:
            case Scheme.ECDSA_P256:
                return _p256(self.name).private_numbers().private_value.to_bytes(COORDINATE, "big")
            case Scheme.ECDSA_P384:
                return _p384(self.name).private_numbers().private_value.to_bytes(48, "big")
            case Scheme.ED25519:
                return _ed25519(self.name).private_bytes_raw()
            case Scheme.X25519:
                return sha256(self.name.encode()).digest()
            case Scheme.RSA_2048 | Scheme.RSA_3072:
                size = self.scheme.rsa_bits // 16
                return _rsa(self.name, self.scheme.rsa_bits).private_numbers().p.to_bytes(size, "big")

    @property
    def public(self) -> bytes:
        """The public half as MCUboot compiles it in: SubjectPublicKeyInfo, RSA as PKCS#1 RSAPublicKey."""
        match self.scheme:
            case Scheme.ECDSA_P256:
                return _spki(_p256(self.name).public_key())
            case Scheme.ECDSA_P384:
                return _spki(_p384(self.name).public_key())
            case Scheme.ED25519:
                return _spki(_ed25519(self.name).public_key())
            case Scheme.X25519:
                return _spki(_x25519(self.name).public_key())
            case Scheme.RSA_2048 | Scheme.RSA_3072:
                public = _rsa(self.name, self.scheme.rsa_bits).public_key()
                return public.public_bytes(Encoding.DER, PublicFormat.PKCS1)

    def sign(self, message: bytes) -> bytes:
        """A signature over `message` (ECDSA, RSA), or over its SHA-256 digest (Ed25519), as imgtool makes it."""
        match self.scheme:
            case Scheme.ECDSA_P256:
                return _p256(self.name).sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
            case Scheme.ECDSA_P384:
                return _p384(self.name).sign(message, ec.ECDSA(hashes.SHA384(), deterministic_signing=True))
            case Scheme.ED25519:
                return _ed25519(self.name).sign(sha256(message).digest())
            case Scheme.RSA_2048 | Scheme.RSA_3072:
                return _rsa(self.name, self.scheme.rsa_bits).sign(message, _PSS, hashes.SHA256())
            case Scheme.X25519:
                raise ValueError("an X25519 key signs nothing")

    def sign_whole(self, message: bytes) -> bytes:
        """The pure Ed25519 signature over `message` itself."""
        return _ed25519(self.name).sign(message)


@lru_cache(maxsize=256)
def verify(scheme: Scheme, public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` is good for the `digest` of an image under the public key `public`.

    The algorithm of the digest follows from its length; Ed25519 signs any bytes, so also a whole image.
    """
    try:
        match scheme:
            case Scheme.ECDSA_P256 | Scheme.ECDSA_P384:
                key = _loaded(public)
                assert isinstance(key, ec.EllipticCurvePublicKey)
                key.verify(signature, digest, ec.ECDSA(utils.Prehashed(_DIGESTS[len(digest)])))
            case Scheme.ED25519:
                edwards = _loaded(public)
                assert isinstance(edwards, ed25519.Ed25519PublicKey)
                edwards.verify(signature, digest)
            case Scheme.RSA_2048 | Scheme.RSA_3072:
                modulus = _loaded(public)
                assert isinstance(modulus, rsa.RSAPublicKey)
                modulus.verify(signature, digest, _PSS, utils.Prehashed(_DIGESTS[len(digest)]))
            case Scheme.X25519:
                return False
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_p256_digest(public: bytes, digest: bytes, r: int, s: int) -> bool:
    """Whether (r, s) is an ECDSA P-256 signature of the SHA-256 `digest` under the SubjectPublicKeyInfo `public`."""
    key = _loaded(public)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def _loaded(public: bytes) -> object:
    return load_der_public_key(public)


# -- image encryption (MCUboot docs, encrypted_images.md)


def aes_ctr(key: bytes, data: bytes) -> bytes:
    """AES in counter mode from a zero counter: encrypts and decrypts."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return cipher.update(data) + cipher.finalize()


def aes_ctr_at(key: bytes, data: bytes, offset: int) -> bytes:
    """A piece of a longer AES-CTR text that starts `offset` bytes into it."""
    block, inside = divmod(offset, 16)
    cipher = Cipher(algorithms.AES(key), modes.CTR(block.to_bytes(16, "big"))).encryptor()
    return (cipher.update(bytes(inside) + data) + cipher.finalize())[inside:]


def wrap_aes_kw(kek: bytes, key: bytes) -> bytes:
    """RFC 3394 key wrap."""
    return aes_key_wrap(kek, key)


def unwrap_aes_kw(kek: bytes, wrapped: bytes) -> bytes | None:
    """The wrapped key; None when `kek` does not open it."""
    try:
        return aes_key_unwrap(kek, wrapped)
    except (InvalidUnwrap, ValueError):
        return None


def wrap_ecies(scheme: "EnvelopeScheme", recipient: PrivateKey, key: bytes, ephemeral: str) -> bytes:
    """ECIES as MCUboot's TLVs hold it: ephemeral public key, HMAC, AES-CTR ciphertext."""
    if scheme is not EnvelopeScheme.ECIES_P256:
        mine = _x25519(ephemeral)
        public = mine.public_key().public_bytes_raw()
        shared = mine.exchange(_x25519(recipient.name).public_key())
    else:
        curve = _p256(ephemeral)
        public = curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        shared = curve.exchange(ec.ECDH(), _p256(recipient.name).public_key())
    derived = _derived(scheme, shared, len(key))
    body = aes_ctr(derived[: len(key)], key)
    return public + _mac(scheme, derived[len(key) :], body) + body


class EnvelopeScheme(Enum):
    """How an image key is wrapped, with the type of the TLV that holds it, and its length for an AES-128 key.

    ECIES-X25519 has two: builds for PSA crypto derive and authenticate with SHA-512 if so told, as is the default on
    nRF54L (BOOT_HMAC_SHA in the SDK's boot/zephyr/Kconfig). They look for a TLV of their own, and do not know the
    other (bootutil/enc_key_public.h, BOOT_ENC_TLV).
    """

    AES_KW = ("aes-kw", 0x31, 24)
    ECIES_P256 = ("ecies-p256", 0x32, 113)
    ECIES_X25519 = ("ecies-x25519", 0x33, 80)
    ECIES_X25519_SHA512 = ("ecies-x25519-sha512", 0x34, 112)
    RSA_OAEP = ("rsa-oaep", 0x30, 256)

    def __init__(self, label: str, tlv: int, tlv_size: int) -> None:
        self.label, self.tlv, self._tlv_size = label, tlv, tlv_size

    def tlv_size(self, key_size: int) -> int:
        """The length of the TLV that holds an image key of `key_size` bytes: the key lies in it, but for RSA."""
        return self._tlv_size + (0 if self is EnvelopeScheme.RSA_OAEP else key_size - 16)


def unwrap(scheme: EnvelopeScheme, secret: bytes, wrapped: bytes, key_size: int = 16) -> bytes | None:
    """The image key of `key_size` bytes in its TLV; None when `secret` does not open it.

    `secret`: the AES key, the scalar of an elliptic curve key, or an RSA private key (PKCS#1 or PKCS#8 DER).
    """
    match scheme:
        case EnvelopeScheme.AES_KW:
            return unwrap_aes_kw(secret, wrapped)
        case EnvelopeScheme.ECIES_P256 | EnvelopeScheme.ECIES_X25519 | EnvelopeScheme.ECIES_X25519_SHA512:
            return _unwrap_ecies(scheme, secret, wrapped, key_size)
        case EnvelopeScheme.RSA_OAEP:
            key = load_der_private_key(secret, None)
            assert isinstance(key, rsa.RSAPrivateKey)
            try:
                return key.decrypt(wrapped, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
            except ValueError:
                return None


def _unwrap_ecies(scheme: EnvelopeScheme, secret: bytes, tlv: bytes, key_size: int) -> bytes | None:
    """The image key in an ECIES TLV; None when the secret value does not open it."""
    size = 65 if scheme is EnvelopeScheme.ECIES_P256 else 32
    tagged = size + _hmac_digest(scheme).digest_size
    public, tag, body = tlv[:size], tlv[size:tagged], tlv[tagged:]
    try:
        if scheme is not EnvelopeScheme.ECIES_P256:
            theirs = x25519.X25519PublicKey.from_public_bytes(public)
            shared = x25519.X25519PrivateKey.from_private_bytes(secret).exchange(theirs)
        else:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
            shared = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1()).exchange(ec.ECDH(), point)
    except ValueError:
        return None
    derived = _derived(scheme, shared, key_size)
    return aes_ctr(derived[:key_size], body) if _mac(scheme, derived[key_size:], body) == tag else None


_DIGESTS: dict[int, hashes.HashAlgorithm] = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def _hmac_digest(scheme: EnvelopeScheme) -> hashes.HashAlgorithm:
    return hashes.SHA512() if scheme is EnvelopeScheme.ECIES_X25519_SHA512 else hashes.SHA256()


def _derived(scheme: EnvelopeScheme, shared: bytes, key_size: int) -> bytes:
    """The AES key, and behind it a MAC key as long as the digest (imgtool, image.py, `ecies_hkdf`)."""
    digest = _hmac_digest(scheme)
    length = key_size + digest.digest_size
    return HKDF(algorithm=digest, length=length, salt=None, info=b"MCUBoot_ECIES_v1").derive(shared)


def _mac(scheme: EnvelopeScheme, key: bytes, body: bytes) -> bytes:
    made = hmac.HMAC(key, _hmac_digest(scheme))
    made.update(body)
    return made.finalize()


def _spki(key: "ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | x25519.X25519PublicKey") -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def _x25519(name: str) -> x25519.X25519PrivateKey:
    return x25519.X25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


@cache
def _p384(name: str) -> ec.EllipticCurvePrivateKey:
    # Below the group's order, which begins with 24 bytes of ones.
    return ec.derive_private_key(int.from_bytes(sha256(name.encode()).digest(), "big") + 1, ec.SECP384R1())


@cache
def _rsa(name: str, bits: int) -> rsa.RSAPrivateKey:
    """An RSA key from primes that follow the name: the first ones above two derived numbers."""
    e = 65537
    p, q = (_prime(f"{name}/{which}", e, bits // 2) for which in "pq")
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    ).private_key()


def _prime(name: str, e: int, bits: int) -> int:
    candidate = int.from_bytes(shake_256(name.encode()).digest(bits // 8), "big") | 3 << (bits - 2) | 1
    while gcd(candidate, _small_primes()) > 1 or not (candidate - 1) % e or not _likely_prime(candidate):
        candidate += 2
    return candidate


@cache
def _small_primes() -> int:
    """The product of those below 65,536: who shares a factor with it needs no longer test."""
    prime = bytearray([1]) * 0x10000
    for number in range(2, 0x100):
        if prime[number]:
            prime[number * number :: number] = bytes(len(range(number * number, len(prime), number)))
    return prod(number for number in range(2, len(prime)) if prime[number])


def _likely_prime(number: int) -> bool:
    """Fermat's test to three bases: enough for a test key, whose primes are not an adversary's."""
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5))
