"""The parts of a mail as text and as HTML."""

import re
from functools import lru_cache
from pathlib import Path
from textwrap import wrap
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import get_template

TEXT_WIDTH = 72
RIGHT_TO_LEFT = "\u200f"
SHEET = Path(settings.BASE_DIR) / "static" / "css" / "site.css"


def text_of(context: dict[str, Any]) -> str:
    """Lines of no more than TEXT_WIDTH, but for addresses, which must stay whole to be opened. Where the language runs
    from right to left each line says so: programs guess the direction of a text from its first letter."""
    said = get_template("notifications/mail.txt").render(context)
    mark = RIGHT_TO_LEFT if context["direction"] == "rtl" else ""
    lines: list[str] = []
    for line in said.strip("\n").splitlines():
        if line.startswith(("https://", "http://")):
            lines.append(line)
        elif line.strip():
            lines += [mark + part for part in wrap(line, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)]
        elif lines and lines[-1]:
            lines.append("")
    return "\n".join(lines) + "\n"


def html_of(context: dict[str, Any]) -> str:
    page = get_template("notifications/mail.html").render({**context, "style": _style(context["direction"])})
    return _inliner().inline(page)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    """At-rules stay in the head, for the clients that read them: dark mode."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@lru_cache(maxsize=2)
def _style(direction: str) -> str:
    """Mail programs know neither custom properties nor logical sides, so both are written out."""
    light, dark = palettes()
    start, end = ("right", "left") if direction == "rtl" else ("left", "right")
    words = {"light": light, "dark": dark, "start": start, "end": end}
    return str(get_template("notifications/mail.css").render(words))


@lru_cache(maxsize=1)
def palettes() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the pages, light and dark, by the names of the style sheet's custom properties."""
    sheet = re.sub(r"/\*.*?\*/", "", SHEET.read_text(encoding="utf-8"), flags=re.DOTALL)
    light, dark = (
        {name.replace("-", "_"): value for name, value in re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,8})\s*;", block)}
        for block in re.findall(r":root\s*\{([^}]*)\}", sheet)
        if "--paper:" in block
    )
    return light, light | dark
