"""Lighthouse on the status page of a delayed order, as on a phone: `make lighthouse`, by hand,
since it needs npm.

The site runs as in production, but for the proxy that would compress its pages. The report stays in
.local/lighthouse.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from tests.browser.conftest import chromium_path
from tests.browser.whole import Shop, running
from tests.conftest import MailSink, empty_the_database

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

LIGHTHOUSE = "lighthouse@13.5.0"
REPORT = Path(".local/lighthouse")
SCORES = ("performance", "accessibility", "best-practices")
WARM = 20  # pages served before: each process reads the templates once
LEAST, PAINT_MS = 0.98, 1000


@pytest.fixture
def site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("site")
    with django_db_blocker.unblock():
        with (
            override_settings(SETTLE_SECONDS=1),
            running(directory, MailSink(), 1, DEMO="0") as shop,
        ):
            yield shop
        empty_the_database()


def test_a_phone_shows_it_at_once(site: Shop) -> None:
    REPORT.mkdir(parents=True, exist_ok=True)
    url = site.page(site.state("delayed_twice_with_deadline"))
    for _ in range(WARM):
        urlopen(url).close()  # noqa: S310 - our own
    flags = "--headless=new --no-sandbox --disable-gpu"
    command = [
        "npx",
        "--yes",
        LIGHTHOUSE,
        url,
        f"--chrome-flags={flags}",
        f"--only-categories={','.join(SCORES)}",
    ]
    command += ["--output=json", "--output=html", f"--output-path={REPORT / 'status'}", "--quiet"]
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": chromium_path()})
    report = json.loads((REPORT / "status.report.json").read_text())
    scores = {name: report["categories"][name]["score"] for name in SCORES}
    paint = report["audits"]["largest-contentful-paint"]["numericValue"]
    shift = report["audits"]["cumulative-layout-shift"]["numericValue"]
    (REPORT / "figures.json").write_text(
        json.dumps({**scores, "paint_ms": round(paint), "shift": shift}, indent=1)
    )
    assert {name: score for name, score in scores.items() if score < LEAST} == {}
    assert paint < PAINT_MS
    assert shift == 0
