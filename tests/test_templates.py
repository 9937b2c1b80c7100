"""The content security policy allows no inline code or style; what htmx would evaluate is refused
here already."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Mails carry their styles inline, as mail readers need.
PAGES = sorted(
    path for path in ROOT.glob("templates/**/*.html") if not path.name.startswith("mail")
)
REFUSED = {
    "hx-on": r"\bhx-on\b",
    "js: values": r"[\"']\s*(js|javascript):",
    "a trigger filter, which fails open": r"hx-trigger\s*=\s*[\"'][^\"']*\[",
    "an inline style": r"\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline script": r"<script\b(?![^>]*\bsrc=)",
    "an event handler": r"\son[a-z]+\s*=",
    "a foreign address that loads": r"<(script|img|iframe|link)\b[^>]*(src|href)=[\"'](https?:)?//",
    "unescaped output": r"\|\s*safe\b|autoescape off",
}

# djlint counts those of the other templates.
TEXTS = sorted(
    path
    for pattern in ("templates/**/*.txt", "templates/**/*.css", "static/**/*.css", "static/**/*.js")
    for path in ROOT.glob(pattern)
    if "vendor" not in path.parts and ".min." not in path.name
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_is_longer_than_a_hundred_columns(text: Path) -> None:
    assert [line for line in text.read_text().splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("template", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.parametrize("refused", REFUSED)
def test_no_template_holds_what_the_policy_forbids(template: Path, refused: str) -> None:
    assert re.search(REFUSED[refused], template.read_text()) is None


@pytest.mark.parametrize(
    ("refused", "markup"),
    [
        ("hx-on", '<p hx-on:click="x()">'),
        ("js: values", "<p hx-vals='js:{a: 1}'>"),
        ("a trigger filter, which fails open", '<p hx-trigger="ask[document.hidden]">'),
        ("an inline style", '<p style="color: red">'),
        ("a style element", "<style>p {}</style>"),
        ("an inline script", "<script>x()</script>"),
        ("an event handler", '<p onclick="x()">'),
        ("a foreign address that loads", '<img src="//example.com/a.png">'),
        ("unescaped output", "{{ name|safe }}"),
    ],
)
def test_the_search_finds_what_it_is_for(refused: str, markup: str) -> None:
    assert re.search(REFUSED[refused], markup)
