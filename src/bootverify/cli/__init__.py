"""The terminal: arguments in, text and exit codes out; everything else is asked of `api`.

One file a family of commands; `app` holds what they share and turns errors into exit codes.
"""

from bootverify.cli import change, check, importing, name, run_device, scan
from bootverify.cli.app import app, run

__all__ = ["app", "change", "check", "importing", "name", "run", "run_device", "scan"]
