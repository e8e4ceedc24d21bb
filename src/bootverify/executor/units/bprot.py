"""Block protection of nRF52832: one bit per 4 KiB block against writing and erasing.

Documents: nRF52832 register file, BPROT (CONFIG0..3 and DISABLEINDEBUG, which resets to 1); soc.md 2.3.
"""

from copy import copy
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution

BLOCKS_PER_WORD = 32
WORD = 0xFFFF_FFFF


@dataclass(slots=True)
class Bprot:
    """The bits of the blocks, counted from `start`, and the switch for the debug interface mode."""

    blocks: int = 128
    granule: int = 0x1000
    start: int = 0
    config: list[int] = field(init=False)
    disabled_in_debug: bool = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def copy(self) -> "Bprot":
        """The same registers in a unit of its own."""
        twin = copy(self)
        twin.config = list(self.config)
        return twin

    def reset(self) -> None:
        """No block protected, and protection off in debug interface mode."""
        self.config = [0] * -(-self.blocks // BLOCKS_PER_WORD)
        self.disabled_in_debug = True

    def permits(
        self,
        address: int,
        access: Access,
        _initiator: Attribution = Attribution.SECURE,
        *,
        in_debug: bool = False,
    ) -> bool:
        """Whether `access` at `address` gets through; reading and executing are not guarded.

        `in_debug`: the device is in debug interface mode, where the protection is off unless firmware cleared
        DISABLEINDEBUG.
        """
        if access is not Access.WRITE or (in_debug and self.disabled_in_debug):
            return True
        word, bit = divmod((address - self.start) // self.granule, BLOCKS_PER_WORD)
        return not (0 <= word < len(self.config) and self.config[word] >> bit & 1)

    def write_config(self, word: int, value: int) -> None:
        """Write a CONFIG register: ones protect until reset, "writing 0 has no effect"."""
        bits = min(BLOCKS_PER_WORD, self.blocks - word * BLOCKS_PER_WORD)
        self.config[word] |= value & ((1 << bits) - 1)

    def write_disable_in_debug(self, value: int) -> None:
        """Write DISABLEINDEBUG: 1 switches the protection off in debug interface mode."""
        self.disabled_in_debug = bool(value & 1)
