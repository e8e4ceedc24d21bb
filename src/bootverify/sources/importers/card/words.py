"""A tolerant reader of half-free words: known phrases have meanings, the rest is kept, conditions make it doubtful.

>>> seen = read("before hand-off, plain boot only", {"hand-off": "late", "start": "early"})
>>> seen.values, seen.rest, seen.doubtful
(('late',), ('before', 'plain', 'boot', 'only'), True)
"""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

from bootverify.dataclass import dataclass
from bootverify.ranges import parse_size

T = TypeVar("T")

_WORD = re.compile(r"0x[0-9a-f]+|[a-z0-9_]+(?:[-'.][a-z0-9_]+)*|[+]")
# Words that turn what stands around them into something else: left over, they make a reading doubtful.
CONDITIONS = frozenset(
    [
        "unless",
        "except",
        "only",
        "if",
        "until",
        "without",
        "after",
        "not",
        "no",
        "never",
        "but",
        "when",
        "while",
        "optional",
        "optionally",
        "sometimes",
        "wished",
        "requested",
        "intended",
        "planned",
        "partly",
        "partially",
        "half",
        "maybe",
        "unknown",
        "tbd",
        "unclear",
        "instead",
        "disabled",
        "off",
        "missing",
        "lacks",
        "cannot",
        "fails",
        "failed",
        "first",
        "some",
        "from",
        "till",
        "before",
    ]
)
# What turns a sentence round, wherever it stands.
TURNS = (
    r"\b(not|never|neither|nor|no|none|nobody|without|unless|except|cannot|only|hardly|rarely|instead|nothing)\b|n't\b"
)
_FILLERS = frozenset(
    [
        "a",
        "an",
        "and",
        "the",
        "of",
        "in",
        "at",
        "on",
        "to",
        "for",
        "by",
        "is",
        "it",
        "its",
        "with",
        "+",
        "or",
        "as",
        "this",
        "that",
        "each",
        "every",
        "one",
        "set",
    ]
)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What was understood, in the order written, and the words that were not."""

    values: tuple[T, ...]
    rest: tuple[str, ...]

    @property
    def first(self) -> T | None:
        """The meaning that stands first."""
        return self.values[0] if self.values else None

    @property
    def doubtful(self) -> bool:
        """Nothing was understood, or a condition was not."""
        return not self.values or any(word in CONDITIONS for word in self.rest)

    def has(self, value: T) -> bool:
        """Whether it was said."""
        return value in self.values


def words(text: object) -> tuple[str, ...]:
    """The words of `text` in lower case; punctuation and brackets fall away."""
    return tuple(_WORD.findall(str(text).lower()))


def read(text: object, meanings: Mapping[str, T], known: str = "") -> Reading[T]:
    """`text` by the phrases of `meanings`, the longest first; words in `known` say nothing more."""
    told = words(text)
    phrases = sorted(((words(phrase), value) for phrase, value in meanings.items()), key=lambda item: -len(item[0]))
    silent = _FILLERS | set(known.split())
    values: list[T] = []
    rest: list[str] = []
    at = 0
    while at < len(told):
        for phrase, value in phrases:
            if phrase and told[at : at + len(phrase)] == phrase:
                values.append(value)
                at += len(phrase)
                break
        else:
            if told[at] not in silent:
                rest.append(told[at])
            at += 1
    return Reading(tuple(values), tuple(rest))


def says(text: object, *patterns: str) -> bool:
    """Whether each of the regular expressions is found in `text`, case aside."""
    return all(re.search(pattern, str(text), re.IGNORECASE) for pattern in patterns)


def number_before(text: object, noun: str) -> int | None:
    """The number that stands up to three words before `noun`, as in `21 bootloader releases`."""
    found = re.search(rf"(\d+)(?:\s+[a-z-]+){{0,3}}?\s+{noun}", str(text), re.IGNORECASE)
    return int(found[1]) if found else None


def number(value: object) -> int | None:
    """A number of bytes or an address as people write it; None when it is neither.

    >>> number(0x200), number("32K"), number("somewhere"), number(True)
    (512, 32768, None, None)
    """
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    try:
        return parse_size(value) if isinstance(value, str) else None
    except ValueError:
        return None


def truth(value: object) -> bool | None:
    """A truth value as people write it; None when it is none, or when more is said than that.

    >>> truth("off by default"), truth("no"), truth("no login")
    (None, False, None)
    """
    if isinstance(value, bool):
        return value
    told = set(words(value))
    if len(told) == 2 and "not" in told and told & {"built", "enabled", "present", "set", "available", "included"}:
        return False
    if len(told) != 1:
        return None
    if told <= {"true", "yes", "on", "enabled", "present"}:
        return True
    return False if told <= {"false", "no", "off", "none", "disabled", "absent", "not", "without"} else None


def besides(text: object, *patterns: str) -> str:
    """`text` without what the patterns match in it; one that looks ahead over all of it takes nothing away."""
    left = list(str(text))
    for pattern in patterns:
        if not pattern.startswith("^(?!"):
            for found in re.finditer(pattern, str(text), re.IGNORECASE):
                left[found.start() : found.end()] = " " * (found.end() - found.start())
    return "".join(left)


def turned(text: object, *patterns: str) -> bool:
    """Whether `text` denies or restricts something outside what the patterns match: what they say is then doubtful."""
    return re.search(TURNS, besides(text, *patterns), re.IGNORECASE) is not None
