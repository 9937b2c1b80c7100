"""The first day as a page: who would hear what, an example of each mail, the release."""

import pytest
from django.test import Client

from notifications.models import Message
from orders import services
from orders.models import Event, Order, Promise, Release
from tests.conftest import MailSink
from tests.factories import NOON
from tests.html import spaced
from tests.mailing import mail
from tests.test_admin import queries_of
from tests.test_go_live import quiet
from tests.test_roles import S, somebody

__all__ = ["quiet"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PAGE = "/admin/desk/go-live/"


def test_it_shows_who_would_hear_what_with_an_example_and_releases_nobody(
    admin_client: Client, quiet: list[Order]
) -> None:
    before = [model.objects.count() for model in (Event, Promise, Message)]
    shown = admin_client.get(PAGE).context
    assert shown["heard"].columns[:2] == ["Orders", "Told: joined the line"]
    assert [row[0] for row in shown["heard"].rows] == ["DE", "US", "All"]
    assert shown["heard"].rows[-1][1][:2] == [3, 2]
    assert (shown["late"], shown["unreachable"]) == ([("1", "Oct. 3, 2026")], ["2"])
    (example,) = shown["examples"]
    assert (example.kind, example.number) == ("Joined the line", "3")
    assert (
        spaced(example.mail.subject) == "Thank you for your order 3: please answer by 27 December"
    )
    assert [model.objects.count() for model in (Event, Promise, Message)] == before
    assert not Order.objects.filter(released_at__isnull=False).exists()
    assert not Event.objects.filter(message_due=True).exists()


def test_the_example_is_the_mail_that_a_release_sends(
    admin_client: Client, quiet: list[Order], mail_sink: MailSink
) -> None:
    (example,) = admin_client.get(PAGE).context["examples"]
    services.start_release(1000, now=NOON)
    services.release_orders(now=NOON)
    mail()
    assert example.mail.subject in [sent.message["Subject"] for sent in mail_sink.mails]


def test_there_is_an_example_in_each_language_the_shop_s_own_first(
    admin_client: Client, quiet: list[Order]
) -> None:
    line = services.NewLine(quiet[0].lines.get().product, 1)
    more = [
        services.NewOrder(f"L-{n}", NOON, [line], "m@example.com", locale=n)
        for n in ("ar", "de-AT", "de-DE")
    ]
    services.place_orders(more, now=NOON, quiet=True)
    assert [each.language for each in admin_client.get(PAGE).context["examples"]] == [
        "English",
        "Arabic",
        "German",
    ]


def test_it_says_when_the_last_is_released_to_the_minute(
    admin_client: Client, quiet: list[Order]
) -> None:
    said = admin_client.post(PAGE, {"per_hour": 60}, follow=True).content.decode()
    assert "At this pace, the last order is released about Nov. 2, 12:02." in said


def test_it_releases_so_many_an_hour_and_shows_how_far_it_is(
    admin_client: Client, quiet: list[Order]
) -> None:
    said = admin_client.post(PAGE, {"per_hour": 60}, follow=True)
    release = Release.objects.get()
    assert (release.per_hour, release.actor, release.started_at) == (60, "admin", NOON)
    assert (said.context["released"], said.context["left"]) == (1, 2)
    assert "60 an hour since" in said.content.decode()


@pytest.mark.parametrize("pace", ["0", "-1", "x", ""])
def test_a_pace_that_is_none_releases_nobody(
    admin_client: Client, quiet: list[Order], pace: str
) -> None:
    assert admin_client.post(PAGE, {"per_hour": pace}).status_code == 200
    assert not Release.objects.exists()


def test_without_quiet_orders_it_says_so(admin_client: Client) -> None:
    assert "There are no unreleased orders" in admin_client.get(PAGE).content.decode()
    services.start_release(10, now=NOON)
    assert "All orders are released" in admin_client.get(PAGE).content.decode()


def test_it_asks_as_many_questions_for_thirty_as_for_three(
    admin_client: Client, quiet: list[Order]
) -> None:
    few = queries_of(admin_client, PAGE)
    product = quiet[0].lines.get().product
    line = services.NewLine(product, 1)
    more = [
        services.NewOrder(f"M{n}", NOON, [line], "m@example.com", country="DE") for n in range(27)
    ]
    services.place_orders(more, now=NOON, quiet=True)
    assert queries_of(admin_client, PAGE) == few


def test_only_managers_go_live(client: Client) -> None:
    client.force_login(somebody(S))
    assert (client.get(PAGE).status_code, client.post(PAGE, {"per_hour": 5}).status_code) == (
        403,
        403,
    )
