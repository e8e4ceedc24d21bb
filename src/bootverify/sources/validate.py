"""Runs a pydantic model over a written document; its complaints become faults with lines, in the user's words."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bootverify.errors import Fault, InputError
from bootverify.sources.written import Written

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], written: Written) -> Model:
    """`written` as a value of `model`.

    Raises:
        InputError: every misfit, each at its line.
    """
    try:
        return model.model_validate(written.plain)
    except ValidationError as error:
        faults = {_fault(detail, model, written) for detail in _apart(error.errors())}
        raise InputError(sorted(faults, key=lambda fault: (fault.line, fault.message))) from None


def _apart(details: Iterable[Any]) -> Iterator[Any]:
    """The complaints without those of a key that lacks where a wrong one much like it stands."""
    kept = list(details)
    wrong: dict[tuple[Any, ...], list[str]] = {}
    for detail in kept:
        if detail["type"] == "extra_forbidden":
            wrong.setdefault(detail["loc"][:-1], []).append(str(detail["loc"][-1]))
    for detail in kept:
        *parents, key = detail["loc"] or ("",)
        if detail["type"] != "missing" or not get_close_matches(str(key), wrong.get(tuple(parents), ()), n=1):
            yield detail


def no_lines(written: Written) -> Fault:
    """What is wrong with a document that is no mapping."""
    missing = "the file is empty; write" if written.plain is None else "should be"
    return Fault(file=written.file, line=1, message=f"{missing} `key: value` lines")


def _fault(detail: Any, model: type[BaseModel], written: Written) -> Fault:  # noqa: ANN401 - pydantic's error dict
    path = tuple(detail["loc"])
    inside = _inside(path, written.plain)
    where = ".".join(map(str, inside)) or "the document"
    match detail["type"]:
        case "extra_forbidden":
            known = sorted(_known_keys(model, path[:-1]))
            near = get_close_matches(str(path[-1]), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}" if known else "remove it"
            message = f"unknown key `{path[-1]}`; {hint}"
        case "missing":
            message = f"`{where}` lacks `{path[-1]}`" if inside else f"`{path[-1]}` is missing"
        case "literal_error":
            expected = str(detail["ctx"]["expected"]).replace("'", "`")
            message = f"`{where}` is `{_short(detail['input'])}`; should be {expected}"
        case "model_type" if not inside:
            return no_lines(written)
        case "model_type":
            message = f"`{where}` is `{_short(detail['input'])}`; a mapping may stand here: `{{key: value}}`"
        case "list_type" | "tuple_type":
            message = f"`{where}` is `{_short(detail['input'])}`; should be a list, as `[{_short(detail['input'])}]`"
        case "bool_type" | "bool_parsing":
            message = f"`{where}` is `{_short(detail['input'])}`; should be `true` or `false`"
        case "greater_than_equal":
            message = f"`{where}` is `{_short(detail['input'])}`; should be {detail['ctx']['ge']} or more"
        case _:
            text = str(detail["msg"]).removeprefix("Value error, ")
            value = "" if f"`{detail['input']}`" in text else f" (it is `{_short(detail['input'])}`)"
            message = f"`{where}`: {text[0].lower() + text[1:]}{value}"
    return Fault(file=written.file, line=written.line(path) or 1, message=message)


def _inside(path: tuple[Any, ...], plain: Any) -> tuple[Any, ...]:  # noqa: ANN401 - plain YAML
    """The part of pydantic's path that exists in the document: names of union members fall away."""
    found: list[Any] = []
    for part in path:
        if (isinstance(plain, dict) and part in plain) or (
            isinstance(plain, list) and isinstance(part, int) and part < len(plain)
        ):
            plain = plain[part]
        else:
            continue
        found.append(part)
    return tuple(found)


def _known_keys(model: type[BaseModel], path: tuple[Any, ...]) -> set[str]:
    """The keys that a mapping at `path` may have, as far as the model tells."""
    current: Any = model
    for part in path:
        fields = getattr(current, "model_fields", {})
        annotation = fields[part].annotation if part in fields else None
        if annotation is None:
            continue
        current = _model_in(annotation) or current
    return set(getattr(current, "model_fields", {}))


def _model_in(annotation: Any) -> Any:  # noqa: ANN401 - typing internals
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _model_in(argument)) is not None:
            return found
    return None


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
