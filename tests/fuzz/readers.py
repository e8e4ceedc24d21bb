"""Every reader of the user's files, as a function of bytes: it returns, or refuses with a reason, and nothing else.

A reader is followed as far as its input goes: what an importer takes becomes a design, is judged by the claims about
maps, is written out as a design file and read again to the same verdicts.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from bootverify.api import Options, read_trace
from bootverify.check.recheck.verify import problems
from bootverify.check.run import check_design
from bootverify.errors import InputError
from bootverify.policy.policy import ClaimKind
from bootverify.report.scan import scan_json, scan_text
from bootverify.report.scan_sarif import scan_sarif
from bootverify.secrets.find import ScanResult
from bootverify.secrets.keys import read_public_keys
from bootverify.secrets.scan import Options as Scan
from bootverify.secrets.scan import scan_data
from bootverify.sources import importers
from bootverify.sources.actions import load_actions
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import parse_design
from bootverify.sources.known_keys import load_known_keys
from bootverify.sources.policies import all_policies, load_policies
from bootverify.sources.standards import load_standard
from bootverify.sources.waivers import load_baseline, load_waivers

CONFIG = 'CONFIG_MCUBOOT=y\nCONFIG_BOOT_UPGRADE_ONLY=y\nCONFIG_SOC="nrf5340"\nCONFIG_BOOT_VALIDATE_SLOT0=y\n'


@cache
def _policies():
    return [policy for policy in all_policies() if all(ask.claim.kind is ClaimKind.LAYOUT for ask in policy.asks)]


def verdicts(design):
    report = check_design(design, _policies(), [load_attacker("remote-ota")], (), options=Options())
    assert not report.discrepancies
    return [(finding.policy, finding.subject, finding.verdict) for finding in report.findings]


def imported(path: Path) -> None:
    """The way of everything that is no design file."""
    found = verdicts(importers.load(path, shown="input"))
    text = importers.imported_text(path, shown="input")
    assert verdicts(parse_design(text.encode(), shown="design.yaml")) == found


def _file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    def reader(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            read(path)

    return reader


def _in_build(name: str) -> Callable[[bytes], None]:
    """The file of that name in a build directory that has a boot loader's and an application's configuration."""

    def reader(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            build = Path(folder) / "build"
            for image, text in (("", CONFIG.replace("MCUBOOT=y", "BOOTLOADER_MCUBOOT=y")), ("mcuboot", CONFIG)):
                (build / image / "zephyr").mkdir(parents=True)
                (build / image / "zephyr" / ".config").write_text(text)
            (build / "partitions.yml").write_text("app: {address: 0xc200, size: 0x1000}\n")
            path = build / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            imported(build)

    return reader


def _told(result: ScanResult) -> list[str]:
    return [scan_text(result), scan_json(result), scan_sarif(result, "1")]


READERS: dict[str, Callable[[bytes], object]] = {
    "design": lambda content: verdicts(parse_design(content, shown="design.yaml")),
    "map": _file("pm_static.yml", imported),
    "tree": _file("zephyr.dts", imported),
    "overlay": _file("app.overlay", imported),
    "hex": _file("merged.hex", imported),
    "image": _file("app.signed.bin", imported),
    "zipped": _file("app.bin.gz", imported),
    "config": _in_build("mcuboot/zephyr/.config"),
    "partitions": _in_build("partitions.yml"),
    "network": _in_build("partitions_CPUNET.yml"),
    "regions": _in_build("regions.yml"),
    "domains": _in_build("domains.yaml"),
    "built-tree": _in_build("zephyr/zephyr.dts"),
    "package": _in_build("dfu_application.zip"),
    "provision": _in_build("provision.hex"),
    "compiled": _in_build("pm.config"),
    "record": _in_build("build_info.yml"),
    "cache": _in_build("CMakeCache.txt"),
    "policy": _file("x.yaml", lambda path: load_policies(str(path))),
    "attacker": _file("x.yaml", lambda path: load_attacker(str(path))),
    "standard": _file("x.yaml", lambda path: load_standard(str(path))),
    "known-keys": _file("x.yaml", load_known_keys),
    "waivers": _file("x.yaml", load_waivers),
    "baseline": _file("x.json", load_baseline),
    "actions": _file("x.yaml", load_actions),
    "trace": _file("x.trace.json", read_trace),
    "scan": lambda content: _told(scan_data(content, "x.bin", options=Scan(raw=False))),
    "key-file": lambda content: read_public_keys(content, "x.pem"),
    "certificate": lambda content: problems(content.decode("utf-8", "replace"), ["z3"]),
}


def fed(name: str, content: bytes) -> bool:
    """Whether the reader took the content; anything but a refusal with a reason is raised."""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            READERS[name](content)
        except InputError as error:
            refused = error
        else:
            return True
    assert refused.faults, "a refusal without a reason"
    assert all(fault.message and fault.file for fault in refused.faults), refused.faults
    return False
