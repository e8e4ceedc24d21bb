"""Looking for key material in files: scan."""

from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.cli.app import Output, Plain, app, deliver
from bootverify.cli.bar import bar
from bootverify.report.scan import scan_json, scan_text


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
    format: Annotated[Plain, typer.Option(help="Form of the result.")] = Plain.TEXT,  # noqa: A002
    output: Output = None,
) -> int:
    """Find private and symmetric keys in what ships. Exit code 0: none; 1: some; values are never shown."""
    with bar() as progress:
        result = api.scan(files, public_keys=public_key or (), keys=key or (), exhaustive=exhaustive, progress=progress)
    deliver(scan_json(result) if format is Plain.JSON else scan_text(result), output)
    return result.exit_code
