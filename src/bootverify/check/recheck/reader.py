"""Text of SMT-LIB as nested tuples of symbols, and back."""

import re

MOST_NESTING = 200

Expression = str | tuple["Expression", ...]

_TOKEN = re.compile(r'[()]|\|[^|\\]*\||"[^"]*"|[^\s()|";]+|\S')
_PLAIN = re.compile(r"[A-Za-z_#:?][A-Za-z0-9_#?-]*|[0-9]+|=>?")


class Refused(Exception):  # noqa: N818 - what the checker says, caught at its door
    """The certificate is not accepted; the message says why."""


class Commands:
    """The commands of a text, one a line, taken in turn; comments and empty lines count for nothing."""

    def __init__(self, lines: list[str]) -> None:
        self._rest = [(number, line) for number, line in enumerate(lines, start=1) if line and line[0] != ";"][::-1]
        self._next: tuple[Expression, ...] | None = None

    @property
    def number(self) -> int:
        """The line of the next command, from 1; 0 at the end."""
        return self._rest[-1][0] if self._rest else 0

    @property
    def next(self) -> tuple[Expression, ...]:
        """The next command; empty at the end."""
        if self._next is None:
            command = expression(self._rest[-1][1]) if self._rest else ()
            if isinstance(command, str) or (self._rest and not command):
                raise Refused("this is no command")
            self._next = command
        return self._next

    def begins(self, *words: str) -> bool:
        """Whether there is a next command, and it begins with `words`."""
        return self.next[: len(words)] == words

    def expect(self, wanted: Expression) -> None:
        """Pass `wanted`, which has to come next."""
        if self.next != wanted:
            raise Refused(f"`{written(wanted)[:90]}` is missing")
        self._next = None
        del self._rest[-1:]


def expression(text: str) -> Expression:
    """The one expression that `text` is; quoted and plain spelling of a symbol are one, strings keep their quotes.

    Raises:
        Refused: it is none, or more than one, or nested too deeply.

    >>> expression("(and |a b| (not c))")
    ('and', 'a b', ('not', 'c'))
    """
    stack: list[list[Expression]] = [[]]
    for word in _TOKEN.findall(text):
        if word == "(":
            stack.append([])
        elif word == ")":
            done = tuple(stack.pop())
            if not stack:
                raise Refused("a bracket closes what none opened")
            stack[-1].append(done)
        elif word in {"|", '"', ";"}:
            raise Refused("this cannot be read")
        else:
            stack[-1].append(word.strip("|"))
        if len(stack) > MOST_NESTING:
            raise Refused("it is nested too deeply")
    if len(stack) != 1 or len(stack[0]) != 1:
        raise Refused("brackets do not match, or this is more than one command")
    return stack[0][0]


def written(body: Expression) -> str:
    """The text of an expression, for a solver."""
    if isinstance(body, tuple):
        return f"({' '.join(map(written, body))})"
    return body if body.startswith('"') or _PLAIN.fullmatch(body) else f"|{body}|"
