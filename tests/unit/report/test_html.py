"""The HTML report: well formed, of one piece, safe with any name, and to be read by everybody."""

import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from bootverify.cli import run
from bootverify.report.html_style import COLOURS, STYLE

GOLDEN = Path(__file__).parents[2] / "golden" / "reports" / "check.html"
VOID = {"meta", "br"}
ALLOWED = re.compile(
    "html|head|title|style|body|main|header|nav|section|details|summary|table|tr|td|th|h1|h2|h3|p|ul|li|a|b|small|code|pre"
    f"|{'|'.join(VOID)}"
)
READABLE = 4.5  # WCAG 2.1, 1.4.3: the least contrast of text


class Page(HTMLParser):
    """Each element closed where it should be, each name given once, each link with its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        assert ALLOWED.fullmatch(tag)
        assert len(told) == len(attributes)
        assert set(told) <= {"id", "class", "href", "lang", "charset", "name", "content", "scope", "open", "aria-label"}
        self.names += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if "href" in told else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, words):
        self.words.append(words)


def _is_sound(text: str) -> Page:
    assert text.startswith("<!doctype html>")
    page = Page(text)
    assert len(page.names) == len(set(page.names))
    for link in page.links:
        assert link.removeprefix("#") in page.names if link.startswith("#") else link.startswith("https://")
    return page


def test_the_report_is_well_formed_and_its_contents_lead_to_every_part():
    page = _is_sound(GOLDEN.read_text(encoding="utf-8"))
    inside = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert inside == set(page.names)


def test_nothing_is_fetched():
    assert not re.search(r"url\(|@import|https?:", STYLE)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "</style><b onclick=x>", '"><img src=x>', "&lt;"])
def test_a_hostile_name_is_shown_and_no_more(name, tmp_path, capsys):
    folder = tmp_path / name.replace("/", "_")
    folder.mkdir()
    map_ = "app: {address: 0x0, size: 0x8000}\nmcuboot: {address: 0x4000, size: 0x8000}\n"
    (folder / "pm_static.yml").write_text(map_)
    assert run(["check", str(folder / "pm_static.yml"), "--policy", "map-no-overlap", "--format", "html"]) == 1
    page = _is_sound(capsys.readouterr().out)
    assert any(folder.name in words for words in page.words)


@pytest.mark.parametrize(("theme", "ground"), [*product(COLOURS, ("page", "card"))])
@pytest.mark.parametrize("use", ["ink", "soft", "link", "bad", "ok", "open"])
def test_text_is_readable_by_day_and_by_night(theme, ground, use):
    dark, light = sorted(_luminance(COLOURS[theme][each]) for each in (use, ground))
    assert (light + 0.05) / (dark + 0.05) >= READABLE


def _luminance(colour: str) -> float:
    """Of #rrggbb, as WCAG 2.1 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
