"""How the time of a check grows with the map: one real chain, its storage cut into 10, 30, 100, 300 partitions."""

import subprocess
import sys
from pathlib import Path

import yaml

from bootverify.sources.design_file import parse_design

TOP = Path(__file__).resolve().parents[2]
DESIGN = TOP / "tests" / "scenarios" / "SB-S05.yaml"
COUNTS = (10, 30, 100, 300)
ALIGN = 4
MEASURE = """\
import gc, sys, time
from bootverify.check.run import check_design
from bootverify.sources.attackers import all_attackers
from bootverify.sources.design_file import parse_design
from bootverify.sources.policies import all_policies
from bootverify.sources.support import load_support
given = parse_design(sys.stdin.buffer.read(), shown="design.yaml"), all_policies(), all_attackers(), load_support()
gc.freeze()  # as the program does
gc.set_threshold(100_000)
for _ in range(2):
    before = time.process_time()
    report = check_design(*given)
    print(len(report.findings), 1e3 * (time.process_time() - before))
"""


def main() -> None:
    for wanted in COUNTS:
        content = cut(wanted)
        partitions = len(parse_design(content, shown="design.yaml").partitions)
        (count, cold), (_, warm) = measured(content)
        each = cold / partitions
        print(
            f"{partitions:4} partitions {count:4} questions {cold:7.0f} ms cold, {each:5.1f} each; {warm:5.0f} ms again"
        )


def measured(content: bytes) -> list[tuple[int, float]]:
    """The questions and the milliseconds of a first and a second check in one new process, loading apart."""
    done = subprocess.run([sys.executable, "-c", MEASURE], input=content, capture_output=True, check=True, cwd=TOP)
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    return [(int(count), float(taken)) for count, taken in lines]


def cut(wanted: int) -> bytes:
    """The design with its two storage partitions, secure and not, in pieces, so that it has about so many."""
    plain = yaml.safe_load(DESIGN.read_text(encoding="utf-8"))
    partitions = plain["partitions"]
    pieces = (wanted - len(partitions)) // 2 + 1
    for name in ("tfm_storage", "nonsecure_storage") if pieces > 1 else ():
        whole = partitions.pop(name)
        size = whole["size"] // pieces // ALIGN * ALIGN
        for number in range(pieces):
            piece = {**whole, "at": whole["at"] + number * size, "size": size}
            partitions[f"{name}_{number}"] = piece
    return yaml.safe_dump(plain, sort_keys=False).encode()


if __name__ == "__main__":
    main()
