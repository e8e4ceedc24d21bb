"""Kconfig output and fragments: `.config`, `prj.conf`, `sysbuild.conf`.

A symbol that does not stand in a file is unknown, not off: it had no prompt or no met dependencies in that image
(nRF Connect SDK, build output; `# CONFIG_X is not set` is the written form of off).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from bootverify.dataclass import dataclass
from bootverify.design.settings import Told
from bootverify.design.source import Source
from bootverify.sources.input_file import MIB, read_bytes
from bootverify.sources.ledger import Ledger

LIMIT = 4 * MIB

_SET = re.compile(r"((?:SB_)?CONFIG_[A-Za-z0-9_]+)\s*=(.*)")
_UNSET = re.compile(r"#\s*((?:SB_)?CONFIG_[A-Za-z0-9_]+) is not set")
_MATTERS = re.compile(
    r"(SB_)?CONFIG_(MCUBOOT|BOOT_|BOOTLOADER|SB_|SECURE_BOOT|FPROTECT|NRF_APPROTECT|NRF_SECURE_APPROTECT|TFM_|BUILD_WITH_TFM"
    r"|NCS_MCUBOOT|HW_UNIQUE_KEY|PCD_|NRF53_|SINGLE_APPLICATION|FW_INFO|DISABLE_FLASH_PATCH|NETCORE_APP|DFU_|APPROTECT)"
)


Line = tuple[str, int, str, str]  # value, line, text, file


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """The value of a symbol, without quotes; `n` for one that is written as not set."""

    value: str
    source: Source


@dataclass(slots=True, kw_only=True)
class Kconfig:
    """The symbols of one image or fragment; remembers which were asked for.

    `lines` holds value, line and text of each; a symbol gets a source when someone asks for it, because a build has
    some ten thousand of them.
    """

    file: str
    lines: dict[str, Line] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    uncertain: set[str] = field(default_factory=set)  # set for some boards, and the board is not known
    checkout: str = ""  # the SDK's own folder, as a build's comment names it

    def symbol(self, name: str) -> Symbol | None:
        """The symbol called `name` with its prefix, such as CONFIG_FPROTECT; None when the file has no word of it."""
        self.asked.add(name)
        found = self.lines.get(name)
        return None if found is None or name in self.uncertain else self._told(found)

    def _told(self, found: Line) -> Symbol:
        value, line, text, file = found
        return Symbol(value=value, source=Source(file=file, line=line, text=text.strip()[:200]))

    def values(self) -> Iterator[str]:
        """Every value, in the order written."""
        return (line[0] for line in self.lines.values())

    def chosen(self) -> Iterator[tuple[str, str]]:
        """Every symbol and its value, in the order written."""
        return ((name, line[0]) for name, line in self.lines.items())

    def is_sysbuild(self) -> bool:
        """Whether it holds the build system's own symbols."""
        return any(name.startswith("SB_CONFIG_") for name in self.lines)

    def flag(self, name: str) -> Told | None:
        """Whether a yes/no symbol is on, and the line that says so; None when nothing does."""
        found = self.symbol(name)
        return None if found is None else Told(value=found.value == "y", source=found.source)

    def text(self, name: str) -> str | None:
        """The text of a symbol; None when the file has no word of it."""
        found = self.symbol(name)
        return None if found is None else found.value

    def on(self, *names: str) -> Symbol | None:
        """The first of `names` that is on."""
        found = [self.symbol(name) for name in names]
        return next((symbol for symbol in found if symbol is not None and symbol.value == "y"), None)

    def number(self, name: str) -> int | None:
        """The value of a number symbol; None when it is none."""
        text = self.text(name)
        try:
            return int(text, 0) if text else None
        except ValueError:
            return None

    def note_rest(self, ledger: Ledger) -> None:
        """Put into the ledger what concerns the boot chain, is on or has a value, and was never asked for."""
        rest = 0
        for name, found in self.lines.items():
            if found[0] in {"n", ""} or name in self.asked:
                continue
            if _MATTERS.match(name):
                ledger.add(self._told(found).source, f"{name}={found[0][:60]}")
            else:
                rest += 1
        if rest:
            ledger.add(Source(file=self.file), f"{rest} symbols that do not concern the boot chain")


def read_kconfig(path: Path, *, shown: str, ledger: Ledger) -> Kconfig:
    """The symbols of the file at `path`.

    Raises:
        InputError: missing or too large.
    """
    return parse_kconfig(read_bytes(path, limit=LIMIT, shown=shown), shown, ledger)


def parse_kconfig(content: bytes, name: str, ledger: Ledger) -> Kconfig:
    r"""The symbols in `content`; of several lines for one symbol the last counts, as for the build system.

    >>> parse_kconfig(b"CONFIG_A=y\n# CONFIG_B is not set\n", "x", Ledger()).text("CONFIG_B")
    'n'
    """
    found = Kconfig(file=name)
    lines = found.lines
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        if line.startswith(("CONFIG_", "SB_CONFIG_")):
            symbol, sign, value = line.partition("=")
            if sign and symbol.isidentifier():  # what the build system writes; else the pattern below decides
                lines[symbol] = (_unquoted(value.strip()), number, line, name)
                continue
        elif line.startswith(("# CONFIG_", "# SB_CONFIG_")) and line.endswith(" is not set"):
            symbol = line[2:-11]
            if symbol.isidentifier():
                lines[symbol] = ("n", number, line, name)
                continue
        elif line.startswith("#") and not line.rstrip().endswith("set"):
            if line.startswith("# nrf ("):  # `# nrf (/home/me/ncs/v2.6.1/nrf)`: the menu of the SDK's module
                found.checkout = line[7:].rstrip().removesuffix(")")
            continue
        _other(found, line, number, ledger)
    return found


def _other(found: Kconfig, line: str, number: int, ledger: Ledger) -> None:
    """A line as people write them, with spaces, or one that says `is not set`."""
    text = line.strip()
    if (match := _SET.fullmatch(text)) is not None:
        found.lines[match[1]] = (_unquoted(match[2].strip()), number, line, found.file)
    elif (match := _UNSET.fullmatch(text)) is not None:
        found.lines[match[1]] = ("n", number, line, found.file)
    elif text and not text.startswith("#"):
        ledger.add(Source(file=found.file, line=number, text=text[:200]), f"no Kconfig line: {text[:60]}")


def merged(parts: Iterable[Kconfig]) -> Kconfig:
    """Several fragments as one, later ones over earlier ones."""
    listed = list(parts)
    found = Kconfig(file=listed[0].file if listed else "")
    for part in listed:
        found.lines.update(part.lines)
    return found


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        end = text.find('"', 1)
        while end > 0 and text[end - 1] == "\\":
            end = text.find('"', end + 1)
        return text[1 : end if end > 0 else len(text)].replace('\\"', '"')
    return text.split("#", 1)[0].strip() if " #" in text else text
