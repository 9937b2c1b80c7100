"""What staff can do in the admin, and what nobody can do there."""

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.forms import BaseForm
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from backorders_site.staff.admin.base import BackordersAdmin
from notifications.models import Attempt, Message, MessageEvent, MessageState, Suppression
from notifications.outbox.delivery import preview
from notifications.outbox.dispatch import dispatch_all
from orders import services
from orders.access import without_tokens
from orders.models import (
    Allocation,
    Event,
    Forecast,
    Import,
    Order,
    OrderLine,
    Product,
    Promise,
    QueueChange,
    Receipt,
    Refund,
    Release,
    Restock,
    RestockDate,
    Run,
    Shipment,
    ShipmentLine,
    ShopChange,
    StatedTime,
)
from tests import factories
from tests.factories import NOON, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HISTORY: list[type[models.Model]] = [
    Allocation,
    Attempt,
    Event,
    Forecast,
    Import,
    Message,
    MessageEvent,
    Promise,
    QueueChange,
    Receipt,
    Release,
    RestockDate,
    Run,
    Shipment,
    ShipmentLine,
]
SHIPPED = {
    "units": 1,
    "of": 1,
    "still": 0,
    "shipped_on": "2026-11-02",
    "carrier": "",
    "tracking_number": "",
}
AFTER_SETTLING = NOON + timedelta(minutes=11)


