"""Claim text -> formula, through Python's own grammar with a white list; nothing is ever executed.

What the names in it mean, and whether they fit, is `typecheck`'s business.
"""

import ast
from warnings import catch_warnings

from bootverify.policy.formula import (
    And,
    Attribute,
    Call,
    Compare,
    Comparison,
    Formula,
    Literal,
    Member,
    Name,
    Not,
    Or,
    Quantified,
)
from bootverify.policy.typecheck import ClaimError, check, check_fixed
from bootverify.policy.vocabulary import COLLECTIONS

MOST_CHARACTERS = 2000
MOST_NESTING = 30
WORDS = "predicates, attributes, and, or, not, ==, !=, <, in, all(... for ...), any(... for ...)"
_OPERATORS: dict[type[ast.cmpop], Comparison] = {
    ast.Eq: Comparison.EQ,
    ast.NotEq: Comparison.NE,
    ast.Lt: Comparison.LT,
    ast.LtE: Comparison.LE,
    ast.Gt: Comparison.GT,
    ast.GtE: Comparison.GE,
}


def parse(text: str, it: str) -> Formula:
    """The formula that `text` stands for, type-checked; `it` is the kind of the subject.

    Raises:
        ClaimError: the text is no claim, or says something of a thing that it cannot be asked of.

    >>> parse("not shipped(it)", "key")
    Not(operand=Call(predicate='shipped', arguments=(Name(id='it', column=13),), column=5))
    """
    formula = _parsed(text)
    check(formula, it)
    return formula


def parse_condition(text: str, it: str) -> Formula:
    """The formula of an `applies:`, which may ask for fixed attributes of `it` only.

    Raises:
        ClaimError: as for `parse`, or a predicate occurs in it.

    >>> parse_condition("it.secret", "key")
    Attribute(of=Name(id='it', column=1), name='secret', column=1)
    """
    formula = _parsed(text)
    check(formula, it)
    check_fixed(formula)
    return formula


def _parsed(text: str) -> Formula:
    if len(text) > MOST_CHARACTERS:
        raise ClaimError(1, f"a claim has at most {MOST_CHARACTERS} characters")
    try:
        with catch_warnings(action="ignore"):
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None) or 1
        raise ClaimError(column, "this is no claim: check brackets and operators") from None
    return _formula(tree, 0)


def _formula(node: ast.expr, depth: int) -> Formula:
    if depth > MOST_NESTING:
        raise ClaimError(node.col_offset + 1, f"a claim nests at most {MOST_NESTING} deep")
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return And(tuple(_formula(value, depth + 1) for value in values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return Or(tuple(_formula(value, depth + 1) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_formula(operand, depth + 1))
        case ast.Compare():
            return _compared(node)
        case ast.Call(func=ast.Name(id="all" | "any" as which), args=[ast.GeneratorExp() as each]):
            return _quantified(node, which, each, depth)
        case ast.Call(func=ast.Name(id=predicate), args=arguments, keywords=[]):
            return Call(predicate, tuple(map(_name, arguments)), node.col_offset + 1)
        case ast.Attribute():
            return _attribute(node)
        case ast.Constant(value=bool() as value):
            return Literal(value)
        case _:
            raise ClaimError(node.col_offset + 1, f"not part of the claim language: {WORDS}")


def _compared(node: ast.Compare) -> Formula:
    match node:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[among]):
            if not isinstance(among, ast.Tuple | ast.List | ast.Set):
                raise ClaimError(among.col_offset + 1, '`in` needs a list, such as ("nsib", "mcuboot")')
            member = Member(_fixed(left), tuple(map(_literal, among.elts)))
            return member if isinstance(op, ast.In) else Not(member)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return Compare(_fixed(left), _OPERATORS[type(op)], _fixed(right))
        case _:
            raise ClaimError(node.col_offset + 1, "compare two values at a time, with ==, !=, < or in")


def _quantified(node: ast.Call, which: str, each: ast.GeneratorExp, depth: int) -> Quantified:
    match each.generators:
        case [ast.comprehension(target=ast.Name(id=variable), iter=ast.Name(id=collection), is_async=0, ifs=ifs)] if (
            collection in COLLECTIONS and not node.keywords
        ):
            conditions = tuple(_formula(condition, depth + 1) for condition in ifs)
            condition = And(conditions) if len(conditions) > 1 else next(iter(conditions), None)
            body = _formula(each.elt, depth + 1)
            return Quantified(which == "all", body, variable, collection, condition)
        case _:
            known = ", ".join(COLLECTIONS)
            raise ClaimError(node.col_offset + 1, f"write `{which}(... for NAME in ...)`, in: {known}")


def _name(node: ast.expr) -> Name:
    if isinstance(node, ast.Name):
        return Name(node.id, node.col_offset + 1)
    raise ClaimError(node.col_offset + 1, "expected a name, such as `it` or `attacker`")


def _attribute(node: ast.Attribute) -> Attribute:
    return Attribute(_name(node.value), node.attr, node.col_offset + 1)


def _fixed(node: ast.expr) -> Attribute | Literal:
    return _attribute(node) if isinstance(node, ast.Attribute) else _literal(node)


def _literal(node: ast.expr) -> Literal:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | bool):
        return Literal(node.value)
    raise ClaimError(node.col_offset + 1, "expected an attribute, a text, a number, True or False")
