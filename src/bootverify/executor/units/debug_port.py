"""Who may debug: UICR words, the registers that firmware writes at start, and what ERASEALL needs.

One class for all families; what differs is in `Family`, which a SoC's model names. Documents: register files (UICR,
CTRL-AP, APPROTECT, TAMPC), MDK start-up code, product specifications (access port protection, CTRL-AP); soc.md 4.
"""

from copy import copy
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.soc import DebugScheme as Family

ERASED = 0xFFFF_FFFF
KEY = 0x50FA_50FA  # opens nRF53 and later nRF91; closes erase-all on nRF54L
BYTE_OPEN = 0x5A  # nRF52, and DISABLE of nRF91


class Reset(Enum):
    """What restarted the device."""

    POWER = "power"  # power-on or brown-out
    PIN = "pin"  # on nRF54L also the tamper controller
    WATCHDOG = "watchdog"
    SOFT = "soft"  # also lockup and wake-up from System OFF


class StartUp(Enum):
    """The MDK's build options on access port protection."""

    DEFAULT = "default"  # copy what UICR says
    LOCK = "lock"  # ENABLE_APPROTECT
    USER = "user"  # ENABLE_APPROTECT_USER_HANDLING: leave it to firmware


@dataclass(slots=True)
class _Gate:
    """One signal: what firmware opened, and whether that is frozen."""

    opened: bool = False
    locked: bool = False

    def open(self, *, to: bool) -> None:
        if not self.locked:
            self.opened = to


@dataclass(slots=True)
class DebugPort:
    """The port of one core. The UICR words count as they stood at the last reset (soc.md 1.2).

    `approtect` gates all debugging; secure code and memory need `secure_approtect` open as well.
    """

    family: Family
    approtect: int = ERASED
    secure_approtect: int = ERASED
    eraseprotect: int = ERASED
    gate: _Gate = field(default_factory=_Gate)
    secure_gate: _Gate = field(default_factory=_Gate)
    erase_forbidden: bool = False  # nRF54L: the TAMPC signal
    erase_locked: bool = False  # ERASEPROTECT.LOCK: the handshake is off until reset
    erased: bool = False  # since the last reset: nothing is left to protect, and the debugger may set the words anew

    def copy(self) -> "DebugPort":
        """The same port in a device of its own."""
        twin = copy(self)
        twin.gate, twin.secure_gate = copy(self.gate), copy(self.secure_gate)
        return twin

    # ---- resets and start-up code

    def reset(self, cause: Reset) -> None:
        """What the registers are after a reset.

        nRF53: an opened port "lasts until pin reset, brown-out, power-on or watchdog reset"; it survives a soft one,
        while the locks end. nRF54L: the signals are reset by power and pin alone; a watchdog leaves them. Others
        start closed at every reset.
        """
        survives = {Family.NRF53: {Reset.SOFT}, Family.NRF54L: {Reset.SOFT, Reset.WATCHDOG}}.get(self.family, set())
        for gate in (self.gate, self.secure_gate):
            if cause not in survives:
                gate.opened = False
                gate.locked = False
            elif self.family is Family.NRF53:
                gate.locked = False
        if self.family is Family.NRF54L:
            # "If UICR is not 0xFFFFFFFF the signals are low and locked by hardware"
            for gate, word in ((self.gate, self.approtect), (self.secure_gate, self.secure_approtect)):
                if word != ERASED:
                    gate.opened, gate.locked = False, True
            self.erase_forbidden = self.erase_forbidden and cause in survives
        self.erase_locked = self.erased = False

    def start_up(self, choice: StartUp) -> None:
        """The MDK's start-up code, which runs before `main` of every stage that has it."""
        if self.family in {Family.NRF52_OLD, Family.NRF9160} or choice is StartUp.USER:
            return
        for gate, word in ((self.gate, self.approtect), (self.secure_gate, self.secure_approtect)):
            if choice is StartUp.LOCK:
                gate.locked = True  # of an nRF53 port that was opened before, LOCK undoes nothing (soc.md 4.2)
            else:
                gate.open(to=_word_opens(self.family, word))

    # ---- who gets in

    @property
    def open(self) -> bool:
        """Whether a debugger gets in; on parts with TrustZone to the non-secure side."""
        return self.erased or self._open(self.approtect, self.gate)

    @property
    def secure_open(self) -> bool:
        """Whether a debugger gets to secure memory: that needs the other one open as well."""
        if self.family in {Family.NRF52_OLD, Family.NRF52}:
            return self.open
        return self.erased or (self.open and self._open(self.secure_approtect, self.secure_gate))

    def _open(self, word: int, gate: _Gate) -> bool:
        match self.family:
            case Family.NRF52_OLD | Family.NRF9160:
                return _word_opens(self.family, word)
            case Family.NRF52 | Family.NRF53 | Family.NRF91:  # both branches must agree
                return _word_opens(self.family, word) and gate.opened
            case Family.NRF54L:
                return word == ERASED and gate.opened

    # ---- erase-all

    @property
    def erasable(self) -> bool:
        """Whether a debugger's ERASEALL works, port open or not: nRF52 has nothing against it (soc.md 4.4)."""
        match self.family:
            case Family.NRF52_OLD | Family.NRF52:
                return True
            case Family.NRF53 | Family.NRF9160 | Family.NRF91:
                return self.eraseprotect == ERASED
            case Family.NRF54L:
                return self.eraseprotect != KEY and not self.erase_forbidden

    def erase_all(self) -> bool:
        """ERASEALL: the UICR goes with everything, protections included; whether it was carried out."""
        if not self.erasable:
            return False
        self._unprotected()
        return True

    def unlock_erase(self, cpu_key: int, debugger_key: int) -> bool:
        """The handshake that lifts erase protection: both sides give the same non-zero key, and all is erased."""
        has = self.family not in {Family.NRF52_OLD, Family.NRF52}
        if not has or self.erase_locked or not cpu_key or cpu_key != debugger_key:
            return False
        self._unprotected()
        return True

    def _unprotected(self) -> None:
        self.approtect = self.secure_approtect = self.eraseprotect = ERASED
        self.erased = True


def words(family: Family, *, closed: bool) -> int:
    """What production writes into an access protection word: the port is closed, or can be opened (soc.md 4.1)."""
    if closed:
        return 0
    return {Family.NRF52: 0xFFFFFF00 | BYTE_OPEN, Family.NRF53: KEY, Family.NRF91: KEY}.get(family, ERASED)


def erase_word(family: Family, *, protected: bool) -> int:
    """What production writes into the erase protection word: on nRF54L one value alone protects."""
    if not protected:
        return ERASED
    return KEY if family is Family.NRF54L else 0


def _word_opens(family: Family, word: int) -> bool:
    """Whether a UICR word means "open"; on nRF53 and later nRF91 an erased one protects (soc.md 4.1)."""
    match family:
        case Family.NRF52_OLD:
            return word & 0xFF == 0xFF
        case Family.NRF52:
            return word & 0xFF == BYTE_OPEN
        case Family.NRF9160 | Family.NRF54L:
            return word == ERASED
        case Family.NRF53 | Family.NRF91:
            return word == KEY
