"""Devicetree: partitions and chosen nodes, from a build's flat `zephyr.dts` and from board files and overlays alike.

Read by a parser of our own: the pinned dtlib knows no lines, follows includes and `/incbin/` into other files, and
takes no overlay alone. Of a source file, `#include "x"` is followed where the caller has that file; other includes,
macros and conditionals are left out and go to the ledger. The tests compare it with dtlib on flat files.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.ledger import Ledger

MOST_TOKENS = 400_000
MOST_DEPTH = 64
MOST_INCLUDED = 40

_TOKEN = re.compile(
    r"""(?P<pre>(?<=\n)[ \t]*\#[ \t]*
          (?:include|define|if|ifdef|ifndef|elif|else|endif|undef|pragma|error|warning|line)\b
          (?:[^\n\\]|\\\n|\\.)*)
      | (?P<space>\n|[^\S\n]+|//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<directive>/[a-z0-9-]+/)
      | (?P<ref>&\{[^}\n]{0,400}\}|&[A-Za-z_][A-Za-z0-9_]*)
      | (?P<word>[A-Za-z0-9_\#,.+?@-]+)
      | (?P<op><<|>>|[-+*/%|&^~!<>={}()\[\];:,])
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'#\s*include\s+"([^"\x00-\x1f]{1,200})"')
_DEFINE = re.compile(r"#\s*define\s+([A-Za-z_]\w*)\s+\(?\s*(0[xX][0-9a-fA-F]+|\d+)\s*\)?\s*$")
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,16}|\d{1,20})[uUlL]*")
_UNITS = {"DT_SIZE_K": 1 << 10, "DT_SIZE_M": 1 << 20}
_LEVELS = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, text or sign, with its line and file."""

    kind: str
    text: str
    line: int
    file: str


@dataclass(slots=True, kw_only=True)
class Node:
    """A node: its name without the unit address, labels, properties as tokens; the nodes below by name and unit."""

    name: str
    unit: str = ""
    line: int = 0
    file: str = ""
    labels: list[str] = field(default_factory=list)
    properties: dict[str, list[Token]] = field(default_factory=dict)
    below: dict[tuple[str, str], "Node"] = field(default_factory=dict, repr=False)
    parent: "Node | None" = field(default=None, repr=False)

    @property
    def children(self) -> list["Node"]:
        """The nodes directly below, in the order written."""
        return list(self.below.values())

    def texts(self, name: str) -> list[str]:
        """The texts of a property; empty when it has none."""
        return [token.text[1:-1] for token in self.properties.get(name, ()) if token.kind == "text"]

    def walk(self) -> Iterator["Node"]:
        """The node and all below it, in the order written."""
        left = [self]
        while left:
            node = left.pop()
            yield node
            left += reversed(node.below.values())


@dataclass(slots=True, kw_only=True)
class Devicetree:
    """One file: a root for what it defines, and nodes that extend others by label."""

    file: str
    root: Node
    defines: dict[str, int] = field(default_factory=dict)
    labels: dict[str, Node] = field(default_factory=dict, repr=False)

    def source(self, node: Node) -> Source:
        """Where the node stands."""
        label = f"{node.labels[0]}: " if node.labels else ""
        return Source(file=node.file, line=node.line, text=f"{label}{node.name}{'@' + node.unit if node.unit else ''}")

    def cells(self, node: Node, name: str) -> list[int | None]:
        """The numbers of a property; None for each that cannot be told here."""
        return list(_cells(node.properties.get(name, []), self.defines))

    def labelled(self, label: str) -> Node | None:
        """The node with that label."""
        return self.labels.get(label)

    def chosen(self) -> dict[str, Node]:
        """The nodes that `/chosen` names by label or path, as far as this file has them."""
        found: dict[str, Node] = {}
        for node in self.root.walk():
            if node.name != "chosen":
                continue
            for name, tokens in node.properties.items():
                labels = [token.text[1:] for token in tokens if token.kind == "ref" and not token.text.startswith("&{")]
                target = self.labelled(labels[0]) if labels else None
                if target is not None:
                    found[name] = target
        return found


Include = Callable[[str, str], tuple[str, bytes] | None]


def _nowhere(_name: str, _by: str) -> None:
    return None


def parse_devicetree(content: bytes, name: str, ledger: Ledger, include: Include = _nowhere) -> Devicetree:
    """The tree that `content` writes down.

    `include` gives the name and the content of a file that the one of the second name includes, or None; each file is
    taken once.

    Raises:
        InputError: no devicetree: unbalanced braces, or signs that no devicetree has; with the line.
    """
    tree = Devicetree(file=name, root=Node(name="/", file=name))
    _Parser(tree, list(_followed(content, tree, ledger, include)), ledger).file()
    return tree


def _followed(content: bytes, tree: Devicetree, ledger: Ledger, include: Include) -> Iterator[Token]:
    """The tokens of the file and of those that it includes, where they are included."""
    count, seen = 0, {tree.file}
    pending = [_tokens("\n" + content.decode("utf-8-sig", "replace"), tree.file)]
    while pending:
        token = next(pending[-1], None)
        if token is None:
            pending.pop()
            continue
        count += 1
        if count > MOST_TOKENS:
            raise InputError.at(token.file, token.line, f"more than {MOST_TOKENS:,} words; name a smaller file")
        if token.kind != "pre":
            yield token
            continue
        wanted = _INCLUDE.match(token.text)
        found = include(wanted[1], token.file) if wanted is not None and len(seen) < MOST_INCLUDED else None
        if found is None:
            _preprocessed(token, tree, ledger)
        elif found[0] not in seen:
            seen.add(found[0])
            pending.append(_tokens("\n" + found[1].decode("utf-8-sig", "replace"), found[0]))


def _tokens(text: str, name: str) -> Iterator[Token]:
    at, line = 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if text.startswith("/*", at) and (match is None or match.lastgroup != "space"):
            raise InputError.at(name, line, "a comment starts here and does not end; close it with `*/`")
        if match is None or match.end() == at:
            raise InputError.at(name, line, f"`{text[at]}` has no place in a devicetree; name a .dts or .overlay file")
        at = match.end()
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match[0].strip(), line, name)
        line += match[0].count("\n")


def _preprocessed(token: Token, tree: Devicetree, ledger: Ledger) -> None:
    match = _DEFINE.match(token.text)
    if match is not None:
        tree.defines[match[1]] = _number(match[2])
    elif not re.match(r"#\s*(endif|else|undef|pragma)", token.text):
        first = token.text.splitlines()[0]
        ledger.add(Source(file=token.file, line=token.line, text=first), f"not followed: {first[:80]}")


class _Parser:
    """Recursive descent over the tokens of one file."""

    def __init__(self, tree: Devicetree, tokens: list[Token], ledger: Ledger) -> None:
        self.tree = tree
        self.tokens = tokens
        self.ledger = ledger
        self.at = 0

    def file(self) -> None:
        self._body(self.tree.root, 0)
        if self.at < len(self.tokens):
            self._stop("a `}` too many")

    def _body(self, node: Node, depth: int) -> None:
        if depth > MOST_DEPTH:
            self._stop(f"more than {MOST_DEPTH} levels of nodes")
        labels: list[str] = []
        while self.at < len(self.tokens) and self._sign() != "}":
            token = self._next()
            following = self._sign()
            if token.kind == "directive":
                self._directive(node, token)
            elif following == ":" and token.kind == "word":
                self._next()
                labels.append(token.text)
            elif following == "{":
                self._next()
                self._body(self._node(node, token, labels), depth + 1)
                self._end("}")
                labels = []
            elif following == "=":
                self._next()
                node.properties[token.text] = self._value()
                labels = []
            elif token.kind == "word" and following == ";":
                self._next()
                node.properties[token.text] = []
            elif token.text != ";":
                self._skipped(token)

    def _node(self, parent: Node, token: Token, labels: list[str]) -> Node:
        """The node that a `{` opens: one known by label or name, or a new one."""
        if token.kind == "ref":
            label = token.text[1:]
            node = self.tree.labelled(label)
            if node is None:
                node = Node(name=label, labels=[label], line=token.line, file=token.file, parent=self.tree.root)
                self.tree.root.below["&", label] = node
                self.tree.labels[label] = node
        elif token.text == "/":
            node = self.tree.root
        else:
            name, _, unit = token.text.partition("@")
            node = parent.below.get((name, unit))
            if node is None:
                node = Node(name=name, unit=unit, line=token.line, file=token.file, parent=parent)
                parent.below[name, unit] = node
        for label in labels:
            if self.tree.labels.get(label) is not node:
                node.labels.append(label)
                self.tree.labels[label] = node
        return node

    def _directive(self, node: Node, token: Token) -> None:
        """`/delete-node/ x;` and the like; `/dts-v1/;` says nothing."""
        if token.text in {"/", "/omit-if-no-ref/"}:
            return
        words = []
        while self.at < len(self.tokens) and self._sign() not in {";", "{", "}"}:
            words.append(self._next().text)
        if self._sign() == ";":
            self._next()
        if token.text == "/delete-node/" and words:
            self._deleted(node, words[0])
        elif token.text == "/delete-property/" and words:
            node.properties.pop(words[0], None)
        elif token.text in {"/include/", "/incbin/"}:
            source = Source(file=token.file, line=token.line)
            self.ledger.add(source, f"not followed: {token.text} {' '.join(words)[:60]}")

    def _deleted(self, node: Node, word: str) -> None:
        if word.startswith("&"):
            gone = self.tree.labelled(word[1:])
        else:
            name, _, unit = word.partition("@")
            gone = node.below.get((name, unit))
        if gone is not None and gone.parent is not None:
            gone.parent.below.pop((gone.name, gone.unit), None)
            for label in gone.labels:
                self.tree.labels.pop(label, None)

    def _value(self) -> list[Token]:
        found = []
        while self.at < len(self.tokens) and self._sign() not in {";", "{", "}"}:
            found.append(self._next())
        self._end(";")
        return found

    def _skipped(self, token: Token) -> None:
        """A macro that stands alone, with or without arguments."""
        self.ledger.add(Source(file=token.file, line=token.line), f"not understood: {token.text[:60]}")
        if self._sign() == "(":
            depth = 0
            while self.at < len(self.tokens):
                depth += {"(": 1, ")": -1}.get(self._next().text, 0)
                if depth == 0:
                    break

    def _sign(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def _next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _end(self, sign: str) -> None:
        if self._sign() != sign:
            self._stop(f"`{sign}` is missing")
        self.at += 1

    def _stop(self, message: str) -> None:
        last = self.tokens[min(self.at, len(self.tokens) - 1)] if self.tokens else None
        file, line = (last.file, last.line) if last is not None else (self.tree.file, 0)
        raise InputError.at(file, line, f"this is no devicetree: {message}; compare braces and semicolons")


def _cells(tokens: list[Token], defines: dict[str, int]) -> Iterator[int | None]:
    """The elements between `<` and `>`."""
    inside, at = False, 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.text == "<" and not inside:
            inside = True
        elif token.text == ">" and inside:
            inside = False
        elif inside and token.text == "(":
            value, at = _expression(tokens, at, defines, 0)
            yield value
            at += 1
        elif inside and token.kind != "op":
            value, at = _operand(tokens, at - 1, defines, 0)
            yield value


def _expression(
    tokens: list[Token], at: int, defines: dict[str, int], level: int, depth: int = 0
) -> tuple[int | None, int]:
    """The value of what stands at `at`, up to a sign that does not belong to it; and where that sign stands."""
    left, at = _operand(tokens, at, defines, depth)
    while at < len(tokens) and _LEVELS.get(tokens[at].text, 0) > level:
        sign = tokens[at].text
        right, at = _expression(tokens, at + 1, defines, _LEVELS[sign], depth)
        left = _combined(left, sign, right)
    return left, at


def _operand(tokens: list[Token], at: int, defines: dict[str, int], depth: int) -> tuple[int | None, int]:
    if at >= len(tokens) or depth > MOST_DEPTH:
        return None, len(tokens)
    token = tokens[at]
    if token.text == "(":
        value, at = _expression(tokens, at + 1, defines, 0, depth + 1)
        return value, at + 1
    if at + 1 < len(tokens) and tokens[at + 1].text == "(" and not token.text[0].isdigit():
        value, at = _expression(tokens, at + 2, defines, 0, depth + 1)
        while at < len(tokens) and tokens[at].text not in {")", ">"}:
            value, at = None, at + 1
        unit = _UNITS.get(token.text)
        return (value * unit if value is not None and unit else None), at + 1
    if (match := _NUMBER.fullmatch(token.text)) is not None:
        return _number(match[1]), at + 1
    return defines.get(token.text), at + 1


def _number(text: str) -> int:
    """What a run of digits is worth in C and in a devicetree: behind `0x` sixteen a place, behind another 0 eight.

    >>> _number("0x1F"), _number("010"), _number("19"), _number("0"), _number("09")
    (31, 8, 19, 0, 9)
    """
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    return int(text, 8 if text[0] == "0" and not {"8", "9"} & {*text} else 10)


def _combined(left: int | None, sign: str, right: int | None) -> int | None:
    if left is None or right is None or max(abs(left), abs(right)) >> 64:
        return None  # no address or size; keeps what a long expression can grow to small
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/" | "%" if right == 0:
            return None
        case "/":
            return left // right
        case "%":
            return left % right
        case "<<" | ">>" if not 0 <= right < 64:
            return None
        case "<<":
            return left << right
        case ">>":
            return left >> right
        case "|":
            return left | right
        case "^":
            return left ^ right
        case _:
            return left & right
