"""Every mail as people get it: composed from orders that have it to tell, and photographed in
Chromium."""

import argparse
import os
import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from backorders_site.simulation.run import scratch_database
from notifications.compose import Composed, compose, known_of
from notifications.models import Message
from orders import services
from orders.models import Event, Order
from tests.gallery import email_states, states

WIDTHS = (320, 600)
THEMES = ("light", "dark")
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)
STYLE = """
body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
section { display: flex; gap: 1rem; align-items: start; overflow-x: auto; padding-block-end: 2rem; }
img { border: 1px solid #8888; } pre { margin: 0; padding: 1rem; background: #8881; }
"""


@dataclass(frozen=True)
class Mail:
    name: str
    shows: str
    language: str
    composed: Composed


def mails(*, now: datetime, languages: Sequence[str], only: Collection[str] = ()) -> Iterator[Mail]:
    """Those of the pages' states and of mail_states, in each language. Makes orders in the present
    database."""
    pages = [name for name in states.names() if not only or name in only]
    found = [
        (state.name, state.shows, state.order)
        for state in states.make(now=now, only=pages or ["unrated"])
    ]
    found += email_states.make(now=now, only=only)
    for name, shows, order in found:
        for language in languages:
            if composed := newest_mail(order.pk, language=language, now=now):
                yield Mail(name, shows, language, composed)


def newest_mail(order_id: int, *, language: str, now: datetime) -> Composed | None:
    """About what is due to be told, else about what was told last. None: nothing was ever
    mailed."""
    order = Order.objects.get(pk=order_id)
    events = Event.objects.filter(order=order)
    news = list(events.filter(message_due=True))
    if news:
        services.decide_again([event.promise_id for event in news if event.promise_id], now=now)
    else:
        newest = events.aggregate(newest=Max("told_at"))["newest"]
        news, now = list(events.filter(told_at=newest, told_at__isnull=False)), newest or now
    locale = f"{language}-{order.country}" if order.country else language
    message = Message(order=order, locale=locale, message_id=f"<{order.number}@shop.example>")
    return compose(message, news, known_of([order_id]), now=now) if news else None


def take(
    mails: Sequence[Mail], directory: Path, *, widths: Sequence[int], themes: Sequence[str]
) -> None:
    """NAME-LANGUAGE-THEME-WIDTH.png of each beside its .html and .txt, and an index.html to look at
    them all."""
    directory.mkdir(parents=True, exist_ok=True)
    for mail in mails:
        (directory / f"{_stem(mail)}.html").write_text(mail.composed.html, encoding="utf-8")
        (directory / f"{_stem(mail)}.txt").write_text(mail.composed.text, encoding="utf-8")
    with _chromium() as browser:
        for theme in themes:
            for width in widths:
                page = browser.new_page(
                    viewport={"width": width, "height": 600}, color_scheme=theme
                )
                for mail in mails:
                    page.set_content(mail.composed.html)
                    page.screenshot(
                        path=directory / f"{_stem(mail)}-{theme}-{width}.png", full_page=True
                    )
                page.close()
    (directory / "index.html").write_text(_index(mails, widths, themes), encoding="utf-8")


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


def _stem(mail: Mail) -> str:
    return f"{mail.name}-{mail.language}"


def _index(mails: Sequence[Mail], widths: Sequence[int], themes: Sequence[str]) -> str:
    rows = "".join(
        f'<h2 id="{_stem(mail)}">{escape(mail.composed.subject)}</h2>'
        f"<p>{escape(mail.name)}, {mail.language}: {escape(mail.shows)}; "
        f"{len(mail.composed.html.encode()) / 1000:.1f} kB</p>"
        f"<section><pre>{escape(mail.composed.text)}</pre>"
        + "".join(
            f'<img alt="{theme}, {width} px" loading="lazy" '
            f'src="{_stem(mail)}-{theme}-{width}.png">'
            for theme in themes
            for width in widths
        )
        + "</section>"
        for mail in mails
    )
    head = f'<meta charset="utf-8"><title>Mails</title><style>{STYLE}</style>'
    return f"<!doctype html>{head}<h1>Mails</h1>{rows}"


def main() -> None:
    languages = [code for code, _ in settings.LANGUAGES]
    parser = argparse.ArgumentParser(
        prog="python -m tests.gallery",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compose every kind of email in every language and photograph it in Chromium,\n"
        "light and dark, on a phone and in a window, with an index.html to look at them all. The\n"
        "orders are made in a new database beside DATABASE_URL's, which is dropped at the end;\n"
        "nothing is sent.",
        epilog="example:\n  python -m tests.gallery pictures\n"
        "  python -m tests.gallery pictures --only no_date --language en --width 320",
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="these emails instead of all"
    )
    parser.add_argument("--language", action="append", choices=languages)
    parser.add_argument("--theme", action="append", choices=THEMES)
    parser.add_argument("--width", action="append", type=int)
    chosen = parser.parse_args()
    with scratch_database():
        composed = list(
            mails(now=timezone.now(), languages=chosen.language or languages, only=chosen.only)
        )
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop here
    take(
        composed,
        chosen.directory,
        widths=chosen.width or WIDTHS,
        themes=chosen.theme or THEMES,
    )
    sys.stderr.write(f"{len(composed)} emails: {chosen.directory / 'index.html'}\n")


if __name__ == "__main__":
    main()
