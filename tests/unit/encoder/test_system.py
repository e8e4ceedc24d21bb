"""A system is guarded assignments and nothing else: whatever would constrain a next state cannot be written."""

import pytest

from bootverify.encoder.logic.system import IllFormed, System, Transition
from bootverify.encoder.logic.terms import BOOL, Sort, and_, const, eq, false, ite, not_, true, var

COLOUR = Sort("Colour", ("red", "green", "blue"))
LAMP = Sort("Lamp", ("red", "green", "blue"))
light, on, free = var("light", COLOUR), var("on"), var("free in go")


def system(*transitions: Transition, **changes) -> System:
    said = {"variables": (light, on), "init": {light: ("red",), on: (False,)}, "transitions": transitions}
    return System(**{**said, **changes})


def go(name="go", guard=None, updates=None, inputs=()) -> Transition:
    return Transition(name=name, guard=on if guard is None else guard, updates=updates or {}, inputs=inputs)


def test_a_constraint_on_a_next_state_has_no_words():
    with pytest.raises(IllFormed, match=r"mentions \['on after'\], which is no part of the old state"):
        system(go(guard=and_(on, not_(var("on after")))))
    with pytest.raises(IllFormed, match="which is no part of the old state"):
        system(go(updates={on: var("on after")}))


def test_an_input_belongs_to_one_transition():
    with pytest.raises(IllFormed, match="`again` shares an input with another transition"):
        system(go(updates={on: free}, inputs=(free,)), go("again", updates={on: free}, inputs=(free,)))
    with pytest.raises(IllFormed, match="which is no part of the old state"):
        system(go(updates={on: free}, inputs=(free,)), go("again", updates={on: free}))
    with pytest.raises(IllFormed, match="uses a state variable as an input"):
        system(go(inputs=(on,)))


def test_a_value_is_of_the_sort_of_its_variable():
    with pytest.raises(IllFormed, match="gives `light` a value of sort Bool"):
        system(go(updates={light: on}))
    with pytest.raises(IllFormed, match="gives `light` a value of sort Lamp"):
        system(go(updates={light: const(LAMP, "red")}))
    with pytest.raises(IllFormed, match="the guard of `go` is no truth value"):
        system(go(guard=light))


def test_only_a_state_variable_is_assigned_to():
    with pytest.raises(IllFormed, match="assigns to `free in go`, which is no state variable"):
        system(go(updates={free: true()}, inputs=(free,)))


def test_every_variable_starts_somewhere_within_its_sort():
    with pytest.raises(IllFormed, match="`on` has no start"):
        system(init={light: ("red",)})
    with pytest.raises(IllFormed, match="`on` has no start"):
        system(init={light: ("red",), on: ()})
    with pytest.raises(IllFormed, match="`light` starts outside its sort"):
        system(init={light: ("mauve",), on: (True,)})


def test_names_of_transitions_are_not_shared():
    with pytest.raises(IllFormed, match="two transitions are called `go`"):
        system(go(), go())


def test_a_slice_keeps_what_can_influence_it_and_nothing_else():
    other = var("other")
    turn = go("turn", guard=eq(light, "red"), updates={light: ite(on, const(COLOUR, "green"), light), other: true()})
    whole = system(
        turn,
        go("switch", guard=true(), updates={on: not_(on)}),
        go("note", guard=on, updates={other: false()}),
        variables=(light, on, other),
        init={light: ("red",), on: (False,), other: (False,)},
    )
    sliced = whole.sliced([light])
    assert sliced.variables == (light, on)
    assert [each.name for each in sliced.transitions] == ["turn", "switch"]
    assert other not in sliced.transitions[0].updates
    assert whole.sliced([other]).variables == whole.variables


def test_what_is_held_never_changes_and_all_else_does_as_before():
    switch = Transition(name="switch", guard=true(), updates={on: not_(on), light: const(COLOUR, "green")})
    whole = System(variables=(light, on), init={light: ("red",), on: (False,)}, transitions=(switch,))
    (held,) = whole.holding({on}).transitions
    assert held.updates == {light: const(COLOUR, "green")}
    assert held.guard is switch.guard


def test_terms_refuse_what_has_no_meaning():
    with pytest.raises(TypeError, match="is of sort Colour, not a truth value"):
        not_(light)
    with pytest.raises(TypeError, match="`mauve` is no value of Colour"):
        eq(light, "mauve")
    with pytest.raises(TypeError, match="Colour is not Lamp"):
        eq(light, var("lamp", LAMP))
    with pytest.raises(TypeError, match="Colour is not Bool"):
        ite(on, light, on)
    assert const(BOOL, True) is true()


def test_equal_sorts_are_one_object_and_others_are_not() -> None:
    assert Sort("Colour", ("red", "green", "blue")) is COLOUR
    assert Sort("Colour", ("red", "green")) is not COLOUR
    assert LAMP is not COLOUR


def test_constants_are_those_of_their_sort() -> None:
    assert const(COLOUR, "red") is const(COLOUR, "red")
    assert const(COLOUR, "red") is not const(LAMP, "red")
    with pytest.raises(TypeError, match="no value of Colour"):
        const(COLOUR, "grey")
