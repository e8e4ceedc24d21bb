"""Feeds changed inputs to the readers for a while: `make fuzz`, or `python -m tests.fuzz [SECONDS] [READER]...`.

With `--guided` (atheris) coverage guides the changes; without, a seeded random source does. What a reader does beside
returning and refusing, or takes too long for, is kept in `fuzz-found/` and told.
"""

import gc
import hashlib
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FunctionType

from tests.fuzz.mutate import mutated
from tests.fuzz.readers import READERS, fed
from tests.fuzz.seeds import seeds

MOST_SECONDS = 2
MOST_MEMORY = 3 << 30
FOUND = Path("fuzz-found")
# Whose branches guide the changes: to follow the libraries too takes minutes to begin with.
COVERED = (
    "bootverify.sources",
    "bootverify.secrets",
    "bootverify.policy",
    "bootverify.check.recheck",
    "bootverify.report",
)


class TooLongError(Exception):
    """A reader took more time of the processor than a reader may."""


def _stop(*_: object) -> None:
    raise TooLongError


def tried(name: str, content: bytes) -> str:
    """What went wrong, in one line; empty when nothing did."""
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        fed(name, content)
    except Exception as error:  # noqa: BLE001 - what is looked for
        trace = traceback.extract_tb(error.__traceback__)
        last = next((frame for frame in reversed(trace) if "bootverify" in frame.filename), trace[-1])
        return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def at_random(name: str, seconds: float, seed: int) -> tuple[int, dict[str, bytes]]:
    """How many inputs were tried, and what went wrong with which."""
    rng, found, count = random.Random(f"{name} {seed}"), {}, 0
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        content = mutated(rng, seeds()[name])
        count += 1
        if wrong := tried(name, content):
            found.setdefault(wrong.split(":")[0] + wrong.split(":")[1], content)
    return count, found


def guided(name: str, seconds: float) -> None:
    """The same by atheris, which ends the process; it stops at the first thing that goes wrong."""
    import atheris  # noqa: PLC0415 - optional

    held = FOUND / "corpus" / name
    held.mkdir(parents=True, exist_ok=True)
    for content in seeds()[name]:
        (held / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    for content in seeds()[name]:
        fed(name, content)  # what a reader needs is loaded when it is first used
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and str(each.__module__).startswith(COVERED):
            atheris.instrument_func(each)
    options = [f"-max_total_time={int(seconds)}", "-timeout=10", "-rss_limit_mb=3000", f"-artifact_prefix={FOUND}/"]
    options.append("-print_final_stats=1")
    atheris.Setup([sys.argv[0], str(held), *options, "-verbosity=0"], lambda content: fed(name, content))
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    seconds = float(arguments[0]) if arguments else 20
    by_coverage = "--guided" in arguments
    names = [each for each in arguments[1:] if each in READERS] or list(READERS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    if by_coverage:
        guided(names[0], seconds)
    signal.signal(signal.SIGPROF, _stop)
    wrong = 0
    for name in names:
        count, found = at_random(name, seconds, seed=int(time.time()) if "--free" in arguments else 0)
        print(f"{name:12} {count:7} inputs, {len(found)} that went wrong", flush=True)
        for what, content in found.items():
            FOUND.mkdir(exist_ok=True)
            kept = FOUND / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
            kept.write_bytes(content)
            print(f"  {what}: {kept}", flush=True)
        wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
