"""Reads a list of actions that a user wrote: a device's life to run on the executor."""

from pathlib import Path

from bootverify.errors import Fault, InputError
from bootverify.machine.action import Action
from bootverify.machine.trace import action_from_dict
from bootverify.sources.document import read_written


def load_actions(path: Path | str) -> tuple[Action, ...]:
    """The actions of the YAML file `path`: a list of `{do: KIND, ...}`, the fields as in a trace.

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
            found.append(action_from_dict(entry if isinstance(entry, dict) else {"do": entry}))
        except (ValueError, KeyError, TypeError) as error:
            faults.append(Fault(file=written.file, line=written.line((number,)) or 1, message=str(error)))
    if faults:
        raise InputError(faults)
    return tuple(found)
