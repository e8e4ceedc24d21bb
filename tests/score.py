"""Prints how much of the shared evidence is answered rightly: cards, recorded vectors, corpus.

Run by `make score`; reads ../shared beside the checkout and says so where it is absent.
"""

import sys
import time
from collections import Counter
from pathlib import Path

from bootverify.errors import InputError
from tests.scenario_cards import WORDS, answer, questions

TOP = Path(__file__).resolve().parent.parent
SHARED = TOP.parent / "shared"
KINDS = ["right", "wrong holds", "wrong violated", "wrong undefined", "no answer"]


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
    """Every card and every `also`, variants included; primary questions and `also` apart, then what is not right."""
    tallies: dict[str, Counter[str]] = {"primary": Counter(), "also": Counter()}
    listed: list[tuple[int, str]] = []
    for asked in questions(SHARED / "scenarios"):
        got = answer(asked)
        kind = "right" if got == asked.expected else f"wrong {got}" if got in WORDS else "no answer"
        tallies[asked.where][kind] += 1
        if kind != "right":
            order = KINDS.index(kind)
            listed.append((order, f"  {kind}: {asked.name}: {got}, expected {asked.expected}"))
    for where, tally in tallies.items():
        print(f"cards     {where}: " + ", ".join(f"{tally[word]} {word}" for word in KINDS))
    for _, line in sorted(listed, key=lambda item: item[0]):
        print(line)


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
    from tests.findings import tally as defects  # noqa: PLC0415

    print("\n".join(defects(SHARED / "corpus")))


if __name__ == "__main__":
    sys.exit(main())
