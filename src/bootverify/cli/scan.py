"""Looking for key material in files: scan."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from bootverify import __version__, api
from bootverify.cli.app import Output, app, deliver
from bootverify.cli.bar import bar
from bootverify.report.scan import scan_json, scan_text
from bootverify.secrets.find import ScanResult


class Format(Enum):
    """Forms of the result."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


@app.command()
def scan(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Images, archives, key files, build directories.")
    ],
    public_key: Annotated[
        list[Path] | None, typer.Option(metavar="PEM", help="Also look for the raw private half of this key.")
    ] = None,
    key: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Open encrypted images with this private or AES key.")
    ] = None,
    exhaustive: Annotated[bool, typer.Option("--exhaustive", help="Try every offset for Ed25519 seeds too.")] = False,
    format: Annotated[Format, typer.Option(help="Form of the result.")] = Format.TEXT,  # noqa: A002
    output: Output = None,
) -> int:
    """Find private and symmetric keys in what ships. Exit code 0: none; 1: some; values are never shown."""
    with bar() as progress:
        result = api.scan(files, public_keys=public_key or (), keys=key or (), exhaustive=exhaustive, progress=progress)
    deliver(_told(result, format), output)
    return result.exit_code


def _told(result: ScanResult, form: Format) -> str:
    match form:
        case Format.TEXT:
            return scan_text(result)
        case Format.JSON:
            return scan_json(result)
        case Format.SARIF:
            from bootverify.report.scan_sarif import scan_sarif  # noqa: PLC0415 - it loads what checks need

            return scan_sarif(result, __version__)
