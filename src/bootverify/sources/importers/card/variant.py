"""Applies the edits of a card's variant: dotted paths below `design`, list items by name; what is absent is added."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bootverify.errors import InputError

TOP = ("soc", "sdk")


def varied(card: Mapping[str, Any], variant: Mapping[str, Any] | None, file: str) -> dict[str, Any]:
    """A copy of `card` with the edits in; InputError when an edit cannot be placed."""
    changed: dict[str, Any] = deepcopy(dict(card))
    for path, value in (variant or {}).items():
        if path in TOP:
            changed[path] = deepcopy(value)
        else:
            _place(changed.setdefault("design", {}), path.split("."), deepcopy(value), path, file)
    return changed


def _place(here: Any, parts: list[str], value: Any, path: str, file: str) -> None:  # noqa: ANN401 - plain YAML
    if isinstance(here, list):
        _place_in_list(here, parts, value, path, file)
        return
    if not isinstance(here, dict):
        raise InputError.at(file, 0, f"variant `{path}` goes through a plain value; name a mapping or list above it")
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in here:
            if length < len(parts) and isinstance(here[key], dict | list):
                _place(here[key], parts[length:], value, path, file)
            elif length == len(parts):
                here[key] = _like(value, here)
            else:
                here[key] = {}
                _place(here[key], parts[length:], value, path, file)
            return
    if isinstance(here.get("entries"), list):
        _place(here["entries"], parts, value, path, file)
    elif len(parts) == 1:
        here[parts[0]] = _like(value, here)
    else:
        here[parts[0]] = {}
        _place(here[parts[0]], parts[1:], value, path, file)


def _place_in_list(here: list[Any], parts: list[str], value: Any, path: str, file: str) -> None:  # noqa: ANN401
    naming = "stage" if any(isinstance(item, dict) and "stage" in item for item in here) else "name"
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for i, item in enumerate(here):
            if isinstance(item, dict) and item.get(naming) == name:
                if length == len(parts):
                    here[i] = {naming: name, **value} if isinstance(value, dict) else value
                else:
                    _place(item, parts[length:], value, path, file)
                return
    if len(parts) == 1 and isinstance(value, dict):
        here.append({naming: parts[0], **value})
    elif len(parts) > 1:
        here.append({naming: ".".join(parts[:-1]), parts[-1]: value})
    else:
        raise InputError.at(file, 0, f"variant `{path}` adds a thing without fields; give a mapping")


def _like(value: Any, among: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plain YAML
    """A value in the words `same as <sibling>` is a copy of that sibling."""
    told = str(value).split() if isinstance(value, str) else []
    if told[:2] == ["same", "as"] and len(told) == 3 and told[2] in among:
        return deepcopy(among[told[2]])
    return value
