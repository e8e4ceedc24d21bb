"""Loads policies: ours by name, the user's by path, or all of a directory."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bootverify.design.attacker import Attacker
from bootverify.errors import Fault, InputError
from bootverify.policy.formula import Formula, Literal
from bootverify.policy.parse import parse, parse_condition
from bootverify.policy.policy import (
    Ask,
    Claim,
    ClaimKind,
    Mutation,
    Policy,
    Reference,
    Severity,
    SubjectKind,
)
from bootverify.policy.told import TOLD
from bootverify.policy.typecheck import ClaimError, uses_layout
from bootverify.sources.attackers import load_attacker
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written
from bootverify.sources.validate import validated
from bootverify.sources.written import Path as KeyPath
from bootverify.sources.written import Written


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AskEntry(_Strict):
    """What is claimed of which subjects."""

    subject: SubjectKind = Field(description="what the claim is asked of; it calls that `it`")
    applies: str = Field(default="True", description="asked of the subjects of which this is true")
    claim: dict[ClaimKind, str] = Field(
        min_length=1, max_length=1, description="how the claim quantifies over histories: its text"
    )
    boots: int = Field(default=2, ge=1, le=4, description="`recovers`: how many undisturbed boots it is given")
    against: list[str] = Field(default=[], description="the attackers it is asked about; absent: all of the policy")
    told: str = Field(default="", description="the told claim to fall back on where the boot system has no moves")
    of_told_lives: bool = Field(default=False, description="asked only of designs that tell of the device's life")
    named: bool = Field(default=False, description="asked only of subjects that somebody names")


class ReferenceEntry(_Strict):
    """A document that asks for the property."""

    document: str = Field(description="its id (docs/SEMANTICS.md, or your own)")
    section: str = Field(description="the section")


class MutationEntry(_Strict):
    """An edit after which the policy is violated."""

    on: str = Field(description="a design of tests/scenarios")
    subject: str = Field(description="the subject whose answer changes")
    attacker: str = Field(description="the attacker against whom it does")
    story: str = Field(description="what went wrong, for the reader")
    drop: str | None = Field(default=None, description="the entry at this path is removed")
    change: dict[str, Any] = Field(default_factory=dict, description="entries at these paths are set to these values")


class PolicyEntry(_Strict):
    """A file of policies/."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="the name of the file")
    title: str = Field(min_length=1, max_length=120, description="the property that should hold")
    severity: Severity = Field(description="how bad it is where it does not")
    asks: list[AskEntry] = Field(min_length=1, description="the claims, each of one kind of subject")
    against: list[str] = Field(min_length=1, description="names of attackers")
    because: str = Field(description="why it matters")
    repair: str = Field(description="what to do where it is violated")
    references: list[ReferenceEntry] = Field(default_factory=list, description="the documents that it rests on")
    mutations: list[MutationEntry] = Field(
        default_factory=list, description="edits of designs that must break it: tests and examples at once"
    )


def load_policies(name_or_path: str) -> tuple[Policy, ...]:
    """One policy of ours by name, one in a file, or those of every file of a directory, by name.

    Raises:
        InputError: there is none, or one is wrong; every fault of all files with its line.
    """
    folder = Path(name_or_path)
    if folder.suffix in {".yaml", ".yml"} or not folder.is_dir():
        return (load_policy(name_or_path),)
    found: list[Policy] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append(load_policy(str(path)))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    if not found:
        raise InputError.at(name_or_path, 0, "no policy is in this directory; one is a file ID.yaml")
    return tuple(found)


@cache
def load_policy(name_or_path: str) -> Policy:
    """The policy of that name, or in that file.

    Raises:
        InputError: there is none, or it is wrong; each fault with its line.
    """
    path = Path(name_or_path)
    ours = path.suffix not in {".yaml", ".yml"}
    if ours:
        path = find("policies", name_or_path)
    written = read_written(path, shown=shown(path) if ours else name_or_path)
    entry = validated(PolicyEntry, written)
    faults = list(_faults(written, entry, path.stem))
    asks = []
    for number, ask in enumerate(entry.asks):
        try:
            asks.append(_ask(written, number, ask))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(sorted(faults, key=lambda fault: fault.line))
    return Policy(
        id=entry.id,
        title=entry.title,
        severity=entry.severity,
        asks=tuple(asks),
        against=_attackers(entry.against),
        because=_one_line(entry.because),
        repair=_one_line(entry.repair),
        references=tuple(Reference(**each.model_dump()) for each in entry.references),
        mutations=tuple(Mutation(**each.model_dump()) for each in entry.mutations),
        source=written.source(()),
    )


