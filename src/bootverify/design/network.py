"""The programs of a second core, as far as the chain of the first one feeds or starts them."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Span
from bootverify.design.source import NOWHERE, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStage:
    """One program of the network core.

    `boots`: it is that core's first stage. `partition` is where it lies in that core's flash. `verified_by` names the
    stage, of either core, that checks its signature; empty when nothing does. `fed_by` is the way new bytes take:
    `transfer-ram` (a command in shared RAM), empty when there is none. `locks` are what it write-protects before it
    hands over. `transfer_locked`: the shared RAM is read-only for the application before it runs; None: not told.
    `version_read`: MCUboot asks b0n for the version of what lies there (PCD_READ_NETCORE_APP_VERSION); None: not told.
    `staging` is the partition of the application core in which updates of it wait; empty where none of its own is told.
    `approtect` and `eraseprotect`, of the first stage: what that core's own UICR says, as Lifecycle; None: not told.
    """

    name: str
    boots: bool
    partition: str
    verified_by: str = ""
    fed_by: str = ""
    signature: bool = False
    updatable: bool = False
    locks: tuple[Span, ...] = ()
    transfer_locked: bool | None = None
    version_read: bool | None = None
    staging: str = ""
    approtect: bool | None = None
    eraseprotect: bool | None = None
    source: Source = field(default=NOWHERE, compare=False)
