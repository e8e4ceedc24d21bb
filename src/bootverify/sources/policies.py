"""Loads policies: ours by name, the user's by path, or all of a directory."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from bootverify.design.attacker import Attacker
from bootverify.design.reference import Reference
from bootverify.errors import Fault, InputError
from bootverify.policy.formula import Formula, Literal
from bootverify.policy.parse import parse, parse_condition
from bootverify.policy.policy import (
    BOOTS,
    EVERY,
    Ask,
    Claim,
    ClaimKind,
    Mutation,
    Policy,
    Severity,
    SubjectKind,
)
from bootverify.policy.told import TOLD
from bootverify.policy.typecheck import ClaimError, uses_layout
from bootverify.sources.attackers import load_attacker
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written
from bootverify.sources.written import Path as KeyPath
from bootverify.sources.written import Written

Entry = dict[str, Any]  # an entry of a policy file, as `rule_files` tells its form


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
    entry = written.plain if ours else _of_form(written)
    faults = list(_faults(written, entry, path.stem))
    asks = []
    for number, ask in enumerate(entry["asks"]):
        try:
            asks.append(_ask(written, number, ask))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(sorted(faults, key=lambda fault: fault.line))
    return Policy(
        id=entry["id"],
        title=entry["title"],
        severity=Severity(entry["severity"]),
        asks=tuple(asks),
        against=_attackers(entry["against"]),
        because=_one_line(entry["because"]),
        repair=_one_line(entry["repair"]),
        references=tuple(Reference(**each) for each in entry.get("references", ())),
        mutations=tuple(Mutation(**each) for each in entry.get("mutations", ())),
        source=written.source(()),
    )


def _of_form(written: Written) -> Entry:
    """A user's file, which may be of any form."""
    from bootverify.sources.rule_files import PolicyEntry  # noqa: PLC0415 - ours are held to it by the tests
    from bootverify.sources.validate import validated  # noqa: PLC0415

    return validated(PolicyEntry, written).model_dump(exclude_unset=True)


def _attackers(listed: Iterable[str]) -> tuple[Attacker, ...]:
    """Those of `listed` that there are; the others are faults of their own."""
    return tuple(load_attacker(name) for name in listed if name in names("models/attackers"))


def all_policies() -> tuple[Policy, ...]:
    """All of ours, by name."""
    return tuple(load_policy(name) for name in names("policies"))


def _faults(written: Written, entry: Entry, stem: str) -> list[Fault]:
    """What is wrong across the entries of the file."""
    known = names("models/attackers")
    faults = []
    if stem != entry["id"]:
        faults.append(_fault(written, ("id",), f"policy `{entry['id']}` should stand in {entry['id']}.yaml"))
    listed: list[tuple[KeyPath, list[str]]] = [(("against",), entry["against"])]
    listed += [(("asks", number, "against"), ask.get("against", [])) for number, ask in enumerate(entry["asks"])]
    for at, attackers in listed:
        for number, attacker in enumerate(attackers):
            if attacker not in known:
                words = f"no attacker is called `{attacker}`; one of: {', '.join(known)}"
                faults.append(_fault(written, (*at, number), words))
    for number, ask in enumerate(entry["asks"]):
        asked = {SubjectKind.STAGE, SubjectKind.KEY, SubjectKind.NETWORK, SubjectKind.MAP}
        if ClaimKind.SUPPORTED in map(ClaimKind, ask["claim"]) and SubjectKind(ask["subject"]) not in asked:
            words = "`supported` is asked of a stage of either core, a key or the map: write `subject: stage`"
            faults.append(_fault(written, ("asks", number, "subject"), words))
    return faults


def _ask(written: Written, number: int, entry: Entry) -> Ask:
    kind, claim = next((ClaimKind(kind), text) for kind, text in entry["claim"].items())
    subject, told = SubjectKind(entry["subject"]), entry.get("told", "")
    it = subject.value
    if kind is ClaimKind.TOLD:
        return _told(written, number, entry, claim)
    faults = []
    formulas: list[Formula] = []
    texts = {"applies": _one_line(entry.get("applies", EVERY)), "claim": _one_line(claim)}
    for key, reader in (("applies", parse_condition), ("claim", parse)):
        try:
            formulas.append(reader(texts[key], it))
        except ClaimError as error:
            faults.append(_fault(written, ("asks", number, key), f"`{texts[key]}`, {error}"))
    if not faults and uses_layout(formulas[1]) not in {None, kind is ClaimKind.LAYOUT}:
        words = "claims about the map are of the kind `layout`, and only they"
        faults.append(_fault(written, ("asks", number, "claim"), f"`{texts['claim']}`: {words}"))
    if not faults and kind is ClaimKind.LAYOUT and subject not in {SubjectKind.MAP, SubjectKind.KEY}:
        words = "a claim of the kind `layout` is asked of the map or of a key"
        faults.append(_fault(written, ("asks", number, "subject"), words))
    if told and (told not in TOLD or it not in TOLD[told].subjects):
        faults.append(_fault(written, ("asks", number, "told"), f"no told claim about a {it} is called `{told}`"))
    if faults:
        raise InputError(faults)
    applies, formula = formulas
    return Ask(
        subject=subject,
        applies=applies,
        claim=Claim(
            kind=kind,
            formula=formula,
            text=texts["claim"],
            boots=entry.get("boots", BOOTS) if kind is ClaimKind.RECOVERS else 0,
        ),
        against=_attackers(entry.get("against", ())),
        told=told,
        of_told_lives=entry.get("of_told_lives", False),
        named=entry.get("named", False),
    )


def _told(written: Written, number: int, entry: Entry, claim: str) -> Ask:
    """An ask whose claim is a name of the table of told claims."""
    name = _one_line(claim)
    if name not in TOLD:
        raise InputError([_fault(written, ("asks", number, "claim"), f"no told claim is called `{name}`")])
    subject = SubjectKind(entry["subject"])
    if subject.value not in TOLD[name].subjects:
        words = f"`{name}` is asked of: {', '.join(TOLD[name].subjects)}"
        raise InputError([_fault(written, ("asks", number, "subject"), words)])
    plain = subject is SubjectKind.MAP
    condition = _one_line(entry.get("applies", EVERY))
    try:
        applies = Literal(value=True) if plain else parse_condition(condition, subject.value)
    except ClaimError as error:
        raise InputError([_fault(written, ("asks", number, "applies"), f"`{condition}`, {error}")]) from None
    return Ask(
        subject=subject,
        applies=applies,
        claim=Claim(kind=ClaimKind.TOLD, formula=Literal(value=True), text=name),
        against=_attackers(entry.get("against", ())),
    )


def _fault(written: Written, path: KeyPath, message: str) -> Fault:
    return Fault(file=written.file, line=written.line(path) or 1, message=message)


def _one_line(text: str) -> str:
    return " ".join(text.split())
