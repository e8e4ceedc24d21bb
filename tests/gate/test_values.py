"""Free facts: what is concluded for whole classes of values is what a check of each value says."""

import re
from collections.abc import Iterator

import pytest

from bootverify import api
from bootverify.check import decide
from bootverify.check.verdict import Finding, Report
from bootverify.cli import run
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.sources.patch import edited
from bootverify.sources.written import Written
from bootverify.whatif.domain import domain
from bootverify.whatif.free import free, violated
from bootverify.whatif.maximise import maximised
from tests.gate.bases import BASES, base, text_of
from tests.gate.seeded import SEEDS

MAP = ["map-no-overlap", "map-inside-memory", "slot-sizes-equal", "slots-on-pages", "lock-span-on-granule",
       "boundary-alignment", "map-spans-members"]  # fmt: skip
QUICK = [
    ("nrf5340-tfm", "partitions.nonsecure_storage.size"),
    ("nrf5340-tfm", "partitions.tfm_storage.at"),
    ("nrf5340", "partitions.mcuboot_secondary.size"),
    ("nrf5340", "partitions.settings_storage.at"),
    ("nrf54l15", "partitions.boot_partition.size"),
    ("nrf52840", "partitions.s1_image.size"),
]
WHOLE = [
    ("nrf5340", "chain.mcuboot.protects.0.span.1"),
    ("nrf5340-tfm", "partitions.tfm.size"),
    ("nrf52832", "chain.mcuboot.protects.0.span.1"),
    ("nrf54l15", "chain.mcuboot.protects.0.span.1"),
    ("nrf54l15", "partitions.slot1_partition.at"),
    ("nrf9151-tfm", "partitions.app.at"),
]


class Counting:
    """A session that counts what it is asked."""

    def __init__(self, policies: list[str]) -> None:
        self.session = api.session(policies=policies)
        self.count = 0

    def report(self, design: Design) -> Report:
        self.count += 1
        return self.session.report(design)

    def findings(self, design: Design) -> Iterator[Finding]:
        self.count += 1
        return self.session.findings(design)


def _one_by_one(written: Written, path: str, policies: list[str]) -> list[int]:
    """The values that keep every policy, each by a check of its own."""
    keys = path.split(".")
    current = written.plain
    for key in keys:
        current = current[int(key) if isinstance(current, list) else key]
    session = api.session(policies=policies)
    before = violated(session.report(design_of(written)))
    kept = []
    for value in domain(written, path, current).values:
        try:
            report = session.report(design_of(edited(written, {path: value})))
        except InputError:
            continue
        if violated(report) <= before:
            kept.append(value)
    return kept


def _values(spans) -> list[int]:
    return [value for span in spans if not span.why for value in range(span.first, span.last + 1, span.step)]


@pytest.mark.parametrize(("name", "path"), QUICK)
def test_free_values_of_a_map_are_those_of_checks_one_by_one(name, path):
    spans = free(base(name), path, api.session(policies=MAP))
    assert _values(spans) == _one_by_one(base(name), path, MAP)
    assert all(span.below or span.above for span in spans if not span.why)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "path"), [*WHOLE, *QUICK])
def test_free_values_of_a_chain_are_those_of_checks_one_by_one(name, path):
    assert _values(free(base(name), path, api.session())) == _one_by_one(base(name), path, [])


def hundred() -> Written:
    """A map of a hundred partitions."""
    change: dict[str, object] = {"partitions.settings_storage.size": 0x1000, "partitions.EMPTY_0.size": 0x4000}
    for i in range(46):
        change[f"partitions.log_{i:02}"] = {"at": 0xF0000 + 0x100 * i, "size": 0x100}
        change[f"partitions.blob_{i:02}"] = {"at": 0x1000 * i, "size": 0x1000, "memory": "external"}
    change["partitions.blob_46"] = {"at": 0x2E000, "size": 0x1000, "memory": "external"}
    return edited(base("nrf5340"), change)


def test_a_map_of_a_hundred_partitions_is_asked_a_few_times_only():
    written = hundred()
    assert len(written.plain["partitions"]) == 100
    asker = Counting(MAP)
    spans = free(written, "partitions.settings_storage.size", asker)
    assert [(span.first, span.last) for span in spans if not span.why] == [(0x1000, 0x8000)]
    assert asker.count <= 12


@pytest.mark.parametrize("name", [name for name in BASES if name != "nrf9151-tfm"])
def test_the_largest_slot_is_what_is_left_of_the_memory_when_all_else_is_packed(name):
    written = base(name)
    design = design_of(written)
    found = maximised(written, api.session(policies=MAP), solvers=("z3", "cvc5"))
    slot = design.partition(found.slot)
    inside = [part for part in design.partitions if not part.members and part.memory is slot.memory]
    kept = [part for part in inside if part.range.start >= slot.range.end and part.role is not None]
    others = sum(part.range.size for part in kept if part.role.value == "storage")
    slots = 2 if any(part.role.value == "secondary" for part in kept) else 1
    room = (design.soc.flash.end - slot.range.start - others) // slots
    assert found.after == room // design.soc.page * design.soc.page
    assert found.proved == ("z3", "cvc5")
    assert any("the memory of" in limit.text for limit in found.limits)


def test_the_largest_slot_is_the_largest_once_it_is_there():
    session = api.session(policies=MAP)
    found = maximised(base("nrf5340"), session)
    again = maximised(edited(base("nrf5340"), found.change, found.drop), session)
    assert (again.before, again.after, again.change) == (found.after, found.after, {})


