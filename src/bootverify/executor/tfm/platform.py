"""The platform part of TF-M's start: faults, reset request, debug lock, interrupt targets (target_cfg.c, soc.md 4.2).

What the calls leave in the registers, as values; nothing here guards memory.
"""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass

FAULTS_ENABLED = 0x000F_0000  # SHCSR: usage, bus, memory and secure faults
RESET_SECURE_ONLY = 0x05FA_0008  # AIRCR: key and SYSRESETREQS
CTRLAP_LOCK = 2  # the locked value shifted by the mask instead of the position: bit 0 stays 0 (soc.md 4.2, recorded)


class DebugAuthentication(Enum):
    """TF-M's build option on what a debugger may reach; nRF91 and nRF54L leave it to UICR."""

    CHIP_DEFAULT = "chip default"
    NONE = "none"
    NON_SECURE_ONLY = "non-secure only"
    FULL = "full"


@dataclass(slots=True)
class Platform:
    """What is not memory attribution; interrupts by number."""

    fault_handlers: int = 0
    reset_request: int = 0
    secure_interrupts: list[int] = field(default_factory=list)
    enabled_interrupts: list[int] = field(default_factory=list)
    debug: dict[str, int] = field(default_factory=dict)
    started: bool = False


def start(
    platform: Platform,
    *,
    guards: tuple[int, ...],
    secure: tuple[int, ...],
    debug: dict[str, int],
) -> None:
    """Everything of the platform part, which cannot fail: `guards` are the interrupts of SPU and MPC.

    All interrupts go to the non-secure side but for those and for `secure` ones.
    """
    platform.fault_handlers = FAULTS_ENABLED
    platform.reset_request = RESET_SECURE_ONLY
    platform.debug = dict(debug)
    platform.secure_interrupts = sorted({*guards, *secure})
    platform.enabled_interrupts = sorted(guards)
    platform.started = True


def debug_registers(choice: DebugAuthentication, approtect: int, secure_approtect: int) -> dict[str, int]:
    """What `init_debug` of nRF5340 writes to the CTRL-AP, given the two UICR words.

    The DISABLE words open the port when they match the key; LOCK is written as 2 (soc.md 4.2).
    """
    non_secure = 0 if choice is DebugAuthentication.NONE else approtect
    copies_secure = choice in {DebugAuthentication.FULL, DebugAuthentication.CHIP_DEFAULT}
    return {
        "APPROTECT.DISABLE": non_secure,
        "SECUREAPPROTECT.DISABLE": secure_approtect if copies_secure else 0,
        "APPROTECT.LOCK": CTRLAP_LOCK,
        "SECUREAPPROTECT.LOCK": CTRLAP_LOCK,
    }
