"""Every state of the customer's pages, served to a real browser: what the checks and the
screenshots walk through."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from orders.access import Purpose, answer_url, mine_url, page_url
from tests.gallery import states
from tests.gallery.states import State

LOCALES = {"en": "en-US", "de": "de-DE", "ar": "ar-AE", "fr": "fr-FR", "es": "es-ES"}
THEMES = ("light", "dark")
WIDTHS = (320, 768, 1280)


@dataclass(frozen=True)
class Look:
    """How somebody reads: language, theme, and the width of the window."""

    language: str = "en"
    theme: str = "light"
    width: int = 320

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


EVERY_LOOK = [
    Look(language, theme, width) for language in LOCALES for theme in THEMES for width in WIDTHS
]


# What each of the languages has to fit: a question, several lines, a form, a table, a foreign page.
IN_EVERY_LANGUAGE = (
    "delayed_twice_with_deadline",
    "delayed_eu",
    "several_lines_different_fates",
    "answer_cancel",
    "preferences",
    "product",
    "record",
    "frame",
)


def looks(name: str) -> list[Look]:
    """Of the page named: the plain look, and one that turns from page to page, so that over every
    thirty pages all are met; of some pages one in each language. EVERY_LOOK=1 in the environment
    asks for all of them."""
    if os.environ.get("EVERY_LOOK"):
        return EVERY_LOOK
    number = list(PAGES).index(name)
    languages = list(LOCALES)
    first = number % len(languages)
    turned = [
        Look(language, THEMES[(number + n) % 2], WIDTHS[(number + n) % 3])
        for n, language in enumerate(languages[first:] + languages[:first])
    ]
    met = turned if name in IN_EVERY_LANGUAGE else turned[:1]
    return list(dict.fromkeys([Look(), *met]))


def chosen() -> list[str]:
    """ONLY in the environment names the pages to look at, with commas between them."""
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    return [name for name in PAGES if not only or name in only]


@dataclass
class Gallery:
    server: LiveServer
    browser: Browser
    states: dict[str, State]
    cookies: list[SetCookieParam] = field(default_factory=list)
    _contexts: dict[tuple[Look, bool], BrowserContext] = field(default_factory=dict)

    def open(self, name: str, look: Look, *, javascript: bool = True) -> Page:
        """The page named, as the look has it. Close it when done."""
        return self.open_path(
            PAGES[name](self), look, javascript=javascript, status=MISSING.get(name, 200)
        )

    def open_path(
        self, path: str, look: Look, *, javascript: bool = True, status: int = 200
    ) -> Page:
        page = self._context(look, javascript).new_page()
        page.set_default_timeout(15_000)
        response = page.goto(self.server.url + path)
        assert response is not None
        assert response.status == status, f"{path} answers {response.status}"
        return page

    def path(self, name: str) -> str:
        return urlsplit(self.states[name].url).path

    def answer(self, name: str, choice: str) -> str:
        """As the links of the state's own page ask it: one that may only look, too."""
        order = self.states[name].order
        asked = urlsplit(answer_url(order, order.lines.order_by("pk")[0].pk, choice))
        return f"{self.path(name)}answer/?{asked.query}"

    def page(self, view: str, name: str, purpose: Purpose) -> str:
        return urlsplit(page_url(view, self.states[name].order, purpose)).path

    def product(self, name: str) -> str:
        return self.states[name].order.lines.order_by("pk")[0].product.sku

    def _context(self, look: Look, javascript: bool) -> BrowserContext:
        if (look, javascript) not in self._contexts:
            context = self._contexts[look, javascript] = self.browser.new_context(
                viewport={"width": look.width, "height": 740 if look.width < 1000 else 800},
                color_scheme="dark" if look.theme == "dark" else "light",
                locale=LOCALES[look.language],
                java_script_enabled=javascript,
                reduced_motion="reduce",
            )
            chosen_language: SetCookieParam = {
                "name": settings.LANGUAGE_COOKIE_NAME,
                "value": look.language,
                "url": self.server.url,
            }
            context.add_cookies([chosen_language, *self.cookies])
        return self._contexts[look, javascript]

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


def _state(name: str) -> Callable[[Gallery], str]:
    return lambda gallery: gallery.path(name)


PAGES: dict[str, Callable[[Gallery], str]] = {
    **{name: _state(name) for name in states.names()},
    "answer_keep": lambda gallery: gallery.answer("delayed_twice_with_deadline", "keep"),
    "answer_cancel": lambda gallery: gallery.answer("quantity_40", "cancel"),
    "answer_withdraw": lambda gallery: gallery.answer("delayed_eu", "withdraw"),
    "answer_put_back": lambda gallery: gallery.answer("cancelled_by_silence", "keep"),
    "answer_undo": lambda gallery: gallery.answer("cancelled", "undo"),
    "answer_by_who_may_look": lambda gallery: gallery.answer("look_only", "keep"),
    "look_up": lambda gallery: "/",
    "record": lambda gallery: "/record/",
    "product": lambda gallery: f"/p/{gallery.product('dated')}/",
    "product_without_date": lambda gallery: f"/p/{gallery.product('none')}/",
    "my_orders_by_mail": lambda gallery: "/mine/",
    "my_orders": lambda gallery: (
        urlsplit(mine_url(gallery.states["several_lines_different_fates"].order)).path
    ),
    "preferences": lambda gallery: gallery.page("preferences", "dated", Purpose.ACT),
    "unsubscribe": lambda gallery: gallery.page("unsubscribe", "dated", Purpose.STOP),
    "link_that_acts": lambda gallery: gallery.page("acting_link", "look_only", Purpose.LOOK),
    "contact": lambda gallery: "/contact/",
    "contact_about_an_order": lambda gallery: gallery.page("order_contact", "dated", Purpose.ACT),
    "frame": lambda gallery: f"/embed/{gallery.product('dated')}/",
    "missing": lambda gallery: "/o/no-such-link/",
}
MISSING = {"missing": 404}
