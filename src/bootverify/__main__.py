"""`bootverify` on the command line; `--version` answers before anything heavy is imported."""

import gc
import os
import sys

YOUNG = 100_000  # objects that are made between two searches for garbage; a check makes little of that


def main() -> None:
    """Run the program and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        from bootverify import __version__  # noqa: PLC0415 - start-up time is a feature

        sys.stdout.write(f"bootverify {__version__}\n")
        return
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for other packages' takes long
    gc.disable()
    from bootverify.cli import load_for, run  # noqa: PLC0415

    load_for(sys.argv[1:])
    gc.freeze()  # what is loaded stays: no search for garbage needs to look at it
    gc.enable()
    gc.set_threshold(YOUNG)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
