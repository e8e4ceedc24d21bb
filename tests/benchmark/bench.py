"""Prints how long things take, each as a ratio within one run: `make bench`.

Times of one machine say little; that a check costs so many times what loading a solver costs says something everywhere.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import bincopy

from bootverify.check.run import Options, check_design
from bootverify.check.side_by_side import cores
from bootverify.check.solver import available, solve
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.policy.policy import Policy
from bootverify.sources.attackers import all_attackers
from bootverify.sources.design_file import design_of, load_design
from bootverify.sources.document import read_written
from bootverify.sources.importers import load
from bootverify.sources.mutate import mutated
from bootverify.sources.policies import all_policies
from bootverify.sources.support import load_support
from tests.benchmark import growth, sweep_bench, whatif_bench
from tests.benchmark.timing import as_the_program, best
from tests.designs.build_dirs import Build, write_build

TOP = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((TOP / "tests" / "scenarios").glob("SB-S0*.yaml"))
THOROUGH = ("SB-S01", "SB-S05")  # the least and, nearly, the most
SEED = {  # what the cards SB-S01 to SB-S08 ask
    *("authentic-only", "boot-write-denied", "config-supported", "key-rotatable"),
    *("no-secret-in-updatable", "rot-immutable", "secret-confidential", "secret-use-restricted"),
}
IMAGES = ("app", "mcuboot", "b0")
MANY = "".join(f"CONFIG_OTHER_{number}={number}\n# CONFIG_NOT_{number} is not set\n" for number in range(1200))
EXAMPLE = str(TOP / "tests" / "scenarios" / "SB-S01.yaml")


def main() -> int:
    as_the_program()
    pass_ = started("-c", "pass")
    z3 = started("-c", "import z3")
    print(f"{'python -c pass':28} {1e3 * pass_:6.0f} ms")
    print(f"{'python -c import z3':28} {1e3 * z3:6.0f} ms")
    compare("bootverify --version", started("-m", "bootverify", "--version"), pass_, "of `pass`", most=3)
    compare("bootverify check SB-S01", started("-m", "bootverify", "check", EXAMPLE), z3, "of `import z3`", most=4)
    reading(pass_, z3)
    for path in SCENARIOS:
        warm(path, z3)
    unlocked(z3)
    growth.main()
    whatif_bench.main()
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "tests.benchmark.scan_bench"], check=True, cwd=TOP)  # its memory is its own
    sweep_bench.main()
    return 0


def compare(what: str, taken: float, unit: float, of: str, *, most: float) -> None:
    word = "" if taken <= most * unit else f"   over {most:g}"
    print(f"{what:28} {1e3 * taken:6.0f} ms = {taken / unit:4.1f} {of}{word}")


def reading(pass_: float, z3: float) -> None:
    """A build directory of the usual size, as an import in a process of its own and again in this one.

    First without programming files, then with them: those are searched for private keys at every offset.
    """
    with tempfile.TemporaryDirectory() as folder:
        build = write_build(
            Path(folder) / "app" / "build", Build(nsib=True, tfm=True, extra=dict.fromkeys(IMAGES, MANY))
        )
        image = build / "merged.hex"
        programmed = image.read_text()
        image.unlink()
        imported("import BUILD, no images", build, pass_, z3, most=3)
        merged = bincopy.BinFile()
        merged.add_ihex(programmed)
        merged.add_binary(random.Random(1).randbytes(300 * 1024), address=0x40000)
        image.write_text(merged.as_ihex())
        imported("import BUILD, 300 KiB", build, pass_, z3, most=10)


def imported(what: str, build: Path, pass_: float, z3: float, *, most: float) -> None:
    taken = started("-m", "bootverify", "import", str(build)) - pass_
    again = best(lambda: load(build))
    compare(what, taken, z3, f"of `import z3`, beyond `pass`; again {1e3 * again:.0f} ms", most=most)


def warm(path: Path, z3: float) -> None:
    """All questions of one design, in a new process and again, and in two at once; those of the seed cards' policies.

    Of some designs with every solver, and with certificates too.
    No solver's answer is remembered from one time to the next.
    """
    (count, cold), *_ = growth.measured(path.read_bytes())
    design = load_design(path)
    ask(design, Options())
    plain = best(lambda: ask(design, Options()), 2)
    seed = best(lambda: ask(design, Options(), policies=[each for each in all_policies() if each.id in SEED]), 2)
    told = f"{1e3 * plain:5.0f} ms = {plain / z3:4.1f} again, {1e3 * seed:4.0f} ms of the seed cards' policies"
    if cores() > 1:
        two = best(lambda: ask(design, Options(apart=True)), clock=time.perf_counter)
        one = best(lambda: ask(design, Options()), clock=time.perf_counter)
        told += f", {two / one:4.2f} of the time on two cores"
    if path.stem in THOROUGH:
        several = best(lambda: ask(design, Options(solvers=tuple(available()))), 1)
        written = best(lambda: ask(design, Options(certificates=True)), 1)
        told += f"; all solvers {several / plain:4.1f} times that, certificates {written / plain:4.1f} times"
    print(f"{path.stem:9} {count:3} questions {cold:5.0f} ms cold = {cold / 1e3 / z3:4.1f} of `import z3`, {told}")


def unlocked(z3: float) -> None:
    """All 64 regions of an SPU in the hands of secure code: MCUboot locks none of them."""
    written = mutated(read_written(EXAMPLE), drop=["chain.mcuboot.protects"])
    design = design_of(written)
    hostile = [each for each in all_attackers() if each.name == "app-code-secure"]
    taken = best(lambda: ask(design, Options(), attackers=hostile))
    print(f"64 regions, none locked, against secure code {1e3 * taken:5.0f} ms = {taken / z3:4.1f} of `import z3`")


def ask(
    design: Design, options: Options, *, policies: Sequence[Policy] = (), attackers: Sequence[Attacker] = ()
) -> None:
    solve.cache_clear()
    check_design(design, policies or all_policies(), attackers or all_attackers(), load_support(), options=options)


def started(*arguments: str) -> float:
    """The median wall time of a fresh Python, of five; it finds everything compiled, as a user's does."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken = []
    for _ in range(6):
        before = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=False, cwd=TOP, env=environment)
        taken.append(time.perf_counter() - before)
    return statistics.median(taken[1:])


if __name__ == "__main__":
    sys.exit(main())
