"""Attackers: named sets of capabilities."""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source


class Capability(Enum):
    """One thing an adversary can do. Published updates, old and new, are in everybody's hands."""

    SEND_UPDATE = "send_update"  # send arbitrary bytes to the update service
    REPLAY_RELEASE = "replay_release"  # send genuine old releases to it
    RUN_APPLICATION = "run_application"  # run code in the application, with its attribution
    RUN_SECURE_PARTITION = "run_secure_partition"  # run code in the secure side after boot, TF-M present
    DEBUG = "debug"  # probe attached, including erase-all
    CUT_POWER = "cut_power"  # remove power at any moment, repeatedly
    READ_FACTORY_FILES = "read_factory_files"  # what is handed to production
    READ_BUILD = "read_build"  # the artefacts of the build
    READ_EXTERNAL = "read_external"  # the external memory chip, also while the device runs
    WRITE_EXTERNAL = "write_external"  # ... and answers two reads of one address differently
    USE_CABLE = "use_cable"  # any bytes to the recovery port
    RUN_BOOTLOADER = "run_bootloader"  # run code in the bootloader that is the subject, or the stage behind the subject
    RUN_NETWORK_CORE = "run_network_core"  # run code on the network core
    INJECT_FAULT = "inject_fault"  # glitch the device


# What only the claims about what is told of a device's life can judge; the boot system has no moves for it.
TOLD_ONLY = frozenset(
    {
        Capability.READ_FACTORY_FILES,
        Capability.READ_BUILD,
        Capability.RUN_BOOTLOADER,
        Capability.RUN_NETWORK_CORE,
        Capability.INJECT_FAULT,
    }
)

# What takes somebody who is where the device is.
PRESENT = frozenset(
    {
        Capability.DEBUG,
        Capability.CUT_POWER,
        Capability.READ_EXTERNAL,
        Capability.WRITE_EXTERNAL,
        Capability.USE_CABLE,
        Capability.INJECT_FAULT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """A named set of capabilities.

    `needs` is the attribution that the application must have for this attacker to exist (`secure`, `non_secure`), or
    `no_trustzone` for a core without the two; None: any.
    `needs_tfm`: exists only where TF-M is present.
    """

    name: str
    title: str
    capabilities: frozenset[Capability]
    needs: str | None = None
    needs_tfm: bool = False
    source: Source = field(default=NOWHERE, compare=False)

    def can(self, capability: Capability) -> bool:
        """Whether the set holds `capability`."""
        return capability in self.capabilities
