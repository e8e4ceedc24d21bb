"""Who somebody is to these conditions: a table of sets of abilities; his name is never asked for."""

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.design import Design

SETS = {
    "operator-error": "",
    "remote-ota": "send_update",
    "old-signed-image": "replay_release send_update",
    "factory-insider": "read_factory_files send_update",
    "build-pipeline": "read_build send_update",
    "power-cut": "cut_power",
    "debug-port": "debug",
    "fault-injection": "debug inject_fault",
    "ext-flash-read": "read_external",
    "ext-flash-write": "read_external write_external",
    "serial-port": "use_cable",
    "bootloader-code": "run_bootloader",
    "netcore-code": "run_network_core",
    "secure-partition": "run_secure_partition",
    "application": "run_application",
}
WORDS = {frozenset(map(Capability, text.split())): word for word, text in SETS.items()}


def foe(design: Design, attacker: Attacker) -> str:
    """The word for his set of abilities; code in the application is told by the state it runs in; "" for other sets."""
    word = WORDS.get(attacker.capabilities, "")
    if word == "secure-partition" and design.isolation_level > 1:
        return ""  # unprivileged there: nothing tells what such a partition is given
    if word != "application":
        return word
    states = {stage.attribution.value for stage in design.stages if stage is design.application}
    if not states:
        return ""
    return {True: {"secure": "app-code-secure"}.get(states.pop(), "app-code-ns"), False: "app-code"}[
        design.soc.trustzone
    ]


def who_reaches(design: Design, attacker: Attacker) -> str:
    """As `foe`, of hardware: the MPU leaves an unprivileged partition none that answers secure code (soc.md 8.3)."""
    word = WORDS.get(attacker.capabilities, "")
    unprivileged = word == "secure-partition" and design.has_tfm and design.isolation_level > 1
    return "app-code-ns" if unprivileged else foe(design, attacker)
