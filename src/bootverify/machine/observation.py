"""What can be seen of a device between two actions."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A device at a mark, and what the last action showed.

    `at` is the stage and step about to be taken, such as `mcuboot.boot_go`; `off` before the first and `halted` after
    a stop. `facts` are the predicates that hold of it, in the vocabulary of claims. `log` tells in the words of the
    field what the action did, line by line.
    """

    at: str
    facts: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
