"""Whether an image may be started: digest, signature, security counter (image_validate.c, bootutil_img_hash.c)."""

from functools import lru_cache

from bootverify.executor.crypto import EnvelopeScheme
from bootverify.executor.making.image_format import (
    ENC_EC256,
    ENC_KW,
    ENC_RSA2048,
    ENC_X25519,
    ENC_X25519_SHA512,
    KEYHASH,
    SEC_CNT,
    SIG_PURE,
)
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import BootConfig, Digest, Mode
from bootverify.executor.mcuboot.encrypt import crypted, load_key, must_decrypt
from bootverify.executor.mcuboot.header import F_AES128, F_AES256, WORD, ImageHeader
from bootverify.executor.mcuboot.limits import max_image_size
from bootverify.executor.mcuboot.ram_load import ram_reader
from bootverify.executor.mcuboot.signature import SIGNATURE_TLV, key_room, length_fits, verify
from bootverify.executor.mcuboot.state import SECONDARY, SLOT_NAMES, ImageState, Run, Status
from bootverify.executor.mcuboot.tlv import BadTlv, Entry, Reader, TlvArea, tlv_area

COUNTER_SIZE = 4
PUBKEY, KEYID, ECDSA224 = 0x02, 0x03, 0x21
_KEYS, _DIGESTS = {KEYHASH, PUBKEY, KEYID}, {each.tlv for each in Digest}
_SIGNATURES = {ECDSA224, *SIGNATURE_TLV.values()}
UNPROTECTED = frozenset(_KEYS | _DIGESTS | _SIGNATURES | {ENC_RSA2048, ENC_KW, ENC_EC256})
"""allowed_unprot_tlvs: what the unprotected area may hold with the allow-list, whatever the build itself verifies.

Of the two kinds of ECIES-X25519 a build allows its own, or else the older one.
"""


def header_valid(run: Run, header: ImageHeader, area: Area) -> bool:
    """boot_check_header_valid: sizes that do not overflow and fit the area, flags that the build supports."""
    if not header.found:
        return False
    size = header.image_size + header.header_size + header.protected_size
    if size > WORD or size >= area.size:
        return False
    both = F_AES128 | F_AES256
    if header.flags & both == both or (run.config.encryption is None and header.encrypted):
        return False
    return not header.compressed


def check_image(run: Run, image: ImageState, slot: int, status: Status | None) -> str:
    """Why boot_check_image refuses the image of `slot`; empty when it accepts it."""
    area = image.pair[slot]
    opens = run.config.mode is not Mode.RAM_LOAD and must_decrypt(run, image.headers[slot], slot)
    # Where images start from both slots there is no swap to remember a key for.
    if opens and not load_key(run, image, SECONDARY, area, status or Status.fresh(run.config.mode)):
        return "the image key cannot be unwrapped"
    return _Validation(run, image, slot).refusal()


def wrong_address(image: ImageState, header: ImageHeader) -> str:
    """Why a secondary image is not for the primary slot (MCUBOOT_CHECK_HEADER_LOAD_ADDRESS); empty when it is."""
    primary = image.pair.primary
    inside = primary.start <= header.load_address < primary.start + primary.size
    return "" if inside else "the image is not for the primary slot"


def security_counter(image: ImageState, header_slot: int, area: Area, start: int) -> int | None:
    """The first protected security counter of an image (bootutil_get_img_security_cnt); None when there is none.

    `header_slot` names the header that is used, which in an upgrade is not that of `area`.
    """
    header = image.headers[header_slot]
    if header.protected_size == 0:
        return None
    found = tlv_area(header, area.read, start)
    if found is None:
        return None
    try:
        entry = found.find(SEC_CNT, protected=True)
    except BadTlv:
        return None
    if entry is None or entry.length != COUNTER_SIZE:
        return None
    value = area.read(entry.offset, COUNTER_SIZE)
    return None if value is None else int.from_bytes(value, "little")


