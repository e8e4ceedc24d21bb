"""`dataclass` of the standard library, quick to define: a class gets its methods compiled when one is first called.

The standard one compiles six functions for each class, a third of a millisecond; a program that loads hundreds of
classes and makes objects of some would spend a third of its start on that. What is not said here is as there; to type
checkers the two are the same.
"""

import dataclasses
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - an export
else:

    def dataclass(*, frozen=False, slots=False, order=False, kw_only=False):  # noqa: ANN001, ANN201, D103
        if order or not slots:
            return dataclasses.dataclass(frozen=frozen, slots=slots, order=order, kw_only=kw_only)
        bare = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)
        return lambda cls: _completed(bare(cls), frozen=frozen)


def _completed(cls: type, *, frozen: bool) -> type:
    """The class with the methods of a dataclass that it does not define itself."""
    compiled = ("__init__", "__eq__", "__hash__") if frozen else ("__init__", "__eq__")
    missing = tuple(name for name in compiled if vars(cls).get(name) is None)
    methods: dict[str, object] = {name: _later(cls, name, missing, frozen=frozen) for name in missing}
    if "__repr__" not in vars(cls):
        methods["__repr__"] = _shown
    if frozen:
        methods |= {"__setattr__": _no_assignment, "__delattr__": _no_deletion}
        methods |= {"__getstate__": _state, "__setstate__": _restored}
    elif "__hash__" not in vars(cls):
        methods["__hash__"] = None
    for name, method in methods.items():
        setattr(cls, name, method)
    return cls


def _later(cls: type, name: str, missing: tuple[str, ...], *, frozen: bool) -> Any:  # noqa: ANN401 - a method
    """What stands for the method `name` until it is called first, and then puts all that are `missing` in place."""

    def method(self: object, *values: object, **named: object) -> object:
        compiled = _compiled(cls, frozen=frozen)
        for each in missing:
            setattr(cls, each, compiled[each])
        return compiled[name](self, *values, **named)

    return method


def _compiled(cls: type, *, frozen: bool) -> dict[str, Any]:
    """`__init__`, `__eq__` and `__hash__`."""
    fields = dataclasses.fields(cls)
    names: dict[str, Any] = {"MISSING": MISSING}
    given, body = ["self"], []
    for each in sorted(fields, key=lambda each: bool(each.kw_only)):
        name = each.name
        names |= {f"default_{name}": each.default, f"make_{name}": each.default_factory}
        if each.init:
            given += ["*"] if each.kw_only and "*" not in given else []
            given.append(name + _default(each))
        if each.init or _default(each):
            names[f"set_{name}"] = getattr(cls, name).__set__  # as the class itself forbids `self.name = value`
            body.append(f"set_{name}(self, {_value(each)})" if frozen else f"self.{name} = {_value(each)}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    mine, other = ("".join(f"{who}.{each.name}, " for each in fields if each.compare) for who in ("self", "other"))
    exec(  # noqa: S102 - of the names of our own fields alone
        f"def __init__({', '.join(given)}):\n {'; '.join(body) or 'pass'}\n"
        f"def __eq__(self, other):\n"
        f" return ({mine}) == ({other}) if other.__class__ is self.__class__ else NotImplemented\n"
        f"def __hash__(self):\n return hash(({mine}))\n",
        names,
    )
    return names


def _default(field: dataclasses.Field[Any]) -> str:
    """What follows a parameter that may be left out."""
    if field.default is not MISSING:
        return f"=default_{field.name}"
    return "" if field.default_factory is MISSING else "=MISSING"


def _value(field: dataclasses.Field[Any]) -> str:
    """What a field is set to."""
    name = field.name
    if field.default_factory is MISSING:
        return name if field.init else f"default_{name}"
    return f"make_{name}() if {name} is MISSING else {name}" if field.init else f"make_{name}()"


def _shown(self: Any) -> str:  # noqa: ANN401 - any dataclass
    told = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(told)})"


def _no_assignment(_self: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deletion(_self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:  # noqa: ANN401 - any dataclass
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restored(self: Any, state: list[object]) -> None:  # noqa: ANN401 - any dataclass
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
