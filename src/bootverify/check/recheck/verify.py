"""Derives every question of a certificate from its system, lemmas and claim, and has solvers answer them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bootverify.check.recheck.reader import MOST_CHARACTERS, Expression, Refused, commands, written
from bootverify.check.recheck.script import BOOL, Script, conjunction, disjunction
from bootverify.check.recheck.walk import walked
from bootverify.check.solver import Sat, Unknown, Unsat, solve

FORM = "; bootverify-certificate/1"
SEAL = "; seal: sha256 "
BEGINS = "a recovery begins"
RANK = ("boots", "at")  # what rises in a recovery
LAST = "(define-fun invariant "


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
        script, rest = _read(text)
        questions = list(_questions(script))
        _as_printed(questions, rest)
    except Refused as problem:
        return [str(problem)]
    return [*walked(script), *(problem for solver in solvers for problem in _answered(script, questions, solver))]


def _answered(script: Script, questions: Sequence[Asked], solver: str) -> Iterator[str]:
    """The questions that `solver` does not answer as it must.

    Those that must be unsatisfiable are asked as one first: whether any of them can hold.
    """
    impossible = [each for each in questions if each.answer == "unsat"]
    any_of_them = disjunction([conjunction([*each.assertions]) for each in impossible])
    left = [each for each in questions if each.answer == "sat"]
    if not isinstance(solve(_query(script, (any_of_them,)), solver), Unsat):
        left = list(questions)
    for each in left:
        said = solve(_query(script, each.assertions), solver)
        if not isinstance(said, Sat if each.answer == "sat" else Unsat):
            yield f"{solver} does not answer `{each.answer}`, but {_word(said)}: {each.words}"


def _word(said: Sat | Unsat | Unknown) -> str:
    match said:
        case Sat():
            return "sat"
        case Unsat():
            return "unsat"
        case Unknown(reason=reason):
            return f"unknown ({reason})"


def _read(text: str) -> tuple[Script, list[str]]:
    """What the certificate defines, and the lines behind that."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"it is longer than {MOST_CHARACTERS} characters")
    body, mark, seal = text.rpartition(SEAL)
    if not text.startswith(FORM + "\n") or not mark:
        raise Refused(f"this is no certificate: it must start with `{FORM}` and end with a seal")
    if seal != hashlib.sha256(body.encode()).hexdigest() + "\n":
        raise Refused("the seal does not match: the text was changed after it was written")
    lines = body.split("\n")
    last = next((i for i, line in enumerate(lines) if line.startswith(LAST)), None)
    if last is None or lines.pop() != "":
        raise Refused("it has no invariant")
    script = Script()
    for command in commands(lines[: last + 1]):
        script.take(command)
    _complete(script)
    return script, lines[last + 1 :]


def _complete(script: Script) -> None:
    for needed in ("start", "claim", "invariant"):
        if needed not in script.definitions:
            raise Refused(f"it has no `{needed}`")
    recovers = script.infos.get(":claim", "").startswith("recovers")
    told = [BEGINS in (each.name for each in script.transitions), *map(script.is_ordered, RANK)]
    if recovers != ("over" in script.definitions) or (recovers and not all(told)):
        raise Refused("a recovery without an end, or an end without a recovery")
    unbounded = [
        name for name in (*script.variables, *script.inputs) if script.needs_bound(name) and name not in script.bounded
    ]
    if unbounded:
        raise Refused(f"`{unbounded[0]}` is not kept within its sort")


def _questions(script: Script) -> Iterator[Asked]:
    """The start, one question for each transition that assigns to a variable of a lemma, and the claim."""
    yield Asked("there is a start", ("start",), "sat")
    yield Asked("every lemma holds at the start", ("start", ("not", "invariant")), "unsat")
    reads = {name: {parameter for parameter, _ in script.definitions[name].parameters} for name in script.lemmas}
    for transition in script.transitions:
        touched = [name for name in script.lemmas if reads[name] & set(transition.updates)]
        if touched:
            after = conjunction([script.applied(name, transition) for name in touched])
            numbers = ", ".join(name.removeprefix("lemma ") for name in touched)
            words = f"`{transition.name}` keeps lemma {numbers}"
            yield Asked(words, ("invariant", transition.guard, ("not", after)), "unsat")
    claim = script.applied("claim")
    yield Asked("the claim is not true of every state", (("not", claim),), "sat")
    yield Asked("the lemmas imply the claim", ("invariant", ("not", claim)), "unsat")
    if "over" in script.definitions:
        yield from _of_recovery(script)


