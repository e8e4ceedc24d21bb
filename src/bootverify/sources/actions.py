"""Reads a list of actions that a user wrote: a device's life to run on the executor."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from bootverify.design.boot import operation
from bootverify.design.design import Design
from bootverify.errors import Fault, InputError
from bootverify.machine.action import Action, Deliver, Overwrite, Upload
from bootverify.machine.content import File
from bootverify.machine.trace import action_from_dict
from bootverify.sources.document import read_written
from bootverify.sources.input_file import MIB, read_bytes

MOST_BYTES = 16 * MIB


def load_actions(path: Path | str, design: Design | None = None) -> tuple[Action, ...]:
    """The actions of the YAML file `path`: a list of `{do: KIND, ...}`, the fields as in a trace.

    With `design` a step may be named by its operation, as marks are: `{do: take_step, stage: mcuboot, step: boot_go}`.

    Raises:
        InputError: it is no such list; each fault with its line.
    """
    written = read_written(path)
    if not isinstance(written.plain, list):
        raise InputError.at(written.file, 1, "this is no list of actions; write `- {do: reset}`")
    found: list[Action] = []
    faults: list[Fault] = []
    for number, entry in enumerate(written.plain):
        try:
            found.append(action_from_dict(_numbered(entry if isinstance(entry, dict) else {"do": entry}, design)))
        except (ValueError, KeyError, TypeError) as error:
            faults.append(Fault(file=written.file, line=written.line((number,)) or 1, message=str(error)))
    if faults:
        raise InputError(faults)
    return tuple(found)


def files_of(actions: Iterable[Action], places: Sequence[Path]) -> dict[str, bytes]:
    """The bytes of every file that `actions` name, by name; looked for in each of `places` in turn.

    Raises:
        InputError: one is not found, or is not the file that was recorded.
    """
    found: dict[str, bytes] = {}
    for action in actions:
        content = action.content if isinstance(action, Deliver | Upload | Overwrite) else None
        if not isinstance(content, File):
            continue
        path = next((place / content.file for place in places if (place / content.file).is_file()), None)
        if path is None:
            raise InputError.at(content.file, 0, "there is no such file here, beside the script, or in the build")
        found[content.file] = read_bytes(path, limit=MOST_BYTES)
        if content.sha256 and sha256(found[content.file]).hexdigest() != content.sha256:
            raise InputError.at(str(path), 0, "this is not the file that was recorded: its SHA-256 is another")
    return found


def _numbered(entry: dict[str, Any], design: Design | None) -> dict[str, Any]:
    """The entry with a step that is named replaced by its number in the stage.

    Raises:
        ValueError: the design has no such stage, or the stage no such step.
    """
    wanted = entry.get("step")
    if entry.get("do") != "take_step" or not isinstance(wanted, str):
        return entry
    if design is None:
        raise ValueError("a step is named, and no design tells its number; give the number")
    stage = next((each for each in design.stages if each.name == entry.get("stage")), None)
    if stage is None:
        raise ValueError(
            f"no stage is called `{entry.get('stage')}`; one of {', '.join(e.name for e in design.stages)}"
        )
    names = [operation(step) for step in stage.steps]
    marks = [name + (str(n) if (n := names[: i + 1].count(name)) > 1 else "") for i, name in enumerate(names)]
    if wanted not in marks:
        raise ValueError(f"stage `{stage.name}` has no step `{wanted}`; one of {', '.join(marks)}")
    return {**entry, "step": marks.index(wanted)}
