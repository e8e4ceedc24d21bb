"""Traces: a start, its actions and what was observed after each; what both back ends speak.

The JSON form round-trips: `from_json(to_json(trace)) == trace`.
"""

import dataclasses
import json
from enum import Enum
from typing import Any, get_args

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution
from bootverify.machine.action import Action, Meanwhile, Request
from bootverify.machine.content import Crafted, Erased, File, Genuine, Invalidated
from bootverify.machine.observation import Observation, Receipt
from bootverify.machine.tear import Tear, tear_of

FORMAT = "bootverify-trace/1"
_NONE = dataclasses.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action and the observation after it."""

    action: Action
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a device with the bytes of a build was programmed with: paths and options as the user gave them."""

    files: tuple[str, ...]
    soc: str = ""
    map_file: str = ""
    sdk: str = ""
    public_keys: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A history of one device of `design` (name and file) in the presence of `attacker`.

    `programmed` where the device holds the bytes of a build; None where its images are made for the design.
    """

    design: str
    file: str
    attacker: str
    policy: str
    subject: str
    steps: tuple[Step, ...]
    programmed: Inputs | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions alone, in order."""
        return tuple(step.action for step in self.steps)


def to_json(trace: Trace) -> str:
    """The trace as indented JSON text."""
    document = {
        "format": FORMAT,
        "design": trace.design,
        "file": trace.file,
        "attacker": trace.attacker,
        "policy": trace.policy,
        "subject": trace.subject,
        **({"programmed": plain(trace.programmed)} if trace.programmed is not None else {}),
        "steps": [
            {"action": action_to_dict(step.action), "observation": _observed(step.observation)} for step in trace.steps
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def from_json(text: str) -> Trace:
    """The trace that `text` describes.

    Raises:
        ValueError: it is not such a document; the message says where.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"not a trace: `format` should be `{FORMAT}`")
    try:
        steps = tuple(
            Step(
                action=action_from_dict(step["action"]),
                observation=Observation(
                    at=str(step["observation"]["at"]),
                    facts=tuple(map(str, step["observation"].get("facts", ()))),
                    log=tuple(map(str, step["observation"].get("log", ()))),
                    receipt=_receipt(step["observation"].get("receipt")),
                ),
            )
            for step in document["steps"]
        )
        return Trace(
            design=str(document["design"]),
            file=str(document["file"]),
            attacker=str(document["attacker"]),
            policy=str(document["policy"]),
            subject=str(document["subject"]),
            steps=steps,
            programmed=_inputs(document.get("programmed")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a trace: {error}") from None


def _observed(seen: Observation) -> dict[str, Any]:
    told: dict[str, Any] = plain(seen)
    return told if seen.receipt is not None else {name: each for name, each in told.items() if name != "receipt"}


def _receipt(told: Any) -> Receipt | None:  # noqa: ANN401 - JSON is untyped
    if told is None:
        return None
    return Receipt(**{name: int(told[name]) for name in ("size", "acknowledged", "written")})


def _inputs(told: Any) -> Inputs | None:  # noqa: ANN401 - JSON is untyped
    if told is None:
        return None
    return Inputs(
        files=tuple(map(str, told["files"])),
        soc=str(told.get("soc", "")),
        map_file=str(told.get("map_file", "")),
        sdk=str(told.get("sdk", "")),
        public_keys=tuple(map(str, told.get("public_keys", ()))),
        keys=tuple(map(str, told.get("keys", ()))),
    )


def action_to_dict(action: Action) -> dict[str, Any]:
    """The action as plain values; `do` names its kind."""
    return {"do": _snake(type(action).__name__), **plain(action)}


def action_from_dict(document: dict[str, Any]) -> Action:
    """The action that `document` describes.

    Raises:
        ValueError: unknown kind, a missing or unknown field, or a value that does not fit.
    """
    kind = document.get("do")
    cls = ACTIONS.get(str(kind))
    if cls is None:
        raise ValueError(f"unknown action `{kind}`; one of {', '.join(sorted(ACTIONS))}")
    given = {key: value for key, value in document.items() if key != "do"}
    names = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(given) - names):
        raise ValueError(
            f"action `{kind}` has no field `{unknown[0]}`; its fields: {', '.join(sorted(names)) or 'none'}"
        )
    absent = [each.name for each in dataclasses.fields(cls) if each.name not in given and each.default is _NONE]
    if absent:
        raise ValueError(f"action `{kind}` needs `{'`, `'.join(absent)}`")
    try:
        action: Action = cls(**{key: _revive(key, value) for key, value in given.items()})
    except (TypeError, KeyError) as error:
        raise ValueError(f"action `{kind}`: {error}") from None
    return action


def _revive(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON is untyped
    match name:
        case "attribution":
            return Attribution(value)
        case "permits":
            return frozenset(Access(item) for item in value)
        case "request":
            return Request(value)
        case "torn":
            return tear_of(value)
        case "cut_after" if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise ValueError(f"`cut_after` counts flash operations; not `{value}`")
        case "meanwhile" if value is not None:
            return Meanwhile(**{key: _revive(key, each) for key, each in value.items()})
        case "content":
            match value["is"]:
                case "genuine":
                    return Genuine(str(value["image"]), int(value["release"]), str(value.get("slot", "")))
                case "crafted":
                    told = {made: value.get(made, False) for made in ("unmarked", "wrapped")}
                    for made, each in told.items():
                        if each is not True and each is not False:
                            raise ValueError(f"`{made}` is true or false; not `{each}`")
                    return Crafted(str(value.get("image", "")), str(value.get("slot", "")), **told)
                case "erased":
                    return Erased()
                case "invalidated":
                    return Invalidated()
                case "file":
                    return File(str(value["file"]), str(value.get("sha256", "")))
                case other:
                    raise ValueError(f"unknown content `{other}`")
        case _:
            return value


def plain(value: Any) -> Any:  # noqa: ANN401 - walks any of our frozen values
    """A frozen value of ours as JSON has it."""
    match value:
        case Genuine() | Crafted() | Erased() | Invalidated() | File():
            fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
            if isinstance(value, Crafted):
                fields = {name: told for name, told in fields.items() if told}
            return {"is": type(value).__name__.lower(), **fields}
        case Tear(part=part, seed=0):
            return part.value
        case Enum():
            return value.value
        case frozenset():
            return sorted(plain(item) for item in value)
        case tuple():
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


ACTIONS: dict[str, type[Any]] = {_snake(cls.__name__): cls for cls in get_args(Action)}
