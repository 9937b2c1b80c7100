"""A real Chromium. Without one these tests fail, so that nobody takes them for passed."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from backorders_site.demo.embedded import free_port
from tests.browser.gallery import Gallery
from tests.browser.whole import Shop, running
from tests.conftest import MailSink, empty_the_database
from tests.gallery import states

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # a foreign page that asks a server on this machine: only in tests
    "--disable-features=LocalNetworkAccessChecks",
]
VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
"""

OpenPage = Callable[..., Page]


def chromium_path() -> str:
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if not path:
        pytest.fail(
            "no Chromium: install it (apt-get install chromium) or set CHROMIUM to where it is"
        )
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Playwright runs an event loop in this thread, and Django would take all tests meanwhile for
    asynchronous code."""
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def gallery(
    chromium: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Gallery]:
    """All states in the database of the tests, kept for the tests of a module, and a server that
    shows them."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    as_they_are = settings.STORAGES | {"staticfiles": plain}
    # a run takes longer than customers have to undo a cancellation
    seen_long = override_settings(STORAGES=as_they_are, CANCEL_UNDO_SECONDS=36_000)
    with django_db_blocker.unblock(), seen_long:
        made = {state.name: state for state in states.make(now=timezone.now())}
        server = LiveServer("127.0.0.1")
        gallery = Gallery(server, chromium, made)
        yield gallery
        gallery.close()
        server.stop()
        empty_the_database()


@pytest.fixture(scope="module")
def shop(
    chromium: Browser,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """The whole product, for the tests of a module, which share its orders."""
    with whole_shop(tmp_path_factory.mktemp("shop"), django_db_blocker, settle_seconds=1) as shop:
        yield shop


@contextmanager
def whole_shop(
    directory: Path, django_db_blocker: DjangoDbBlocker, *, settle_seconds: int, **variables: str
) -> Iterator[Shop]:
    sink = MailSink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    with (
        django_db_blocker.unblock(),
        override_settings(SETTLE_SECONDS=settle_seconds),
        running(directory, sink, controller.port, **variables) as shop,
    ):
        yield shop
    controller.stop()
    with django_db_blocker.unblock():
        empty_the_database()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens pages as a customer's phone does. Afterwards no page may have complained: no error in
    its console, nothing refused by the content security policy. A page opened with `may_fail` is
    let off."""
    contexts: list[BrowserContext] = []
    watched: list[Page] = []
    complaints: list[str] = []

    def open_page(
        *,
        width: int = 360,
        javascript: bool = True,
        may_fail: bool = False,
        reduced_motion: bool = False,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 740},
            java_script_enabled=javascript,
            reduced_motion="reduce" if reduced_motion else "no-preference",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if javascript:
            page.add_init_script(VIOLATIONS)
        if not may_fail:
            watched.append(page)
            page.on(
                "console",
                lambda message: (
                    complaints.append(message.text) if message.type == "error" else None
                ),
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for page in watched:
        complaints += page.evaluate("window.violations || []")
    for context in contexts:
        context.close()
    assert complaints == []
