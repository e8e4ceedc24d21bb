"""`bootverify` on the command line; `--version` answers before anything heavy is imported."""

import gc
import os
import sys
from contextlib import suppress
from typing import Never

YOUNG = 100_000  # objects that are made between two searches for garbage; a check makes little of that


def main() -> None:
    """Run the program and end the process with its exit code."""
    leave(answered(sys.argv[1:]))


def answered(arguments: list[str]) -> int:
    """The exit code of the program called with `arguments`."""
    if arguments == ["--version"]:
        from bootverify import __version__  # noqa: PLC0415 - start-up time is a feature

        sys.stdout.write(f"bootverify {__version__}\n")
        return 0
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for other packages' takes long
    gc.disable()
    from bootverify.cli import load_for, run  # noqa: PLC0415

    load_for(arguments)
    gc.freeze()  # what is loaded stays: no search for garbage needs to look at it
    gc.enable()
    gc.set_threshold(YOUNG)
    return run(arguments)


def leave(code: int) -> Never:
    """End the process at once: the system takes back in one piece what Python would take apart object by object."""
    with suppress(BrokenPipeError):  # nobody reads on
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
