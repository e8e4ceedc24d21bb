"""Attackers whose systems are the same share what is proved; where anything differs nothing is shared."""

from dataclasses import replace

from tests.designs import shapes
from tests.gate.bases import base

from bootverify import api
from bootverify.check import decide
from bootverify.check.proof import prove, theory
from bootverify.check.proof.prove import Reasoner
from bootverify.check.proof.theory import Theories
from bootverify.check.solver import Sat, Unsat, solve
from bootverify.check.verdict import Report, Verdict
from bootverify.design.attacker import Attacker, Capability
from bootverify.encoder.logic.obligations import all_start, each_preserved
from bootverify.encoder.logic.system import System, Transition, identity
from bootverify.encoder.logic.terms import const, not_, true, var
from bootverify.encoder.variables.hardware import HALTED
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated


def _foe(name: str, *capabilities: Capability) -> Attacker:
    return Attacker(name=name, title="", capabilities=frozenset(capabilities))


def test_attackers_who_can_do_the_same_to_a_design_share_one_theory() -> None:
    theories, design = Theories(), shapes.s01()
    one, other = (Reasoner(design, _foe(name), theories) for name in ("one", "other"))
    assert one.boot is not other.boot
    assert one.theory is other.theory


def test_a_capability_or_a_fact_of_the_design_more_makes_a_theory_of_its_own() -> None:
    theories, design = Theories(), shapes.s01()
    opened = replace(design, lifecycle=replace(design.lifecycle, approtect=False, secure_approtect=False))
    reasoners = [
        Reasoner(design, _foe("nobody"), theories),
        Reasoner(design, _foe("cutter", Capability.CUT_POWER), theories),
        Reasoner(design, _foe("insider", Capability.RUN_APPLICATION), theories),
        Reasoner(design, _foe("prober", Capability.DEBUG), theories),
        Reasoner(opened, _foe("prober", Capability.DEBUG), theories),
    ]
    assert len({id(each.theory) for each in reasoners}) == len(reasoners)


def test_systems_are_the_same_only_when_nothing_in_them_differs() -> None:
    flag, other = var("flag"), var("other")
    step = Transition(name="step", guard=flag, updates={other: flag})
    system = System(variables=(flag, other), init={flag: (True,), other: (False,)}, transitions=(step,))
    steps = (
        replace(step, name="another"),
        replace(step, guard=not_(flag)),
        replace(step, updates={other: not_(flag)}),
        replace(step, updates={flag: flag}),
        replace(step, inputs=(var("input"),)),
        replace(step, vague=True),
    )
    changed = [
        *(replace(system, transitions=(each,)) for each in steps),
        replace(system, transitions=()),
        replace(system, init={flag: (False,), other: (False,)}),
        replace(system, variables=(other, flag)),
    ]
    assert identity(replace(system, transitions=(replace(step),))) == identity(system)
    assert identity(system) not in {identity(each) for each in changed}


def test_a_question_about_the_past_makes_no_system_more_and_changes_no_other_answer(monkeypatch) -> None:
    made, system_for = [], prove.system_for
    monkeypatch.setattr(prove, "system_for", lambda *given, **named: made.append(named) or system_for(*given, **named))
    design, foes = shapes.s01(), ("remote-ota",)
    alone = api.check(design, policies=("rot-immutable",), attackers=foes)
    both = api.check(design, policies=("rot-immutable", "no-downgrade"), attackers=foes)
    answers = {(each.subject, each.verdict, each.strength) for each in both.findings if each.policy == "rot-immutable"}
    assert answers == {(each.subject, each.verdict, each.strength) for each in alone.findings}
    assert made == [{"history": False}, {"history": True}]


def test_a_guess_that_a_transition_breaks_is_told_apart_from_one_that_is_kept() -> None:
    flag, other = var("flag"), var("other")
    step = Transition(name="step", guard=flag, updates={other: not_(other)})
    system = System(variables=(flag, other), init={flag: (True,), other: (False,)}, transitions=(step,))
    asked = each_preserved(system, [], [flag, not_(other)])
    answer = solve(asked.text, wanted=asked.telling)
    assert isinstance(answer, Sat)
    assert dict(answer.values) == {"broken.0": 0, "broken.1": 1}
    kept = each_preserved(system, [flag], [flag])
    assert isinstance(solve(kept.text, wanted=kept.telling), Unsat)


def test_lemmas_are_asked_about_where_variables_start_with_what_may_differ_left_open() -> None:
    flag, other = var("flag"), var("other")
    system = System(variables=(flag, other), init={flag: (True,), other: (False, True)}, transitions=())
    assert isinstance(solve(all_start(system, [flag]).text), Unsat)
    assert isinstance(solve(all_start(system, [flag, not_(flag)]).text), Sat)
    assert isinstance(solve(all_start(system, [other]).text), Sat)


def test_a_step_that_an_attacker_has_more_is_asked_about_alone_and_may_still_break_a_lemma(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(theory, "solve", lambda text, *more, **named: asked.append(text) or solve(text, *more, **named))
    known = Reasoner(shapes.s01(), _foe("first", Capability.SEND_UPDATE)).theory
    terms, system = [each.term for each in known.lemmas], known.system
    assert known.inductive
    longest = max(map(len, asked))
    idles, spoils = (
        Transition(name="more", guard=true(), updates={known.location: leads_to})
        for leads_to in (known.location, const(known.location.sort, HALTED))
    )
    for extra, keeps in ((idles, True), (spoils, False)):
        asked.clear()
        known.system = replace(system, transitions=(*system.transitions, extra))
        assert known._all_keep(terms, terms) is keeps
        question, *more = asked  # where the step fails, all lemmas may help
        assert len(question) < longest / 2
        assert len(more) == (not keeps)


def test_what_an_edit_elsewhere_leaves_of_a_past_is_not_guessed_searched_or_proved_again(monkeypatch) -> None:
    asked: list[str] = []
    for where, name in ((decide, "comeback"), (theory, "shortest"), (theory, "solve")):
        does = getattr(where, name)
        seen = lambda first, *more, does=does, name=name, **named: (  # noqa: E731
            asked.append(first if name == "solve" else name) or does(first, *more, **named)
        )
        monkeypatch.setattr(where, name, seen)
    session = api.session(policies=("no-downgrade",), attackers=("remote-ota",))
    before = _answers(session.report(design_of(base("nrf5340-tfm"))))
    first, longest = set(asked), max(asked, key=len)
    asked.clear()
    unlocked = mutated(base("nrf5340-tfm"), {"chain.b0.protects.0.lock": "none"})
    assert _answers(session.report(design_of(unlocked))) == before
    assert {"comeback", "shortest"} <= first
    assert not {"comeback", "shortest", longest} & set(asked)
    assert set(asked) - first


def _answers(report: Report) -> list[tuple[str, Verdict]]:
    return [(each.subject, each.verdict) for each in report.findings]
