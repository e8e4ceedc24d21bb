"""Kconfig output and fragments: `.config`, `prj.conf`, `sysbuild.conf`.

A symbol that does not stand in a file is unknown, not off: it had no prompt or no met dependencies in that image
(nRF Connect SDK, build output; `# CONFIG_X is not set` is the written form of off).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """The value of a symbol, without quotes; `n` for one that is written as not set."""

    value: str
    source: Source


@dataclass(slots=True, kw_only=True)
class Kconfig:
    """The symbols of one image or fragment; remembers which were asked for."""

    file: str
    symbols: dict[str, Symbol] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def symbol(self, name: str) -> Symbol | None:
        """The symbol called `name` with its prefix, such as CONFIG_FPROTECT; None when the file has no word of it."""
        self.asked.add(name)
        return self.symbols.get(name)

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
        for name, symbol in self.symbols.items():
            if name in self.asked or symbol.value in {"n", ""}:
                continue
            if _MATTERS.match(name):
                ledger.add(symbol.source, f"{name}={symbol.value[:60]}")
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

    >>> parse_kconfig(b"CONFIG_A=y\n# CONFIG_B is not set\n", "x", Ledger()).symbols["CONFIG_B"].value
    'n'
    """
    found = Kconfig(file=name)
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        text = line.strip()
        source = Source(file=name, line=number, text=text[:200])
        if (match := _SET.fullmatch(text)) is not None:
            found.symbols[match[1]] = Symbol(value=_unquoted(match[2].strip()), source=source)
        elif (match := _UNSET.fullmatch(text)) is not None:
            found.symbols[match[1]] = Symbol(value="n", source=source)
        elif text and not text.startswith("#"):
            ledger.add(source, f"no Kconfig line: {text[:60]}")
    return found


def merged(parts: Iterable[Kconfig]) -> Kconfig:
    """Several fragments as one, later ones over earlier ones."""
    listed = list(parts)
    found = Kconfig(file=listed[0].file if listed else "")
    for part in listed:
        found.symbols.update(part.symbols)
    return found


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        end = text.find('"', 1)
        while end > 0 and text[end - 1] == "\\":
            end = text.find('"', end + 1)
        return text[1 : end if end > 0 else len(text)].replace('\\"', '"')
    return text.split("#", 1)[0].strip() if " #" in text else text
