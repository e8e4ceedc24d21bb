"""What can be seen of a device between two actions."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How far an upload has come, in bytes of a file of `size` bytes: what its sender was told is not what is there.

    `acknowledged`: the device has told the sender that it has them. `written`: they stand, from the first on, where
    they are to stay.
    """

    size: int
    acknowledged: int
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A device at a mark, and what the last action showed.

    `at` is the stage and step about to be taken, such as `mcuboot.boot_go`; `off` before the first and `halted` after
    a stop. `facts` are the predicates that hold of it, in the vocabulary of claims. `log` tells in the words of the
    field what the action did, line by line. `receipt`: the action was an upload.
    """

    at: str
    facts: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    receipt: Receipt | None = None
