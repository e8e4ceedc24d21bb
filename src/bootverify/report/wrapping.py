"""The width of a report on a terminal, and lines broken to it."""

from textwrap import wrap

WIDTH = 80  # columns, whatever the terminal has: the same input gives the same bytes, and reports are quoted elsewhere


def wrapped(line: str, indent: int, hanging: int | None = None) -> list[str]:
    """`line` broken at spaces alone, its first piece set in by `indent` columns, the others by `hanging` if given."""
    return wrap(
        line,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def folded(address: str, indent: int) -> list[str]:
    """An address or a path set in by `indent` columns, broken behind slashes where it is too long for a line."""
    lines = wrapped(address, indent)
    if all(len(line) <= WIDTH for line in lines):
        return lines
    return [line.replace("/ ", "/") for line in wrapped(address.replace("/", "/ "), indent)]


def sentence(words: str) -> str:
    """With a full stop."""
    return words if words.endswith(".") else f"{words}."
