"""Today's desk: what waits for a person, and the list of just that behind each number."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from backorders_site.staff.pages.today import CardCount
from notifications.models import Message, MessageState
from orders import services
from orders.models import DelayNotice, OrderLine, Promise
from tests import factories
from tests.factories import NOON
from tests.test_admin import queries_of, written_mail
from tests.test_roles import S, W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
INDEX = "/admin/"


def shown(client: Client) -> dict[str, int]:
    """Numbers of the cards by label."""
    desk = client.get(INDEX).context["desk"]
    return {str(card.label): card.count for card in desk.cards}


def a_day_at_the_desk() -> None:
    """One of everything that the cards count."""
    product = factories.make_product()
    factories.restock(product, 5, expected_on=date(2026, 11, 5))
    overdue = factories.restock(
        product, 5, expected_on=date(2026, 10, 20), now=NOON - timedelta(days=60)
    )
    assert overdue.dates.get().expected_on == date(2026, 10, 20)
    at_risk = factories.order(product)
    promise = Promise.objects.create(
        line=at_risk,
        kind="dated",
        late=date(2026, 11, 6),
        published_at=NOON,
        published_on=NOON.date(),
    )
    OrderLine.objects.filter(pk=at_risk.pk).update(promise=promise)
    DelayNotice.objects.create(
        promise=promise,
        line=at_risk,
        jurisdiction="US",
        case="D",
        silence="cancel",
        sentences=["choice"],
        notice_by=date(2026, 11, 4),
        answer_by=date(2026, 11, 9),
        decided_at=NOON,
        told_at=NOON,
    )
    leaver = factories.order(factories.make_product(), 3)
    services.cancel(leaver.order, units={leaver.pk: 2}, now=NOON)
    services.mark_not_told(factories.order(product).order, "mail refused")
    services.flag(factories.order(product).order, [f"LAMP: {services.CONFLICT}: 2"])
    factories.order(product, email="")
    said = {"email": "", "customer_name": "", "country": "FR", "region": ""}
    services.hear_of_changes(leaver.order, said, {}, now=NOON)
    written_mail(MessageState.FAILED)
    written_mail(MessageState.QUEUED)
    packing(NOON)
    packing(NOON - timedelta(days=4))


def packing(arrived: datetime) -> OrderLine:
    """A line whose goods came then, to ship by the day after."""
    line = factories.order(factories.make_product(), now=arrived)
    services.receive(line.product, 1, now=arrived)
    return line


def test_each_number_is_the_length_of_its_list(admin_client: Client) -> None:
    a_day_at_the_desk()
    desk = admin_client.get(INDEX).context["desk"]
    listed = {
        str(card.label): admin_client.get(card.url).context["cl"].result_count
        for card in desk.cards
    }
    assert {str(card.label): card.count for card in desk.cards} == listed
    assert all(listed.values()) or {label for label, n in listed.items() if not n} == {
        "Canceled, but on a pick list"
    }


def test_the_desk_counts_what_waits_for_a_person(admin_client: Client) -> None:
    a_day_at_the_desk()
    assert shown(admin_client) == {
        "Restocks overdue": 1,
        "Restocks due within 7 days": 1,
        "Not recorded as shipped in time": 1,
        "To ship by the next working day": 1,
        "Promises at risk within 7 days": 4,
        "Delay notices to be answered": 1,
        "Refunds due": 1,
        "To do in your shop": 1,
        "Canceled, but on a pick list": 0,
        "Canceled here, shipped in the shop": 1,
        "Changed in the shop": 1,
        "Needs attention": 4,
        "Can't be reached": 1,
        "Emails failed or bounced": Message.objects.filter(
            state__in=[MessageState.FAILED, MessageState.SUPPRESSED]
        ).count(),
        "Emails being sent": Message.objects.filter(state=MessageState.QUEUED).count(),
    }


def test_it_says_by_when_the_first_is_due_and_what_is_urgent(admin_client: Client) -> None:
    a_day_at_the_desk()
    cards = {str(card.label): card for card in admin_client.get(INDEX).context["desk"].cards}
    assert cards["Delay notices to be answered"].note == "the first by Nov. 9, 2026"
    assert (cards["Restocks overdue"].urgent, cards["Restocks due within 7 days"].urgent) == (
        True,
        False,
    )
    assert not cards["Canceled, but on a pick list"].urgent


def test_a_notice_that_was_not_told_or_has_ended_is_not_to_be_answered(
    admin_client: Client,
) -> None:
    a_day_at_the_desk()
    notice = DelayNotice.objects.exclude(told_at=None).get()
    for no_longer in ({"told_at": None}, {"not_told_at": NOON}, {"outcome": "kept"}):
        DelayNotice.objects.filter(pk=notice.pk).update(**no_longer)
        assert (
            shown(admin_client)["Delay notices to be answered"],
            listed(admin_client, "may"),
        ) == (
            0,
            [],
        )
        notice.save()


def test_what_silence_would_cancel_is_to_be_answered_while_it_waits(admin_client: Client) -> None:
    a_day_at_the_desk()
    notice = DelayNotice.objects.exclude(told_at=None).get()
    assert shown(admin_client)["Delay notices to be answered"] == 1
    services.receive(notice.line.product, 5, now=NOON)
    assert shown(admin_client)["Delay notices to be answered"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"silence": "consent"},
        {"silence": "keeps_place", "answer_by": None},
        {"adequate": False},
    ],
)
def test_where_silence_cancels_nothing_a_customer_may_answer_and_need_not(
    admin_client: Client, asked: dict[str, object]
) -> None:
    a_day_at_the_desk()
    notice = DelayNotice.objects.exclude(told_at=None).get()
    DelayNotice.objects.filter(pk=notice.pk).update(**asked)
    assert (shown(admin_client)["Delay notices to be answered"], listed(admin_client, "may")) == (
        0,
        [notice],
    )
    services.receive(notice.line.product, 5, now=NOON)
    assert listed(admin_client, "may") == []


def test_the_day_before_and_on_the_day_the_desk_asks_for_the_shipment(admin_client: Client) -> None:
    line = packing(NOON)
    card = desk_card(admin_client, "To ship by the next working day")
    assert (card.count, card.urgent, card.note) == (1, False, "the first by Nov. 3, 2026")
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert desk_card(admin_client, "To ship by the next working day").urgent
        services.keep_deadlines(now=NOON + timedelta(days=1))
        assert desk_card(admin_client, "To ship by the next working day").count == 0
        card = desk_card(admin_client, "Not recorded as shipped in time")
        assert (card.count, card.urgent) == (1, True)
        services.ship(line.order, {line.pk: 1}, now=NOON + timedelta(days=1))
        assert desk_card(admin_client, "Not recorded as shipped in time").count == 0


def test_the_day_before_a_monday_is_a_friday(admin_client: Client) -> None:
    friday = NOON + timedelta(days=4)
    packing(friday)
    for days in range(3):
        with time_machine.travel(friday + timedelta(days=days), tick=False):
            assert desk_card(admin_client, "To ship by the next working day").count == 1


def test_shipments_asked_for_are_recorded_in_one_press(admin_client: Client) -> None:
    late, soon = packing(NOON - timedelta(days=4)), packing(NOON)
    page = admin_client.get(INDEX).content.decode()
    for line, label in (
        (late, "Not recorded as shipped in time"),
        (soon, "To ship by the next working day"),
    ):
        link = desk_card(admin_client, label).done_at
        assert f'href="{link}"' in page
        form = admin_client.get(link).context["form"]
        assert form["pasted"].value() == f"{line.order.number}\n"
        sent = {"pasted": form["pasted"].value()}
        meant = admin_client.post(link.partition("?")[0], sent).context["meant"]
        admin_client.post(link.partition("?")[0], {**sent, "meant": meant})
        assert factories.fresh(line).state == "shipped"
        assert desk_card(admin_client, label).done_at == ""


def desk_card(staff: Client, label: str) -> CardCount:
    return next(card for card in staff.get(INDEX).context["desk"].cards if str(card.label) == label)


def listed(staff: Client, state: str) -> list[DelayNotice]:
    url = reverse("admin:orders_delaynotice_changelist")
    return list(staff.get(url, {"state": state}).context["cl"].result_list)


def test_who_was_not_notified_is_no_matter_once_nothing_is_to_come(admin_client: Client) -> None:
    a_day_at_the_desk()
    notice = DelayNotice.objects.exclude(told_at=None).get()
    DelayNotice.objects.filter(pk=notice.pk).update(told_at=None, not_told_at=NOON)
    unnotified = f"{reverse('admin:orders_delaynotice_changelist')}?notified=no"
    assert notice in admin_client.get(unnotified).context["cl"].result_list
    services.cancel(notice.line.order, now=NOON)
    assert notice not in admin_client.get(unnotified).context["cl"].result_list


def test_a_clear_desk_says_so(admin_client: Client) -> None:
    page = admin_client.get(INDEX).content.decode()
    assert "Nothing needs your attention." in page
    assert "No orders are waiting." in page


def test_queues_are_summed_with_what_no_restock_covers(admin_client: Client) -> None:
    lamp, rug = factories.make_product(sku="LAMP"), factories.make_product(sku="RUG")
    factories.order(lamp, 4, placed_at=NOON - timedelta(days=3))
    factories.order(lamp, 2)
    factories.order(rug, 3)
    factories.restock(lamp, 5)
    factories.restock(rug, 9)
    queues = admin_client.get(INDEX).context["desk"].queues
    assert (queues.products, queues.lines, queues.units, queues.uncovered) == (2, 3, 9, 1)
    assert queues.oldest == date(2026, 10, 30)
    assert [(row.sku, row.lines, row.units, row.uncovered) for row in queues.longest] == [
        ("LAMP", 2, 6, 1),
        ("RUG", 1, 3, 0),
    ]
    assert list(admin_client.get(queues.uncovered_url).context["cl"].result_list) == [lamp]


def test_what_shipped_before_it_was_received_is_not_expected_again(admin_client: Client) -> None:
    """As for forecasts: of the six that are still to come three have left already, so nobody who
    waits gets them."""
    product = factories.make_product(sku="LAMP", name="Lamp")
    factories.restock(
        product, 6, expected_on=NOON.date() + timedelta(days=3), now=NOON - timedelta(days=3)
    )
    left, _ = (factories.order(product, 3, now=NOON - timedelta(days=2)) for _ in range(2))
    factories.order(product, 1, now=NOON - timedelta(days=2))
    queues = admin_client.get(INDEX).context["desk"].queues
    assert queues.uncovered == 1
    services.ship(left.order, {left.pk: 3}, now=NOON, beyond_reserved=True)
    queues = admin_client.get(INDEX).context["desk"].queues
    assert [(row.units, row.uncovered) for row in queues.longest] == [(4, 1)]
    assert list(admin_client.get(queues.uncovered_url).context["cl"].result_list) == [product]
    sheet = admin_client.get(reverse("desk:queues")).getvalue().decode().splitlines()
    assert sheet[1].rpartition(",")[2] == "1"
    reorder = admin_client.get("/admin/desk/reports/reorder.csv").getvalue().decode().splitlines()
    assert reorder[1].split(",")[2:6] == ["4", "0", "3", "1"]


def test_days_whose_counts_come_to_nothing_are_no_queue(admin_client: Client) -> None:
    """Two who cancel at once leave a row each."""
    product = factories.make_product()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_queuecount (product_id, width, start, lines, units)"
            " VALUES (%(product)s, 'd', '2026-09-01Z', 1, 1), (%(product)s, 'd', '2026-09-01Z', "
            "-1, -1)",
            {"product": product.pk},
        )
    assert admin_client.get(INDEX).context["desk"].queues.products == 0
    factories.order(product)
    assert admin_client.get(INDEX).context["desk"].queues.oldest == NOON.date()
    ages = admin_client.get("/admin/desk/reports/queue-age.csv").getvalue().decode().splitlines()
    assert ages[1].split(",")[2:5] == ["1", "1", "0"]


def test_the_desk_asks_as_many_questions_for_thirty_as_for_one(admin_client: Client) -> None:
    a_day_at_the_desk()
    few = queries_of(admin_client, INDEX)
    for times in (2, 27):
        for _ in range(times):
            a_day_at_the_desk()
        assert queries_of(admin_client, INDEX) == few


def test_a_role_sees_the_cards_of_its_work(client: Client) -> None:
    client.force_login(somebody(W))
    assert list(shown(client)) == [
        "Restocks overdue",
        "Restocks due within 7 days",
        "Not recorded as shipped in time",
        "To ship by the next working day",
        "Promises at risk within 7 days",
        "Canceled here, shipped in the shop",
        "Needs attention",
        "Can't be reached",
    ]
    client.force_login(somebody(S))
    assert "Refunds due" in shown(client)


def test_more_than_ten_thousand_are_many(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorders_site.staff.pages.today.MAX_COUNTED", 2)
    for _ in range(4):
        services.mark_not_told(factories.order(factories.make_product()).order, "mail refused")
    cards = {str(card.label): card for card in admin_client.get(INDEX).context["desk"].cards}
    assert (cards["Needs attention"].count, cards["Needs attention"].number) == (3, "2+")


def test_the_queues_are_a_sheet_that_runs_no_formula(admin_client: Client) -> None:
    factories.order(factories.make_product(sku="=1+1", name="@lamp, tall"), 4)
    answer = admin_client.get(reverse("desk:queues"))
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8",
        'attachment; filename="queues.csv"',
    )
    assert answer.getvalue().decode().splitlines() == [
        "sku,name,orders_waiting,units_waiting,oldest,units_no_restock_covers",
        "'=1+1,\"'@lamp, tall\",1,4,2026-11-02,4",
    ]


def test_a_page_of_the_desk_opens_for_whose_work_it_is(client: Client) -> None:
    url = reverse("desk:queues")
    assert client.get(url)["Location"] == f"{reverse('admin:login')}?next={url}"
    client.force_login(User.objects.create_user("new", is_staff=True))
    assert client.get(url).status_code == 403
    client.force_login(somebody(W))
    assert (client.get(url).status_code, client.post(url).status_code) == (200, 405)


def test_the_oldest_of_a_queue_is_not_a_day_too_old_where_the_shop_is_west_of_greenwich(
    admin_client: Client, settings: Any
) -> None:
    settings.TIME_ZONE = "America/New_York"
    factories.order(factories.make_product(sku="LAMP"), placed_at=NOON - timedelta(days=3))
    assert "waiting since Oct. 30, 2026." in admin_client.get(INDEX).content.decode()
