"""Money that the shop has sent back for units that it did not name is not promised once more."""

import pytest
from django.core.management import call_command
from django.test import Client

from orders import services
from orders.models import Event, Order, OrderLine, Refund, ShopChange, ShopTask
from orders.words import sentence
from tests.factories import NOON
from tests.test_admin import act
from tests.test_import_orders import state
from tests.test_import_shopify import Export, export, line, order

__all__ = ["export"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
REFUNDED = order(Financial_Status="partially_refunded", Refunded_Amount="30.00")


def read(export: Export, columns: dict[str, str]) -> None:
    call_command("import_orders", export((columns, [line(quantity=3)])), all_products=True)


@pytest.fixture
def refunded(export: Export) -> Order:
    read(export, order())
    read(export, REFUNDED)
    row = Order.objects.get()
    assert len(row.attention) == 1
    return row


def test_staff_who_cancel_its_units_promise_no_second_refund_and_settle_it(
    refunded: Order,
    admin_client: Client,
    export: Export,
) -> None:
    (asked,) = refunded.lines.all()
    said = act(
        admin_client, "cancel", refunded, by="staff", reason="a double", **{f"line_{asked.pk}": 1}
    )
    assert "1 unit of order 1001 canceled." in said
    assert "Send the refund" not in said
    told = sentence(Event.objects.get(kind="cancelled"), locale="en-US")
    assert "Your refund has been sent." in told
    refunded.refresh_from_db()
    assert (refunded.attention, ShopTask.objects.count()) == ([], 0)
    assert [refund.sent_at for refund in Refund.objects.all()] == [NOON]

    before = state()
    read(export, REFUNDED)  # which still lists 3
    assert (state(), ShopChange.objects.count()) == (before, 0)


def test_a_service_that_is_told_nothing_of_the_money_believes_the_export(refunded: Order) -> None:
    services.cancel(refunded, units={refunded.lines.get().pk: 1}, now=NOON)
    assert Refund.objects.get().sent_at == NOON


def test_what_the_customer_cancels_besides_is_refunded(refunded: Order) -> None:
    services.cancel(refunded, units={refunded.lines.get().pk: 1}, now=NOON, by="customer")
    assert Refund.objects.get().sent_at is None
    refunded.refresh_from_db()
    assert len(refunded.attention) == 1


def test_staff_say_of_any_order_that_its_money_was_sent(
    admin_client: Client,
    export: Export,
) -> None:
    read(export, order())
    row = OrderLine.objects.get()
    units = {f"line_{row.pk}": 1}
    act(admin_client, "cancel", row.order, by="staff", reason="a double", refunded="on", **units)
    assert Refund.objects.get().sent_at == NOON
    assert ShopTask.objects.count() == 1  # nothing showed that the shop knows of it
    act(admin_client, "cancel", row.order, by="staff", reason="a double", **units)
    assert Refund.objects.filter(sent_at=None).count() == 1
