"""Runs recorded vectors of the vendors' code against the executor; which kind they are shows in their configuration."""

import json
from pathlib import Path

from bootverify.check.conform.outcome import Conformity
from bootverify.errors import InputError


def conform(directory: Path) -> Conformity:
    """Run all vectors below `directory`, whose format docs/INTERFACE.md names.

    Raises:
        InputError: there are no recorded vectors, or of no kind that is known.
    """
    kind = _kind(directory)
    if kind == "protection":
        from bootverify.check.conform import protection  # noqa: PLC0415 - one kind at a time

        return protection.run(directory)
    if kind == "nsib":
        from bootverify.check.conform import nsib  # noqa: PLC0415

        return nsib.run(directory)
    from bootverify.check.conform import mcuboot  # noqa: PLC0415

    return mcuboot.run(directory)


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
