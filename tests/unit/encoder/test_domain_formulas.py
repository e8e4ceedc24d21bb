"""Claims as terms: names bound, fixed properties folded, predicates translated."""

import pytest
from tests.designs import shapes

from bootverify.encoder.boot_system import system_for
from bootverify.encoder.logic.terms import and_, false, not_, or_, true
from bootverify.policy.formula import (
    And,
    Attribute,
    Call,
    Compare,
    Comparison,
    Literal,
    Member,
    Name,
    Not,
    Quantified,
)

IT, ATTACKER, KEY = Name("it"), Name("attacker"), Name("key")


@pytest.fixture(scope="module")
def boot():
    return system_for(shapes.s02(), shapes.ATTACKERS["remote-ota"])


def test_a_claim_about_a_key_is_its_variable(boot):
    key = boot.frame.design.key("enc_priv")
    formula = Call("knows", (ATTACKER, IT))
    assert boot.term(formula, {"it": key}) is boot.frame.knowledge["enc_priv"]


def test_fixed_conditions_fold(boot):
    stage = boot.frame.design.stage("b0")
    root = Compare(Attribute(IT, "role"), Comparison.EQ, Literal("root_of_trust"))
    assert boot.term(root, {"it": stage}) is true()
    among = Member(Attribute(IT, "program"), (Literal("mcuboot"), Literal("tfm")))
    assert boot.term(And((root, among)), {"it": stage}) is false()


def test_a_quantifier_ranges_over_the_things_of_the_design(boot):
    image = boot.frame.design.image("mcuboot")
    body = Not(Call("carried", (KEY, IT)))
    formula = Quantified(
        every=True,
        body=body,
        variable="key",
        collection="keys",
        condition=Attribute(KEY, "secret"),
    )
    published = [boot.frame.published[name] for name in boot.frame.named("mcuboot")]
    keys = [key.name for key in boot.frame.design.keys if key.secret]
    carried = [and_(boot.frame.carried["mcuboot", key], or_(*published)) for key in keys]
    assert boot.term(formula, {"it": image}) is and_(*(not_(each) for each in carried))
    assert boot.term(Call("carried", (KEY, IT)), {"key": boot.frame.design.key("enc_priv"), "it": image}) in carried


def test_an_unknown_predicate_is_a_mistake_of_the_type_check(boot):
    with pytest.raises(TypeError, match="no predicate `glows`"):
        boot.term(Call("glows", (IT,)), {"it": boot.frame.design.stage("b0")})
