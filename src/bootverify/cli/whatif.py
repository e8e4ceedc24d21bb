"""What would be if: an edit, every value of a fact, the largest slot, the smallest repair."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bootverify import api
from bootverify.check.session import Session
from bootverify.check.solver import RLIMIT
from bootverify.check.verdict import Finding
from bootverify.cli.app import (
    Attackers,
    Input,
    Policies,
    Rlimit,
    Sdk,
    Solvers,
    Subjects,
    app,
    deliver,
    read,
    write,
)
from bootverify.cli.inputs import read_edited, text_of, written_of
from bootverify.errors import InputError
from bootverify.report.changes import changes_text
from bootverify.report.edits import repair_text
from bootverify.report.unanswered import unanswered, unanswered_text
from bootverify.report.values import fillings_text, free_text, largest_text, together_text
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.sources.mutate import mutated
from bootverify.sources.origin import NoPlace, edits_of_files
from bootverify.sources.patch import unified
from bootverify.sources.written import Written
from bootverify.whatif.compare import compared
from bootverify.whatif.edit import as_edited
from bootverify.whatif.facts import changed_facts
from bootverify.whatif.free import free
from bootverify.whatif.holes import HOLE, fillings, holes, is_address, plugged
from bootverify.whatif.maximise import maximised
from bootverify.whatif.repair import Repair
from bootverify.whatif.repair import repair as find_repair
from bootverify.whatif.together import together


@app.command()
def whatif(
    source: Input,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Edit this fact.")] = None,
    free_: Annotated[
        list[str] | None, typer.Option("--free", metavar="PATH", help="Find all values that keep every policy.")
    ] = None,
    maximise: Annotated[
        bool, typer.Option("--maximise", help="The largest value of --free, else the largest application slot.")
    ] = False,
    policy: Policies = None,
    attacker: Attackers = None,
    ncs: Sdk = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree on the largest slot.")] = Solvers.Z3,
    rlimit: Rlimit = RLIMIT,
) -> int:
    """Ask again after an edit, or find the values that keep all. Or the largest application slot."""
    written = written_of(source) if ncs is None else mutated(written_of(source), {"sdk": ncs})
    edited = _edited(written, dict(_assignment(each) for each in set_ or ()))
    asker = api.session(policies=policy or (), attackers=attacker or (), options=api.Options(rlimit=rlimit))
    open_ = holes(edited)
    if not free_ and maximise:
        return _maximised(edited, asker, solver.names, rlimit)
    paths = tuple(dict.fromkeys((*(free_ or ()), *open_)))
    if len(paths) > 1:
        return _several(edited, paths, asker, holes=set(open_) >= set(paths), rlimit=rlimit)
    if paths:
        path = paths[0]
        hole = path in open_
        spans = free(plugged(edited, path) if hole else edited, path, asker, watch=_progress, hole=hole)
        deliver(free_text(path, spans, maximise=maximise))
        return _code(edited, next(({path: span.first} for span in spans if not span.why), None), asker)
    if not set_:
        raise InputError.at(source, 0, "nothing to ask; give --set PATH=VALUE, --free PATH or --maximise")
    reports = [asker.report(design_of(each)) for each in (written, edited)]
    deliver(changes_text(compared(*reports), changed_facts(written, edited)))
    return reports[1].exit_code


@app.command()
def repair(
    source: Input,
    policy: Policies = None,
    subject: Subjects = None,
    attacker: Attackers = None,
    rlimit: Rlimit = RLIMIT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the edited design.")
    ] = None,
) -> int:
    """Find the smallest edit that turns violated into holds. It is checked again against every policy."""
    written = written_of(source)
    wanted = _wanted(policy, subject, attacker)
    found = find_repair(written, api.session(options=api.Options(rlimit=rlimit)), wanted)
    asked = [each for each in found.report.findings if wanted(each)]
    deliver(repair_text(found, _patch(written, found), unanswered_text(asked)))
    if output is not None and found.edited.text:
        write(output, text_of(found.edited))
    return 1 if found.left else 3 if found.undefined or unanswered(asked) or not found.report.asked else 0


def _wanted(
    policies: list[str] | None, subjects: list[str] | None, attackers: list[str] | None
) -> Callable[[Finding], bool]:
    """The questions to be repaired; unknown names are faults."""
    asked = {policy.id for policy in api.session(policies=policies or ()).policies}
    foes = {attacker.name for attacker in api.session(attackers=attackers or ()).attackers}

    def wanted(finding: Finding) -> bool:
        about = not subjects or finding.subject in subjects
        return finding.policy in asked and finding.attacker in foes and about

    return wanted


def _patch(written: Written, found: Repair) -> str:
    """The edit as a patch of the user's own files; of an imported design what cannot be patched is said in words."""
    if not found.edits:
        return ""
    if written.text and not written.origins:
        return unified(text_of(written), text_of(found.edited), written.file)
    change = {path: value for edit in found.edits for path, value in edit.change.items()}
    drop = [path for edit in found.edits for path in edit.drop]
    try:
        texts = edits_of_files(written, change, drop, lambda file: read(Path(file)))
    except NoPlace as why:
        return f"No patch: {why}.\nMake the edit where the build takes it from."
    patch = "".join(unified(read(Path(file)), text, file) for file, text in sorted(texts.items()))
    return f"{_read_again(written, found, texts)}\n\n{patch}"


