"""The main job on real input: the design behind the project, as it is, as wished for, and as advised."""

import sys

from bootverify.cli import run

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
    return 1 if wrong else 0


def _each(option: str, values: list[str]) -> list[str]:
    return [part for value in values for part in (option, value)]


if __name__ == "__main__":
    sys.exit(main())