def test_a_solver_without_a_budget_leaves_the_question_open():
    found = maximised(base("nrf5340"), api.session(policies=MAP), rlimit=1)
    assert (found.proved, bool(found.unknown)) == ((), True)


@pytest.mark.parametrize("number", [0, 37])
def test_a_session_answers_as_a_check_does(number):
    seed = SEEDS[number]
    session = api.session(policies=[seed.policy, "map-no-overlap"])
    for written in (seed.old, seed.new, seed.old):
        design = design_of(written)
        report, whole = session.report(design), api.check(design, policies=[seed.policy, "map-no-overlap"])
        assert [(each.verdict, each.facts) for each in report.findings] == [
            (each.verdict, each.facts) for each in whole.findings
        ]
        assert len(report.discrepancies) == len(whole.discrepancies)


def test_an_answer_that_is_used_again_is_told_by_the_lines_of_the_edited_file():
    policies = ["rot-immutable", "boot-write-denied"]
    before, line = base("nrf52832"), "partitions:"
    text = text_of(before)
    after = parse_written(text.replace(line, f"# one line\n# and another\n{line}"), before.file)
    session = api.session(policies=policies)
    seen = [session.report(design_of(each)) for each in (before, after)]
    places = [[fact.source.line for each in report.findings for fact in each.facts] for report in seen]
    assert places[0] != places[1]
    whole = api.check(design_of(after), policies=policies)
    assert [each.facts for each in seen[1].findings] == [each.facts for each in whole.findings]


def test_an_edit_of_what_no_attacker_sees_proves_and_runs_nothing_again(monkeypatch):
    session = api.session()
    session.report(design_of(base("nrf52832")))
    monkeypatch.setattr(decide.Decider, "_decided", lambda _self, question: pytest.fail(f"{question.policy.id} again"))
    for change in ({"settings.serial_recovery": True}, {"partitions.settings_storage.size": 0x4000}):
        session.report(design_of(edited(base("nrf52832"), change)))


@pytest.mark.slow
@pytest.mark.parametrize("name", BASES)
def test_a_session_answers_every_question_as_a_check_does(name):
    session = api.session()
    for seed in [seed for seed in SEEDS if seed.base == name]:
        design = design_of(seed.new)
        ours, theirs = session.report(design).findings, api.check(design).findings
        assert [_told(each) for each in ours] == [_told(each) for each in theirs]


def _told(finding: Finding) -> tuple[object, ...]:
    """All that counts of an answer; a system with fewer partitions has fewer lemmas to choose from."""
    return finding.verdict, finding.facts, re.sub(r"\d+ of \d+ lemmas", "lemmas", finding.because)


# -- through the command line


@pytest.fixture
def told(capsys, tmp_path):
    def call(command: str, text: str, *arguments: str) -> tuple[int, str, str]:
        path = tmp_path / "design.yaml"
        path.write_text(text)
        code = run([command, str(path), *arguments])
        seen = capsys.readouterr()
        return code, seen.out.replace(str(path), "design.yaml"), seen.err

    return call


def test_a_hole_means_the_same_as_a_free_fact(told):
    text = text_of(base("nrf5340"))
    asked = [part for policy in MAP for part in ("--policy", policy)]
    _, freed, _ = told("whatif", text, "--free", "partitions.settings_storage.size", *asked)
    hole = text.replace("settings_storage:  {at: 0xf8000, size: 0x8000}", "settings_storage:  {at: 0xf8000, size: ?}")
    assert hole != text
    code, filled, _ = told("whatif", hole, *asked)
    assert code == 0
    assert filled.splitlines()[:2] == freed.splitlines()[:2]
    assert "0x1000 to 0x8000" in filled


def test_holes_that_are_choices_are_filled_in_every_combination(told):
    text = text_of(base("nrf5340")).replace("downgrade: version", "downgrade: ?").replace("overwrite", "?")
    code, out, _ = told("whatif", text, "--policy", "downgrade-prevention")
    assert code == 0
    assert out.startswith("3 of 8 combinations keep every policy")  # no scratch area is drawn
    assert "  chain.mcuboot.mode=overwrite, chain.mcuboot.downgrade=version\n" in out


def test_a_design_with_holes_is_no_design_to_check(told):
    text = text_of(base("nrf5340")).replace("downgrade: version", "downgrade: ?")
    code, _, err = told("check", text)
    assert code == 2
    assert "`chain.mcuboot.downgrade` is `?`" in err


def test_the_largest_slot_comes_with_the_map_that_has_it(told):
    code, out, _ = told(
        "whatif", text_of(base("nrf5340")), "--maximise", "--solver", "all", "--policy", "map-no-overlap"
    )
    assert code == 0
    assert out.startswith("mcuboot_primary: 0x76000 at most; 0x70000 now\n")
    assert "(z3, cvc5)" in out
    assert "+  app:               {at: 0xc200,  size: 0x75e00}" in out
    assert "-  EMPTY_0:" in out


def test_a_budget_that_is_too_small_is_said(told):
    code, out, _ = told("whatif", text_of(base("nrf5340")), "--maximise", "--rlimit", "1")
    assert code == 3
    assert "unknown whether a larger one fits" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--free", "partitions.settings_storage.at", "--policy", "map-no-overlap", "--policy", "map-inside-memory"],
        ["--free", "keys.enc_priv.placement", "--policy", "no-secret-in-updatable"],
        ["--maximise", "--policy", "map-no-overlap"],
    ],
)
def test_every_line_fits_eighty_columns(told, arguments):
    _, out, _ = told("whatif", text_of(base("nrf5340")), *arguments)
    assert max(map(len, out.splitlines())) <= 80
