"""Where bytes lie that were looked at."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Place:
    """Where some bytes lie: offset in the file (or in a member of an archive), address where the file says one.

    `part` names what of a signed image they belong to. `line` is that of a text file, 0 otherwise.
    """

    file: str
    offset: int
    size: int
    address: int | None = None
    part: str = ""

    def __str__(self) -> str:
        at = f"{self.file}: offset {self.offset:#x}"
        if self.address is not None:
            at += f", address {self.address:#x}"
        return f"{at} ({self.part})" if self.part else at
