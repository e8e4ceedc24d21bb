"""`west bootverify -d build`: hands a build directory to bootverify; everything else is the program's own options."""

import importlib.util
import subprocess
import sys

from west.commands import WestCommand


class Bootverify(WestCommand):
    """A thin extension: the build directory is the input, unknown options are passed on."""

    def __init__(self) -> None:
        super().__init__(
            "bootverify",
            "check the secure-boot design of a build directory",
            "Runs `bootverify check` on the build directory; further options are passed on.",
            accepts_unknown_args=True,
        )

    def do_add_parser(self, parser_adder):
        """Register the options."""
        parser = parser_adder.add_parser(self.name, help=self.help, description=self.description)
        parser.add_argument("-d", "--build-dir", default="build", help="build directory (default: build)")
        return parser

    def do_run(self, args, unknown):
        """Run the program and take over its exit code."""
        if importlib.util.find_spec("bootverify") is None:
            sys.stderr.write(f"bootverify is not installed for {sys.executable}; install its checkout with pip\n")
            sys.exit(2)
        command = [sys.executable, "-m", "bootverify", "check", args.build_dir, *unknown]
        sys.exit(subprocess.run(command, check=False).returncode)
