"""Text of SMT-LIB as nested tuples of symbols, and back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 32 * 1024 * 1024
MOST_NESTING = 200

Expression = str | tuple["Expression", ...]

_TOKEN = re.compile(r'\s*(?:(;[^\n]*)|([()])|(\|[^|\\]*\|)|("[^"]*")|([^\s()|";]+))')
_PLAIN = re.compile(r"[A-Za-z_#:?][A-Za-z0-9_#?-]*|[0-9]+|=>?")


class Refused(Exception):  # noqa: N818 - what the checker says, caught at its door
    """The certificate is not accepted; the message says why."""


@dataclass(frozen=True, slots=True)
class Command:
    """One line that is no comment; `number` counts from 1."""

    number: int
    body: tuple[Expression, ...]


def commands(lines: list[str]) -> Iterator[Command]:
    """The commands, one a line; comments and empty lines are passed over.

    Raises:
        Refused: a line is no command.
    """
    for number, line in enumerate(lines, start=1):
        if not line or line.startswith(";"):
            continue
        try:
            body = expression(line)
        except Refused as problem:
            raise Refused(f"line {number}: {problem}") from None
        if not isinstance(body, tuple) or not body:
            raise Refused(f"line {number}: this is no command")
        yield Command(number, body)


def expression(text: str) -> Expression:
    """The one expression that `text` is; quoted and plain spelling of a symbol are one, strings keep their quotes.

    Raises:
        Refused: it is none, or more than one, or nested too deeply.

    >>> expression("(and |a b| (not c))")
    ('and', 'a b', ('not', 'c'))
    """
    stack: list[list[Expression]] = [[]]
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise Refused("this cannot be read")
        position = match.end()
        comment, bracket, quoted, string, plain = match.groups()
        if comment:
            raise Refused("a comment stands behind a command")
        if bracket == "(":
            if len(stack) > MOST_NESTING:
                raise Refused("it is nested too deeply")
            stack.append([])
        elif bracket == ")":
            if len(stack) == 1:
                raise Refused("a bracket closes what none opened")
            done = tuple(stack.pop())
            stack[-1].append(done)
        else:
            stack[-1].append(quoted[1:-1] if quoted else string or plain)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise Refused("brackets do not match, or this is more than one command")
    return stack[0][0]


def written(body: Expression) -> str:
    """The text of an expression, for a solver."""
    if isinstance(body, tuple):
        return f"({' '.join(map(written, body))})"
    return body if body.startswith('"') or _PLAIN.fullmatch(body) else f"|{body}|"
