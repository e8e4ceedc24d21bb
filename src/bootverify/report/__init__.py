"""Verdicts as text for people and as records for programs; pure functions from a Report to str, one file a form."""

from importlib import import_module

from bootverify.check.verdict import Report

FORMS = {  # name of the form: its file, its function
    "text": ("text", "text"),
    "json": ("records", "json_report"),
    "sarif": ("sarif", "sarif"),
    "junit": ("junit", "junit"),
    "markdown": ("markdown", "markdown"),
    "html": ("html", "html"),
}


def rendered(report: Report, form: str) -> str:
    """The report in the form called `form`; KeyError when there is none. Only that form's file is loaded."""
    file, function = FORMS[form]
    told: str = getattr(import_module(f"bootverify.report.{file}"), function)(report)
    return told
