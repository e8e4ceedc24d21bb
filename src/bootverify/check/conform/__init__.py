"""Runs recorded vectors of the vendors' code against the executor; which kind they are shows in their configuration."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bootverify.check.conform.damage import DAMAGE
from bootverify.check.conform.outcome import Conformity
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
    files = [directory / "config.json", *sorted(directory.glob("*/config.json"))]
    for file in files:
        if not file.is_file():
            continue
        try:
            config = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError.at(str(file), 0, f"this is no JSON: {error}; the vectors are damaged") from None
        if str(config.get("format", "")).startswith("protection-vectors"):
            return "protection"
        if "fw_info_offsets" in config:
            return "nsib"
        if "trailer_magic" in config:
            return "mcuboot"
    raise InputError.at(
        str(directory), 0, "no recorded vectors are here; name the directory that has their config.json files below it"
    )
