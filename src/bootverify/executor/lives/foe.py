"""Who somebody is to these claims: what he can do, and in which state, decides; never what he is called."""

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.design import Design
from bootverify.design.protection import Attribution

ALONE = {
    Capability.SEND_UPDATE: "remote-ota",
    Capability.CUT_POWER: "power-cut",
    Capability.DEBUG: "debug-port",
    Capability.READ_EXTERNAL: "ext-flash-read",
    Capability.USE_CABLE: "serial-port",
    Capability.RUN_BOOTLOADER: "bootloader-code",
    Capability.RUN_NETWORK_CORE: "netcore-code",
}


def foe(design: Design, attacker: Attacker) -> str:
    """The word of this package for exactly these abilities in this design; empty where it has none.

    An attacker with no abilities is the course of events, honest mistakes included.
    """
    able = set(attacker.capabilities)
    if not able:
        return "operator-error"
    if len(able) == 1:
        only = able.pop()
        if only is Capability.RUN_APPLICATION:
            return _code(design)
        if only is Capability.RUN_SECURE_PARTITION:
            # Unprivileged at level 2: the MPU leaves him his own partition; what he can ask for there nothing tells.
            return "secure-partition" if design.isolation_level == 1 else ""
        return ALONE.get(only, "")
    return _with_another(able)


def who_reaches(design: Design, attacker: Attacker) -> str:
    """The same of who is asked what hardware gives him: a partition of level 2 has no more than the other side."""
    alone = set(attacker.capabilities) == {Capability.RUN_SECURE_PARTITION}
    return "app-code-ns" if alone and design.has_tfm and design.isolation_level > 1 else foe(design, attacker)


def _with_another(able: set[Capability]) -> str:
    if able == {Capability.SEND_UPDATE, Capability.REPLAY_RELEASE}:
        return "old-signed-image"
    if able == {Capability.SEND_UPDATE, Capability.READ_FACTORY_FILES}:
        return "factory-insider"
    if able == {Capability.SEND_UPDATE, Capability.READ_BUILD}:
        return "build-pipeline"
    if able == {Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL}:
        return "ext-flash-write"
    return "fault-injection" if able == {Capability.DEBUG, Capability.INJECT_FAULT} else ""


def _code(design: Design) -> str:
    """Code in the application has the application's state, where the part knows two."""
    application = design.application
    if application is None:
        return ""
    if not design.soc.trustzone:
        return "app-code"
    return "app-code-secure" if application.attribution is Attribution.SECURE else "app-code-ns"
