"""What was decided here and has to be done in the shop, until somebody says or an export shows that
it is."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from orders import services
from orders.models import OrderLine, ShopTask
from tests import factories
from tests.factories import NOON, fresh
from tests.test_admin import act, page
from tests.test_import_orders import Csv, csv, row  # noqa: F401
from tests.test_import_shopify import Export, export, line, order  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
HOUR = timedelta(hours=1)


def to_do() -> list[tuple[str, int]]:
    return list(
        ShopTask.objects.filter(confirmed_at=None).order_by("pk").values_list("kind", "units")
    )


@pytest.mark.parametrize("by", ["cancel", "withdraw", "silence", "customer", "shop"])
def test_whatever_is_cancelled_here_has_to_be_cancelled_in_the_shop(by: str) -> None:
    placed = factories.order(factories.make_product(), 3)
    services.cancel(placed.order, units={placed.pk: 2}, by=by, now=NOON)
    assert to_do() == [("cancel", 2)]


def test_put_back_before_anybody_did_it_there_is_nothing_to_do() -> None:
    placed = factories.order(factories.make_product(), 3)
    services.cancel(placed.order, units={placed.pk: 1}, now=NOON)
    services.cancel(placed.order, units={placed.pk: 2}, now=NOON)
    services.return_to_queue(placed, 2, now=NOON)
    assert to_do() == [("cancel", 1)]
    services.return_to_queue(fresh(placed), 1, now=NOON)
    assert not ShopTask.objects.exists()


def test_put_back_after_it_was_done_has_to_be_put_back_there_and_cancelled_again_it_has_not() -> (
    None
):
    placed = factories.order(factories.make_product(), 3)
    services.cancel(placed.order, units={placed.pk: 2}, now=NOON)
    assert services.confirm_in_shop(ShopTask.objects.get(), now=NOON, actor="ruth")
    services.cancel(placed.order, units={placed.pk: 1}, now=NOON)
    services.return_to_queue(fresh(placed), 3, now=NOON)
    assert to_do() == [("put_back", 2)]
    services.cancel(placed.order, units={placed.pk: 3}, now=NOON)
    assert to_do() == [("cancel", 1)]


def test_a_task_is_confirmed_once() -> None:
    placed = factories.order(factories.make_product())
    services.cancel(placed.order, now=NOON)
    task = ShopTask.objects.get()
    said = [services.confirm_in_shop(task, now=NOON + n * HOUR, actor="ruth") for n in range(2)]
    task.refresh_from_db()
    assert (said, task.confirmed_at, task.confirmed_by) == ([True, False], NOON, "ruth")


# What an export shows


def test_what_the_shop_cancelled_itself_is_no_task(export: Export) -> None:  # noqa: F811
    call_command("import_orders", export((order(), [line()])), all_products=True)
    call_command(
        "import_orders",
        export((order(Cancelled_at="2026-11-01 10:00:00 +0000"), [line()])),
        all_products=True,
    )
    assert OrderLine.objects.get().state == "cancelled"
    assert not ShopTask.objects.exists()


def test_an_export_confirms_what_the_shop_has_done_and_leaves_what_it_has_not(csv: Csv) -> None:  # noqa: F811
    call_command("import_orders", csv(row(quantity=3)))
    placed = OrderLine.objects.get()
    services.cancel(placed.order, units={placed.pk: 1}, now=NOON)
    services.cancel(placed.order, units={placed.pk: 1}, now=NOON)
    call_command("import_orders", csv(row(quantity=3)))
    assert to_do() == [("cancel", 1), ("cancel", 1)]
    call_command("import_orders", csv(row(quantity=2)))
    assert to_do() == [("cancel", 1)]
    call_command("import_orders", csv(row(quantity=1)))
    assert to_do() == []
    assert ShopTask.objects.filter(confirmed_at=NOON, confirmed_by="").count() == 2
    assert (fresh(placed).waiting, fresh(placed).cancelled) == (1, 2)


def test_an_export_of_an_order_cancelled_there_confirms_it(export: Export) -> None:  # noqa: F811
    call_command("import_orders", export((order(), [line(quantity=2)])), all_products=True)
    placed = OrderLine.objects.get()
    services.cancel(placed.order, units={placed.pk: 1}, now=NOON)
    closed = order(Cancelled_at="2026-11-01 10:00:00 +0000")
    call_command("import_orders", export((closed, [line(quantity=2)])), all_products=True)
    assert (fresh(placed).cancelled, to_do(), ShopTask.objects.count()) == (2, [], 1)


def test_what_was_put_back_is_not_cancelled_again_by_an_export_that_does_not_know_it(
    export: Export,  # noqa: F811
) -> None:
    call_command("import_orders", export((order(), [line()])), all_products=True)
    placed = OrderLine.objects.get()
    services.cancel(placed.order, now=NOON)
    closed = export((order(Cancelled_at="2026-11-01 10:00:00 +0000"), [line()]))
    call_command("import_orders", closed, all_products=True)
    services.return_to_queue(fresh(placed), 1, now=NOON)
    call_command("import_orders", closed, all_products=True)
    assert (fresh(placed).waiting, to_do()) == (1, [("put_back", 1)])
    call_command("import_orders", export((order(), [line()])), all_products=True)
    assert (fresh(placed).waiting, to_do()) == (1, [])


def test_once_the_shop_has_sent_the_money_it_is_cancelled_whoever_was_put_back(
    export: Export,  # noqa: F811
) -> None:
    call_command("import_orders", export((order(), [line()])), all_products=True)
    placed = OrderLine.objects.get()
    services.cancel(placed.order, now=NOON)
    services.confirm_in_shop(ShopTask.objects.get(), now=NOON, actor="ruth")
    services.return_to_queue(fresh(placed), 1, now=NOON)
    refunded = order(Financial_Status="refunded")
    call_command("import_orders", export((refunded, [line()])), all_products=True)
    assert (fresh(placed).state, to_do()) == ("cancelled", [])


# What staff see


def red_words(staff: Client) -> list[str]:
    """Of each task of the list, in its order."""
    shown = staff.get(page(ShopTask), {"state": "todo"}).content.decode()
    cells = re.findall(r'<td class="field-pick_list[^"]*">(.*?)</td>', shown, re.S)
    return ["".join(re.findall(r'<strong class="urgent">(.*?)</strong>', cell)) for cell in cells]


def test_staff_see_what_to_do_first_what_may_be_being_packed_and_say_when_it_is_done(
    admin_client: Client,
) -> None:
    lamp, vase = factories.make_product(), factories.make_product()
    calm = factories.order(vase)
    services.cancel(calm.order, now=NOON)
    packed = factories.order(lamp)
    services.receive(lamp, 1, now=NOON)
    services.cancel(packed.order, now=NOON)
    assert red_words(admin_client) == ["On it: stop it", ""]
    first = ShopTask.objects.get(line=packed)
    assert "Done: Cancel in the shop: 1" in act(admin_client, "confirm", first)
    first.refresh_from_db()
    assert (first.confirmed_by, red_words(admin_client)) == ("admin", [""])


def test_a_task_is_red_while_other_units_of_its_order_are_set_aside(admin_client: Client) -> None:
    lamp, vase = factories.make_product(), factories.make_product()
    lines = [services.NewLine(lamp, 1), services.NewLine(vase, 1)]
    both = services.place_order(
        services.NewOrder(number="B", placed_at=NOON, lines=lines), now=NOON
    )
    services.receive(lamp, 1, now=NOON)
    services.cancel(both, units={both.lines.get(product=vase).pk: 1}, now=NOON)
    assert red_words(admin_client) == ["Its order is on it: leave this out"]
    services.ship(both, {both.lines.get(product=lamp).pk: 1}, now=NOON)
    assert red_words(admin_client) == [""]


@pytest.mark.parametrize(
    "arrived, cancelled, words",
    [
        (5, 2, "On it: only 3 of 5 units"),
        (2, 4, "On it: only 1 of 5 units"),
        (2, 1, "On it: only 2 of 5 units"),
        (5, 5, "On it: stop it"),
    ],
)
def test_of_a_line_cancelled_in_part_the_rest_is_still_packed(
    admin_client: Client, arrived: int, cancelled: int, words: str
) -> None:
    lamp = factories.make_product()
    placed = factories.order(lamp, 5)
    services.receive(lamp, arrived, now=NOON)
    services.cancel(placed.order, units={placed.pk: cancelled}, now=NOON)
    assert red_words(admin_client) == [words]


def test_what_has_left_is_not_counted_among_what_is_packed(admin_client: Client) -> None:
    lamp = factories.make_product()
    placed = factories.order(lamp, 5)
    services.receive(lamp, 5, now=NOON)
    services.ship(placed.order, {placed.pk: 1}, now=NOON)
    services.cancel(placed.order, units={placed.pk: 2}, now=NOON)
    assert red_words(admin_client) == ["On it: only 2 of 4 units"]
