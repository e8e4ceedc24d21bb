"""Commands as functions: what is annotated on their parameters is what their users write.

The standard library's parser reads it. Libraries that do the same from annotations load one of validation to turn words
into values, and that took longer than to load all that answers a check.
"""

import argparse
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from inspect import Parameter, cleandoc, signature
from pathlib import Path
from types import UnionType
from typing import Any, Never, Union, get_args, get_origin

from bootverify.dataclass import dataclass

Command = Callable[..., int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A parameter that is given by its place."""

    metavar: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A parameter that is given by its name, as `--public-key` for `public_key`; a number has bounds, both included."""

    metavar: str = ""
    help: str
    short: str = ""
    min: int | None = None
    max: int | None = None


class WrongArguments(Exception):  # noqa: N818 - as the other errors that users meet
    """A command was called wrongly; the message says how."""


def called(command: Command, name: str, words: list[str]) -> int:
    """The exit code of `command`, which users know as `name`, called with `words`.

    Raises:
        WrongArguments: they are no such call.
    """
    parameters = signature(command).parameters.values()
    parser = _Parser(prog=f"bootverify {name}", description=cleandoc(command.__doc__ or ""), allow_abbrev=False)
    for each in parameters:
        _add(parser, each)
    found, left = parser.parse_known_intermixed_args(words)
    if left:
        flags = [flag for action in parser._actions for flag in action.option_strings]  # noqa: SLF001 - no other way
        parser.error(f"{name} takes no `{left[0]}`{nearest(left[0].partition('=')[0], flags)}")
    return command(**{each.name: getattr(found, each.name) for each in parameters})


def nearest(word: str, known: Iterable[str]) -> str:
    """The question whether `word` should be one of those that are `known`; empty where none is like it."""
    from difflib import get_close_matches  # noqa: PLC0415 - for who errs

    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean `{found[0]}`?" if found else ""


class _Parser(argparse.ArgumentParser):
    """The standard one, whose complaints end no process."""

    def error(self, message: str) -> Never:
        raise WrongArguments(f"{message} ({self.prog} --help)")


def _add(parser: argparse.ArgumentParser, parameter: Parameter) -> None:
    """Have the parser read one parameter."""
    annotation, told = get_args(parameter.annotation)
    kind, many = _kind(annotation)
    absent = None if parameter.default is Parameter.empty else parameter.default
    shared: dict[str, Any] = {"help": told.help.replace("%", "%%"), "default": absent}
    optional = parameter.default is not Parameter.empty
    if isinstance(told, Argument):
        count = "+" if many else "?" if optional else None
        parser.add_argument(parameter.name, nargs=count, type=_reader(kind, told), metavar=told.metavar, **shared)
        return
    flags = filter(None, (f"--{parameter.name.strip('_').replace('_', '-')}", told.short))
    if kind is bool:
        parser.add_argument(*flags, dest=parameter.name, action="store_true", **shared)
        return
    metavar = told.metavar or ("N" if kind is int else "|".join(str(each.value) for each in kind))
    parser.add_argument(
        *flags,
        dest=parameter.name,
        action="append" if many else "store",
        type=_reader(kind, told),
        metavar=metavar,
        required=not optional,
        **shared,
    )


def _kind(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any type
    """The type of one value, and whether there may be several."""
    if get_origin(annotation) in {UnionType, Union}:
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return (get_args(annotation)[0], True) if get_origin(annotation) is list else (annotation, False)


def _reader(kind: Any, told: Argument | Option) -> Callable[[str], Any]:  # noqa: ANN401 - any type
    """What turns a word into a value of this type."""
    if kind is int:
        assert isinstance(told, Option)
        return partial(_number, told)
    if issubclass(kind, Enum):
        return partial(_choice, kind)
    assert kind in {str, Path}
    reader: Callable[[str], Any] = kind
    return reader


def _choice(kind: type[Enum], word: str) -> Enum:
    for each in kind:
        if each.value == word:
            return each
    raise argparse.ArgumentTypeError(f"`{word}` is none of {', '.join(each.value for each in kind)}")


def _number(told: Option, word: str) -> int:
    try:
        value = int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{word}` is no whole number") from None
    if (told.min is not None and value < told.min) or (told.max is not None and value > told.max):
        bounds = f"at least {told.min}" if told.max is None else f"{told.min} to {told.max}"
        raise argparse.ArgumentTypeError(f"{value} is out of bounds; give {bounds}")
    return value
