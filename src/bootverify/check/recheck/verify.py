"""Derives every question of a certificate from its system, lemmas and claim, and has solvers answer them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bootverify.check.recheck.reader import Commands, Expression, Refused, written
from bootverify.check.recheck.system import BEGINS, RANK, System, conjunction
from bootverify.check.recheck.walk import walk
from bootverify.check.solver import Sat, Unknown, Unsat, solve

FORM = "; bootverify-certificate/1"
SEAL = "; seal: sha256 "
MOST_CHARACTERS = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """Assertions that together must be answered so."""

    words: str
    assertions: tuple[Expression, ...]
    answer: str


def problems(text: str, solvers: Sequence[str]) -> list[str]:
    """Why the certificate proves nothing; empty when every question is answered as it must be, by every solver.

    Raises:
        SolverUnavailable: one of `solvers` is not installed.
    """
    if not solvers:
        return ["no solver was asked"]
    try:
        system, questions = read(text)
        walk(system)
    except Refused as problem:
        return [str(problem)]
    except RecursionError:
        return ["its definitions are nested too deeply"]
    return [problem for solver in solvers for problem in _answered(system, questions, solver)]


def read(text: str) -> tuple[System, list[Asked]]:
    """What a certificate speaks of, and what there is to ask, which it has to ask too: all of it, in the same order.

    Raises:
        Refused: it is no certificate.
    """
    commands = Commands(_unsealed(text))
    try:
        system = System(commands)
        questions = list(_questions(system))
        for each in questions:
            asserted = [("assert", assertion) for assertion in each.assertions]
            answered = [("set-info", ":status", each.answer), ("check-sat",), ("pop", "1")]
            for command in [("push", "1"), *asserted, *answered]:
                commands.expect(command)
        commands.expect(())
    except Refused as problem:
        raise Refused(f"line {commands.number}: {problem}") from None
    return system, questions


def _unsealed(text: str) -> list[str]:
    """The lines of a text that is as long, begins and ends as a certificate."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"it is longer than {MOST_CHARACTERS} characters")
    body, mark, seal = text.rpartition(SEAL)
    if not text.startswith(FORM + "\n") or not mark:
        raise Refused(f"this is no certificate: it must start with `{FORM}` and end with a seal")
    if seal != hashlib.sha256(body.encode()).hexdigest() + "\n":
        raise Refused("the seal does not match: the text was changed after it was written")
    return body.split("\n")


def _questions(system: System) -> Iterator[Asked]:
    """The start, one question for each transition that assigns to a variable of a lemma, and the claim."""
    yield Asked("there is a start", ("start",), "sat")
    yield Asked("every lemma holds at the start", ("start", ("not", "invariant")), "unsat")
    for transition, changed in system.updates.items():
        touched = [name for name in system.lemmas if not set(changed).isdisjoint(system.parameters[name])]
        if touched:
            kept = conjunction([system.applied(name, transition) for name in touched])
            asserted = ("invariant", f"guard of {transition}", ("not", kept))
            yield Asked(f"`{transition}` keeps {', '.join(touched)}", asserted, "unsat")
    claim = system.applied("claim")
    yield Asked("the claim is not true of every state", (("not", claim),), "sat")
    yield Asked("the lemmas imply the claim", ("invariant", ("not", claim)), "unsat")
    if system.recovers:
        yield from _of_recovery(system)


def _of_recovery(system: System) -> Iterator[Asked]:
    """A recovery comes to its end: some step can be taken before that, and each makes a pair of variables rise."""
    under_way = ("not", system.applied("over"))
    begun = ("not", system.applied("over", BEGINS))
    yield Asked("it can begin", ("invariant", f"guard of {BEGINS}", begun), "sat")
    stuck = [("not", f"guard of {each}") for each in system.updates]
    yield Asked("nothing is stuck while it is", ("invariant", under_way, *stuck), "unsat")
    for each in system.updates:
        (boots, boots_after), (at, at_after) = [(name, system.after(each, name)) for name in RANK]
        later = ("and", ("=", boots, boots_after), ("bvult", at, at_after))
        rises = ("or", ("bvult", boots, boots_after), later)
        yield Asked(f"`{each}` gets on", ("invariant", f"guard of {each}", under_way, ("not", rises)), "unsat")


def _answered(system: System, questions: Sequence[Asked], solver: str) -> Iterator[str]:
    """The questions that `solver` does not answer as it must.

    Those that must be unsatisfiable are asked as one first: whether any of them can hold.
    """
    impossible = [conjunction([*each.assertions]) for each in questions if each.answer == "unsat"]
    at_once = solve(_query(system, [("or", *impossible)]), solver)
    left = [each for each in questions if each.answer == "sat" or not isinstance(at_once, Unsat)]
    for each in left:
        said = solve(_query(system, each.assertions), solver)
        if not isinstance(said, Sat if each.answer == "sat" else Unsat):
            but = said.reason if isinstance(said, Unknown) else type(said).__name__.lower()
            yield f"{solver} does not answer `{each.answer}`, but {but}: {each.words}"


def _query(system: System, assertions: Sequence[Expression]) -> str:
    """Whether `assertions` can hold together, each variable within its sort."""
    asserted = [f"(assert {written(each)})" for each in assertions]
    return "\n".join([*system.lines, *asserted, "(check-sat)", ""])
