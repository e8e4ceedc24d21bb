"""The design file that `init --soc` writes: a chain and a map that fit the part, every entry with its meaning.

Sizes are the usual ones of the SDK's own maps, to be changed; borders lie where the part can protect and attribute.
"""

from collections.abc import Sequence

from bootverify.dataclass import dataclass
from bootverify.design.protection import UnitKind
from bootverify.design.soc import NvmKind, Soc
from bootverify.errors import InputError
from bootverify.sources.catalog import names
from bootverify.sources.models import load_soc

PROGRAMS = ("nsib", "mcuboot", "tfm")
_KIB = 1024
_SETTINGS = 16 * _KIB
_NSIB = 32 * _KIB
_MCUBOOT = 48 * _KIB
_MCUBOOT_RRAM = 62 * _KIB  # what RRAMC's two regions of 31 KiB cover (soc.md 2.4)
_TFM = 64 * _KIB
_SMALLEST_SLOT = 32 * _KIB  # of an application


def started(soc: str, programs: Sequence[str]) -> str:
    """A commented design file for that part with these programs before the application.

    Raises:
        InputError: no such part or program, or they do not go together.
    """
    known = sorted(name for name in names("models/socs") if not name.endswith("-net"))
    if soc not in known:
        raise InputError.at("--soc", 0, f"`{soc}` is not known; one of {', '.join(known)}")
    wrong = next((name for name in programs if name not in PROGRAMS), None)
    if wrong is not None or "mcuboot" not in programs:
        text = f"`{wrong}` is no boot program" if wrong else "without MCUboot nothing is updated"
        raise InputError.at("--chain", 0, f"{text}; write mcuboot, and before or behind it nsib, tfm")
    model = load_soc(soc)
    if "tfm" in programs and not model.trustzone:
        raise InputError.at("--chain", 0, f"{soc} has no TrustZone, which tfm needs; leave it out")
    if "nsib" in programs and model.guard.kind is UnitKind.RRAMC:
        text = f"NSIB's keys lie in the KMU of {soc}, in slots that the production chooses; begin with a build"
        raise InputError.at("--chain", 0, f"{text}: `bootverify init BUILD_DIR`")
    return _Starter(model, programs).text()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A partition: its place, or the members it spans, and what else is said of it."""

    name: str
    at: int = 0
    size: int = 0
    more: str = ""
    span: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.span:
            return f"  {self.name}: {{span: [{', '.join(self.span)}]}}"
        return f"  {self.name}: {{at: {self.at:#x}, size: {self.size:#x}{self.more}}}"


class _Starter:
    """Lays the partitions out from the start of the flash on, then writes the chain upon them."""

    def __init__(self, soc: Soc, programs: Sequence[str]) -> None:
        self.soc, self.nsib, self.tfm = soc, "nsib" in programs, "tfm" in programs
        self.border = max(soc.page, soc.guard.granule)
        self.pad = 0x800 if soc.nvm is NvmKind.RRAM else 0x200
        self.lines: list[_Line] = []
        self.at = soc.flash.start

    def text(self) -> str:
        self._boot_loaders()
        self._application()
        words = " > ".join(
            [*(["NSIB"] if self.nsib else []), "MCUboot", *(["TF-M"] if self.tfm else []), "application"]
        )
        partitions = "\n".join(map(str, self.lines))
        return _HEAD.format(soc=self.soc.name, words=words, partitions=partitions) + self._chain() + self._keys()

    def _boot_loaders(self) -> None:
        if not self.nsib:
            rram = self.soc.guard.kind is UnitKind.RRAMC
            self._place("mcuboot", _MCUBOOT_RRAM if rram else self._rounded(_MCUBOOT))
            return
        self._place("b0", _NSIB)
        if self.soc.otp is None:
            self._place("provision", self.soc.page)
        else:
            more = ", memory: uicr"
            self.lines.append(_Line(name="provision", at=self.soc.otp.start, size=0x280, more=more))
        for slot in ("s0", "s1"):
            self._slot(slot, self._rounded(_MCUBOOT), (f"{slot}_image",))

    def _application(self) -> None:
        """The two slots, half of what is left each, and behind them storage."""
        self.at = self._rounded(self.at)
        stores = [("tfm_storage", "secure"), ("nonsecure_storage", "non_secure")] if self.tfm else [("settings", "")]
        last = self.soc.flash.end // self.border * self.border - len(stores) * self._rounded(_SETTINGS)
        half = (last - self.at) // 2 // self.border * self.border
        if half < (_TFM if self.tfm else 0) + _SMALLEST_SLOT:
            raise InputError.at("--chain", 0, f"the flash of {self.soc.name} is too small for it; leave a program out")
        self._slot("mcuboot_primary", half, ("tfm", "app") if self.tfm else ("app",))
        self._place("mcuboot_secondary", half, "non_secure" if self.tfm else "")
        for name, world in stores:
            self._place(name, self._rounded(_SETTINGS), world)

    def _slot(self, name: str, size: int, members: Sequence[str]) -> None:
        pad, end = f"{name.removesuffix('_primary')}_pad", self.at + size
        self._place(pad, self.pad)
        if len(members) > 1:
            self._place("tfm", _TFM - self.pad, "secure")
        self._place(members[-1], end - self.at, "non_secure" if self.tfm and name == "mcuboot_primary" else "")
        self.lines.append(_Line(name=name, span=(pad, *members)))

    def _place(self, name: str, size: int, world: str = "") -> None:
        self.lines.append(_Line(name=name, at=self.at, size=size, more=f", attribution: {world}" if world else ""))
        self.at += size

    def _rounded(self, figure: int) -> int:
        return -(-figure // self.border) * self.border

    def _chain(self) -> str:
        place = "" if self.soc.otp is not None else "    provision: provision   # the flash page with its key hashes\n"
        mcuboot = _MCUBOOT_SLOTS if self.nsib else "    slot: mcuboot\n"
        inner = _PARTS if self.tfm else "    program: application\n    attribution: secure\n"
        image = "tfm+app" if self.tfm else "app"
        return _CHAIN.format(nsib=f"{_B0}{place}" if self.nsib else "", mcuboot=mcuboot, image=image, inner=inner)

    def _keys(self) -> str:
        place = "uicr" if self.soc.otp is not None else "{partition: provision}"
        told = f"  b0_key_hash: {{kind: hash, placement: {place}, verifies: mcuboot}}\n" if self.nsib else ""
        image = "tfm+app" if self.tfm else "app"
        closed = ["approtect: true", *(["secure_approtect: true"] if self.soc.trustzone else [])]
        closed += ["eraseprotect: false"] if self.soc.debug.eraseprotect is not None else []
        return _KEYS.format(hash=told, image=image, closed=", ".join(closed))


_HEAD = """\
# A boot chain for bootverify. Completion for editors: bootverify schema design. Check it: bootverify check design.yaml
bootverify: design/1
name: my-design          # what reports call it
title: {words}
soc: {soc}
sdk: 3.1.1               # release of the nRF Connect SDK; verdicts can change with it

