"""Runs recorded vectors of the vendors' code against the executor; which kind they are shows in their configuration."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bootverify.check.conform.damage import DAMAGE
from bootverify.check.conform.outcome import Conformity
from bootverify.check.conform.recording import configuration
from bootverify.errors import InputError


def conform(directory: Path) -> Conformity:
    """Run all vectors below `directory`, whose format docs/INTERFACE.md names.

    Raises:
        InputError: there are no recorded vectors, or of no kind that is known.
    """
    runner: Callable[[Path], Conformity] = import_module(f"bootverify.check.conform.{_kind(directory)}").run
    try:
        return runner(directory)
    except DAMAGE as error:
        raise InputError.at(
            str(directory), 0, f"these vectors are damaged or of another format: {error!r}; fetch them again"
        ) from None


def _kind(directory: Path) -> str:
    damaged = ""
    for file in (directory / "config.json", *sorted(directory.glob("*/config.json"))):
        if not file.is_file():
            continue
        config = configuration(file)
        if not config:
            damaged = damaged or str(file)
        elif str(config.get("format", "")).startswith("protection-vectors"):
            return "protection"
        elif "fw_info_offsets" in config:
            return "nsib"
        elif "trailer_magic" in config or {"mode", "areas"} <= config.keys():
            return "mcuboot"
    if damaged:
        raise InputError.at(damaged, 0, "this is no JSON object; the vectors are damaged: fetch them again")
    raise InputError.at(
        str(directory), 0, "no recorded vectors are here; name the directory that has their config.json files below it"
    )
