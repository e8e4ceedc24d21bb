"""Prints how much of the shared evidence is answered rightly: cards, recorded vectors, corpus.

Run by `make score`; reads ../shared beside the checkout and says so where it is absent.
"""

import sys
import time
from collections import Counter
from pathlib import Path

import yaml

from bootverify.check.verdict import Verdict
from bootverify.errors import BootverifyError, InputError

TOP = Path(__file__).resolve().parent.parent
SHARED = TOP.parent / "shared"
DESIGNS = TOP / "tests" / "scenarios"
WORDS = {"holds", "violated", "undefined"}


def main() -> int:
    if not SHARED.is_dir():
        print("score: ../shared is absent; nothing to score")
        return 0
    started = time.monotonic()
    cards()
    vectors()
    corpus()
    print(f"time      {time.monotonic() - started:.1f} s")
    return 0


def cards() -> None:
    """Cards with a design under tests/scenarios; primary questions and `also` apart."""
    tallies = {"primary": Counter(), "also": Counter()}
    missing = 0
    wrong = []
    for path in sorted((SHARED / "scenarios").glob("SB-*.yaml")):
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
        design = DESIGNS / f"{card['id']}.yaml"
        asked = [("primary", {**card["question"], "expected": card["verdict"]["expected"]})]
        asked += [("also", also) for also in card.get("also", ())]
        if not design.is_file():
            missing += 1
            for where, _ in asked:
                tallies[where]["without a design"] += 1
            continue
        for where, question in asked:
            if question.get("variant"):
                tallies[where]["variant, not asked"] += 1
                continue
            got = answer(design, question["property"], question["subject"], question["attacker"])
            right = got == question["expected"]
            word = "right" if right else f"wrong {got}" if got in WORDS else f"no answer ({got})"
            tallies[where][word] += 1
            if not right:
                asked_of = f"{question['property']} {question['subject']} {question['attacker']}"
                wrong.append(f"  {card['id']} {asked_of}: {got}, expected {question['expected']}")
    for where, tally in tallies.items():
        shown = ["right", "wrong holds", "wrong violated", "wrong undefined"]
        rest = sorted(set(tally) - set(shown))
        print(f"cards     {where}: " + ", ".join(f"{tally[word]} {word}" for word in [*shown, *rest]))
    print("\n".join(wrong), end="\n" if wrong else "")


def answer(design: Path, policy: str, subject: str, attacker: str) -> str:
    """The verdict's word for one question, as `check` gives it."""
    from bootverify.api import check, load  # noqa: PLC0415 - only the cards need the whole program

    try:
        report = check(load(design), policies=[policy], subjects=[subject], attackers=[attacker])
    except InputError as error:
        return str(error.faults[0].message)
    except BootverifyError as error:
        return f"{type(error).__name__}: {error}"
    verdicts = {finding.verdict for finding in report.findings}
    for word in (Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS):
        if word in verdicts:
            return word.value
    return next(iter(verdicts)).value if len(verdicts) == 1 else "no question"


def vectors() -> None:
    """Recorded runs of the vendors' code."""
    from bootverify.check.conform import mcuboot, nsib, protection  # noqa: PLC0415

    for name, module in (("mcuboot", mcuboot), ("nsib", nsib), ("protection", protection)):
        total = module.run(SHARED / "vectors" / name).total
        print(f"vectors   {name}: {total.agreed} agreed, {total.disagreed} disagreed, {total.unsupported} unsupported")


def corpus() -> None:
    """Real builds, maps and devicetrees: read, refused with a reason, or crashed."""
    from tests.corpus import items, read_item  # noqa: PLC0415

    tally: Counter[str] = Counter()
    for item in items(SHARED / "corpus"):
        try:
            read_item(item)
        except InputError:
            tally["failed"] += 1
        except Exception as error:  # noqa: BLE001 - a crash is what is counted
            tally["crashed"] += 1
            print(f"  {item}: {type(error).__name__}: {error}", file=sys.stderr)
        else:
            tally["understood"] += 1
    print(f"corpus    {tally['understood']} understood, {tally['failed']} failed, {tally['crashed']} crashed")


if __name__ == "__main__":
    sys.exit(main())