# The map: at and size, or a span of others. Addresses and sizes as 0x8000 or 32K.
partitions:
{partitions}
"""
_CHAIN = """
# The images, first stage first: what runs, where it lies, who verifies it. What each locks is what the vendor's program
# locks, where no `protects` says otherwise.
chain:
{nsib}  mcuboot:
    program: mcuboot
{mcuboot}    mode: swap-move        # how it installs what is staged
    validate_primary: true # verify the primary image at every boot
    downgrade: none        # version: refuse a lower version, in an overwrite alone
  {image}:
{inner}    slot: mcuboot_primary
    staging: mcuboot_secondary
    verified_by: mcuboot
    signature: ecdsa-p256
    update: over_the_air
"""
_B0 = """\
  b0:
    program: nsib
    slot: b0
    counter: false         # true: it counts versions and refuses older ones
"""
_MCUBOOT_SLOTS = """\
    slots: [s0, s1]
    staging: mcuboot_secondary
    verified_by: b0
    signature: ecdsa-p256
    update: over_the_air
"""
_PARTS = """\
    parts:                 # stages of one image, in boot order
      tfm: {program: tfm, code: tfm}
      app: {program: application, code: app}
"""
_KEYS = """
# Each key: what it is, where its value lies (host, uicr, {{image: ..}}, {{kmu: [..]}}, {{partition: ..}}), its purpose.
keys:
{hash}  img_verify_pub: {{kind: public, placement: {{image: mcuboot}}, verifies: {image}}}

# true: the debug port is closed, erase-all refused.
lifecycle: {{{closed}}}
"""
