"""The main job on real input: the design behind the project, as it is, as wished for, as advised; then a build."""

import shutil
import sys
from pathlib import Path

from bootverify.cli import run
from tests.designs.build_dirs import Build, write_build

STORY = (
    ("today", "In the field today: an immutable MCUboot that holds the decryption key", 1),
    ("wished-for", "Wished for: MCUboot updatable behind NSIB, the key still in it. May it stay?", 1),
    ("advised", "What to do instead: the key in the KMU, TF-M on, public keys only in what travels", 0),
)
ONLY = ["secret-confidential", "no-secret-in-updatable", "secret-use-restricted", "rot-immutable", "boot-write-denied"]
AGAINST = ["remote-ota", "app-code-ns", "app-code-secure"]


def main() -> int:
    """Check each; the exit codes must be what the story says."""
    wrong = 0
    for name, title, expected in STORY:
        print(f"\n{'=' * 80}\n{title}\n{'=' * 80}")
        design = f"tests/designs/{name}.yaml"
        print(f"$ bootverify check {design} ...\n", flush=True)
        arguments = ["check", design, *_each("--policy", ONLY), *_each("--attacker", AGAINST)]
        code = run(arguments)
        wrong += code != expected
    return 1 if _build() + wrong else 0


def _build() -> int:
    """A build directory as the SDK writes it, with signed images, whose maker switched the locks off."""
    path = Path("build-demo")
    shutil.rmtree(path, ignore_errors=True)
    write_build(path, Build(nsib=True, tfm=True, fprotect=False, bootable=True))
    print(f"\n{'=' * 80}\nA build directory of the nRF Connect SDK, whose maker switched the locks off\n{'=' * 80}")
    print("$ bootverify check build-demo ...\n", flush=True)
    wrong = run(["check", str(path), *_each("--policy", [*ONLY, "boot-locks-itself"])]) != 1
    print(f"\n$ bootverify boot {path}\n", flush=True)
    return wrong + (run(["boot", str(path)]) != 0)


def _each(option: str, values: list[str]) -> list[str]:
    return [part for value in values for part in (option, value)]


if __name__ == "__main__":
    sys.exit(main())
