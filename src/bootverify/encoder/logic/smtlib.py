"""Terms as SMT-LIB 2 text in QF_BV: truth values as Bool, enumerations as bit vectors of least width."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from bootverify.encoder.logic.terms import BOOL, Op, Sort, Term, nodes

_SMALL = 4  # nodes: a variable that has a value, or has not
_NAMES = {op: op.value for op in Op}


def width(sort: Sort) -> int:
    """Bits that hold the index of any value of `sort`; at least one."""
    return max(1, (len(sort.values) - 1).bit_length())


def declared(variables: Iterable[Term]) -> list[str]:
    """A declaration of each variable."""
    return [f"(declare-const {quoted(variable.name)} {_sort(variable.sort)})" for variable in variables]


def in_domain(variable: Term) -> str | None:
    """That the variable's bits name a value of its sort; None where all bits do."""
    sort = variable.sort
    if sort is BOOL or len(sort.values) == 1 << width(sort):
        return None
    last = f"{len(sort.values) - 1:0{width(sort)}b}"
    return f"(bvule {quoted(variable.name)} #b{last})"


def query(
    variables: Sequence[Term],
    assertions: Sequence[tuple[str, Term]],
    comment: str = "",
    *,
    guarded: Collection[str] | None = None,
) -> str:
    """A script that asks whether the named assertions can hold together, each variable within its sort.

    Large nodes that occur more than once are defined once. With `guarded`, those of these names need hold only if
    the truth value of the name does, and the script ends before it asks.
    """
    lines = [f"; {comment}"] if comment else []
    lines.append("(set-logic QF_BV)")
    lines += declared(variables)
    lines += [f"(assert {text})" for variable in variables if (text := in_domain(variable)) is not None]
    large = list(nodes(*(term for _, term in assertions), larger=_SMALL))
    uses = Counter([argument.id for node in large for argument in node.arguments])
    texts: dict[int, str] = {}
    named = 0
    for node in large:
        text = _text(node, texts)
        if uses[node.id] > 1:
            named += 1
            lines.append(f"(define-fun |n.{named}| () {_sort(node.sort)} {text})")
            text = f"|n.{named}|"
        texts[node.id] = text
    for name, term in assertions:
        text = texts.get(term.id) or _small(term)
        if guarded and name in guarded:
            lines += [f"(declare-const {quoted(name)} Bool)", f"(assert (=> {quoted(name)} {text}))"]
        else:
            lines.append(f"(assert (! {text} :named {quoted(name)}))")
    lines += ["(check-sat)"] if guarded is None else []
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=20_000)
def quoted(name: str) -> str:
    """The name as an SMT-LIB symbol."""
    return "|" + name.replace("|", "!").replace("\\", "/") + "|"


@lru_cache(maxsize=1024)
def _sort(sort: Sort) -> str:
    return "Bool" if sort is BOOL else f"(_ BitVec {width(sort)})"


@lru_cache(maxsize=20_000)
def _small(term: Term) -> str:
    """A term of few nodes, written out: most terms have the same ones in common."""
    return _text(term, {})


def _text(node: Term, texts: Mapping[int, str]) -> str:
    match node.op:
        case Op.CONST:
            if node.sort is BOOL:
                return "true" if node.value else "false"
            return f"#b{node.sort.values.index(str(node.value)):0{width(node.sort)}b}"
        case Op.VAR:
            return quoted(node.name)
        case Op.NOT | Op.AND | Op.OR | Op.EQ | Op.ITE:
            parts = [texts.get(argument.id) or _small(argument) for argument in node.arguments]
            return f"({_NAMES[node.op]} {' '.join(parts)})"
