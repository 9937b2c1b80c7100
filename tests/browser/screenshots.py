"""Pictures of every page in every state, to look at: `make screenshots`, or with ONLY=name,name.

Phone and desktop, light and dark, all languages, into the directory SCREENSHOTS
(.local/screenshots), with an index.
"""

import os
from html import escape
from pathlib import Path

import pytest

from tests.browser.gallery import LOCALES, THEMES, Gallery, Look, chosen
from tests.gallery import states

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

DIRECTORY = Path(os.environ.get("SCREENSHOTS") or ".local/screenshots")
PHONE, DESKTOP = 360, 1280
LOOKS = [
    Look(language, theme, width)
    for language in LOCALES
    for width in (PHONE, DESKTOP)
    for theme in THEMES
]


@pytest.mark.parametrize("name", chosen())
def test_it_is_pictured(gallery: Gallery, name: str) -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for look in LOOKS:
        page = gallery.open(name, look)
        page.screenshot(path=DIRECTORY / f"{name}-{look}.png", full_page=True)
        page.close()


def test_they_have_an_index(gallery: Gallery) -> None:
    shows = {name: state.shows for name, state in gallery.states.items()}
    assert set(shows) <= set(states.names())
    rows = [
        f"<h2>{escape(name)}</h2><p>{escape(shows.get(name, ''))}</p><p>"
        + "".join(
            f'<a href="{name}-{look}.png"><img src="{name}-{look}.png" alt="{look}"></a>'
            for look in LOOKS
        )
        for name in chosen()
    ]
    style = (
        "body{font:1rem system-ui;margin:1rem}img{height:22rem;margin:.25rem;border:1px solid #999}"
    )
    head = f'<meta charset="utf-8"><title>Every state</title><style>{style}</style>'
    page = f"<!doctype html>{head}{''.join(rows)}"
    (DIRECTORY / "index.html").write_text(page)