def page(model: type[models.Model], name: str = "changelist", *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def act(staff: Client, name: str, *rows: models.Model, **data: object) -> str:
    """Open an act's page, send its form back with `data`, confirm what it would do where that is
    shown, and return what staff read then."""
    url = f"{page(type(rows[0]), name)}?{'&'.join(f'id={row.pk}' for row in rows)}"
    asked = staff.get(url)
    assert asked.status_code == 200
    form = asked.context["form"]
    answer = confirmed(staff, url, {**filled(form), "seen": form.seen(), **data})
    return unescape(answer.content.decode())


def confirmed(staff: Client, url: str, sent: dict[str, Any]) -> Any:
    """The answer to a form, once confirmed where it shows first what it would do."""
    answer = staff.post(url, sent, follow=True)
    if "meant" not in (answer.context or {}):
        return answer
    return staff.post(url, {**sent, "meant": answer.context["meant"]}, follow=True)


def filled(form: BaseForm) -> dict[str, Any]:
    """What a browser sends of a form that nobody touched."""
    sent = {field.html_name: field.value() for field in form if field.value() is not None}
    hidden = {
        field.html_initial_name: field.value() for field in form if field.field.show_hidden_initial
    }
    return {
        name: "\n".join(value) if isinstance(value, list) else value
        for name, value in (sent | hidden).items()
    }


def rows_of_everything() -> OrderLine:
    """At least one row in each table that staff see."""
    product = factories.make_product()
    delivery = factories.restock(product, 10)
    line = factories.order(product, 3)
    factories.order(product, 2)
    services.receive(product, 2, restock=delivery, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    services.cancel(line.order, units={line.pk: 1}, now=NOON)
    services.start_release(100, now=NOON)
    services.write_note(line.order, "seen", now=NOON, actor="ada")
    services.write_to_waiting(delivery, "The ship has left.", now=NOON, actor="ada")
    ShopChange.objects.create(
        order=line.order,
        what="email",
        here={"email": "a@b.test"},
        there={"email": "b@b.test"},
        seen_at=NOON,
    )
    StatedTime.objects.create(product=product, ordered_from=NOON.date(), days=70)
    Import.objects.create(
        command="import_orders", file_name="orders.csv", sha256="0", started_at=NOON
    )
    Run.objects.create(
        job="review", day=NOON.date() - timedelta(days=Run.objects.count()), finished_at=NOON
    )
    other = factories.order(product)
    services.move_in_queue(other, 1, reason="promised on the phone", now=NOON, actor="ada")
    dispatch_all()
    preview()
    Attempt.objects.create(
        message=line.order.messages.get(), at=NOON, outcome="deferred", phase="connect"
    )
    Suppression.objects.create(address=f"{line.pk}@example.com", reason="bounced", at=NOON)
    return line


def written_mail(
    state: MessageState = MessageState.QUEUED, *, order: Order | None = None, number: str = ""
) -> Message:
    """An order's mail as its page shows it; `order` gets one more."""
    if order is None:
        order = factories.order(factories.make_product(), number=number).order
    else:
        Event.objects.create(
            order=order,
            line=order.lines.get(),
            kind="shipped",
            facts=SHIPPED,
            at=NOON,
            message_due=True,
        )
    dispatch_all()
    preview()
    message = order.messages.latest("pk")
    message.state = state
    message.sent_at = NOON if state in (MessageState.SENT, MessageState.BOUNCED) else None
    message.save(update_fields=["state", "sent_at"])
    return message


def admin_urls() -> list[str]:
    """Every page of the admin, with a row where it needs one."""
    urls = [
        reverse(f"admin:{name}") for name in ("index", "password_change", "autocomplete", "jsi18n")
    ]
    for model, model_admin in admin.site._registry.items():
        row = model._default_manager.order_by("-pk").first()
        for pattern in model_admin.get_urls():
            if pattern.name:
                takes_row = pattern.pattern.regex.groups > 0
                urls.append(
                    reverse(
                        f"admin:{pattern.name}", args=[row.pk if row else 1] if takes_row else []
                    )
                )
    return urls


def test_every_list_explains_itself(admin_client: Client) -> None:
    for model, model_admin in admin.site._registry.items():
        if isinstance(model_admin, BackordersAdmin):
            listed = admin_client.get(page(model)).content.decode()
            assert f'<p class="explanation">{escape(model_admin.explanation)}</p>' in listed, model


class TestDeliveries:
    def test_a_date_moved_with_a_reason_is_told_once_it_has_settled(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product()
        delivery = factories.restock(product, expected_on=date(2026, 12, 2))
        line = factories.order(product)

        said = act(admin_client, "move-date", delivery, expected_on="2027-01-15", reason="customs")

        assert "is now expected on Jan. 15, 2027" in said
        assert delivery.dates.last().actor == "admin"
        assert factories.kinds(line.order) == ["joined"]
        services.review_settled(now=AFTER_SETTLING)
        assert factories.kinds(line.order) == ["joined", "later"]
        assert line.order.events.first().facts["reason"] == "customs"

    def test_a_date_does_not_move_without_a_reason(self, admin_client: Client) -> None:
        delivery = factories.restock(factories.make_product())
        act(admin_client, "move-date", delivery, expected_on="2027-01-15")
        assert delivery.dates.count() == 1

    def test_what_a_service_refuses_is_said_in_the_form(self, admin_client: Client) -> None:
        delivery = factories.restock(factories.make_product())
        said = act(admin_client, "move-date", delivery, expected_on="2036-01-15", reason="customs")
        assert "Jan. 15, 2036 is more than two years away. Is that the date you mean?" in said
        assert delivery.dates.count() == 1

    def test_dates_of_several_deliveries_move_at_once(self, admin_client: Client) -> None:
        deliveries = [factories.restock(factories.make_product()) for _ in range(3)]
        chosen = admin_client.post(
            page(Restock),
            {"action": "move-date", "_selected_action": [row.pk for row in deliveries]},
        )
        assert {int(pk) for pk in re.findall(r"id=(\d+)", chosen["Location"])} == {
            row.pk for row in deliveries
        }

        act(admin_client, "move-date", *deliveries, expected_on="2027-01-15", reason="transport")

        assert [row.dates.last().expected_on for row in deliveries] == [date(2027, 1, 15)] * 3

    def test_all_that_is_open_is_what_receiving_offers(self, admin_client: Client) -> None:
        product = factories.make_product()
        delivery = factories.restock(product, 30)
        services.receive(product, 10, restock=delivery, now=NOON)

        act(admin_client, "receive", delivery)

        delivery.refresh_from_db()
        assert delivery.arrived == 30

    def test_a_part_received_is_set_aside_for_the_first_in_line(self, admin_client: Client) -> None:
        product = factories.make_product()
        delivery = factories.restock(product, 30)
        first, second = factories.order(product, 4), factories.order(product, 4)

        said = act(admin_client, "receive", delivery, units=5)

        assert "5 units of" in said
        assert (fresh(first).allocated, fresh(second).allocated) == (4, 1)
        assert Receipt.objects.get().actor == "admin"

    def test_the_same_form_sent_twice_receives_once(self, admin_client: Client) -> None:
        delivery = factories.restock(factories.make_product(), 30)
        url = f"{page(Restock, 'receive')}?id={delivery.pk}"
        seen = admin_client.get(url).context["form"].seen()
        sent = {"units": 5, "arrived_on": "2026-11-02", "seen": seen}
        sent["meant"] = admin_client.post(url, sent).context["meant"]
        admin_client.post(url, sent)

        again = admin_client.post(url, sent)

        assert "has changed since you opened this page" in again.content.decode()
        delivery.refresh_from_db()
        assert delivery.arrived == 5

    def test_receiving_several_leaves_out_those_that_have_come(self, admin_client: Client) -> None:
        product = factories.make_product()
        come, still_open = factories.restock(product, 3), factories.restock(product, 4)
        services.receive(product, 3, restock=come, now=NOON)

        act(admin_client, "receive", come, still_open)

        assert list(Receipt.objects.order_by("pk").values_list("quantity", flat=True)) == [3, 4]

    def test_the_rest_of_a_delivery_is_cancelled(self, admin_client: Client) -> None:
        delivery = factories.restock(factories.make_product(), 30)
        act(admin_client, "cancel", delivery, reason="closed")
        delivery.refresh_from_db()
        assert delivery.cancelled_at == NOON

    def test_a_receipt_counted_wrongly_is_corrected(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product, 5)
        receipt = services.receive(product, 5, now=NOON)

        act(admin_client, "correct", receipt, units=3, reason="two were broken")

        assert fresh(line).allocated == 3
        assert receipt.corrections.get().actor == "admin"

    def test_what_came_before_the_first_order_is_shown_as_the_supplier_s_history_and_not_corrected(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product()
        services.receive(product, 5, now=NOON)
        past = Receipt.objects.create(
            product=product, quantity=7, arrived_on="2026-01-05", recorded_at=NOON, stocked=False
        )

        shown = admin_client.get(page(Receipt, "change", past.pk)).content.decode()
        listed = admin_client.get(page(Receipt), {"what": "history"}).context["cl"].result_list
        refused = admin_client.get(
            f"{page(Receipt, 'correct')}?id={past.pk}", follow=True
        ).content.decode()

        assert "Supplier&#x27;s history: from before our first order, not in stock" in shown
        assert page(Receipt, "correct") not in shown
        assert list(listed) == [past]
        assert "You can only correct units that came into stock" in refused
        assert (
            "Supplier&#x27;s history"
            in admin_client.get(page(Product, "change", product.pk)).content.decode()
        )

    def test_an_expected_delivery_is_added_through_the_service(self, admin_client: Client) -> None:
        product, supplier = factories.make_product(), factories.make_supplier()
        line = factories.order(product)
        data = {
            "reference": "PO-77",
            "product": product.pk,
            "supplier": supplier.pk,
            "quantity": 12,
            "expected_on": "2026-12-01",
            "posted_on": "2026-11-01",
        }
        shown = admin_client.post(page(Restock, "add"), data)
        assert (shown.context["consequences"].mailed, Restock.objects.count()) == (1, 0)
        assert f"/admin/desk/order/{line.order.number}/" in shown.content.decode()
        changed = data | {"quantity": 13, "meant": shown.context["meant"]}
        assert admin_client.post(page(Restock, "add"), changed).context["consequences"]
        assert not Restock.objects.exists(), "what was shown was another delivery"
        admin_client.post(page(Restock, "add"), data | {"meant": shown.context["meant"]})
        delivery = Restock.objects.get(reference="PO-77")
        assert [(row.expected_on, row.posted_on, row.actor) for row in delivery.dates.all()] == [
            (date(2026, 12, 1), date(2026, 11, 1), "admin")
        ]

    def test_a_delivery_expected_twice_is_refused_in_the_form(self, admin_client: Client) -> None:
        delivery = factories.restock(factories.make_product(), reference="PO-77")
        data = {
            "reference": "PO-77",
            "product": delivery.product_id,
            "supplier": delivery.supplier_id,
            "quantity": 12,
            "expected_on": "2026-12-01",
            "posted_on": "2026-11-01",
        }
        said = admin_client.post(page(Restock, "add"), data)
        assert "is already expected: move its date instead" in said.content.decode()
        assert Restock.objects.count() == 1


class TestOrders:
    def test_an_order_ships_with_its_tracking_number(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product, 3)
        services.receive(product, 2, now=NOON)

        act(admin_client, "ship", line.order, carrier="DHL", tracking_number="JD0001")

        shipment = Shipment.objects.get()
        assert (shipment.carrier, shipment.tracking_number, shipment.actor) == (
            "DHL",
            "JD0001",
            "admin",
        )
        assert fresh(line).shipped == 2

    def test_no_more_ships_than_is_set_aside(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product, 3)
        services.receive(product, 2, now=NOON)
        said = act(admin_client, "ship", line.order, **{f"line_{line.pk}": 3})
        assert "Ensure this value is less than or equal to 2" in said
        assert not Shipment.objects.exists()

    def test_units_are_cancelled_and_their_refund_is_listed_until_it_is_sent(
        self, admin_client: Client
    ) -> None:
        line = factories.order(factories.make_product(), 3)

        act(
            admin_client,
            "cancel",
            line.order,
            by="customer",
            reason="asked",
            **{f"line_{line.pk}": 2},
        )

        assert fresh(line).cancelled == 2
        event = line.order.events.first()
        assert (event.kind, event.facts["by"], event.actor) == ("cancelled", "customer", "admin")
        refund = Refund.objects.get()
        act(admin_client, "mark-sent", refund)
        refund.refresh_from_db()
        assert refund.sent_at == NOON

    def test_cancelled_units_are_put_back_at_their_old_place(self, admin_client: Client) -> None:
        line = factories.order(factories.make_product(), 3)
        services.cancel(line.order, now=NOON)
        act(admin_client, "put-back", line, reason="mistaken")
        assert (fresh(line).waiting, Refund.objects.count()) == (3, 0)

    def test_a_move_in_line_needs_a_reason_for_customers_and_one_for_us(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product()
        factories.order(product)
        line = factories.order(product)
        act(admin_client, "move", line, place=1, why="promised")
        act(admin_client, "move", line, place=1, reason="promised on the phone")
        assert not QueueChange.objects.exists()

        act(admin_client, "move", line, place=1, why="promised", reason="promised on the phone")

        change = QueueChange.objects.get()
        assert (change.why, change.note, change.actor) == (
            "promised",
            "promised on the phone",
            "admin",
        )
        assert "promised on the phone" not in str(line.order.events.first().facts)

    def test_a_held_line_is_settled_by_a_count(self, admin_client: Client) -> None:
        line = factories.order(factories.make_product(), 3, held=True)
        act(admin_client, "settle", line, remaining=1)
        assert (fresh(line).held, fresh(line).waiting, fresh(line).shipped) == (False, 1, 2)

    def test_a_shipment_recorded_by_mistake_is_taken_back(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product)
        services.receive(product, 1, now=NOON)
        shipment = services.ship(line.order, {line.pk: 1}, now=NOON)
        act(admin_client, "take-back", shipment, reason="on the shelf")
        assert (fresh(line).shipped, fresh(line).reserved) == (0, 1)

    def test_an_order_is_added_through_the_service(self, admin_client: Client) -> None:
        product = factories.make_product()
        data = {
            "number": "1001",
            "placed_at": "2026-11-01T09:30",
            "email": "ada@example.com",
            "country": "de",
            "product": product.pk,
            "quantity": 2,
        }
        admin_client.post(page(Order, "add"), data)
        order = Order.objects.get(number="1001")
        assert (order.country, factories.kinds(order)) == ("DE", ["joined"])
        again = admin_client.post(page(Order, "add"), data)
        assert "An order with this number already exists" in again.content.decode()

    def test_an_order_shows_the_sentence_its_customer_reads_and_a_link_to_see_the_page(
        self, admin_client: Client
    ) -> None:
        line = factories.order(factories.make_product())
        shown = admin_client.get(page(Order, "change", line.order_id)).content.decode()
        assert escape("You're 1st in line.") in shown
        assert shown.count("/o/") == 2  # to see as the customer, and to copy for them

    @pytest.mark.parametrize(
        "term", ["1001", "ada@example.com", "lovelace", "sku-search", "JD0001"]
    )
    def test_an_order_is_found_by_what_a_customer_may_name(
        self, admin_client: Client, term: str
    ) -> None:
        product = factories.make_product(sku="SKU-SEARCH")
        line = factories.order(product, number="1001")
        services.receive(product, 1, now=NOON)
        services.ship(line.order, {line.pk: 1}, now=NOON, tracking_number="JD0001")
        factories.order(
            factories.make_product(),
            number="2",
            email="grace@example.com",
            customer_name="Grace Hopper",
        )
        found = admin_client.get(page(Order), {"q": term}).context["cl"].result_list
        assert [order.number for order in found] == ["1001"]

    @pytest.mark.parametrize(
        "needs, number", [("attention", "1"), ("address", "2"), ("release", "3")]
    )
    def test_orders_that_need_a_person_are_listed(
        self, admin_client: Client, needs: str, number: str
    ) -> None:
        product = factories.make_product()
        services.mark_not_told(factories.order(product, number="1").order, "mail refused")
        factories.order(product, number="2", email="")
        quiet = services.NewOrder(
            number="3", placed_at=NOON, email="a@b.c", lines=[services.NewLine(product, 1)]
        )
        services.place_orders([quiet], now=NOON, quiet=True)
        found = admin_client.get(page(Order), {"needs": needs}).context["cl"].result_list
        assert [order.number for order in found] == [number]

    def test_the_lines_of_a_product_stand_as_they_wait(self, admin_client: Client) -> None:
        product = factories.make_product()
        factories.order(factories.make_product())
        late = factories.order(product, placed_at=NOON)
        early = factories.order(product, 2, placed_at=NOON - timedelta(days=1))
        url = page(OrderLine)
        shown = admin_client.get(url, {"product": product.pk})
        assert [line.pk for line in shown.context["cl"].result_list] == [early.pk, late.pk]
        cells = re.findall(r'field-(?:place|units_ahead)">(\d+)', shown.content.decode())
        assert cells == ["1", "0", "2", "2"]


class TestMails:
    def test_an_order_leads_to_its_mails_and_a_mail_shows_what_was_written(
        self, admin_client: Client
    ) -> None:
        order = rows_of_everything().order
        message = order.messages.get()
        assert (
            page(Message, "change", message.pk)
            in admin_client.get(page(Order, "change", order.pk)).content.decode()
        )

        shown = admin_client.get(page(Message, "change", message.pk))

        assert escape(without_tokens(message.text)) in shown.content.decode()
        assert "frame-src 'self'" in shown["Content-Security-Policy"]
        assert f'sandbox src="{page(Message, "html", message.pk)}"' in shown.content.decode()

    def test_the_html_of_a_mail_is_framed_here_only_and_runs_nothing(
        self, admin_client: Client
    ) -> None:
        message = rows_of_everything().order.messages.get()
        framed = admin_client.get(page(Message, "html", message.pk))
        assert framed.content.decode() == without_tokens(message.html)
        assert framed["X-Frame-Options"] == "SAMEORIGIN"
        assert framed["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors "
            "'self'; sandbox"
        )

    def test_a_mail_shows_its_headers_what_it_says_of_its_events_and_every_try(
        self, admin_client: Client
    ) -> None:
        message = written_mail()
        Attempt.objects.create(
            message=message, at=NOON, outcome="deferred", phase="envelope", detail="451 busy"
        )
        shown = admin_client.get(page(Message, "change", message.pk)).content.decode()
        for name, value in message.headers.items():
            assert f"{name}: {escape(value)}" in shown
        covers, tries = re.findall(r"<tbody>(.*?)</tbody>", shown, re.DOTALL)
        assert re.findall(r'data-label="In the email">([^<]*)', covers) == ["yes"]
        assert re.findall(r">([^<>]*)</td>", tries)[1:] == [
            "Not sent; will be tried again",
            "envelope",
            "451 busy",
        ]

    @pytest.mark.parametrize(
        "state, offered",
        [
            (MessageState.QUEUED, ["withdraw"]),
            (MessageState.FAILED, ["send-again"]),
            (MessageState.NEEDS_REVIEW, ["send-again", "count-as-sent"]),
            (MessageState.SUPPRESSED, ["send-again"]),
            (MessageState.SENT, ["came-back"]),
            (MessageState.BOUNCED, ["send-again"]),
            (MessageState.SUPERSEDED, []),
            (MessageState.CANCELLED, []),
        ],
    )
    def test_a_mail_offers_what_can_be_done_with_it(
        self, admin_client: Client, state: MessageState, offered: list[str]
    ) -> None:
        message = written_mail(state)
        shown = admin_client.get(page(Message, "change", message.pk)).content.decode()
        assert re.findall(r'href="/admin/notifications/message/([a-z-]+)/\?id=', shown) == offered

    def test_a_failed_mail_is_sent_again_to_the_address_the_order_has_now(
        self, admin_client: Client
    ) -> None:
        message = written_mail(MessageState.FAILED)
        Order.objects.update(email="lovelace@example.com")
        url = f"{page(Message, 'send-again')}?id={message.pk}"
        assert "lovelace@example.com" in admin_client.get(url).content.decode()

        act(admin_client, "send-again", message)

        message.refresh_from_db()
        assert (message.state, message.recipient) == (MessageState.QUEUED, "lovelace@example.com")
        entry = LogEntry.objects.get()
        assert (entry.user.get_username(), entry.object_id) == ("admin", str(message.pk))
        assert "is queued again, to lovelace@example.com" in entry.change_message

    def test_of_several_failed_mails_to_one_customer_the_newest_is_sent_again(
        self, admin_client: Client
    ) -> None:
        old = written_mail(MessageState.FAILED)
        new = written_mail(MessageState.FAILED, order=old.order)
        said = act(admin_client, "send-again", old, new)
        assert list(old.order.messages.order_by("pk").values_list("state", flat=True)) == [
            "failed",
            "queued",
        ]
        assert "has a newer email, so this one is out of date" in said

    def test_a_mail_is_not_sent_again_while_another_to_this_customer_is_on_its_way(
        self, admin_client: Client
    ) -> None:
        old = written_mail(MessageState.FAILED)
        new = written_mail(MessageState.FAILED, order=old.order)
        Message.objects.filter(pk=old.pk).update(state=MessageState.QUEUED)
        assert "has another email being sent" in act(admin_client, "send-again", new)

    def test_a_mail_that_still_has_no_address_is_refused_in_the_form(
        self, admin_client: Client
    ) -> None:
        message = written_mail(MessageState.SUPPRESSED)
        Order.objects.update(email="")
        assert "has no email address: enter one first" in act(admin_client, "send-again", message)
        message.refresh_from_db()
        assert message.state == MessageState.SUPPRESSED

    def test_what_a_mail_says_counts_as_told_once_somebody_found_it_arrived(
        self, admin_client: Client
    ) -> None:
        message = written_mail(MessageState.NEEDS_REVIEW)
        act(admin_client, "count-as-sent", message, reason="it arrived")
        message.refresh_from_db()
        assert message.state == MessageState.SENT
        assert message.events.get().told_at == message.sent_at

    def test_withdrawn_mails_leave_their_customers_to_a_person(self, admin_client: Client) -> None:
        queued = [written_mail() for _ in range(3)]
        chosen = {"action": "withdraw", "_selected_action": [row.pk for row in queued]}
        assert admin_client.post(page(Message), chosen)["Location"].startswith(
            page(Message, "withdraw")
        )

        act(admin_client, "withdraw", *queued, reason="wrong date")

        assert set(Message.objects.values_list("state", flat=True)) == {MessageState.CANCELLED}
        assert admin_client.get(page(Order), {"needs": "attention"}).context["cl"].result_count == 3

    def test_a_mail_taken_by_the_worker_meanwhile_is_not_withdrawn(
        self, admin_client: Client
    ) -> None:
        message = written_mail()
        url = f"{page(Message, 'withdraw')}?id={message.pk}"
        seen = admin_client.get(url).context["form"].seen()
        Message.objects.update(state=MessageState.SENT, sent_at=NOON)
        answer = admin_client.post(url, {"seen": seen}, follow=True).content.decode()
        assert "You can only stop a queued email" in answer
        message.refresh_from_db()
        assert message.state == MessageState.SENT

    def test_who_may_only_view_mails_decides_nothing_about_them(self, client: Client) -> None:
        message = written_mail()
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_message"))
        client.force_login(viewer)
        assert (
            page(Message, "withdraw")
            not in client.get(page(Message, "change", message.pk)).content.decode()
        )
        for name in ("send-again", "count-as-sent", "withdraw"):
            assert client.post(f"{page(Message, name)}?id={message.pk}").status_code == 403

    @pytest.mark.parametrize(
        "of", ["order number", "recipient", "Message-ID", "Message-ID without brackets"]
    )
    def test_a_mail_is_found_by_what_somebody_reads_off_it(
        self, admin_client: Client, of: str
    ) -> None:
        written_mail(number="2002")
        message = written_mail(number="1001")
        Message.objects.filter(pk=message.pk).update(recipient="grace@example.com")
        term = {
            "order number": "1001",
            "recipient": "Grace@example.com",
            "Message-ID": message.message_id,
            "Message-ID without brackets": message.message_id.strip("<>"),
        }[of]
        assert list(admin_client.get(page(Message), {"q": term}).context["cl"].result_list) == [
            message
        ]

    def test_mails_that_may_have_been_sent_without_our_hearing_so_are_listed(
        self, admin_client: Client
    ) -> None:
        written_mail()
        message = written_mail()
        Message.objects.filter(pk=message.pk).update(ambiguous_count=1)
        assert list(
            admin_client.get(page(Message), {"ambiguous": "yes"}).context["cl"].result_list
        ) == [message]

    def test_an_address_is_suppressed_and_freed_again(self, admin_client: Client) -> None:
        admin_client.post(
            page(Suppression, "add"), {"address": "ada@example.com", "reason": "asked by phone"}
        )
        row = Suppression.objects.get()
        assert row.at == NOON
        again = admin_client.post(
            page(Suppression, "add"), {"address": "ADA@example.com", "reason": "twice"}
        )
        assert again.status_code == 200
        admin_client.post(page(Suppression, "delete", row.pk), {"post": "yes"})
        assert not Suppression.objects.exists()


class TestFieldsThatServicesOwn:
    def test_saving_an_order_changes_what_staff_changed_and_nothing_else(
        self, admin_client: Client
    ) -> None:
        order = factories.order(factories.make_product()).order
        url = page(Order, "change", order.pk)
        sent = filled(admin_client.get(url).context["adminform"].form)
        services.mark_not_told(order, "mail refused")

        admin_client.post(url, {**sent, "customer_name": "Ada King", "attention": "call them"})

        order.refresh_from_db()
        assert (order.customer_name, order.attention, order.number) == (
            "Ada King",
            ["call them", "mail refused"],
            order.number,
        )

    def test_a_whole_row_saved_cannot_overwrite_units_set_aside(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product, 2)
        services.receive(product, 2, now=NOON)
        sent = {
            "allocated": 0,
            "quantity": 9,
            "held": "on",
            "queued_at_0": "2020-01-01",
            "queued_at_1": "00:00",
        }

        refused = admin_client.post(page(OrderLine, "change", line.pk), sent)

        assert refused.status_code == 403
        assert (fresh(line).allocated, fresh(line).quantity, fresh(line).held) == (2, 2, False)

    def test_saving_a_product_leaves_a_change_that_settles_alone(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product()
        url = page(Product, "change", product.pk)
        admin_client.get(url)
        factories.restock(product)
        admin_client.post(
            url, {"sku": product.sku, "name": "Renamed", "on_backorder": "on", "handling_days": ""}
        )
        saved = Product.objects.get()
        assert (saved.name, saved.review_at) == ("Renamed", NOON + timedelta(minutes=10))

    def test_lines_struck_off_the_list_are_gone(self, admin_client: Client) -> None:
        order = factories.order(factories.make_product()).order
        services.mark_not_told(order, "mail refused")
        services.mark_not_told(order, "call, please")
        url = page(Order, "change", order.pk)
        sent = filled(admin_client.get(url).context["adminform"].form)

        admin_client.post(url, {**sent, "attention": "call, please\r\n"})

        order.refresh_from_db()
        assert order.attention == ["call, please"]


class TestWhoMay:
    @pytest.mark.parametrize("model", HISTORY, ids=lambda model: model.__name__)
    def test_history_is_only_read_even_by_post(
        self, admin_client: Client, model: type[models.Model]
    ) -> None:
        rows_of_everything()
        row = model._default_manager.order_by("pk").first()
        assert row is not None
        before = model._default_manager.filter(pk=row.pk).values().get()

        answers = [
            admin_client.post(page(model, "add"), {}),
            admin_client.post(
                page(model, "change", row.pk), {"quantity": 99, "kind": "note", "actor": "eve"}
            ),
            admin_client.post(page(model, "delete", row.pk), {"post": "yes"}),
        ]
        admin_client.post(
            page(model), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        )

        assert [answer.status_code for answer in answers] == [403, 403, 403]
        assert model._default_manager.filter(pk=row.pk).values().get() == before

    def test_a_stranger_and_a_customer_with_a_login_meet_the_login_page_everywhere(
        self, client: Client
    ) -> None:
        rows_of_everything()
        urls = admin_urls()
        for login in (None, User.objects.create_user("plain", password="p")):
            if login:
                client.force_login(login)
            for url in urls:
                answer = client.get(url)
                assert (url, answer.status_code, answer.get("Location")) == (
                    url,
                    302,
                    f"{reverse('admin:login')}?next={url}",
                )

    def test_who_may_only_view_is_offered_no_act_and_refused_one(self, client: Client) -> None:
        delivery = factories.restock(factories.make_product())
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_restock"))
        client.force_login(viewer)
        shown = client.get(page(Restock, "change", delivery.pk)).content.decode()
        assert page(Restock, "receive") not in shown
        assert client.get(f"{page(Restock, 'receive')}?id={delivery.pk}").status_code == 403
        assert client.get(page(Restock, "add")).status_code == 403

    def test_staff_stay_at_the_desk_where_there_is_nothing_for_them(self, client: Client) -> None:
        client.force_login(User.objects.create_user("viewer", is_staff=True))
        for url, says in (
            (page(Restock, "add"), "Your role doesn't include this"),
            ("/admin/nothing/", "not found"),
        ):
            said = client.get(url).content.decode()
            assert says in said
            assert reverse("admin:logout") in said
            assert "Find my order" not in said
        assert "Find my order" in client.get("/nothing/").content.decode()

    def test_who_may_change_deliveries_may_receive_them(self, client: Client) -> None:
        delivery = factories.restock(factories.make_product(), 3)
        clerk = User.objects.create_user("clerk", is_staff=True)
        clerk.user_permissions.add(
            *Permission.objects.filter(codename__in=["view_restock", "receive_restock"])
        )
        client.force_login(clerk)
        act(client, "receive", delivery)
        assert Receipt.objects.get().actor == "clerk"

    def test_an_act_on_a_row_that_is_not_there_is_not_found(self, admin_client: Client) -> None:
        for query in ("", "?id=0", "?id=x"):
            assert admin_client.get(page(Restock, "receive") + query).status_code == 404


class TestPages:
    def test_every_page_opens_and_needs_nothing_that_the_content_security_policy_refuses(
        self, admin_client: Client
    ) -> None:
        rows_of_everything()
        mail = page(Message, "html", Message.objects.latest("pk").pk)  # has a policy of its own
        for url in set(admin_urls()) - {mail}:
            shown = admin_client.get(url, follow=True)
            assert shown.status_code in (200, 403, 404), url
            assert not re.search(r"<style|<script>|\sstyle=|\son\w+=", shown.getvalue().decode()), (
                url
            )

    def test_every_list_asks_as_many_questions_for_thirty_rows_as_for_one(
        self, admin_client: Client
    ) -> None:
        rows_of_everything()
        few = {model: queries_of(admin_client, page(model)) for model in admin.site._registry}
        for _ in range(9):
            rows_of_everything()
        assert {
            model: queries_of(admin_client, page(model)) for model in admin.site._registry
        } == few

    def test_every_day_s_work_comes_before_what_is_only_read(self, admin_client: Client) -> None:
        shown = admin_client.get(reverse("admin:index")).content.decode()
        rows = re.findall(r'<th scope="row" id="[a-z_]+-(\w+)"', shown)
        daily = [
            "restock",
            "order",
            "orderline",
            "receipt",
            "shipment",
            "shopchange",
            "shoptask",
            "refund",
            "message",
        ]
        assert rows[: len(daily)] == daily
        assert re.findall(r"<caption>(.*?)</caption>", shown) == ["Daily work", "Set-up", "History"]
        assert sorted(rows) == sorted(
            model._meta.model_name or "" for model in admin.site._registry
        )

    def test_who_may_see_one_model_finds_that_one(self, client: Client) -> None:
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_event"))
        client.force_login(viewer)
        shown = client.get(reverse("admin:index")).content.decode()
        assert re.findall(r"<caption>(.*?)</caption>", shown) == ["History"]
        assert re.findall(r'<th scope="row" id="([\w-]+)"', shown) == ["orders-event"]

    @pytest.mark.parametrize(
        "name", ["admin:index", "admin:login", "admin:orders_order_changelist"]
    )
    def test_the_browser_finds_the_admin_s_icon(self, admin_client: Client, name: str) -> None:
        if name == "admin:login":
            admin_client.logout()
        shown = admin_client.get(reverse(name)).content.decode()
        assert '<link rel="icon" href="/static/icons/parcel.svg" type="image/svg+xml">' in shown

    def test_the_admin_bears_the_shop_s_name_and_leads_back_to_its_site(
        self, admin_client: Client
    ) -> None:
        shown = admin_client.get(reverse("admin:index")).content.decode()
        assert "Tern &amp; Tide" in shown
        assert '<a href="http://testserver">View site</a>' in shown


def queries_of(client: Client, url: str) -> int:
    client.get(url)  # what is read once, such as content types
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(url)
    return len(captured)
