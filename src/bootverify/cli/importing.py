"""Turning what a project has into a design file: import, init."""

from pathlib import Path
from typing import Annotated

import typer

from bootverify.cli.app import DesignOutput, Sdk, app, deliver
from bootverify.cli.bar import bar
from bootverify.errors import InputError
from bootverify.sources import importers
from bootverify.sources.search import Search
from bootverify.sources.template import TEMPLATE


@app.command(name="import")
def import_(
    source: Annotated[str, typer.Argument(metavar="BUILD_DIR", help="A build, an application, a map, an image.")],
    ncs: Sdk = None,
    output: DesignOutput = None,
) -> int:
    """Write what a build says as a commented design.yaml. With what was met and not modelled."""
    deliver(_imported(source, ncs), output)
    return 0


@app.command()
def init(
    source: Annotated[
        str | None, typer.Argument(metavar="[BUILD_DIR]", help="A build, an application, a map, an image.")
    ] = None,
    ncs: Sdk = None,
    soc: Annotated[
        str | None, typer.Option(metavar="NAME", help="A chain for this part (bootverify list socs).")
    ] = None,
    chain: Annotated[
        str | None, typer.Option(metavar="PROGRAM,..", help="With --soc: of nsib, mcuboot, tfm; default: mcuboot.")
    ] = None,
    output: DesignOutput = None,
) -> int:
    """Write a commented design.yaml to start from. Of a build, for a part, or an example chain."""
    if source is not None and (soc or chain):
        raise InputError.at(
            source, 0, "a build says itself which part and chain it is for; leave --soc and --chain out"
        )
    if chain is not None and soc is None:
        raise InputError.at("--chain", 0, "nothing tells the part that the chain is for; name it with --soc")
    if source is not None:
        told = _imported(source, ncs)
    elif soc is not None:
        from bootverify.sources.starter import started  # noqa: PLC0415 - the example needs no model of a part

        told = started(soc, [each.strip() for each in (chain or "mcuboot").split(",")])
    else:
        told = TEMPLATE
    deliver(told, output)
    return 0


def _imported(source: str, sdk: str | None) -> str:
    """The text of an import, which has to know of every key that a check of the build would find."""
    with bar() as progress:
        return importers.imported_text(Path(source), sdk, shown=source, search=Search(raw=True, progress=progress))
