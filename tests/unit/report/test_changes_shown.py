"""A comparison as it stands on a terminal: columns, and what is told together."""

from bootverify.check.verdict import Finding, Verdict
from bootverify.report.changes import changes_text
from bootverify.report.changes_markdown import changes_markdown
from bootverify.whatif.compare import Change, Compared


def compared(
    subject: str, old: Verdict | None, new: Verdict, *, because: str = "it is so", kind: str = "stage", **more
) -> Compared:
    attacker = "remote-ota"

    def finding(verdict: Verdict) -> Finding:
        return Finding(
            policy="rot-immutable",
            title="",
            subject=subject,
            attacker=attacker,
            severity="critical",
            verdict=verdict,
            strength="",
            because=because,
            kind=kind,
        )

    before = None if old is None else finding(old)
    return Compared(policy="rot-immutable", subject=subject, attacker=attacker, old=before, new=finding(new), **more)


def heads(questions: list[Compared]) -> list[str]:
    return [line for line in changes_text(questions, []).splitlines() if "rot-immutable" in line]


def test_policies_stand_in_one_column_whatever_became_of_them():
    told = heads(
        [
            compared("b0", Verdict.HOLDS, Verdict.VIOLATED),
            compared("mcuboot", Verdict.VIOLATED, Verdict.HOLDS),
            compared("app", Verdict.UNKNOWN, Verdict.UNDEFINED),
        ]
    )
    assert [line.split()[0] for line in told] == ["weaker", "incomparable", "stronger"]
    assert {line.index("rot-immutable") for line in told} == {13}
    assert {len(line) for line in told} == {80}


def test_what_differs_in_the_subject_alone_is_told_as_one():
    same = [compared(name, Verdict.HOLDS, Verdict.VACUOUS) for name in ("b0", "mcuboot")]
    other = compared("app", Verdict.HOLDS, Verdict.VACUOUS, because="it is otherwise")
    told = heads([*same, other])
    assert ["b0, mcuboot" in line for line in told] == [True, False]
    assert "of `b0`, `mcuboot`" in changes_markdown([*same, other], [])


def test_attacks_of_other_kinds_are_told_apart():
    ways = [Change.EQUAL, Change.WEAKER]
    told = [compared(f"s{number}", None, Verdict.VIOLATED, attacks=way) for number, way in enumerate(ways)]
    assert len(heads(told)) == 2


def test_of_a_map_no_attacker_is_named():
    [told] = heads([compared("partition map", Verdict.HOLDS, Verdict.VIOLATED, kind="map")])
    assert "any attacker" in told
    assert "remote-ota" not in told


def test_why_ends_with_a_full_stop():
    assert "\n  it is so.\n" in changes_text([compared("b0", Verdict.HOLDS, Verdict.VIOLATED)], [])