def _of_recovery(script: Script) -> Iterator[Asked]:
    """A recovery comes to its end: some step can be taken before that, and each makes a pair of variables rise."""
    under_way = ("not", script.applied("over"))
    begins = next(each for each in script.transitions if each.name == BEGINS)
    yield Asked("it can begin", ("invariant", begins.guard, ("not", script.applied("over", begins))), "sat")
    guards = [("not", transition.guard) for transition in script.transitions]
    yield Asked("nothing is stuck while it is", ("invariant", under_way, *guards), "unsat")
    for each in script.transitions:
        (boots, boots_after), (at, at_after) = [(name, each.after(name)) for name in RANK]
        later = ("and", ("=", boots, boots_after), ("bvult", at, at_after))
        rises = ("or", ("bvult", boots, boots_after), later)
        yield Asked(f"`{each.name}` gets on", ("invariant", each.guard, under_way, ("not", rises)), "unsat")


def _as_printed(questions: Sequence[Asked], lines: list[str]) -> None:
    """Whether the certificate asks the same, in the same order, with the same answers."""
    rest = iter(lines[1:])  # a heading first
    if not lines or not lines[0].startswith("; "):
        raise Refused("the questions are missing")
    for each in questions:
        expected = [f"; {each.words}: {each.answer}", "(push 1)"]
        expected += [f"(assert {_plain(assertion)})" for assertion in each.assertions]
        expected += [f"(set-info :status {each.answer})", "(check-sat)", "(pop 1)"]
        for wanted in expected:
            if next(rest, "") != wanted:
                raise Refused(f"the question whether {each.words} is not asked as it must be: `{wanted}` is missing")
    if next(rest, None) is not None:
        raise Refused("something stands behind the last question")


def _plain(body: Expression) -> str:
    """As certificates spell it: only connectives and our own single words are not quoted."""
    if isinstance(body, tuple):
        head, *arguments = body
        name = str(head) if head in {"not", "and", "or", "=", "bvult"} else f"|{head}|"
        return f"({' '.join([name, *map(_plain, arguments)])})"
    return body if body in {"start", "invariant", "true"} else f"|{body}|"


def _query(script: Script, assertions: Sequence[Expression]) -> str:
    """The question with the definitions it needs, and every variable within its sort."""
    needed = _needed(script, assertions)
    lines = ["(set-logic QF_BV)"]
    for sort, values in script.sorts.items():
        bits = script.width(sort)
        lines.append(f"(define-sort |{sort}| () (_ BitVec {bits}))")
        lines += [f"(define-fun |{value}| () |{sort}| #b{i:0{bits}b})" for i, value in enumerate(values)]
    declared = {**script.variables, **script.inputs}
    for name, sort in declared.items():
        if name in needed:
            lines.append(f"(declare-const |{name}| {written(sort)})")
            if sort != BOOL:
                lines.append(f"(assert (bvule |{name}| |{script.sorts[sort][-1]}|))")
    for name, made in script.definitions.items():
        if name in needed:
            parameters = tuple((parameter, sort) for parameter, sort in made.parameters)
            lines.append(f"(define-fun |{name}| {written(parameters)} {written(made.sort)} {written(made.body)})")
    lines += [f"(assert {written(assertion)})" for assertion in assertions]
    return "\n".join([*lines, "(check-sat)", ""])


def _needed(script: Script, assertions: Sequence[Expression]) -> set[str]:
    """The names that the assertions mention, and those that their definitions do."""
    found: set[str] = set()
    pending: list[Expression] = list(assertions)
    while pending:
        body = pending.pop()
        if isinstance(body, tuple):
            pending += body
        elif body not in found:
            found.add(body)
            if body in script.definitions:
                made = script.definitions[body]
                found |= made.free
                pending += made.uses
    return found
