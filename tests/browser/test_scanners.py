"""Programs that look for harm open every link of a mail, run its scripts and fetch what it names:
nothing may happen."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser

from tests.browser.gallery import Gallery
from tests.gallery import email_states
from tests.gallery.email_pictures import newest_mail

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# As they ask: a browser's, a mail provider's proxy, a prefetch, a program that only wants the head.
ASKING: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"Sec-Purpose": "prefetch", "Purpose": "prefetch"}),
    ("GET", {"User-Agent": "GoogleImageProxy", "HX-Request": "true"}),
    ("OPTIONS", {}),
)


@pytest.fixture(scope="module")
def links(gallery: Gallery) -> list[str]:
    """Every address of every kind of mail, in its text, its HTML and its head."""
    now = timezone.now()
    orders = [state.order for state in gallery.states.values()]
    orders += [order for _name, _shows, order in email_states.make(now=now)]
    mails = [
        mail
        for order in orders
        if order.email and (mail := newest_mail(order.pk, language="en", now=now))
    ]
    assert len(mails) > 40
    words = " ".join(f"{mail.text} {mail.html} {mail.headers}" for mail in mails)
    found = {
        urlsplit(link.replace("&amp;", "&"))
        for link in re.findall(r"https?://testserver[^\s\"'<>)]+", words)
    }
    return sorted(f"{link.path}?{link.query}" for link in found)


def rows() -> dict[str, str]:
    """All that the database holds, by table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall() if name != "django_session"]
        return {table: _digest(cursor, table) for table in tables}


def _digest(cursor: object, table: str) -> str:
    rows = "coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')"
    cursor.execute(f'SELECT md5({rows}) FROM "{table}" t')  # type: ignore[attr-defined]
    return str(cursor.fetchone()[0])  # type: ignore[attr-defined]


def test_asking_for_every_link_in_every_way_changes_nothing(links: list[str]) -> None:
    before = rows()
    client = Client()
    refused = [
        (method, link, status)
        for link in links
        for method, headers in ASKING
        if (status := client.generic(method, link, headers=headers).status_code) != 200
        and method != "OPTIONS"
    ]
    assert refused == []
    assert rows() == before


def test_a_browser_that_opens_every_link_and_runs_what_is_there_changes_nothing(
    chromium: Browser, gallery: Gallery, links: list[str]
) -> None:
    before = rows()
    context = chromium.new_context()
    page = context.new_page()
    for link in _once_each_kind(links):
        response = page.goto(gallery.server.url + link)
        assert response is not None
        assert response.status == 200, link
        page.mouse.wheel(0, 2000)
        for anchor in page.locator("a[href^='/']").all()[:4]:
            if anchor.is_visible():
                anchor.hover()
    context.close()
    assert rows() == before


def _once_each_kind(links: list[str]) -> Iterator[str]:
    """Links of each page, and of each choice on it, of up to three orders."""
    kinds: dict[str, int] = {}
    for link in links:
        kind = re.sub(r"^(/\w+/)[^/]+|line=\d+", r"\1", link)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= 3:
            yield link


def test_mails_name_pages_of_ours_alone(links: list[str]) -> None:
    assert {link.split("/")[1] for link in links} == {
        "notes",  # pictures
        "o",
        "preferences",
        "unsubscribe",
    }
