"""Terms that nobody holds are let go; those that somebody holds stay the one object that they are."""

from bootverify.encoder.logic import terms
from bootverify.encoder.logic.terms import and_, let_go, not_, or_, var


def test_what_nobody_holds_is_let_go_with_all_below_it_and_the_rest_stays_one_object():
    one, two, three = (var(f"held {i}") for i in range(3))
    kept = or_(and_(one, not_(two)), three)
    let_go()
    before = len(terms._INNER)
    and_(or_(not_(one), two), or_(not_(three), one))
    assert len(terms._INNER) == before + 5
    let_go()
    assert len(terms._INNER) == before
    assert or_(and_(one, not_(two)), three) is kept


def test_a_number_is_given_once():
    one, two = var("held 1"), var("held 2")
    number = and_(one, not_(two)).id
    let_go()
    assert and_(one, not_(two)).id > number
