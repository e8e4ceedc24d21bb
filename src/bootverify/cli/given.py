"""What a check is given, read in a second process while this one loads what answers: half of a short check's time.

So this process needs neither the readers nor the libraries that they rest on.
"""

import gc
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from bootverify.check.side_by_side import both, cores, one_by_one
from bootverify.cli.bar import bar
from bootverify.dataclass import dataclass
from bootverify.errors import Fault, InputError

if TYPE_CHECKING:
    from bootverify.design.design import Design
    from bootverify.policy.rules import Rules

STDIN = "-"  # can be read but once


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Designs, and what is asked of each."""

    designs: "tuple[Design, ...]"
    rules: "Rules"


def given(
    sources: Sequence[str],
    *,
    sdk: str | None,
    policies: Sequence[str],
    attackers: Sequence[str],
    load: Callable[[], object],
) -> Given:
    """What these name; meanwhile this process does `load`.

    Raises:
        InputError: something is wrong with one of them, or is not there; every fault with its line.
    """
    at_once = cores() > 1 and STDIN not in sources
    _, found = (both if at_once else one_by_one)(load, partial(_read, sources, sdk, policies, attackers))
    if not isinstance(found, Given):
        raise InputError(found)
    gc.freeze()  # what is loaded stays: no search for garbage needs to look at it
    return found


def _read(
    sources: Sequence[str], sdk: str | None, policies: Sequence[str], attackers: Sequence[str]
) -> Given | tuple[Fault, ...]:
    """What is given, or what is wrong with it."""
    from bootverify.sources.inputs import load  # noqa: PLC0415 - where it is read, and nowhere else
    from bootverify.sources.rules import load_rules  # noqa: PLC0415

    try:
        with bar() as progress:
            designs = tuple(load(source, sdk=sdk, progress=progress) for source in sources)
        return Given(designs=designs, rules=load_rules(policies, attackers))
    except InputError as error:
        return error.faults
