"""The ranges that TF-M's set-up works on, whoever computed them."""

from bootverify.dataclass import dataclass
from bootverify.ranges import AddressRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is where, as TF-M's headers name it.

    `bootloaders` are the stages before TF-M (S_CODE_* excluded from the first reset of regions). `non_secure` is the
    non-secure image (usually one range). `secondary`, `storage`, `network_command` (PCD) and `rpmsg` are what is
    opened besides; None when the build has none. `locks_code`: the secure code is locked before anything is opened
    (TF-M since 2023-07; soc.md 8.1). `non_secure_vectors` is the address of the non-secure vector table.
    """

    secure_code: AddressRange
    non_secure: tuple[AddressRange, ...]
    secure_data: AddressRange | None = None
    non_secure_data: AddressRange | None = None
    veneers: AddressRange | None = None
    secondary: tuple[AddressRange, ...] = ()
    storage: tuple[AddressRange, ...] = ()
    network_command: AddressRange | None = None
    rpmsg: AddressRange | None = None
    bootloaders: tuple[tuple[str, AddressRange], ...] = ()
    locks_code: bool = True
    non_secure_vectors: int = 0