def _read_again(written: Written, found: Repair, texts: dict[str, str]) -> str:
    """What a check says of the user's files as they read with the patch."""
    again = read_edited(written.file, texts)
    if again is None:
        return "The files are too many to be read again with the patch; check them once it is applied."
    wanted = {(each.policy, each.kind, each.subject, each.attacker): each.verdict for each in found.report.findings}
    seen = api.session().report(design_of(again)).findings
    other = [each for each in seen if wanted.get((each.policy, each.kind, each.subject, each.attacker)) != each.verdict]
    if not other:
        return "Read again with the patch below: the same answers."
    first = other[0]
    return f"Read again with the patch below: {first.policy} of {first.subject} is {first.verdict.value}."


def _maximised(written: Written, asker: Session, solvers: tuple[str, ...], rlimit: int) -> int:
    found = maximised(written, asker, solvers=solvers, rlimit=rlimit)
    patch = ""
    if found.change and written.text and not written.origins:
        patch = unified(text_of(written), text_of(as_edited(written, found.change, found.drop)), written.file)
    deliver(largest_text(found, patch))
    return 0 if found.proved else 3


def _several(written: Written, paths: tuple[str, ...], asker: Session, *, holes: bool, rlimit: int) -> int:
    """Several facts at once: switches and choices in every combination; with each, addresses together."""
    addresses = tuple(path for path in paths if is_address(path))
    others = tuple(path for path in paths if path not in addresses)
    if not addresses:
        found = fillings(written, others, asker)
        deliver(fillings_text(others, found))
        kept = next((dict(zip(others, each.values, strict=True)) for each in found if not each.why), None)
        return _code(written, kept, asker)
    results = together(written, addresses, asker, choices=others, holes=holes, rlimit=rlimit)
    deliver("\n".join(map(together_text, results)))
    kept = next((dict(each.filling) for each in results if each.filling), None)
    return 3 if kept and any(each.uncertain for each in results) else _code(written, kept, asker)


def _code(written: Written, kept: dict[str, Any] | None, asker: Session) -> int:
    """1 where no value is `kept`; 3 where one is, and questions have no answer with it, which is said."""
    if kept is None:
        return 1
    findings = asker.report(design_of(as_edited(written, kept))).findings
    deliver(unanswered_text(findings))
    return 3 if unanswered(findings) else 0


def _assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError.at(text, 0, "this sets nothing; write --set PATH=VALUE")
    return path.strip(), HOLE if value.strip() == HOLE else parse_written(value, "(--set)").plain


def _edited(written: Written, change: dict[str, Any]) -> Written:
    """The design after the edit, as its file then reads; where the file has no place for it, as the document does."""
    asked = mutated(written, change)
    if not change:
        return asked
    try:
        return as_edited(written, change)
    except KeyError:
        return asked


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and (done % 8 == 0 or done == of):
        sys.stderr.write(f"\r{done} of {of} values" + ("\n" if done == of else ""))
