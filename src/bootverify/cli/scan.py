"""Looking for key material in files: scan."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.cli.app import Output, Plain, app, deliver
from bootverify.report.scan import scan_json, scan_text

_PATIENCE_S = 2.0  # before that nobody needs a bar
_WIDTH = 40


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
    bar = _Bar() if sys.stderr.isatty() else None
    progress = bar.show if bar else None
    result = api.scan(files, public_keys=public_key or (), keys=key or (), exhaustive=exhaustive, progress=progress)
    if bar:
        bar.clear()
    deliver(scan_json(result) if format is Plain.JSON else scan_text(result), output)
    return result.exit_code


class _Bar:
    """A bar on standard error, from two seconds on."""

    def __init__(self) -> None:
        self.since, self.shown = time.monotonic(), False

    def show(self, share: float) -> None:
        """Draw the share done, once it has taken long enough."""
        if time.monotonic() - self.since > _PATIENCE_S:
            done = int(share * _WIDTH)
            sys.stderr.write(f"\r[{'#' * done}{' ' * (_WIDTH - done)}] {share:4.0%}")
            sys.stderr.flush()
            self.shown = True

    def clear(self) -> None:
        """Leave no trace of the bar before the report."""
        if self.shown:
            sys.stderr.write("\r" + " " * (_WIDTH + 8) + "\r")
