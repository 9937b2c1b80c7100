"""A product's page: who is covered by what, its queue, its deliveries."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backorders_site.staff.admin.base import Button
from backorders_site.staff.pages import coverage
from notifications.outbox.dispatch import dispatch_all
from orders import queue, services
from orders.models import (
    Discontinuation,
    Event,
    Order,
    OrderLine,
    Product,
    QueueChange,
    Refund,
    Restock,
    ShopTask,
)
from orders.tasks import discontinue_parts
from tests import factories
from tests.factories import NOON
from tests.test_admin import act, page, queries_of
from tests.test_roles import S, W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def url(product: Product, **query: str) -> str:
    return reverse("desk:product", args=[product.sku], query=query)


def lamp(*units: int) -> Product:
    """Delivery PO-7 brings 3 on 2 December and PO-8 another 3 on the 20th."""
    product = factories.make_product(sku="LAMP/A", name="Harbour lamp")
    supplier = factories.make_supplier(name="Tern")
    factories.restock(
        product, 3, expected_on=date(2026, 12, 2), reference="PO-7", supplier=supplier
    )
    factories.restock(
        product, 3, expected_on=date(2026, 12, 20), reference="PO-8", supplier=supplier
    )
    factories.review(product)
    for n, number in enumerate(units):
        factories.order(product, number, number=f"10{n}", placed_at=NOON - timedelta(hours=10 - n))
    return product


def test_the_table_says_who_is_covered_by_what() -> None:
    product = lamp(2, 1, 2, 4)
    rows = [
        (step.first, step.last, step.delivery, step.orders, step.waiting)
        for step in coverage.steps(product, now=NOON)
    ]
    assert rows == [(1, 3, "PO-7", 2, 3), (4, 6, "PO-8", 1, 2), (7, None, "", 1, 4)]


@pytest.mark.parametrize(
    "apart",
    [
        timedelta(0),
        timedelta(seconds=20),
        timedelta(minutes=20),
        timedelta(hours=9),
        timedelta(days=2),
    ],
)
def test_so_many_units_serve_whoever_they_serve_in_full(apart: timedelta) -> None:
    product = factories.make_product()
    ordered = (2, 1, 3, 1, 2, 2)
    for n, units in enumerate(ordered):
        factories.order(product, units, placed_at=NOON - timedelta(days=20) + n * apart)
    needed = list(accumulate(ordered))
    served = queue.fronts(product.pk, range(14))
    assert [front.lines for front in served] == [
        sum(each <= units for each in needed) for units in range(14)
    ]
    assert [front.units for front in served] == [
        max([0, *(n for n in needed if n <= units)]) for units in range(14)
    ]


def test_the_chart_has_a_box_per_step_and_a_line_for_the_queue(admin_client: Client) -> None:
    product = lamp(2, 1, 2, 4)
    answer = admin_client.get(url(product))
    chart = answer.context["chart"]
    assert [box.title.partition(":")[0] for box in chart.boxes] == ["PO-7", "PO-8"]
    assert chart.queue == chart.top  # nine units wait, six are expected
    assert (answer.context["uncovered"], answer.content.decode().count('<rect class="window')) == (
        4,
        2,
    )


def test_the_queue_quotes_promises_in_the_language_of_the_desk(admin_client: Client) -> None:
    product = lamp()
    factories.order(product)
    Order.objects.update(locale="de")
    (row,) = admin_client.get(url(product)).context["waiting"]
    assert row.promised.startswith("Ships by")


def test_a_far_page_of_the_queue_is_what_it_would_be_from_the_front(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorders_site.staff.pages.product.PER_PAGE", 2)
    product = lamp(1, 1, 1, 1, 1)
    places = [
        [each.place for each in admin_client.get(url(product, page=str(number))).context["waiting"]]
        for number in (1, 2, 3, 99)
    ]
    assert places == [[1, 2], [3, 4], [5], [5]]


def test_a_place_is_gone_to_and_marked(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorders_site.staff.pages.product.PER_PAGE", 2)
    product = lamp(1, 1, 1, 1, 1)
    answer = admin_client.get(url(product, place="4"))
    assert [each.place for each in answer.context["waiting"]] == [3, 4]
    page = re.sub(r">\s+<", "><", answer.content.decode())
    assert 'class="sought" aria-current="true"><td data-label="Place"><a' in page
    for nowhere, shown in (("99", [5]), ("0", [1, 2]), ("two", [1, 2])):
        waiting = admin_client.get(url(product, place=nowhere)).context["waiting"]
        assert [each.place for each in waiting] == shown


def test_the_queue_stands_as_it_waits(admin_client: Client) -> None:
    product = lamp(2, 1, 2)
    waiting = admin_client.get(url(product)).context["waiting"]
    assert [(each.place, each.line.order.number, each.units_ahead) for each in waiting] == [
        (1, "100", 0),
        (2, "101", 2),
        (3, "102", 3),
    ]
    # Nothing changes for a fortnight: that is a word too.
    assert {each.next_by for each in waiting} == {date(2026, 11, 17)}


def test_a_word_that_is_overdue_is_due_by_the_next_morning(admin_client: Client) -> None:
    product = lamp()
    factories.order(product, now=NOON - timedelta(days=20))
    (first,) = admin_client.get(url(product)).context["waiting"]
    assert first.next_by == NOON.date() + timedelta(days=1)


@pytest.mark.parametrize(
    "sought,found", [("#101", ["101"]), ("ADA@example.com", ["100", "101"]), ("nobody", [])]
)
def test_somebody_is_found_with_their_place(
    admin_client: Client, sought: str, found: list[str]
) -> None:
    product = lamp(2, 1)
    answer = admin_client.get(url(product, q=sought))
    assert [each.line.order.number for each in answer.context["waiting"]] == found


def test_a_long_queue_is_read_page_by_page(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorders_site.staff.pages.product.PER_PAGE", 2)
    product = lamp(1, 1, 1, 1, 1)
    answer = admin_client.get(url(product, page="3"))
    assert [each.place for each in answer.context["waiting"]] == [5]
    assert "page 3 of 3" in answer.content.decode()


def test_a_delivery_has_its_date_versions_and_what_can_be_done(admin_client: Client) -> None:
    product = lamp(1)
    delivery = Restock.objects.get(reference="PO-7")
    services.move_restock_date(
        delivery, date(2027, 1, 4), reason="customs", now=NOON + timedelta(minutes=1), actor="ann"
    )
    shown = {
        each.restock.reference: each
        for each in admin_client.get(url(product)).context["deliveries"]
    }
    buttons: list[Button] = list(shown["PO-7"].buttons)
    assert [version.expected_on for version in shown["PO-7"].dates] == [
        date(2027, 1, 4),
        date(2026, 12, 2),
    ]
    assert [str(button.label) for button in buttons] == [
        "Receive units",
        "Move date",
        "Undo the move",
        "Write to customers waiting",
        "Cancel the rest",
    ]


def test_it_asks_as_many_questions_for_thirty_as_for_one(admin_client: Client) -> None:
    product = lamp(1)
    factories.restock(product, 1)  # settles, as those below do
    few = queries_of(admin_client, url(product))
    for times in (2, 27):
        for _ in range(times):
            factories.order(product)
            factories.restock(product, 1, supplier=factories.make_supplier())
        assert queries_of(admin_client, url(product)) == few


def test_an_empty_page_says_what_to_do_first(admin_client: Client) -> None:
    shown = admin_client.get(url(factories.make_product())).content.decode()
    assert "Start with “Add a restock”" in shown


def test_whose_work_it_is_sees_it_with_their_acts_alone(client: Client) -> None:
    product = lamp(1)
    for role, labels in ((W, ["Receive units"]), (S, [])):
        client.force_login(somebody(role))
        deliveries = client.get(url(product)).context["deliveries"]
        assert [str(button.label) for button in deliveries[0].buttons] == labels
    client.logout()
    assert client.get(url(product)).status_code == 302


def discontinued(product: Product) -> Discontinuation:
    row = services.discontinue(product, reason="closed", now=NOON, actor="ann")
    while services.discontinue_part(now=NOON):
        pass
    row.refresh_from_db()
    return row


class TestDiscontinue:
    def test_all_who_wait_are_cancelled_and_owed_and_what_is_set_aside_ships(
        self, admin_client: Client
    ) -> None:
        product = lamp(2, 1, 2)
        services.receive(product, 3, restock=Restock.objects.get(reference="PO-7"), now=NOON)
        said = act(admin_client, "discontinue", product, reason="the maker closed")
        under_way = admin_client.get(url(product)).content.decode()
        discontinue_parts()
        lines = OrderLine.objects.order_by("pk").values_list("allocated", "cancelled")
        product.refresh_from_db()
        assert "1 order will be canceled, notified, and owed a refund" in said
        assert "Being discontinued since" in under_way
        assert "0 of 1 orders canceled" in under_way
        assert (
            admin_client.get(f"{reverse('desk:telling', args=[product.sku])}?ending")["HX-Refresh"]
            == "true"
        )
        assert "1 order canceled." in admin_client.get(url(product)).content.decode()
        assert list(lines) == [(2, 0), (1, 0), (0, 2)]
        assert (queue.length(product.pk).lines, product.on_backorder) == (0, False)
        assert Restock.objects.get(reference="PO-8").cancel_reason == "the maker closed"
        assert (Refund.objects.count(), ShopTask.objects.count()) == (1, 1)

    def test_a_queue_at_once_is_what_its_lines_are_one_by_one(self) -> None:
        def written(sku: str) -> list[list[dict[str, object]]]:
            rows = (
                OrderLine.objects.filter(product__sku=sku)
                .order_by("pk")
                .values("quantity", "cancelled", "held"),
                Refund.objects.filter(line__product__sku=sku)
                .order_by("line", "pk")
                .values("units", "due_on", "sent_by"),
                ShopTask.objects.filter(line__product__sku=sku)
                .order_by("line", "pk")
                .values("kind", "units", "set_aside"),
                QueueChange.objects.filter(product__sku=sku)
                .order_by("after_id", "pk")
                .values("reason", "step", "lines", "units"),
                Event.objects.filter(line__product__sku=sku, kind="cancelled")
                .order_by("line", "pk")
                .values("facts", "at", "actor", "note", "message_due", "promise"),
            )
            return [list(each) for each in rows]

        for sku in ("ONE", "ALL"):
            product = factories.make_product(sku=sku)
            for country, quiet in (("US", False), ("DE", False), ("GB", True)):
                line = factories.order(product, 2, country=country)
                Order.objects.filter(pk=line.order_id).update(
                    released_at=None if quiet else NOON, currency="GBP" if quiet else ""
                )
                OrderLine.objects.filter(pk=line.pk).update(unit_price=Decimal("24.50"))
            back = factories.order(product, 3)
            services.cancel(back.order, units={back.pk: 2}, now=NOON)
            services.confirm_in_shop(back.shop_tasks.get(), now=NOON, actor="ann")
            services.return_to_queue(back, 1, now=NOON)
        said = {"reason": "closed", "now": NOON, "actor": "ann"}
        for line in OrderLine.objects.filter(product__sku="ONE").order_by("queued_at", "pk"):
            services.cancel(line.order, units={line.pk: line.waiting}, by="discontinued", **said)
        services.discontinue(product, **said)
        while services.discontinue_part(now=NOON):
            pass
        assert written("ALL") == written("ONE")

    def test_a_long_queue_takes_no_more_queries(self, django_assert_max_num_queries: Any) -> None:
        product = lamp(1)
        for _ in range(59):
            factories.order(product)
        with django_assert_max_num_queries(60):
            assert discontinued(product).cancelled == 60

    def test_it_goes_on_from_the_end_where_it_was_left_and_misses_nobody(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("orders.services.discontinuation.PART", 2)
        product = lamp(1, 1, 1, 1, 1)
        first = OrderLine.objects.earliest("queued_at")
        services.discontinue(product, reason="closed", now=NOON, actor="ann")
        services.discontinue_part(now=NOON)
        assert [line.waiting for line in OrderLine.objects.order_by("queued_at")] == [1, 1, 1, 0, 0]
        assert set(Restock.objects.values_list("cancelled_at", flat=True)) == {None}
        services.move_in_queue(first, 3, now=NOON, actor="ann", reason="asked")
        while services.discontinue_part(now=NOON):
            pass
        assert (queue.length(product.pk).lines, Event.objects.filter(kind="cancelled").count()) == (
            0,
            5,
        )
        assert set(Restock.objects.values_list("cancelled_at", flat=True)) == {NOON}

    def test_pressed_twice_it_is_done_once_and_says_since_when(self, admin_client: Client) -> None:
        product = lamp(2)
        services.discontinue(product, reason="closed", now=NOON, actor="ann")
        with pytest.raises(
            services.Refused, match="already being discontinued, since 12:00 by ann"
        ):
            services.discontinue(product, reason="closed", now=NOON, actor="mia")
        again = admin_client.get(f"{page(Product, 'discontinue')}?id={product.pk}", follow=True)
        assert "already being discontinued" in again.content.decode()
        assert Discontinuation.objects.count() == 1

    def test_nothing_is_put_back_meanwhile(self) -> None:
        product = lamp(2, 1)
        line = OrderLine.objects.latest("pk")
        services.cancel(line.order, now=NOON)
        services.discontinue(product, reason="closed", now=NOON, actor="ann")
        with pytest.raises(
            services.Refused,
            match="is being discontinued: units can be reinstated once that is done",
        ):
            services.return_to_queue(line, 1, now=NOON)
        while services.discontinue_part(now=NOON):
            pass
        services.return_to_queue(line, 1, now=NOON)

    def test_its_preview_lists_the_refunds_and_does_nothing(self, admin_client: Client) -> None:
        product = lamp(2, 1)
        act_url = f"{page(Product, 'discontinue')}?id={product.pk}"
        form = admin_client.get(act_url).context["form"]
        it = admin_client.post(act_url, {"seen": form.seen(), "reason": "closed"}).context[
            "consequences"
        ]
        assert (it.refunds, it.heard, [refund.units for refund in it.owed]) == (2, 2, [2, 1])
        assert (Refund.objects.count(), queue.length(product.pk).lines) == (0, 2)

    def test_each_customer_gets_one_mail(self) -> None:
        product = lamp(2, 1)
        dispatch_all()
        discontinued(product)
        services.review_settled(now=NOON + timedelta(hours=1))
        for line in OrderLine.objects.all():
            assert factories.kinds(line.order) == ["joined", "cancelled"]
