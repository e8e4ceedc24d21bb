"""Units in the field: may they take a release?"""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.check.verdict import Report
from bootverify.cli.app import Attackers, Output, Policies, app, deliver, read
from bootverify.cli.inputs import design_named
from bootverify.design.design import Design
from bootverify.design.firmware import Firmware
from bootverify.executor.field.cuts import Plan
from bootverify.report.migration import migration_json, migration_markdown, migration_text
from bootverify.whatif.migrate import migrate as ask_units
from bootverify.whatif.migration.answers import Effort
from bootverify.whatif.migration.files import Files


class Format(Enum):
    """Forms of the answers."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


_FORMS = {Format.TEXT: migration_text, Format.JSON: migration_json, Format.MARKDOWN: migration_markdown}


@app.command()
def migrate(
    designs: Annotated[
        list[str],
        typer.Argument(
            metavar="DEPLOYED... NEW",
            help="Released designs, oldest first, then the new one: designs, builds, REV:PATH, or @FILE with a list.",
        ),
    ],
    policy: Policies = None,
    attacker: Attackers = None,
    format: Annotated[Format, typer.Option(help="Form of the answers.")] = Format.TEXT,  # noqa: A002 - its name
    output: Output = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Cut the power everywhere with images of full size, too.")
    ] = False,
) -> int:
    """Say whether units in the field can take a release. And keep their data, survive power cuts, and come out safe."""

    def check(design: Design) -> Report:
        return api.check(design, policies=policy or (), attackers=attacker or ())

    names = [name for each in designs for name in _listed(each)]
    *deployed, new = [design_named(name) for name in names]
    effort = Effort(full=Plan()) if exhaustive else Effort()
    files = Files(firmware=[_bytes(name) for name in names], published=api.published_keys())
    answers = ask_units(deployed or [new], new if deployed else None, check, effort, files=files, watch=_progress)
    deliver(_FORMS[format](answers), output)
    return answers.exit_code


def _bytes(name: str) -> Firmware | None:
    """The bytes of a build directory; None of anything else."""
    return api.firmware_in([name]) if Path(name).is_dir() else None


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and of > 1:
        sys.stderr.write(f"\r{done} of {of} kinds of unit" + ("\n" if done == of else ""))


def _listed(name: str) -> list[str]:
    """`name`, or what the file that it names with an @ lists, one a line."""
    if not name.startswith("@"):
        return [name]
    lines = [line.split("#")[0].strip() for line in read(Path(name[1:])).splitlines()]
    return [line for line in lines if line]
