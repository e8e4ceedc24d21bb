"""Our `dataclass` beside that of the standard library."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from bootverify.dataclass import dataclass as ours

Decorator = Callable[..., Callable[[type], Any]]


def _frozen(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True, kw_only=True)
    class Made:
        """Fields of all sorts."""

        name: str
        secret: bytes = dataclasses.field(default=b"", repr=False)
        places: list[int] = dataclasses.field(default_factory=list)
        line: int = dataclasses.field(default=0, compare=False)

    return Made


def _counted(decorator: Decorator) -> Any:
    @decorator(slots=True)
    class Counted:
        """It may change."""

        left: int
        right: int = 7
        total: int = dataclasses.field(init=False)
        seen: list[int] = dataclasses.field(default_factory=list, init=False)

        def __post_init__(self) -> None:
            self.total = self.left + self.right

    return Counted


@ours(frozen=True, slots=True, kw_only=True)
class Sent:
    """At the top of a module, where pickle finds it."""

    value: int
    text: str = ""


@ours(frozen=True, slots=True)
class Whole:
    """With a hash of its own."""

    value: int

    def __hash__(self) -> int:
        return 1


@ours(frozen=True, slots=True, kw_only=True)
class More(Sent):
    """A field more than what it is made of."""

    extra: int


@pytest.mark.parametrize("values", [{}, {"name": "a", "other": 1}, {"name": "a", "line": 3, "places": [1]}])
def test_objects_are_made_shown_and_compared_as_by_the_standard_library(values: dict[str, Any]) -> None:
    told = []
    for decorator in (dataclasses.dataclass, ours):
        made = _frozen(decorator)
        try:
            first, second = made(**values), made(**{**values, "line": 9})
            told.append((repr(first), first == second, first == made(name="z"), first != 1))
        except TypeError:
            told.append("refused")
    assert told[0] == told[1]


def test_a_frozen_object_refuses_each_change() -> None:
    made = Sent(value=1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'value'"):
        made.value = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'value'"):
        del made.value  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.other = 2  # type: ignore[attr-defined]


def test_equal_objects_have_equal_hashes_from_the_first_call_on() -> None:
    made = _frozen(ours)
    assert hash(made(name="a", places=(), line=1)) == hash(made(name="a", places=(), line=2)) == hash(("a", b"", ()))
    assert hash(Whole(5)) == 1


def test_fields_by_position_defaults_and_what_follows_the_making() -> None:
    assert [repr(_counted(each)(1)) for each in (ours, dataclasses.dataclass)] == [
        f"{_counted.__name__}.<locals>.Counted(left=1, right=7, total=8, seen=[])"
    ] * 2
    changed = _counted(ours)(1, right=2)
    changed.left = 5
    assert changed.left == 5
    with pytest.raises(TypeError, match="unhashable"):
        hash(changed)
    match Whole(3):
        case Whole(found):
            assert found == 3


def test_lists_are_not_shared_between_objects() -> None:
    made = _frozen(ours)
    made(name="a").places.append(1)
    assert made(name="a").places == []


def test_copies_replacements_and_what_is_sent_to_a_process_are_equal() -> None:
    made = Sent(value=1, text="a")
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == dataclasses.replace(made) == made
    assert dataclasses.replace(made, value=2) == Sent(value=2, text="a")
    assert dataclasses.asdict(made) == {"value": 1, "text": "a"}


def test_a_class_may_add_fields_to_another() -> None:
    made = More(value=1, extra=2)
    assert repr(made) == "More(value=1, text='', extra=2)"
    assert made != Sent(value=1)
    assert made == More(value=1, extra=2)
