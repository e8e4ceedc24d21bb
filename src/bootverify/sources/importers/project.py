"""What an importer found in a project: its files as read, before anything is concluded from them."""

import re
from dataclasses import field
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.devicetree import Devicetree
from bootverify.sources.importers.hexfile import FirmwareFile
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.packages import Package
from bootverify.sources.importers.partition_manager import PmEntry, PmRegion
from bootverify.sources.importers.pm_config import Figures
from bootverify.sources.ledger import Ledger

if TYPE_CHECKING:
    from bootverify.secrets.keyfile import SlotKey

_SOC = re.compile(r"nrf(5340|52\d{3}|51\d{3}|71\d{2}|91\d{2}|92\d{2}|54(?:l[mvsc]?\d{2}[ab]?|h20))")
# A folder of the release in one of the SDK, or one that the SDK's own folders lie in; Kconfig's comments have lost the
# backslashes of Windows' paths.
_SDK = (
    re.compile(r"(?:ncs|sdk-connect|nrf-connect)(?:[/\\]+v?|v)([1-9]\.\d{1,2}\.\d{1,2})(?!\d)"),
    re.compile(r"(?:[/\\]v?|v)([1-9]\.\d{1,2}\.\d{1,2})[/\\]*(?:nrf|zephyr|bootloader|modules|nrfxlib)(?:[/\\]|$)"),
)
# Boards whose names do not tell the SoC: vendor's board files, nrf/boards and zephyr/boards.
_BOARDS = {
    "thingy91x_nrf5340": "nrf5340",
    "thingy91x": "nrf9151",
    "thingy91": "nrf9160",
    "thingy53": "nrf5340",
    "thingy52": "nrf52832",
    "nrf7002dk": "nrf5340",
    "xiao_ble": "nrf52840",
}
_ALIKE = {"nrf54lm20": "nrf54lm20a"}  # a family whose parts differ in nothing that is modelled (models/socs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name and the place that tells it."""

    name: str
    source: Source


@dataclass(slots=True, kw_only=True)
class Project:
    """The files of one build, application directory or single file.

    `images` are the Kconfig outputs by role: `application`, `mcuboot`, `nsib`, `spm`, `network`, `network-nsib`, and
    `other-core` where the application is for a coprocessor.
    `fragments` tells that they are sources (`prj.conf`), where an absent symbol has its default, not outputs.
    `own_defaults`: the application changes defaults of the build system (Kconfig.sysbuild).
    `static` is the map that the build was meant to follow, `partitions` the one it has, `compiled` what its programs
    were compiled with.
    `home` is the application's own folder where it is at hand, `home_shown` how reports name it.
    `repeated` are programming files that should say nothing new: only private keys are looked for in them.
    `symbol_files` are those in which the symbols of an image may stand, by its role.
    `kmu` is what the build provisions into the key management unit.
    `key_files` tell which keys to look for, and open what is encrypted; by the name that is shown.
    """

    name: str
    shown: str
    home: Path | None = None
    home_shown: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    inputs: list[tuple[str, str]] = field(default_factory=list)
    soc: Named | None = None
    sdk: str = ""
    partitions: list[PmEntry] = field(default_factory=list)
    network_partitions: list[PmEntry] = field(default_factory=list)
    static: list[PmEntry] = field(default_factory=list)
    compiled: Figures = field(default_factory=dict)
    network_compiled: Figures = field(default_factory=dict)
    regions: dict[str, PmRegion] = field(default_factory=dict)
    trees: dict[str, Devicetree] = field(default_factory=dict)
    images: dict[str, Kconfig] = field(default_factory=dict)
    sysbuild: Kconfig | None = None
    fragments: bool = False
    own_defaults: bool = False
    sources: Kconfig | None = None
    sources_sysbuild: Kconfig | None = None
    firmware: list[FirmwareFile] = field(default_factory=list)
    repeated: list[FirmwareFile] = field(default_factory=list)
    symbol_files: dict[str, list[Path]] = field(default_factory=dict)
    packages: list[Package] = field(default_factory=list)
    public_keys: list[Named] = field(default_factory=list)
    kmu: list[tuple["SlotKey", Source]] = field(default_factory=list)
    key_files: dict[str, Path] = field(default_factory=dict)

    def image(self, role: str) -> Kconfig | None:
        """The configuration of the image with that role; None when the build has none."""
        return self.images.get(role)

    @property
    def release(self) -> tuple[int, int] | None:
        """Major and minor number of the SDK's release; None where none is told."""
        parts = self.sdk.split(".")
        if len(parts) < 2 or not all(part.isdigit() and len(part) < 5 for part in parts[:2]):
            return None
        return int(parts[0]), int(parts[1])

    def all_kconfigs(self) -> list[Kconfig]:
        """Every configuration, the build system's own first."""
        return [*([self.sysbuild] if self.sysbuild else []), *self.images.values()]


def soc_in(text: str) -> str:
    """The SoC that a board, qualifier or part name speaks of; empty when it names none.

    >>> soc_in("nrf5340dk_nrf5340_cpuapp"), soc_in("nRF54L15_CPUAPP"), soc_in("my_board")
    ('nrf5340', 'nrf54l15', '')
    """
    found = _SOC.findall(text.lower())
    if found:
        return _ALIKE.get(f"nrf{found[-1]}", f"nrf{found[-1]}")
    return next((soc for board, soc in _BOARDS.items() if board in text.lower()), "")


def sdk_in(text: str) -> str:
    """The release of the SDK that a path speaks of; empty when it names none.

    >>> sdk_in("/home/user/ncs/v3.1.1/bootloader/mcuboot"), sdk_in("E:nRFv1.7.1nrf"), sdk_in("/opt/tool-1.2.0/nrf")
    ('3.1.1', '1.7.1', '')
    """
    match = next((found for form in _SDK if (found := form.search(text))), None)
    return match[1] if match else ""


def shown_path(root: str, path: Path, base: Path) -> str:
    """How reports name `path`, a file below `base` that the user called `root`, or above it."""
    below = path.is_relative_to(base)
    inner = path.relative_to(base).as_posix() if below else relpath(path.resolve(), base.resolve()).replace("\\", "/")
    return f"{root.rstrip('/')}/{inner}" if root not in {"", "."} else inner


def tolerated(project: Project, shown: str, error: InputError) -> None:
    """A side file that cannot be read is no reason to refuse the project; the ledger says which and why."""
    for fault in error.faults[:3]:
        project.ledger.add(Source(file=fault.file or shown, line=fault.line), f"not read: {fault.message[:120]}")
