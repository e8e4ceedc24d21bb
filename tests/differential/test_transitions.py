"""One transition on one frame, three ways: generated Python, z3 on SMT-LIB text, the evaluator of certificates."""

from functools import cache
from random import Random

import pytest
from tests.unit.check.test_certificate import design

from bootverify.check.certificate import FORM, SEAL, _sealed
from bootverify.check.recheck.verify import read
from bootverify.check.recheck.walk import after as evaluated
from bootverify.check.solver import Unsat, solve
from bootverify.encoder.boot_system import BootSystem, system_for
from bootverify.encoder.logic.pycode import Compiled
from bootverify.encoder.logic.script import proof_text, system_text
from bootverify.encoder.logic.smtlib import query
from bootverify.encoder.logic.terms import BOOL, domain, eq, evaluate, member, not_, or_, true
from bootverify.sources.attackers import load_attacker

CASES = [
    ("SB-S02", "power-cut"),
    ("SB-S05", "secure-partition"),
    ("SB-S01", "debug-port"),
    ("SB-S04", "app-code-secure"),
]
FRAMES = 250  # of each case: a thousand


@cache
def boot(name: str, attacker: str) -> BootSystem:
    return system_for(design(name), load_attacker(attacker))


@cache
def compiled(name: str, attacker: str) -> Compiled:
    return Compiled(boot(name, attacker).system)


def frames(name: str, attacker: str):
    """A transition, a frame, a choice and what generated Python makes of it; half of them where the guard may hold."""
    random = Random(f"{name} {attacker}")
    code = compiled(name, attacker)
    system = code.system
    walk = list(code.initial())
    for number in range(FRAMES):
        i = random.randrange(len(system.transitions))
        if number % 2:
            state = tuple(random.randrange(len(domain(variable.sort))) for variable in system.variables)
        else:  # a state on the way, and a step that is possible in it
            state = walk[-1]
            following = code.successors(state)
            i, _, after = random.choice(following) if following else (i, (), code.initial()[0])
            walk.append(after if number % 40 else code.initial()[0])
        transition = system.transitions[i]
        choice = tuple(random.randrange(len(domain(each.sort))) for each in transition.inputs)
        made = {tuple(chosen): after for chosen, after in code.step(i)(state)}
        yield transition, code.decode(state), choice, made.get(choice), code


@pytest.mark.parametrize(("name", "attacker"), CASES)
def test_generated_python_does_what_the_text_for_solvers_says(name, attacker):
    taken = 0
    for transition, state, choice, after, code in frames(name, attacker):
        values = {**state, **{each: domain(each.sort)[v] for each, v in zip(transition.inputs, choice, strict=True)}}
        fixed = [(f"at {variable.name}", member(variable, [value])) for variable, value in values.items()]
        if after is None:
            other = transition.guard
        else:
            taken += 1
            told = code.decode(after)
            wrong = [not_(eq(value, told[target])) for target, value in transition.updates.items()]
            other = or_(not_(transition.guard), *wrong)
            assert all(told[each] == state[each] for each in state if each not in transition.updates)
        assert isinstance(solve(query(tuple(values), [*fixed, ("other", other)])), Unsat), transition.name
    assert taken > FRAMES // 4


@pytest.mark.parametrize(("name", "attacker"), CASES)
def test_the_checker_of_certificates_reads_the_same_system(name, attacker):
    system = boot(name, attacker).system
    claim = or_(*(eq(system.variables[0], value) for value in system.variables[0].sort.values[:1]))
    text = f"{FORM}\n(set-logic QF_BV)\n{system_text(system, claim)}{proof_text(system, claim, [(true(), 'true')])}"
    checked, _ = read(_sealed(text))
    assert text.count(SEAL) == 0
    for transition, state, choice, after, code in frames(name, attacker):
        values = {**state, **{each: domain(each.sort)[v] for each, v in zip(transition.inputs, choice, strict=True)}}
        here = {
            each.name: value if each.sort is BOOL else f"{each.sort.name} {value}" for each, value in values.items()
        }
        got = evaluated(checked, transition.name, here)
        if after is None:
            assert got is None
            continue
        told = code.decode(after)
        assert got == {
            each.name: told[each] if each.sort is BOOL else f"{each.sort.name} {told[each]}"
            for each in transition.updates
        }
        assert evaluate(transition.guard, values) is True
