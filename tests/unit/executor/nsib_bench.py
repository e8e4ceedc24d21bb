"""A device with NSIB as the tests of its parts need it."""

from dataclasses import dataclass, field, replace

from bootverify.executor.crypto import RawEd25519Key, RawP256Key
from bootverify.executor.flash import Flash, Power, WriteRule, powered
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.nsib import NsibConfig, NsibResult, boot
from bootverify.executor.nsib.config import Magics, Signature, ext_apis
from bootverify.executor.nsib.key_places import KeyPlaces
from bootverify.executor.nsib.maker import program, provision, sign_image
from bootverify.executor.nsib.provision import StorageLayout
from bootverify.ranges import AddressRange

S0, S1, SLOT = 0x8000, 0x10000, 0x8000
OTP = 0xFF8100
KEYS = tuple(RawP256Key(f"test key {i}") for i in range(3))
ED_KEYS = tuple(RawEd25519Key(f"test key {i}") for i in range(3))

NRF5340 = NsibConfig(
    magics=Magics.of_hardware(53),
    bootloader=AddressRange.sized(0, 0x8000),
    slot_size=SLOT,
    storage=OTP,
    ext_apis=ext_apis(0),
)
NRF54L = replace(
    NRF5340,
    magics=Magics.of_hardware(54),
    storage=0xFFD500,
    storage_layout=StorageLayout.WORDS,
    search_skip=0x800,
    signed_header_skip=0x800,
    signature=Signature.ED25519,
    fprotect=False,
    ext_apis=(),
)


@dataclass
class Unit:
    """A protection unit that obeys until call `fail`."""

    fail: int | None = None
    calls: list = field(default_factory=list)

    def protect(self, start, length):
        self.calls.append((start, length))
        return -14 if len(self.calls) - 1 == self.fail else 0


class Board:
    """Memories with provision data for the config; images go in with `flash`."""

    def __init__(self, config=NRF5340, keys=KEYS[:2], **provisioned):
        self.config = config
        ed = config.signature is Signature.ED25519
        main = WriteRule.OVERWRITE if ed else WriteRule.AND
        otp = WriteRule.OTP_WORD if ed else WriteRule.OTP_HALFWORD
        self.main = Flash(0, 0x100000, rule=main)
        self.otp = Flash(config.storage & ~0xFFF, 0x1000, page=0, rule=otp)
        self.ram = Ram(0x20000000, 0x1000, 0xA5)
        self.memory = Memory((self.main, self.otp), (self.ram,))
        self.places = KeyPlaces([key.public for key in ED_KEYS]) if ed else None
        publics = () if ed else tuple(key.public for key in keys)
        data = provision(config, slots=(S0, S1), public_keys=publics, **provisioned)
        self.otp.load(config.storage, data)
        self.unit = Unit()

    def image(self, slot=0, version=1, key=None, size=0xC00, **more) -> bytes:
        """A signed image for the slot."""
        at = (S0, S1)[slot]
        skip = self.config.signed_header_skip
        first = ED_KEYS[0] if self.places else KEYS[0]
        code = b"\xff" * skip + program(at + skip, size - skip)
        return sign_image(self.config, code, address=at, version=version, key=key or first, **more)

    def flash(self, slot=0, version=1, key=None, **more):
        """Put a signed image into the slot, as an update does."""
        at = (S0, S1)[slot]
        self.main.load(at, b"\xff" * SLOT)
        self.main.load(at, self.image(slot, version, key, **more))

    def boot(self, cut_after=None, **more) -> NsibResult:
        """Reset and run once."""
        self.unit.calls.clear()
        power = Power(cut_after)
        if self.places:
            self.places.reset()
            self.places.power = power
        with powered([self.main, self.otp], power):
            return boot(self.config, self.memory, protection=self.unit, key_store=self.places, **more)


def story(result):
    """Slots and outcomes of the trials."""
    return [(trial.slot, trial.outcome.value) for trial in result.trials]