class _Validation:
    """bootutil_img_validate on the image of one slot."""

    def __init__(self, run: Run, image: ImageState, slot: int) -> None:
        self.run, self.image, self.slot = run, image, slot
        self.header = image.headers[slot]
        self.area = image.pair[slot]
        self.reader: Reader = self.area.read
        if run.config.mode is Mode.RAM_LOAD:
            self.reader = ram_reader(run, self.header)
        self.digest = b""  # or, with pure signatures, the image itself
        self.hashed = False
        self.key: int | None = None
        self.signed: bool | None = None
        self.signer = b""
        self.counted = False

    def refusal(self) -> str:
        """Why the image is refused; empty when it is accepted. Only the first failure matters."""
        content = self._content()
        if content is None:
            return "the image cannot be read"
        pure = self.run.config.options.pure
        self.digest = bytes(content) if pure else self.run.config.digest.over(content)
        start = self.image.start(self.slot)
        found = tlv_area(self.header, self.reader, start)
        if found is None:
            return "malformed TLVs"
        if pure and not self._says_pure(found):
            return "not signed as a whole"
        if found.end - start > max_image_size(self.run, self.image, self.area):
            return "the image is larger than the slot allows"
        why = self._walk(found) or self._conclusion()
        if not why:
            self.run.note(f"{SLOT_NAMES[self.slot]}: {self._accepted()}")
        return why

    def _accepted(self) -> str:
        if self.run.config.signature is None:
            return "digest matches (no signature asked for)"
        return f"signature good, key {self.signer.hex()[:16]}"

    def _says_pure(self, found: TlvArea) -> bool:
        """bootutil_check_for_pure: the TLV that says so is there, and says so."""
        try:
            entry = found.find(SIG_PURE)
        except BadTlv:
            return False
        return entry is not None and entry.length == 1 and self.reader(entry.offset, 1) == b"\x01"

    def _walk(self, found: TlvArea) -> str:
        try:
            for entry in found.entries():
                why = self._entry(entry)
                if why:
                    return why
        except BadTlv:
            return "malformed TLVs"
        return ""

    def _entry(self, entry: Entry) -> str:
        config = self.run.config
        if config.options.tlv_allow_list and not entry.protected and entry.type not in self._allowed():
            return f"TLV {entry.type:#x} is not allowed outside the protected area"
        if entry.type == config.digest.tlv and not config.options.pure:
            return self._hash(entry)
        if config.signature is not None and entry.type == (PUBKEY if config.options.full_key else KEYHASH):
            return self._full_key(entry) if config.options.full_key else self._keyhash(entry)
        if config.signature is not None and entry.type == SIGNATURE_TLV[config.signature]:
            return self._signature(entry)
        if config.options.hw_rollback and entry.type == SEC_CNT:
            return self._counter(entry)
        return ""

    def _hash(self, entry: Entry) -> str:
        if entry.length != len(self.digest) or self.reader(entry.offset, entry.length) != self.digest:
            return "digest does not match"
        self.hashed = True
        return ""

    def _keyhash(self, entry: Entry) -> str:
        """The key that the next signature is checked with; an unknown one is no error."""
        size = len(self.run.config.digest.over(b""))
        named = self.reader(entry.offset, entry.length) if entry.length <= size else None
        if named is None:
            return "malformed key hash"
        self.key = find_key(self.run.config, named)
        return ""

    def _full_key(self, entry: Entry) -> str:
        """The key itself, which counts if its hash is the one that the device keeps (MCUBOOT_HW_KEY)."""
        assert self.run.config.signature is not None
        fits = entry.length <= key_room(self.run.config.signature)
        value = self.reader(entry.offset, entry.length) if fits else None
        if value is None:
            return "malformed key"
        keys = self.run.config.public_keys
        self.key = keys.index(value) if value in keys else None
        return ""

    def _signature(self, entry: Entry) -> str:
        """Evaluate a signature whose key was named; the last one evaluated decides."""
        scheme, key, self.key = self.run.config.signature, self.key, None
        assert scheme is not None
        if key is None:
            return ""
        value = self.reader(entry.offset, entry.length) if length_fits(scheme, entry.length) else None
        if value is None:
            return "malformed signature"
        self.signed = verify(scheme, self.run.config.public_keys[key], self.digest, value)
        self.signer = _key_hash(self.run.config.digest, self.run.config.public_keys[key])
        return ""

    def _counter(self, entry: Entry) -> str:
        value = self.reader(entry.offset, COUNTER_SIZE) if entry.length == COUNTER_SIZE else None
        if value is None:
            return "malformed security counter"
        counter, stored = int.from_bytes(value, "little"), self.run.counters[self.image.index]
        if counter < stored:
            return f"security counter {counter} is below the stored {stored}"
        if counter > stored and self.run.config.options.counter_limited and not self.run.has_room(self.image):
            return f"security counter {counter} finds no room above the stored {stored}"
        self.counted = True
        return ""

    def _conclusion(self) -> str:
        config = self.run.config
        if not self.hashed and not config.options.pure:
            return "no digest"
        if config.signature is not None and self.signed is None:
            return "no signature by a known key"
        if config.signature is not None and not self.signed:
            return "signature is bad"
        if config.options.hw_rollback and not self.counted:
            return "no security counter"
        return ""

    def _allowed(self) -> frozenset[int]:
        config = self.run.config
        newer = config.encryption is not None and config.encryption.scheme is EnvelopeScheme.ECIES_X25519_SHA512
        told = {ENC_X25519_SHA512 if newer else ENC_X25519, *({SIG_PURE} if config.options.pure else ())}
        return UNPROTECTED | told

    def _content(self) -> bytes | memoryview | None:
        """Header, payload and protected TLVs: what is digested, decrypted where it is encrypted (bootutil_img_hash).

        A signature over the image as a whole is over what lies in the flash.
        """
        header, start = self.header, self.image.start(self.slot)
        size = header.tlv_offset + header.protected_size
        if self.run.config.mode is Mode.RAM_LOAD:
            return self.reader(0, size)
        if must_decrypt(self.run, header, self.slot) and not self.run.config.options.pure:
            if self.image.keys[SECONDARY] is None:
                return None
            cipher = self.area.read(start, size)
            return None if cipher is None else crypted(self.run, self.image, self.slot, cipher, 0)
        return self.area.view(start, size)


def find_key(config: BootConfig, named: bytes) -> int | None:
    """bootutil_find_key: the first key whose hash begins with `named`; no bytes at all name the first one."""
    hashes = (_key_hash(config.digest, key) for key in config.public_keys)
    return next((n for n, each in enumerate(hashes) if each.startswith(named)), None)


@lru_cache(maxsize=64)
def _key_hash(digest: Digest, key: bytes) -> bytes:
    return digest.over(key)
