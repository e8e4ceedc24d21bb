"""Verdicts as text for people and as records for programs; pure functions from a Report to str."""

from collections.abc import Callable

from bootverify.check.verdict import Report
from bootverify.report.html import html
from bootverify.report.junit import junit
from bootverify.report.markdown import markdown
from bootverify.report.records import json_report
from bootverify.report.sarif import sarif
from bootverify.report.text import text

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text,
    "json": json_report,
    "sarif": sarif,
    "junit": junit,
    "markdown": markdown,
    "html": html,
}
