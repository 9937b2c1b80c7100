"""Every page in every state: for everyone, whatever they read it with, and as the standards have
it.

The pages of one test run are made once. ONLY=name,name looks at some of them; EVERY_LOOK=1 at all
languages, themes and widths of each.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from tests.browser.gallery import LOCALES, Gallery, Look, chosen, looks
from tests.browser.validator import faults
from tests.gallery.email_pictures import mails

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

CASES = [pytest.param(name, look, id=f"{name}-{look}") for name in chosen() for look in looks(name)]
# The validator knows no attributes of libraries.
UNKNOWN_TO_IT = ("Attribute “hx-",)


@pytest.mark.parametrize("name, look", CASES)
def test_everyone_can_use_it(gallery: Gallery, name: str, look: Look) -> None:
    page = gallery.open(name, look)
    wider = page.evaluate("document.documentElement.scrollWidth") - look.width
    broken = Axe().run(page).response["violations"]
    page.close()
    assert [fault(each) for each in broken] == []
    assert wider <= 0


def fault(violation: dict[str, Any]) -> str:
    where = [f"{node['html'][:200]} {node['failureSummary']}" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']}: {where}"


@pytest.fixture(scope="module")
def html(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every page as the server sent it, in a file of its own."""
    directory = tmp_path_factory.mktemp("html")
    for name in chosen():
        page = gallery.open(name, Look(), javascript=False)
        sent = page.request.get(page.url)
        (directory / f"{name}.html").write_text(sent.text())
        page.close()
    return directory


def test_its_html_is_valid(html: Path) -> None:
    assert faults(html, allowed=UNKNOWN_TO_IT) == []


# What Outlook and old mail programs lay out by, and what keeps dark mode in them; browsers and the
# standard have no need.
FOR_MAIL_PROGRAMS = (
    *(
        f"The “{name}” attribute on the “table” element"
        for name in ("width", "cellpadding", "cellspacing", "border")
    ),
    *(f"The “{name}” attribute on the “td” element" for name in ("align", "valign")),
    *(f"CSS: “{name}" for name in ("mso-", "color-scheme”", "supported-color-schemes”")),
)


def test_the_html_of_every_mail_is_valid_in_every_language(
    gallery: Gallery, tmp_path: Path
) -> None:
    for mail in mails(now=timezone.now(), languages=list(LOCALES)):
        (tmp_path / f"{mail.name}-{mail.language}.html").write_text(mail.composed.html)
    assert faults(tmp_path, allowed=FOR_MAIL_PROGRAMS) == []


PHONES, PHONE_HEIGHT = (360, 390), 844
ASKS = ("delayed_once", "delayed_twice_with_deadline", "delayed_eu", "california")
AT_ONE_GLANCE = (".person", ".lead", ".change", ".arrives", ".place", ".asked .button.plain")


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("name", [name for name in chosen() if name in ASKS])
def test_by_when_where_whom_to_ask_and_the_choice_are_seen_without_scrolling(
    gallery: Gallery, name: str, language: str
) -> None:
    for width in PHONES:
        page = gallery.open(name, Look(language, width=width))
        boxes = {part: page.locator(part).first.bounding_box() for part in AT_ONE_GLANCE}
        page.close()
        ends = {part: box and box["y"] + box["height"] for part, box in boxes.items()}
        below = {part: end for part, end in ends.items() if not end or end > PHONE_HEIGHT}
        assert below == {}, width


CUT_OFF = """
    [...document.querySelectorAll("body *")].filter((each) => {
        const { left, right } = each.getBoundingClientRect();
        return right > innerWidth + 1 || left < -1;
    }).map((each) => each.outerHTML.slice(0, 120))
"""


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(
    "name", [name for name in chosen() if name in ("several_lines_different_fates", *ASKS[1:3])]
)
def test_letters_twice_as_large_fit_the_narrowest_screen(
    gallery: Gallery, name: str, language: str
) -> None:
    page = gallery.open(name, Look(language))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    cut_off = page.evaluate(CUT_OFF)
    page.close()
    assert cut_off == []


HTML_BYTES = 30_000
ALL_BYTES = 80_000


@pytest.mark.parametrize(
    "name", [name for name in chosen() if name in ("several_lines_different_fates", "dated")]
)
def test_a_status_page_is_light(gallery: Gallery, name: str) -> None:
    """Bytes as they go over the wire from a server that compresses; here each body is compressed by
    hand."""
    page = gallery.open(name, Look())
    resources = page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    bodies = [page.request.get(url).body() for url in (page.url, *resources)]
    blocking = page.evaluate(
        "[...document.querySelectorAll('head link[rel=stylesheet]:not([media=print]), "
        "script:not([defer]):not([async])')]"
        ".filter(each => !each.async).map(each => each.outerHTML)"  # what a script adds is async
    )
    page.close()
    assert len(bodies[0]) < HTML_BYTES
    assert sum(len(zlib.compress(body, 6)) for body in bodies) < ALL_BYTES
    assert len(blocking) == 1, blocking


FRAME_BYTES = 5_000


def test_the_frame_for_other_pages_weighs_next_to_nothing(gallery: Gallery) -> None:
    page = gallery.open("frame", Look())
    resources = page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    bodies = [page.request.get(url).body() for url in (page.url, *resources)]
    page.close()
    assert sum(len(body) for body in bodies) < FRAME_BYTES