def _attackers(listed: list[str]) -> tuple[Attacker, ...]:
    """Those of `listed` that there are; the others are faults of their own."""
    return tuple(load_attacker(name) for name in listed if name in names("models/attackers"))


def all_policies() -> tuple[Policy, ...]:
    """All of ours, by name."""
    return tuple(load_policy(name) for name in names("policies"))


def _faults(written: Written, entry: PolicyEntry, stem: str) -> list[Fault]:
    """What is wrong across the entries of the file."""
    known = names("models/attackers")
    faults = []
    if stem != entry.id:
        faults.append(_fault(written, ("id",), f"policy `{entry.id}` should stand in {entry.id}.yaml"))
    listed: list[tuple[KeyPath, list[str]]] = [(("against",), entry.against)]
    listed += [(("asks", number, "against"), ask.against) for number, ask in enumerate(entry.asks)]
    for at, attackers in listed:
        for number, attacker in enumerate(attackers):
            if attacker not in known:
                words = f"no attacker is called `{attacker}`; one of: {', '.join(known)}"
                faults.append(_fault(written, (*at, number), words))
    for number, ask in enumerate(entry.asks):
        asked = {SubjectKind.STAGE, SubjectKind.KEY, SubjectKind.NETWORK, SubjectKind.MAP}
        if ClaimKind.SUPPORTED in ask.claim and ask.subject not in asked:
            words = "`supported` is asked of a stage of either core, a key or the map: write `subject: stage`"
            faults.append(_fault(written, ("asks", number, "subject"), words))
    return faults


def _ask(written: Written, number: int, entry: AskEntry) -> Ask:
    kind, claim = next(iter(entry.claim.items()))
    it = entry.subject.value
    if kind is ClaimKind.TOLD:
        return _told(written, number, entry, claim)
    faults = []
    formulas: list[Formula] = []
    texts = {"applies": _one_line(entry.applies), "claim": _one_line(claim)}
    for key, reader in (("applies", parse_condition), ("claim", parse)):
        try:
            formulas.append(reader(texts[key], it))
        except ClaimError as error:
            faults.append(_fault(written, ("asks", number, key), f"`{texts[key]}`, {error}"))
    if not faults and uses_layout(formulas[1]) not in {None, kind is ClaimKind.LAYOUT}:
        words = "claims about the map are of the kind `layout`, and only they"
        faults.append(_fault(written, ("asks", number, "claim"), f"`{texts['claim']}`: {words}"))
    if not faults and kind is ClaimKind.LAYOUT and entry.subject not in {SubjectKind.MAP, SubjectKind.KEY}:
        words = "a claim of the kind `layout` is asked of the map or of a key"
        faults.append(_fault(written, ("asks", number, "subject"), words))
    if entry.told and (entry.told not in TOLD or it not in TOLD[entry.told].subjects):
        faults.append(_fault(written, ("asks", number, "told"), f"no told claim about a {it} is called `{entry.told}`"))
    if faults:
        raise InputError(faults)
    applies, formula = formulas
    return Ask(
        subject=entry.subject,
        applies=applies,
        claim=Claim(
            kind=kind,
            formula=formula,
            text=texts["claim"],
            boots=entry.boots if kind is ClaimKind.RECOVERS else 0,
        ),
        against=_attackers(entry.against),
        told=entry.told,
        of_told_lives=entry.of_told_lives,
        named=entry.named,
    )


def _told(written: Written, number: int, entry: AskEntry, claim: str) -> Ask:
    """An ask whose claim is a name of the table of told claims."""
    name = _one_line(claim)
    if name not in TOLD:
        raise InputError([_fault(written, ("asks", number, "claim"), f"no told claim is called `{name}`")])
    if entry.subject.value not in TOLD[name].subjects:
        words = f"`{name}` is asked of: {', '.join(TOLD[name].subjects)}"
        raise InputError([_fault(written, ("asks", number, "subject"), words)])
    plain = entry.subject is SubjectKind.MAP
    condition = _one_line(entry.applies)
    try:
        applies = Literal(value=True) if plain else parse_condition(condition, entry.subject.value)
    except ClaimError as error:
        raise InputError([_fault(written, ("asks", number, "applies"), f"`{condition}`, {error}")]) from None
    return Ask(
        subject=entry.subject,
        applies=applies,
        claim=Claim(kind=ClaimKind.TOLD, formula=Literal(value=True), text=name),
        against=_attackers(entry.against),
    )


def _fault(written: Written, path: KeyPath, message: str) -> Fault:
    return Fault(file=written.file, line=written.line(path) or 1, message=message)


def _one_line(text: str) -> str:
    return " ".join(text.split())
