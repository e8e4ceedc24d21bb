"""Running the executor: boot a design, run recorded vectors."""

from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.check.conform import conform as run_vectors
from bootverify.cli.app import Made, MapFile, Plain, PublicKeys, Sdk, SecretKeys, Soc, app, deliver, write
from bootverify.cli.inputs import inputs_of
from bootverify.errors import InputError
from bootverify.executor.programmed.story import Ending
from bootverify.machine.trace import to_json
from bootverify.report.log import boot_log
from bootverify.report.programmed import programmed_log
from bootverify.report.vectors import conformity_json, conformity_text

EXITS = {Ending.RUNS: 0, Ending.STOPS: 1, Ending.OPEN: 3}


@app.command()
def boot(
    sources: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="A design, a build, or .hex and .bin files.")
    ],
    ncs: Sdk = None,
    actions: Annotated[Path | None, typer.Option(metavar="FILE", help="What happens after the first boot.")] = None,
    attacker: Annotated[str, typer.Option(metavar="NAME", help="Who acts in the actions.")] = "",
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the run as a trace.")] = None,
    soc: Soc = "",
    map_: MapFile = None,
    public_key: PublicKeys = None,
    key: SecretKeys = None,
    made: Made = False,
) -> int:
    """Boot on the reference executor and print the log. A build's own bytes, or a design's chain on images made for it.

    Of a build's bytes: exit code 0 when the application runs, 1 when the device stops, 3 when it depends on what
    nothing tells.
    """
    inputs = inputs_of(sources, ncs=ncs, soc=soc, map_file=map_, public_keys=public_key or (), keys=key or ())
    firmware = None if made or sources == ["-"] else api.firmware_of(inputs)
    if firmware is not None and actions is None and trace is None and not attacker:
        story = api.boot_bytes(firmware)
        deliver(programmed_log(firmware, story))
        return EXITS[story.ending]
    if firmware is not None:
        design = firmware.design
        script = api.actions_in(actions, design) if actions else ()
        beside = actions.parent if actions else None
        told = api.live_bytes(firmware, inputs, script, attacker=attacker, beside=beside)
    elif len(sources) > 1:
        raise InputError.at(sources[1], 0, "one design, one build, or programming files; name them apart")
    else:
        design = api.load(sources[0], sdk=ncs)
        script = api.actions_in(actions, design) if actions else ()
        told = api.scripted(design, script, attacker=attacker, source=_named(sources[0]), mapped=actions is not None)
    if trace is not None:
        write(trace, to_json(told.trace))
    deliver(boot_log(design, told, mapped=actions is not None))
    return 0 if told.ending is None else EXITS[told.ending]


def _named(source: str) -> str:
    """What a trace calls its design: the file or build that the user named; nothing for standard input."""
    return "" if source == "-" else source


@app.command()
def conform(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="With config.json files below it.")],
    format: Annotated[Plain, typer.Option(help="Form of the result.")] = Plain.TEXT,  # noqa: A002
) -> int:
    """Run recorded vectors of the vendors' boot code."""
    outcome = run_vectors(directory)
    deliver(conformity_json(outcome) if format is Plain.JSON else conformity_text(outcome))
    total = outcome.total
    return 0 if total.agreed and not total.disagreed and not total.unsupported else 1
