"""The gate on a change, and what-if: diff, whatif, repair, attackers."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bootverify import api
from bootverify.check.session import Session
from bootverify.check.solver import RLIMIT
from bootverify.check.verdict import Report
from bootverify.cli.app import Attackers, Input, Plain, Policies, Sdk, Solvers, Subjects, app, complain, deliver, write
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.report.changes import attackers_text, changes_json, changes_text, repair_text
from bootverify.report.values import fillings_text, free_text, largest_text
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.sources.mutate import keys_of, mutated
from bootverify.sources.patch import patched, unified
from bootverify.sources.written import Written
from bootverify.whatif.attackers import possible, weakest
from bootverify.whatif.compare import Change, compared
from bootverify.whatif.edit import as_edited
from bootverify.whatif.facts import changed_facts
from bootverify.whatif.free import free
from bootverify.whatif.holes import fillings, holes, plugged
from bootverify.whatif.maximise import maximised
from bootverify.whatif.repair import repair as find_repair

MOST_BYTES = 16 << 20


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A design, or REV:PATH of the git repository here.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The design that it becomes.")],
    policy: Policies = None,
    attacker: Attackers = None,
    format: Annotated[Plain, typer.Option(help="Form of the result.")] = Plain.TEXT,  # noqa: A002 - its name
) -> int:
    """Say which questions got weaker, stronger or stayed equal; exit 1 only when something got weaker."""
    before, after = _written(old), _written(new)
    reports = [_checked(each, policy, attacker) for each in (before, after)]
    questions = compared(*reports)
    told = (changes_json if format is Plain.JSON else changes_text)(questions, changed_facts(before, after))
    deliver(told)
    return _gate(reports, weaker=any(each.change is Change.WEAKER for each in questions))


@app.command()
def whatif(
    source: Input,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Edit this fact.")] = None,
    free_: Annotated[str | None, typer.Option("--free", metavar="PATH", help="Find all values that keep all.")] = None,
    maximise: Annotated[bool, typer.Option("--maximise", help="The largest value, else application slot.")] = False,
    policy: Policies = None,
    attacker: Attackers = None,
    ncs: Sdk = None,
    solver: Annotated[Solvers, typer.Option(help="Which solvers must agree on the largest slot.")] = Solvers.Z3,
    rlimit: Annotated[int, typer.Option(min=1, help="Bound on z3's work for one query.")] = RLIMIT,
) -> int:
    """Ask the same questions after an edit, or of every value of a fact, or for the largest application slot."""
    written = _written(source) if ncs is None else mutated(_written(source), {"sdk": ncs})
    edited = mutated(written, dict(_assignment(each) for each in set_ or ()))
    asker = api.session(policies=policy or (), attackers=attacker or ())
    open_ = holes(edited)
    if free_ is None and maximise:
        return _maximised(edited, asker, solver.names, rlimit)
    if free_ is None and len(open_) > 1:
        found = fillings(edited, open_, asker)
        deliver(fillings_text(open_, found))
        return 0 if any(not each.why for each in found) else 1
    if free_ is not None or open_:
        path = free_ if free_ is not None else open_[0]
        hole = path in open_
        spans = free(plugged(edited, path) if hole else edited, path, asker, watch=_progress, hole=hole)
        deliver(free_text(path, spans, maximise=maximise))
        return 0 if any(not span.why for span in spans) else 1
    if not set_:
        raise InputError.at(source, 0, "nothing to ask; give --set PATH=VALUE, --free PATH or --maximise")
    reports = [asker.report(design_of(each)) for each in (written, edited)]
    deliver(changes_text(compared(*reports), changed_facts(written, edited)))
    return reports[1].exit_code


def _maximised(written: Written, asker: Session, solvers: tuple[str, ...], rlimit: int) -> int:
    found = maximised(written, asker, solvers=solvers, rlimit=rlimit)
    patch = ""
    if found.change and written.text and not written.origins:
        patch = unified(_text(written), _text(as_edited(written, found.change, found.drop)), written.file)
    deliver(largest_text(found, patch))
    return 0 if found.proved else 3


@app.command()
def repair(source: Input, policy: Policies = None, attacker: Attackers = None, output: Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the edited design there.")
] = None) -> int:  # fmt: skip
    """Find the smallest edit that turns violated into holds, and check it again."""
    written = _written(source)
    found = find_repair(written, lambda design: _asked(design, policy, attacker))
    text = _text(written)
    edited = text
    for path, value in found.change.items():
        edited = patched(edited, keys_of(written.plain, path)[0], value)
    deliver(repair_text(found, unified(text, edited, written.file)))
    if output is not None:
        write(output, edited)
    return 1 if found.left else 0


@app.command()
def attackers(
    source: Input,
    policy: Annotated[str, typer.Option("--policy", metavar="ID|FILE", help="The policy to break.")],
    subject: Subjects = None,
    most: Annotated[int, typer.Option(min=1, max=6, help="Capabilities at most in one set.")] = 3,
) -> int:
    """Find the weakest attackers: the minimal sets of capabilities that break a policy."""
    design = design_of(_written(source))

    def ask(attacker: Attacker) -> Report:
        return api.ask(design, policy, subject or (), attacker)

    found = weakest(ask, possible(design), most=most)
    deliver(attackers_text(design, found))
    return 1 if found.breaking else 3 if found.open_ else 0


def _text(written: Written) -> str:
    return "\n".join(written.text) + "\n"


def _asked(design: Design, policy: list[str] | None, attacker: list[str] | None) -> Report:
    return api.check(design, policies=policy or (), attackers=attacker or ())


def _checked(written: Written, policy: list[str] | None, attacker: list[str] | None) -> Report:
    return _asked(design_of(written), policy, attacker)


def _gate(reports: list[Report], *, weaker: bool) -> int:
    if any(report.discrepancies for report in reports):
        complain("executor and encoder disagree, which is a defect of bootverify")
        return 4
    return 1 if weaker else 0


def _written(source: str) -> Written:
    """The document called `source`: a file, standard input, or a file at a git revision."""
    if ":" in source and not Path(source).exists() and source != "-":
        return parse_written(_from_git(source), source)
    return api.read(source)


def design_named(source: str) -> Design:
    """The design called `source`: what `api.load` takes, or a file at a git revision."""
    if ":" in source and not Path(source).exists() and source != "-":
        return design_of(_written(source))
    return api.load(source)


def _from_git(source: str) -> bytes:
    if source.startswith("-"):
        raise InputError.at(source, 0, "this is no revision; write REV:PATH")
    done = subprocess.run(["git", "show", source], capture_output=True, check=False)  # noqa: S603, S607 - no shell
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise InputError.at(source, 0, f"git does not have it: {reason[0] if reason else 'unknown'}; write REV:PATH")
    return done.stdout[: MOST_BYTES + 1]


def _assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError.at(text, 0, "this sets nothing; write --set PATH=VALUE")
    return path.strip(), parse_written(value, "(--set)").plain


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and (done % 8 == 0 or done == of):
        sys.stderr.write(f"\r{done} of {of} values" + ("\n" if done == of else ""))
