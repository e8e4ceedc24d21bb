"""The three places of the nRF54L key management unit whose keys NSIB verifies with."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Power

PLACES = (242, 244, 246)  # KMU slots, in the order of trial; the order of revocation too


@dataclass(slots=True)
class KeyPlaces:
    """The keys, None where there is none (never provisioned, or destroyed); a `KeyStore`.

    Blocked places are useless until `reset`; purging wipes a copy that is not modelled.
    """

    keys: list[bytes | None]
    power: Power = field(default_factory=Power)
    blocked: set[int] = field(default_factory=set)

    def present(self) -> tuple[bool, ...]:
        """Whether each place holds a key, usable or not."""
        return tuple(key is not None for key in self.keys)

    def public_keys(self) -> tuple[bytes | None, ...]:
        """The key in each place that can be pushed.

        "A key slot can be pushed only when it is in the PROVISIONED state and if it is not
        push-blocked." (nRF54L15 datasheet, KMU, Push) So once NSIB has locked its keys, a second
        slot cannot be verified in the same boot.
        """
        return tuple(None if i in self.blocked else key for i, key in enumerate(self.keys))

    def revoke(self, index: int) -> None:
        """Destroy the key for good."""
        self.power.spend(lambda _: None)
        self.keys[index] = None

    def block(self, index: int) -> None:
        """Make the place useless until reset."""
        self.blocked.add(index)

    def purge(self, index: int) -> None:
        """No effect on what the unit holds."""

    def reset(self) -> None:
        """Blocks end."""
        self.blocked.clear()
