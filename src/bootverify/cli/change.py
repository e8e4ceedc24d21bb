"""The gate on a change, and the weakest attacker: diff, attackers."""

from enum import Enum
from typing import Annotated

import typer

from bootverify import api
from bootverify.check.solver import RLIMIT
from bootverify.check.verdict import Report
from bootverify.cli.app import (
    Attackers,
    Input,
    Output,
    Policies,
    Rlimit,
    Sdk,
    Subjects,
    app,
    complain,
    deliver,
)
from bootverify.cli.inputs import written_of
from bootverify.design.attacker import Attacker
from bootverify.policy.policy import ClaimKind
from bootverify.report.capabilities import attackers_text
from bootverify.report.changes import changes_json, changes_text
from bootverify.report.changes_markdown import changes_markdown
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.whatif.attackers import possible, weakest
from bootverify.whatif.attacks import with_attacks
from bootverify.whatif.compare import Change, compared, renamed
from bootverify.whatif.facts import changed_facts


class Form(Enum):
    """Forms of a comparison."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


FORMS = {Form.TEXT: changes_text, Form.JSON: changes_json, Form.MARKDOWN: changes_markdown}


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A design or build; REV:PATH of the git repository here.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it becomes.")],
    policy: Policies = None,
    subject: Subjects = None,
    attacker: Attackers = None,
    ncs: Annotated[str | None, typer.Option("--ncs", metavar="RELEASE", help="Release of the SDK of NEW.")] = None,
    rlimit: Rlimit = RLIMIT,
    format: Annotated[Form, typer.Option(help="Form of the result.")] = Form.TEXT,  # noqa: A002 - its name
    output: Output = None,
) -> int:
    """Say which answers got weaker, stronger or stayed equal. Exit 1 only when something got weaker."""
    before, after = written_of(old), written_of(new)
    after = after if ncs is None else mutated(after, {"sdk": ncs})
    designs = [design_of(each) for each in (before, after)]
    asker = api.session(policies=policy or (), attackers=attacker or (), options=api.Options(rlimit=rlimit))
    reports = [asker.report(design, subject or ()) for design in designs]
    names = renamed(*designs)
    questions = with_attacks(compared(*reports), designs[0], designs[1], names, asker)
    deliver(FORMS[format](questions, changed_facts(before, after, names), names), output)
    if any(report.discrepancies for report in reports):
        complain("executor and encoder disagree, which is a defect of bootverify")
        return 4
    if any(each.change is Change.WEAKER for each in questions):
        return 1
    if reports[1].asked or not reports[0].asked:
        return 0
    complain(f"{new}: nothing is asked of it, so nothing is known to hold; compare what has a map or a boot chain")
    return 3


@app.command()
def attackers(
    source: Input,
    policy: Annotated[str, typer.Option("--policy", metavar="ID|FILE", help="The policy to break.")],
    subject: Subjects = None,
    most: Annotated[int, typer.Option(min=1, max=6, metavar="N", help="Capabilities at most in one set.")] = 3,
    ncs: Sdk = None,
) -> int:
    """Find the smallest sets of capabilities that break a policy."""
    written = written_of(source)
    design = design_of(written if ncs is None else mutated(written, {"sdk": ncs}))

    def ask(attacker: Attacker) -> Report:
        return api.ask(design, policy, subject or (), attacker)

    asks = [each for one in api.session(policies=[policy]).policies for each in one.asks]
    told = all(each.claim.kind is ClaimKind.TOLD for each in asks)
    found = weakest(ask, possible(design, told=told), most=most)
    deliver(attackers_text(design, found, policy))
    return 1 if found.breaking else 3 if found.open_ or not found.asked else 0
