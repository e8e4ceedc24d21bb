"""The terminal: arguments in, text and exit codes out; everything else is asked of `api`.

One file a family of commands, loaded when one of them is asked for; `app` holds what they share and turns errors into
exit codes.
"""

from importlib import import_module

from bootverify.cli.app import app
from bootverify.cli.app import run as run_app

FAMILIES = {
    "check": ("check",),
    "again": ("replay", "certify"),
    "change": ("diff", "attackers"),
    "whatif": ("whatif", "repair"),
    "migrate": ("migrate",),
    "importing": ("import", "init"),
    "run_device": ("boot", "conform"),
    "sweep": ("sweep",),
    "scan": ("scan",),
    "name": ("explain", "list", "schema", "version"),
}


def run(arguments: list[str]) -> int:
    """The exit code of the program called with `arguments`; only the commands of the family asked for are loaded."""
    load_for(arguments)
    return run_app(arguments)


def load_for(arguments: list[str]) -> None:
    """Register the commands of the family that `arguments` ask for; all of them where they ask for none."""
    asked = next((family for family, commands in FAMILIES.items() if set(commands) & set(arguments[:1])), None)
    load(*([asked] if asked else FAMILIES))


def load(*families: str) -> None:
    """Register the commands of these families."""
    for family in families:
        import_module(f"bootverify.cli.{family}")


__all__ = ["FAMILIES", "app", "load", "load_for", "run"]
