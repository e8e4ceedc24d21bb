"""One run of NSIB: the machine it runs on, and what it has done and found so far."""

from dataclasses import field
from typing import Protocol

from bootverify.dataclass import dataclass
from bootverify.executor.memory import WORD, BusFault, Memory
from bootverify.executor.nsib.config import NsibConfig
from bootverify.executor.nsib.event import Event, Finding, Trial, TrialStarted, WordWritten


class Panic(Exception):  # noqa: N818 - an event of the simulated world
    """The code stops itself until reset."""


class Fprotect(Protocol):
    """The write protection of the SoC (lib/fprotect)."""

    def protect(self, start: int, length: int) -> int:
        """Write-protect the span until reset; 0, or a negative error number."""
        ...


class KeyStore(Protocol):
    """The places of the key management unit that NSIB uses, in the order of trial."""

    def present(self) -> tuple[bool, ...]:
        """Whether each place holds a key that is not revoked."""
        ...

    def public_keys(self) -> tuple[bytes | None, ...]:
        """The key of each place that can be used now; None where none can."""
        ...

    def revoke(self, index: int) -> None:
        """Destroy a present key for good; one lasting operation."""
        ...

    def block(self, index: int) -> None:
        """Let nobody use a present key until reset."""
        ...

    def purge(self, index: int) -> None:
        """Wipe the copy that the crypto engine holds."""
        ...


@dataclass(slots=True)
class Run:
    """The state of one run; `crypto_starts` is whether the crypto library can be initialised."""

    config: NsibConfig
    memory: Memory
    protection: Fprotect | None
    key_store: KeyStore | None
    crypto_starts: bool
    events: list[Event] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    _slot: int | None = None
    _found: list[tuple[Finding, bool]] = field(default_factory=list)

    def begin_trial(self, slot: int) -> None:
        """The boot loader turns to `slot`."""
        self.events.append(TrialStarted(slot=slot))
        self._slot = slot
        self._found = []

    def note(self, finding: Finding) -> None:
        """Something was found and does not decide."""
        self._found.append((finding, False))

    def decide(self, *findings: Finding) -> None:
        """Something was found that decides the trial, unless it is interrupted first."""
        self._found += [(finding, True) for finding in findings]

    def end_trial(self, outcome: Finding) -> None:
        """The trial ran to its end."""
        self._close(outcome, tuple(finding for finding, decisive in self._found if not decisive))

    def interrupt_trial(self, outcome: Finding) -> None:
        """The run stopped; if it was in a trial, that ends with everything found so far."""
        if self._slot is not None:
            self._close(outcome, tuple(finding for finding, _ in self._found))

    def program(self, address: int, value: int) -> None:
        """Let the controller of the non-volatile memory write one word (nrfx_nvmc_word_write)."""
        flash = self.memory.flash_at(address)
        if flash is None or address % WORD:
            raise BusFault("write", address)
        old = self.memory.word(address)
        flash.write(address, value.to_bytes(WORD, "little"))
        new = self.memory.word(address)
        self.events.append(WordWritten(address=address, value=value, old=old, new=new))

    def _close(self, outcome: Finding, notes: tuple[Finding, ...]) -> None:
        assert self._slot is not None
        self.trials.append(Trial(slot=self._slot, outcome=outcome, notes=notes))
        self._slot = None
