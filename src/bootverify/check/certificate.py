"""Certificates: a proof that a claim holds, written out so that anyone can check it with a solver of his own.

A certificate is one SMT-LIB script (`encoder.logic.script`) behind a head that says of what it speaks, sealed by a
hash. The package `recheck` checks it and shares no code with what wrote it; only the comparison with a design is made
here.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache

from bootverify import __version__
from bootverify.check.proof.invariant import NotProved, Proof
from bootverify.check.proof.prove import Reasoner
from bootverify.check.question import Question, questions
from bootverify.check.recheck.verify import FORM, SEAL, problems
from bootverify.check.retired import in_the_field
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design, InputFile
from bootverify.design.source import Source
from bootverify.encoder.logic.script import Named, lemma_text, proof_text, system_text
from bootverify.encoder.logic.terms import Term, not_
from bootverify.errors import InputError
from bootverify.policy.policy import ClaimKind, Policy
from bootverify.policy.typecheck import uses_history
from bootverify.sources.attackers import load_attacker
from bootverify.sources.policies import load_policy

MOST_LINES = 100_000

HOW_TO_READ = """\
; A proof for every history of any length, as one SMT-LIB 2.6 script. Any solver for QF_BV answers it; before each
; (check-sat) stands the answer that it must give, as (set-info :status ...). What is proved: each start satisfies every
; lemma; a transition leads from states that satisfy them to such states again; they imply the claim. A lemma over
; variables that a transition does not assign stays true, so nothing is asked of that pair. It is a proof about this
; system; that the system is that of the design, `bootverify certify --against` compares."""


def write(design: Design, question: Question, reasoner: Reasoner, claim: Term) -> str | None:
    """The certificate that `claim` holds of `design`; None when there is nothing to prove: the claim is true as such.

    The same design, policy, attacker and models give the same bytes.
    """
    match reasoner.small_proof(claim):
        case Proof(lemmas=()):
            return None
        case Proof(lemmas=lemmas):
            named = [(lemma.term, lemma.text) for lemma in lemmas]
            proof = proof_text(reasoner.boot.system, claim, named, reasoner.over)
            return _sealed(_head(design, question, reasoner, claim) + proof)
        case NotProved() as missing:
            raise AssertionError(f"a proof for all lemmas, none for those it needs: {missing.obligation}")


def is_certificate(text: str) -> bool:
    """Whether it says of itself that it is one, whatever it proves."""
    return text.startswith(FORM + "\n")


def recheck(
    text: str,
    solvers: Sequence[str],
    against: Design | None = None,
    *,
    policies: Iterable[Policy] = (),
    attackers: Iterable[Attacker] = (),
) -> list[str]:
    """What is wrong with a certificate; empty when it proves its claim, with `against` that it speaks of this design.

    `policies` and `attackers` are those beside ours that it may name.

    Raises:
        SolverUnavailable: one of `solvers` is not installed.
    """
    found = problems(text, solvers)
    if against is None or found:
        return found
    return _compared(text, against, {each.name: each for each in attackers}, {each.id: each for each in policies})


def _compared(text: str, design: Design, attackers: dict[str, Attacker], policies: dict[str, Policy]) -> list[str]:
    """Encodes the design again and writes the certificate with the lemmas that it shows: not a byte may differ."""
    said = _said(text)
    try:
        attacker = attackers.get(said["attacker"]) or load_attacker(_name(said["attacker"]))
        policy = policies.get(said["policy"]) or load_policy(_name(said["policy"]))
    except InputError as error:
        return [f"what it is about is not known here: {error}"]
    for question in questions(design, [policy], [attacker], subjects=[said["subject"]], any_attacker=True):
        if _shown(question) != {key: said[key] for key in _shown(question)}:
            continue
        asked = question.ask.claim
        reasoner = _reasoner(in_the_field(design, question), attacker, uses_history(asked.formula), asked.boots)
        claim = _claimed(question, reasoner)
        head = _head(design, question, reasoner, claim)
        if not text.startswith(head):
            return [_difference(text, head)]
        reasoner.settle(reasoner.unstuck(claim))
        lemmas = _lemmas(text[len(head) :], reasoner)
        if isinstance(lemmas, str):
            return [lemmas]
        whole = _sealed(head + proof_text(reasoner.boot.system, claim, lemmas, reasoner.over))
        return [] if whole == text else [_difference(text, whole)]
    return [f"{design.name} has no such question: {said['policy']}, {said['claim']}, of {said['subject']}"]


@lru_cache(maxsize=8)
def _reasoner(design: Design, attacker: Attacker, history: bool, boots: int) -> Reasoner:
    """The certificates of one report speak of few attackers."""
    return Reasoner(design, attacker, history=history, boots=boots)


def _claimed(question: Question, reasoner: Reasoner) -> Term:
    """What is true of every state when the question is answered by a proof."""
    term = reasoner.boot.term(question.ask.claim.formula, {"it": question.part})
    match question.ask.claim.kind:
        case ClaimKind.ALWAYS:
            return term
        case ClaimKind.RECOVERS:
            return reasoner.recovery(term)
        case _:
            return not_(term)


def _lemmas(rest: str, reasoner: Reasoner) -> list[Named] | str:
    """The lemmas that the text shows, as the design gives them; or what is wrong with one."""
    known = {_unnumbered(lemma_text(0, lemma.term)): (lemma.term, lemma.text) for lemma in reasoner.lemmas}
    found: list[Named] = []
    for line in rest.split("\n", maxsplit=MOST_LINES):
        if not line.startswith("(define-fun |lemma "):
            continue
        lemma = known.get(_unnumbered(line))
        if lemma is None:
            return f"lemma {len(found) + 1} is none that the design gives"
        found.append(lemma)
    return found


def _unnumbered(line: str) -> str:
    return line.removeprefix("(define-fun |lemma ").partition("|")[2]


def _difference(text: str, expected: str) -> str:
    """The first line that differs, in few words."""
    pairs = zip(text.split("\n"), [*expected.split("\n"), ""], strict=False)
    for number, (got, wanted) in enumerate(pairs, start=1):
        if got != wanted:
            return f"line {number} is not what this design gives: `{wanted[:120]}` was expected, not `{got[:120]}`"
    return "it ends too early"


# -- head


def _head(design: Design, question: Question, reasoner: Reasoner, claim: Term) -> str:
    lines = [FORM, *(f'(set-info :{key} "{value}")' for key, value in _shown(question).items())]
    capabilities = sorted(each.value for each in question.attacker.capabilities)
    lines.append(f'(set-info :capabilities "{" ".join(capabilities)}")')
    lines += [
        f'(set-info :file-{number} "{_word(each.file.rpartition("/")[2])} sha256 {each.sha256}")'
        for number, each in enumerate(design.files, start=1)
    ]
    about = {"design": design, "soc": design.soc, "policy-text": question.policy, "attacker-text": question.attacker}
    lines += [f'(set-info :{key} "sha256 {digest(value)}")' for key, value in about.items()]
    lines += [f'(set-info :bootverify "{__version__}")', HOW_TO_READ, "(set-logic QF_BV)"]
    return "\n".join(lines) + "\n" + system_text(reasoner.boot.system, claim, reasoner.over)


def _shown(question: Question) -> dict[str, str]:
    """What a reader knows the question by."""
    claim = question.ask.claim
    proved = "refuted" if claim.kind is ClaimKind.POSSIBLE else "holds"
    return {
        "policy": _word(question.policy.id),
        "subject": _word(question.subject.name),
        "subject-kind": question.ask.subject.value,
        "attacker": _word(question.attacker.name),
        "claim": _word(f"{claim.kind.value}: {claim.text}" + (f", {claim.boots} boots" if claim.boots else "")),
        "verdict": proved,
    }


def _said(text: str) -> dict[str, str]:
    """The entries of the head, with defaults for those that `_shown` needs."""
    found = dict.fromkeys(("policy", "subject", "subject-kind", "attacker", "claim", "verdict"), "")
    for line in text.split("\n", maxsplit=100)[:100]:
        key, _, value = line.removeprefix("(set-info :").partition(' "')
        if line.startswith("(set-info :") and line.endswith('")'):
            found.setdefault(key, "")
            found[key] = value.removesuffix('")')
    return found


def _name(text: str) -> str:
    """A name that our catalogue may be asked for: never a path."""
    return text if text.replace("-", "").replace("_", "").isalnum() else "?"


def _word(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def _sealed(body: str) -> str:
    return f"{body}{SEAL}{hashlib.sha256(body.encode()).hexdigest()}\n"


def digest(value: object) -> str:
    """A hash of everything that `value` says, but for where it was read; equal values have equal ones."""
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: object) -> str:
    if isinstance(value, Source | InputFile):
        return ""
    if is_dataclass(value):
        parts = [f"{each.name}={_canonical(getattr(value, each.name))}" for each in fields(value)]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(sorted(f"{_canonical(k)}: {_canonical(v)}" for k, v in value.items())) + "}"
    if isinstance(value, frozenset | set):
        return "{" + ", ".join(sorted(map(_canonical, value))) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_canonical, value)) + ")"
    return repr(value)
