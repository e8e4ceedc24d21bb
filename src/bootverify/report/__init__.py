"""Verdicts as text for people and as records for programs; pure functions from a Report to str, one file a form."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from bootverify.check.verdict import Report

if TYPE_CHECKING:
    from bootverify.report.clauses import ByClause

FORMS = {  # name of the form: its file, its function
    "text": ("text", "text"),
    "json": ("records", "json_report"),
    "sarif": ("sarif", "sarif"),
    "junit": ("junit", "junit"),
    "markdown": ("markdown", "markdown"),
    "html": ("html", "html"),
}


def rendered(report: Report, form: str, clauses: "Sequence[ByClause]" = ()) -> str:
    """The report in the form called `form`; KeyError when there is none. Only that form's file is loaded.

    `clauses`: what it says of standards, for forms that have a place for it.
    """
    file, function = FORMS[form]
    tell = getattr(import_module(f"bootverify.report.{file}"), function)
    told: str = tell(report, clauses=clauses) if clauses else tell(report)
    return told
