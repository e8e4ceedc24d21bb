"""What NSIB does differently from one release of the nRF Connect SDK to the next."""

from dataclasses import replace
from enum import Enum

from bootverify.dataclass import dataclass


class VectorTable(Enum):
    """The field of `fw_info` that names the vector table and that validation_info must repeat."""

    ADDRESS = "address"
    BOOT_ADDRESS = "boot_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class NsibRelease:
    """One behaviour of the first stage.

    `counter_errors_stop`: a rollback counter that cannot be read or advanced stops the slot; once,
    that was ignored.
    `absent_slot_skipped`: a slot without metadata is not tried; before, it was, and its version was
    read through a null pointer.
    `indexed_tokens`: key tokens carry the key's index, and an unknown token panics; before, all
    values but one were valid.
    `key_limit`: more keys than this fail every validation; None means no limit.
    `keys_locked`: KMU keys are blocked and purged before hand-over.
    """

    name: str
    search_offsets: tuple[int, ...]
    vector_table: VectorTable
    indexed_tokens: bool
    key_limit: int | None
    counter_errors_stop: bool
    absent_slot_skipped: bool
    keys_locked: bool


RELEASE_2_6 = NsibRelease(
    name="2.6",
    search_offsets=(0x0, 0x200, 0x400, 0x800, 0x1000),
    vector_table=VectorTable.ADDRESS,
    indexed_tokens=False,
    key_limit=None,
    counter_errors_stop=False,
    absent_slot_skipped=False,
    keys_locked=False,
)
RELEASE_3_1 = NsibRelease(
    name="3.1",
    search_offsets=(0x0, 0x200, 0x400, 0x600, 0x800, 0xE00, 0x1000),
    vector_table=VectorTable.ADDRESS,
    indexed_tokens=True,
    key_limit=16,
    counter_errors_stop=False,
    absent_slot_skipped=False,
    keys_locked=False,
)
RELEASE_MAIN = replace(
    RELEASE_3_1,
    name="main",
    vector_table=VectorTable.BOOT_ADDRESS,
    counter_errors_stop=True,
    absent_slot_skipped=True,
    keys_locked=True,
)


def release_for(ncs_version: str) -> NsibRelease:
    """The behaviour of the SDK release `ncs_version`, such as `2.6.1`.

    Indexed tokens came with 2.7, fatal counter errors and locked keys with 3.2, the rest with 3.3
    (ncs-boot 0.1). When the two additional search offsets came is not known; taken to be 2.7.
    Patch number 99 is the state of development after a release; keys are locked from 3.1.99 on.

    >>> release_for("2.6.1").name, release_for("3.0.0").name, release_for("3.3.0").name
    ('2.6', '3.1', 'main')
    """
    version = tuple(int(part) for part in ncs_version.split(".")[:3])
    if version < (2, 7):
        return RELEASE_2_6
    if version < (3, 1, 99):
        return RELEASE_3_1
    if version < (3, 2):
        return replace(RELEASE_3_1, name="3.1.99", keys_locked=True)
    if version < (3, 3):
        return replace(RELEASE_3_1, name="3.2", counter_errors_stop=True, keys_locked=True)
    return RELEASE_MAIN
