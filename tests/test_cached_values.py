"""What stands in Valkey is read as data, whoever wrote it there."""

import pickle
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from redis import Redis

from backorders_site.staff import example_emails
from backorders_site.staff.example_emails import Example, Sort
from orders.access import Purpose, link_token
from orders.domain.delay_rules import Jurisdiction, Silence
from orders.models import EventKind
from orders.pages.public_record import recent_record, record_of_promises
from tests import factories
from tests.factories import NOON

OF_AN_ORDER = (Jurisdiction.US, EventKind.JOINED, "")
ran: list[str] = []


class RunsWhenRead:
    """Somebody's own code, as a pickle."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return ran.append, ("mine",)


@pytest.fixture
def valkey() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.mark.django_db
def test_a_pickle_that_somebody_put_there_is_not_run_and_harms_no_page(
    client: Client, valkey: Redis
) -> None:
    line = factories.order(factories.make_product())
    page = f"/o/{link_token(line.order, Purpose.LOOK)}/"
    looked_up = {"number": line.order.number, "email": line.order.email}
    for _ in range(2):
        assert client.get("/record/").status_code == 200
        assert client.get(f"{page}live/?seen=x").status_code == 200
        assert client.post("/", looked_up).status_code == 303
        for key in valkey.scan_iter("backorders:*"):
            valkey.set(key, pickle.dumps(RunsWhenRead()))
    assert ran == []


@pytest.mark.parametrize("value", [0, 17, -1, True, None, "17", "é\0", [1, "a"], {"a": [None]}])
def test_what_was_written_is_read(value: object) -> None:
    cache.set("kept", value)
    assert (cache.get("kept"), type(cache.get("kept"))) == (value, type(value))


def test_the_example_emails_of_an_upload_come_back_as_they_were() -> None:
    sort = Sort("de", Jurisdiction.EU, EventKind.LATER, Silence.CANCEL)
    shown = [Example(sort, "DE", "Später", "Hallo", "/x/"), Example(sort, "FR", "", "", "")]
    example_emails.keep_of_upload(7, shown)
    assert example_emails.of_upload(7) == shown
    assert [each.kind for each in example_emails.of_upload(7)] == [each.kind for each in shown]
    assert example_emails.of_upload(8) == []


@pytest.mark.django_db
def test_the_public_record_is_the_same_from_the_cache() -> None:
    now = timezone.now()
    assert recent_record(now=now) == recent_record(now=now) == record_of_promises(now=now)


@pytest.mark.django_db
def test_an_example_email_holds_no_address_and_opens_nothing(client: Client) -> None:
    line = factories.order(factories.make_product(), email="ada.private@example.com")
    (example,) = example_emails.examples({Sort("en", *OF_AN_ORDER): line.order_id}, now=NOON)
    html = example_emails.html_of(example.html_url.strip("/").rpartition("/")[2]) or ""
    assert "ada.private" not in html
    links = re.findall(r"http://testserver(/(?:o|preferences)/[^\"?#]+)", html)
    assert links
    assert {client.get(link).status_code for link in links} == {404}
