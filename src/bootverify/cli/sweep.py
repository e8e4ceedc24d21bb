"""Losing the power everywhere: from which cuts does a device not come through?"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bootverify import api
from bootverify.cli.app import Made, MapFile, Plain, PublicKeys, Sdk, SecretKeys, Soc, app, deliver, write
from bootverify.cli.bar import bar
from bootverify.cli.inputs import inputs_of
from bootverify.design.boot import Image
from bootverify.design.design import Design
from bootverify.design.firmware import Firmware
from bootverify.errors import InputError
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.programmed.byte_sweep import sweep_file
from bootverify.executor.programmed.updates import application_updates
from bootverify.executor.update_sweep import Swept, sweep_update, updates
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Request
from bootverify.machine.tear import HALF, Part, Tear
from bootverify.machine.trace import Inputs, Trace, to_json
from bootverify.report.sweep import sweep_json, sweep_text

Show = Callable[[float], None] | None


class Asked(StrEnum):
    """What the update client asks MCUboot for."""

    TEST = "test"
    PERM = "perm"


@app.command()
def sweep(
    sources: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="A design, or a build or its files, and update files.")
    ],
    ncs: Sdk = None,
    image: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only updates of this image.")] = None,
    request: Annotated[Asked | None, typer.Option(help="Only updates asked for like this.")] = None,
    mode: Annotated[str, typer.Option("--mode", metavar="MODE", help="Another upgrade mode than the design's.")] = "",
    every_tear: Annotated[
        bool, typer.Option("--every-tear", help="Tear operations in more ways than in half.")
    ] = False,
    torn_words: Annotated[bool, typer.Option("--torn-words", help="Tear even the smallest write, bit by bit.")] = False,
    seeds: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="So many random patterns of each kind of tear.")
    ] = 1,
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the first brick as a trace.")] = None,
    format: Annotated[Plain, typer.Option(help="Form of the result.")] = Plain.TEXT,  # noqa: A002
    soc: Soc = "",
    map_: MapFile = None,
    public_key: PublicKeys = None,
    key: SecretKeys = None,
    made: Made = False,
) -> int:
    """Cut the power at every flash operation of every update. Half-done ones too, and again in each boot that follows.

    Of a build, its own bytes are updated with its own signed images, or with the files that are named. Exit code 0 when
    the device comes through all of it, 1 when some cuts brick it.
    """
    inputs = inputs_of(sources, ncs=ncs, soc=soc, map_file=map_, public_keys=public_key or (), keys=key or ())
    firmware = None if made or image or mode or sources == ["-"] else api.firmware_of(inputs)
    design = api.load(sources[0], sdk=ncs) if firmware is None else firmware.design
    tears = _tears(design, sources[0], every=every_tear, words=torn_words, seeds=seeds)
    requests = [Request(request.value)] if request else [Request.TEST, Request.PERM]
    with bar() as show:
        if firmware is not None:
            found = _of_bytes(firmware, sources[0], requests, tears, show)
        else:
            found = _of_design(design, sources[0], _plan(design, sources[0], image or [], requests, mode), tears, show)
    bricked = next((each for each in found if each.history), None)
    if trace is not None and bricked is not None:
        if mode:
            raise InputError.at(str(trace), 0, "a trace has the design's own mode; leave --mode out")
        write(trace, to_json(_traced(bricked, design, firmware, inputs)))
    shown = sweep_json if format is Plain.JSON else sweep_text
    deliver(shown(design, found, words=torn_words))
    return 1 if any(each.survey.bricks for each in found) else 0


def _of_design(
    design: Design, source: str, plan: list[tuple[Image, Request, Mode | None]], tears: tuple[Tear, ...], show: Show
) -> list[Swept]:
    """Every update of the plan, on images that are made for the design."""
    found = []
    for number, (each, asked, how) in enumerate(plan):
        told = partial(_share, show, number, len(plan)) if show else None
        try:
            found.append(sweep_update(design, each, asked, mode=how, tears=tears, progress=told))
        except NotEnabled as error:
            raise InputError.at(source, 0, f"{each.name} cannot be updated here: {error}") from None
    return found


def _of_bytes(
    firmware: Firmware, source: str, requests: list[Request], tears: tuple[Tear, ...], show: Show
) -> list[Swept]:
    """The update files that were named, or the build's own; InputError where there is none, or one cannot be staged."""
    plan = [(package, asked) for package in firmware.updates or application_updates(firmware) for asked in requests]
    if not plan:
        raise InputError.at(source, 0, "it has no signed image that is an update; name one, or use --made")
    found = []
    for number, (package, asked) in enumerate(plan):
        told = partial(_share, show, number, len(plan)) if show else None
        try:
            found.append(sweep_file(firmware, package, asked, api.published_keys(), tears=tears, progress=told))
        except NotEnabled as error:
            raise InputError.at(package.file, 0, f"it is no update here: {error}") from None
    return found


def _traced(bricked: Swept, design: Design, firmware: Firmware | None, inputs: Inputs) -> Trace:
    """The history that bricks as a run that was recorded."""
    history = (*bricked.actions, *bricked.history)
    if firmware is None:
        return api.boot(design, history, attacker="power-cut", source=inputs.files[0])
    named = {each.file for each in firmware.updates}
    programmed = replace(inputs, files=tuple(each for each in inputs.files if each not in named))
    return api.live_bytes(replace(firmware, updates=()), programmed, history, attacker="power-cut").trace


def _tears(design: Design, source: str, *, every: bool, words: bool, seeds: int) -> tuple[Tear, ...]:
    """The patterns to tear with; bits only where no document says that a write of one unit is whole or not at all."""
    if words and design.soc.untorn is not None:
        told = f"{design.soc.title} writes {design.soc.untorn} bytes whole or not at all; leave --torn-words out"
        raise InputError.at(source, 0, told)
    random = [Part.SCATTERED] * every + [Part.BITS] * words
    more = [Tear(part, seed) for part in random for seed in range(seeds)]
    return (HALF, *([Tear(Part.BACK)] if every else []), *more)


def _plan(
    design: Design, source: str, names: list[str], requests: list[Request], mode: str
) -> list[tuple[Image, Request, Mode | None]]:
    """Every update that is asked for; InputError where there is none, or a word is none of ours."""
    known = {each.name: each for each in updates(design)}
    if not known:
        raise InputError.at(source, 0, "MCUboot installs no update here, so no power cut can stop one")
    if wrong := [name for name in names if name not in known]:
        raise InputError.at(source, 0, f"no update of `{wrong[0]}` is installed; one of {', '.join(known)}")
    modes = {each.value: each for each in Mode if each.upgrades}
    if mode and mode not in modes:
        raise InputError.at(source, 0, f"`{mode}` installs nothing; one of {', '.join(modes)}")
    images = [known[name] for name in names] or list(known.values())
    return [(image, each, modes.get(mode)) for image in images for each in requests]


def _share(show: Callable[[float], None], number: int, count: int, share: float) -> None:
    show((number + share) / count)
