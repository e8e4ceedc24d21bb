"""Reads what a team has accepted: a file of waivers, and the JSON report of an earlier check as a baseline."""

import json
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bootverify.errors import InputError
from bootverify.sources.document import read_written
from bootverify.sources.input_file import MIB, read_text
from bootverify.sources.validate import validated

BASELINE_LIMIT = 64 * MIB


class WaiverEntry(BaseModel):
    """One accepted violation; the question is named whole, there are no wildcards."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    policy: str = Field(min_length=1)
    subject: str = Field(min_length=1)
    attacker: str = Field(min_length=1)
    owner: str = Field(min_length=1, description="who answers for it")
    reason: str = Field(min_length=1)
    expires: date = Field(description="the last day on which it counts, as 2027-01-31")
    design: str = Field(default="", description="scope: only of the design of that name; default: any")
    because: str = Field(default="", description="scope: only while the report gives this reason; default: any")


class WaiversEntry(BaseModel):
    """A file of waivers."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    waivers: list[WaiverEntry]


def load_waivers(path: Path | str) -> list[tuple[WaiverEntry, str]]:
    """The waivers in the file, each with its place.

    Raises:
        InputError: it is no such file; every fault with its line.
    """
    written = read_written(path)
    entry = validated(WaiversEntry, written)
    return [(each, str(written.source(("waivers", number)))) for number, each in enumerate(entry.waivers)]


def load_baseline(path: Path | str) -> frozenset[tuple[str, str, str]]:
    """The questions that were violated in an earlier JSON report.

    Raises:
        InputError: it is no such report.
    """
    try:
        document = json.loads(read_text(path, limit=BASELINE_LIMIT))
        questions = {"bootverify-report/1": document["questions"]}[document["schema"]]
        return frozenset(
            (str(each["policy"]), str(each["subject"]), str(each["attacker"]))
            for each in questions
            if each["verdict"] == "violated"
        )
    except (ValueError, KeyError, TypeError):
        words = "this is no JSON report of bootverify; write one with check --format json"
        raise InputError.at(str(path), 0, words) from None
