"""Single files: a devicetree, a programming file, a signed image."""

import hashlib
import re
from pathlib import Path

from bootverify.design.source import Source
from bootverify.sources.importers.devicetree import Devicetree, parse_devicetree
from bootverify.sources.importers.hexfile import read_firmware
from bootverify.sources.importers.identity import printed_release
from bootverify.sources.importers.includes import includes_beside
from bootverify.sources.importers.project import Named, Project, soc_in
from bootverify.sources.input_file import MIB, read_bytes

_DTS_LIMIT = 4 * MIB
_SOC_FILE = re.compile(r'\s*#\s*include\s+[<"](?:[^<>"]*/)?(nrf[^<>"/]*)\.dtsi[>"]')


def read_tree(path: Path, shown: str) -> Project:
    """The project that one devicetree file tells of.

    Raises:
        InputError: no such file, or no devicetree.
    """
    content = read_bytes(path, limit=_DTS_LIMIT, shown=shown)
    project = Project(name=path.stem, shown=shown, fragments=True)
    tree = parse_devicetree(content, shown, project.ledger, includes_beside(project, path, shown))
    project.trees["single"] = tree
    project.inputs.append((shown, hashlib.sha256(content).hexdigest()))
    project.soc = _soc(tree, path, shown) or included_soc(content, shown)
    return project


def read_image(path: Path, shown: str) -> Project:
    """The project that one programming file or signed image tells of.

    Raises:
        InputError: no such file, or none of these.
    """
    firmware = read_firmware(path, shown=shown)
    project = Project(name=path.name, shown=shown, fragments=True)
    project.firmware.append(firmware)
    project.sdk = printed_release(project)
    project.inputs.append((shown, firmware.sha256))
    return project


def included_soc(content: bytes, shown: str) -> Named | None:
    """The SoC whose own file a devicetree includes, as every board's does (Zephyr, dts/arm/nordic)."""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        match = _SOC_FILE.match(line)
        if match is not None and soc_in(match[1]):
            return Named(name=soc_in(match[1]), source=Source(file=shown, line=number, text=line.strip()[:200]))
    return None


def _soc(tree: Devicetree, path: Path, shown: str) -> Named | None:
    for text in tree.root.texts("compatible"):
        if soc_in(text):
            return Named(name=soc_in(text), source=Source(file=shown, line=1, text=f'compatible = "{text}"'))
    for text in (path.name, path.resolve().parent.name):
        if soc_in(text):
            return Named(name=soc_in(text), source=Source(file=shown, text="named by the file or its folder"))
    return None
