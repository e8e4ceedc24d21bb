"""`bootverify` on the command line; `--version` answers before anything heavy is imported."""

import sys


def main() -> None:
    """Run the program and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        from bootverify import __version__  # noqa: PLC0415 - start-up time is a feature

        sys.stdout.write(f"bootverify {__version__}\n")
        return
    from bootverify.cli import run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
