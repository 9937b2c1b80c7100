"""The few pictures under docs/screenshots, as a phone shows the pages: `make docs-pictures`."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from tests.browser.gallery import Gallery, Look
from tests.browser.test_every_desk_page import desk, opened
from tests.gallery.email_pictures import mails

__all__ = ["desk"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

DIRECTORY = Path(settings.BASE_DIR) / "docs" / "screenshots"
PHONE, HEIGHT = 390, 844
DELAY = "delayed_twice_with_deadline"  # the page and its email stand side by side
BYTES = 120_000
PICTURES = {
    "status-light": ("dated", Look("en", "light", PHONE)),
    "status-dark": ("moved_up", Look("en", "dark", PHONE)),
    "status-choice": (DELAY, Look("en", "light", PHONE)),
    "status-german": ("delayed_eu", Look("de", "light", PHONE)),
    "status-french": ("arrived", Look("fr", "light", PHONE)),
    "status-spanish": ("dated", Look("es", "light", PHONE)),
    "status-arabic": ("delayed_once", Look("ar", "dark", PHONE)),
    "before-buying": ("product", Look("en", "light", PHONE)),
}
DESK_PICTURES = {
    "desk-import": ("file_checked", 1280),
    "desk-move-date": ("move_date_would", 1280),
    "desk-order": ("order_delayed", 1280),
    "desk-receive": ("receive_would", PHONE),
    "desk-reorder": ("report_reorder", 1280),
}


@pytest.mark.parametrize("picture", DESK_PICTURES)
def test_a_page_of_the_desk_is_pictured(desk: Gallery, picture: str) -> None:
    name, width = DESK_PICTURES[picture]
    page = opened(desk, name)
    page.set_viewport_size({"width": width, "height": 840})
    page.wait_for_load_state("networkidle")
    path = DIRECTORY / f"{picture}.png"
    page.screenshot(path=path)
    page.close()
    assert path.stat().st_size < BYTES


@pytest.mark.parametrize("picture", PICTURES)
def test_a_page_is_pictured(gallery: Gallery, picture: str) -> None:
    page = gallery.open(*PICTURES[picture])
    page.set_viewport_size({"width": PHONE, "height": HEIGHT})
    path = DIRECTORY / f"{picture}.png"
    page.screenshot(path=path)
    page.close()
    assert path.stat().st_size < BYTES


def test_a_mail_is_pictured(gallery: Gallery) -> None:
    (delay,) = mails(now=timezone.now(), languages=["en"], only=[DELAY])
    page = gallery.browser.new_page(
        viewport={"width": PHONE, "height": HEIGHT}, color_scheme="light"
    )
    page.set_content(delay.composed.html)
    path = DIRECTORY / "mail-delay.png"
    page.screenshot(path=path)
    page.close()
    assert path.stat().st_size < BYTES
