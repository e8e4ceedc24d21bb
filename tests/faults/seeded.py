"""Seeds a fault into one function of the program and takes it out again.

A fault is one small change of the syntax tree: a comparison turned, a check or an effect left out, a condition negated.
The function object stays, so that whoever imported it runs the fault too.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import islice
from types import CodeType, FunctionType

TURNED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
SWAPPED = {"and_": "or_", "or_": "and_", "true": "false", "false": "true", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Change number `number` of a function, counted in the order of its syntax tree."""

    where: str  # module:qualified name
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.where} #{self.number} {self.what}"


def function_at(where: str) -> FunctionType:
    """The function of that module and name, from under a property or a cache."""
    module, _, name = where.partition(":")
    found: object = import_module(f"bootverify.{module}")
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    match found:
        case property(fget=inner) | cached_property(func=inner):
            found = inner
        case staticmethod(__func__=inner) | classmethod(__func__=inner):
            found = inner
        case _:
            found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), where
    return found


def _tree(source: str) -> ast.Module:
    tree = ast.parse(source)
    tree.body[0].decorator_list = []
    return tree


def faults_of(where: str) -> list[Fault]:
    """Every fault that can be seeded into that function."""
    return [Fault(where=where, number=i, what=what) for i, (what, _) in enumerate(_changes(function_at(where)))]


def _changes(function: FunctionType) -> Iterator[tuple[str, ast.Module]]:
    """What is changed, and the tree with the change: parsed anew each time, which is quicker than a copy."""
    source = textwrap.dedent(inspect.getsource(function))
    for index, original in enumerate(ast.walk(_tree(source))):
        if not _can_change(original):
            continue
        twin = _tree(source)
        node = next(islice(ast.walk(twin), index, None))
        before = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
        if (changed := _change(twin, node)) is not None:
            yield f"{changed}: {' '.join(before.split())[:70]}", twin


def _can_change(node: ast.AST) -> bool:
    """Whether a change of `node` may exist; a tree for each other node would take long."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"not_", *SWAPPED}
    return isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Expr | ast.AugAssign | ast.Assign | ast.If)


def _change(tree: ast.Module, node: ast.AST) -> str | None:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in TURNED:
            node.ops = [TURNED[type(operator)]()]
            return "turn"
        case ast.BoolOp(op=ast.And()):
            node.op = ast.Or()
            return "or"
        case ast.BoolOp(op=ast.Or()):
            node.op = ast.And()
            return "and"
        case ast.UnaryOp(op=ast.Not()):
            _replace(tree, node, node.operand)
            return "drop not"
        case ast.Call(func=ast.Name(id="not_"), args=[only]):
            _replace(tree, node, only)
            return "drop not"
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED and name not in {"true", "false"}:
            node.func.id = SWAPPED[name]
            return SWAPPED[name]
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            _replace(tree, node, ast.Pass())
            return "leave out"
        case ast.If():
            node.test = ast.Constant(value=False)
            return "never"
        case _:
            return None


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                setattr(parent, name, [new if each is old else each for each in value])


def _compiled(fault: Fault, tree: ast.Module, free: tuple[str, ...]) -> CodeType:
    """The code of the changed function, with the free names of the old one: `super()` looks for one."""
    around = ast.parse(f"def around({', '.join(free)}): pass")
    # What calls itself by its name means the one of its module, which is changed, too.
    around.body[0].body = [ast.Global(names=[tree.body[0].name]), *tree.body]
    code = compile(ast.fix_missing_locations(around), f"<{fault}>", "exec")
    for name in ("around", tree.body[0].name):
        code = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name)
    return code


@contextmanager
def seeded(fault: Fault) -> Iterator[None]:
    """The program with the fault, for as long as the block lasts."""
    function = function_at(fault.where)
    what, tree = next(change for i, change in enumerate(_changes(function)) if i == fault.number)
    assert what == fault.what, f"{fault}: the source has changed; write the table anew"
    old = function.__code__
    function.__code__ = _compiled(fault, tree, old.co_freevars)
    try:
        yield
    finally:
        function.__code__ = old
