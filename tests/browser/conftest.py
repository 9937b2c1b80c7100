"""A real Chromium. Without one these tests fail, so that nobody takes them for passed."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Playwright runs an event loop in this thread, and Django would take all tests meanwhile for asynchronous code."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.fail("no Chromium: install it (apt-get install chromium) or set CHROMIUM to where it is")
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens pages as a customer's phone does. Afterwards no page may have complained: no error in its console, nothing
    refused by the content security policy. A page opened with `may_fail` is let off."""
    contexts: list[BrowserContext] = []
    watched: list[Page] = []
    complaints: list[str] = []

    def open_page(*, width: int = 360, javascript: bool = True, may_fail: bool = False) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 740}, java_script_enabled=javascript)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if javascript:
            page.add_init_script(VIOLATIONS)
        if not may_fail:
            watched.append(page)
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for page in watched:
        complaints += page.evaluate("window.violations || []")
    for context in contexts:
        context.close()
    assert complaints == []
