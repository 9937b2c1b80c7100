"""One order as the shop has it, without a file: what is done, once, whoever brings it and how
often."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import services
from orders.imports.csv.order_rows import OrderRows
from orders.imports.csv.orders import import_orders
from orders.imports.csv.table import CsvTable
from orders.imports.products import ProductSelection
from orders.imports.reconcile import Reconciled, reconcile
from orders.imports.run import ImportRun
from orders.imports.shop_order import ShopLine, ShopOrder
from orders.imports.sources.our_columns import OurColumns
from orders.imports.sources.shopify_export import ShopifyExport
from orders.imports.values import BadValue
from orders.models import Event, Order, OrderLine, Product, Refund, ShopChange, ShopTask
from tests.factories import NOON, kinds, make_product
from tests.test_concurrency import at_once

PLACED = datetime(2026, 10, 1, 12, tzinfo=UTC)
ALL = ProductSelection(all_products=True)


def there(number: str = "1001", **fields: Any) -> ShopOrder:
    """Of two lamps, unless its lines are named."""
    return ShopOrder(
        **{
            "number": number,
            "placed_at": PLACED,
            "lines": [ShopLine("LAMP", 2)],
            "email": "ada@example.com",
            "customer_name": "Ada Lovelace",
            "country": "US",
        }
        | fields
    )


def bring(order: ShopOrder, *, now: datetime = NOON, actor: str = "") -> Reconciled:
    return reconcile(order, now=now, actor=actor, selection=ALL)


def units() -> dict[str, int]:
    return OrderLine.objects.values("quantity", "shipped", "cancelled").get()


@pytest.mark.django_db
class TestOneOrder:
    def test_that_is_new_joins_and_given_again_changes_nothing(self) -> None:
        assert [bring(there()).done, bring(there()).done] == ["joined", "unchanged"]
        assert units() == {"quantity": 2, "shipped": 0, "cancelled": 0}
        assert Order.objects.get().locale == "en-US"

    def test_is_known_by_its_number_however_it_is_written(self) -> None:
        bring(there("ab-1"))
        assert (bring(there("# AB-1")).done, bring(there("AB-1")).number) == ("unchanged", "ab-1")

    def test_joins_only_with_products_on_backorder(self) -> None:
        lamp = make_product(sku="LAMP", on_backorder=True)
        order = there(lines=[ShopLine("LAMP", 1), ShopLine("RUG", 1)])
        it = reconcile(order, now=NOON)
        assert (it.done, it.left_out) == ("joined", ["RUG"])
        assert OrderLine.objects.get().product == lamp
        it = reconcile(there("1002", lines=[ShopLine("RUG", 1)]), now=NOON)
        assert it.done == "left_out_not_on_backorder"

    def test_of_a_list_of_what_waits_joins_by_itself(self) -> None:
        assert reconcile(there(complete=False), now=NOON).done == "joined"

    @pytest.mark.parametrize(
        "fields, done",
        [
            ({"state": "unpaid"}, "left_out_unpaid"),
            ({"state": "cancelled"}, "left_out_closed"),
            ({"state": "refunded"}, "left_out_closed"),
            ({"lines": [ShopLine("LAMP", 2, shipped=2)]}, "left_out_shipped"),
        ],
    )
    def test_that_does_not_wait_is_left_out(self, fields: dict[str, Any], done: str) -> None:
        assert bring(there(**fields)).done == done
        assert not Order.objects.exists()

    def test_is_shipped_and_cancelled_as_far_as_the_shop_says_once(self) -> None:
        bring(there(lines=[ShopLine("LAMP", 5)]))
        now = there(lines=[ShopLine("LAMP", 5, cancelled=1, shipped=2)])
        it = bring(now, actor="the shop's own word")
        assert it.done == "changed"
        assert +it.counts == {"units_shipped": 2, "units_cancelled": 1}
        assert units() == {"quantity": 5, "shipped": 2, "cancelled": 1}
        assert bring(now).done == "unchanged"
        told = Event.objects.filter(kind__in=["shipped", "cancelled"])
        assert set(told.values_list("actor", flat=True)) == {"the shop's own word"}

    def test_whose_lines_of_one_product_are_several_is_one_line(self) -> None:
        bring(there(lines=[ShopLine("LAMP", 2), ShopLine("LAMP", 3, shipped=1)]))
        assert units() == {"quantity": 5, "shipped": 1, "cancelled": 0}

    def test_that_is_refunded_confirms_its_refunds(self) -> None:
        bring(there())
        services.cancel(Order.objects.get(), now=NOON)
        it = bring(there(state="refunded"), actor="shop")
        assert (it.done, it.counts["refunds_confirmed"]) == ("changed", 1)
        assert Refund.objects.get().sent_by == "shop"

    def test_that_another_has_the_number_of_goes_on_staffs_list_once(self) -> None:
        bring(there())
        other = there(email="b@example.com", customer_name="Bob", placed_at=PLACED - timedelta(90))
        first, second = bring(other), bring(other)
        assert (first.done, first.texts, second.texts) == ("other_order", 1, 0)
        assert first.another.startswith("order 1001 is a different order here")

    def test_that_changed_in_the_shop_is_told_to_staff_once(self) -> None:
        bring(there())
        it = bring(there(email="new@example.com"))
        assert (it.done, it.texts, it.counts["addresses_taken_over"]) == ("changed", 1, 1)
        assert bring(there(email="new@example.com")).done == "unchanged"
        assert ShopChange.objects.get().there == {"email": "new@example.com"}

    def test_a_line_that_joins_late_leaves_alone_what_has_shipped_of_the_others(self) -> None:
        bring(there(lines=[ShopLine("RUG", 1)]))
        it = bring(there(lines=[ShopLine("RUG", 4, shipped=4), ShopLine("LAMP", 4)]))
        assert it.done == "changed"
        assert list(
            OrderLine.objects.order_by("pk").values_list("product__sku", "shipped", "waiting")
        ) == [("RUG", 1, 0), ("LAMP", 0, 4)]

    def test_is_written_whole_or_not_at_all(self) -> None:
        bring(there(lines=[ShopLine("LAMP", 2), ShopLine("RUG", 1)]))
        early = there(lines=[ShopLine("LAMP", 2, shipped=2)], shipped_at=PLACED - timedelta(days=9))
        with pytest.raises(services.Refused, match="can't have shipped on"):
            bring(early)
        late = there("1002", placed_at=NOON + timedelta(days=9))
        with pytest.raises(services.Refused, match="in the future"):
            bring(late)
        assert kinds(Order.objects.get()) == ["joined"] * 2

    def test_is_promised_and_heard_of_once_the_shop_is_live(self) -> None:
        services.start_release(100, now=NOON)
        bring(there())
        order = Order.objects.get()
        assert (order.released_at, kinds(order)) == (NOON, ["joined"])


@pytest.mark.parametrize(
    "make, field, problem",
    [
        (lambda: there(""), "number", "is empty"),
        (lambda: there(email="ada"), "email", "is 'ada'; expected an email address or nothing"),
        (lambda: there(country="EU"), "country", "is 'EU', which is not a country we know"),
        (lambda: there(locale="klingonese"), "locale", "expected a language"),
        (lambda: there(customer_name="a" * 301), "customer_name", "has 301 characters"),
        (lambda: there(state="lost"), "state", "is 'lost'; expected one of unpaid, open"),
        (lambda: there(paid_at=datetime(2026, 10, 1)), "paid_at", "expected a time with its zone"),
        (lambda: ShopLine("", 1), "sku", "is empty"),
        (lambda: ShopLine("LAMP", 2, cancelled=-1), "cancelled", "is -1; expected 0 units or more"),
        (lambda: ShopLine("LAMP", 2, "a" * 301), "name", "has 301 characters"),
    ],
)
def test_a_value_that_cannot_be_is_named(
    make: Callable[[], object], field: str, problem: str
) -> None:
    with pytest.raises(BadValue) as error:
        make()
    assert error.value.field == field
    assert problem in error.value.problem
    assert str(error.value) == f"{field} {error.value.problem}"


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_the_same_new_order_is_placed_once(self) -> None:
        done = at_once(*[partial(bring, there())] * 6)
        assert sorted(it.done for it in done) == ["joined"] + ["unchanged"] * 5
        assert units()["quantity"] == 2

    def test_the_same_parcel_is_recorded_once(self) -> None:
        bring(there(lines=[ShopLine("LAMP", 9)]))
        done = at_once(*[partial(bring, there(lines=[ShopLine("LAMP", 9, shipped=2)]))] * 4)
        assert sorted(it.done for it in done) == ["changed"] + ["unchanged"] * 3
        assert units()["shipped"] == 2

    def test_different_orders_do_not_wait_for_each_other(self) -> None:
        with transaction.atomic():
            bring(there())
            assert at_once(partial(soon, there()), partial(soon, a_rug())) == ["held", "joined"]
        assert soon(there()) == "unchanged"

    @pytest.mark.parametrize("singly, other", [(1000, "joined"), (1, "held")])
    def test_an_order_in_a_file_being_imported_waits_for_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, singly: int, other: str
    ) -> None:
        """And any order waits for a file of very many."""
        monkeypatch.setattr("orders.services.locks.MAX_LOCKED_SINGLY", singly)
        table = a_file(tmp_path, ["1001", "1003"])
        with transaction.atomic():
            import_orders(ImportRun(table.name, NOON), table, OurColumns(), ProductSelection())
            assert at_once(partial(soon, there()), partial(soon, a_rug())) == ["held", other]
        assert soon(there()) == "unchanged"

    def test_a_file_waits_for_an_order_of_it_that_is_being_written(self, tmp_path: Path) -> None:
        table = a_file(tmp_path, ["1001"])

        def read() -> object:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
            counts = import_orders(
                ImportRun(table.name, NOON), table, OurColumns(), ProductSelection()
            )
            return counts.get("unchanged")

        for _ in range(3):
            assert at_once(partial(bring, there()), read)[1] in (None, 1)
        assert OrderLine.objects.count() == 1


def soon(order: ShopOrder) -> str:
    """What is done within a moment."""
    try:
        with services.waiting_at_most(0.3):
            return bring(order).done
    except services.Locked:
        return "held"


def a_rug() -> ShopOrder:
    return there("1002", lines=[ShopLine("RUG", 1)])


def a_file(directory: Path, numbers: Iterable[str]) -> CsvTable:
    path = directory / "orders.csv"
    rows = [f"{n},2026-10-01T12:00:00Z,ada@example.com,Ada Lovelace,US,,LAMP,2" for n in numbers]
    path.write_text("\n".join([",".join(OurColumns.required), *rows]))
    return CsvTable(path)


# One by one as in a file

STATES = [
    ("paid", "unfulfilled", ""),
    ("paid", "partial", ""),
    ("paid", "fulfilled", ""),
    ("paid", "unfulfilled", "2026-11-01 10:00:00 +0000"),
    ("refunded", "unfulfilled", "2026-11-01 10:00:00 +0000"),
    ("partially_refunded", "unfulfilled", ""),
    ("pending", "unfulfilled", ""),
]
LINES = st.dictionaries(
    st.sampled_from(["LAMP", "RUG", "VASE"]),
    st.tuples(st.integers(0, 4), st.sampled_from(["pending", "partial", "fulfilled"])),
    min_size=1,
)
ORDER = st.tuples(
    st.sampled_from(STATES),
    st.sampled_from(["ada@example.com", "bob@example.com", ""]),
    st.sampled_from(["US", "DE", ""]),
    LINES,
)
# What an order is in one export after the other, by its number.
HISTORIES = st.lists(
    st.dictionaries(st.sampled_from(["1", "2", "3"]), ORDER, min_size=1), min_size=1, max_size=3
)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories=HISTORIES, live=st.booleans())
def test_one_by_one_orders_become_what_they_become_as_a_file(
    tmp_path: Path, histories: list[dict[str, Any]], live: bool
) -> None:
    tables = []
    for n, export in enumerate(histories):
        path = tmp_path / f"{n}.csv"
        path.write_text(shopify(export))
        tables.append(CsvTable(path))

    def as_files(table: CsvTable, now: datetime) -> None:
        import_orders(ImportRun(table.name, now), table, ShopifyExport(), ALL)

    def one_by_one(table: CsvTable, now: datetime) -> None:
        rows = OrderRows(table, ShopifyExport(), now=now)
        for _, order in rows.orders(lambda row, error: pytest.fail(str(error))):
            bring(order, now=now)

    became = []
    for take in (as_files, one_by_one):
        with transaction.atomic():
            if live:
                services.start_release(100, now=NOON)
            for n, table in enumerate(tables):
                take(table, NOON + timedelta(hours=n))
            became.append(everything())
            transaction.set_rollback(True)
    assert became[0] == became[1]


def shopify(export: dict[str, Any]) -> str:
    rows = [",".join([*ShopifyExport.required, "Shipping Name", "Shipping Country"])]
    for number, ((money, moved, cancelled), email, country, lines) in export.items():
        placed = f"2026-10-0{number} 12:00:00 +0000"
        head = [f"#{number}", email, money, placed, moved, placed]
        for sku, (quantity, line_moved) in lines.items():
            line = [str(quantity), sku.title(), sku, line_moved]
            rows.append(",".join([*head, *line, cancelled, "Ada Lovelace", country]))
            head = [f"#{number}", email, "", "", "", placed]
            cancelled = country = ""
    return "\n".join(rows)


def everything() -> list[list[Any]]:
    """What orders have become, by their own names."""
    line = ("order__number", "product__sku")
    of_line = ("line__order__number", "line__product__sku")
    return [
        sorted(rows, key=repr)
        for rows in (
            Order.objects.values_list("number", "email", "country", "attention", "flagged"),
            OrderLine.objects.values_list(
                *line, "quantity", "allocated", "shipped", "cancelled", "held", "queued_at"
            ),
            Refund.objects.values_list(*of_line, "units", "created_at", "sent_at"),
            ShopTask.objects.values_list(*of_line, "kind", "units", "confirmed_at"),
            ShopChange.objects.values_list("order__number", "what", "there", "outcome", "gone_at"),
            Event.objects.filter(kind__in=["shipped", "cancelled", "reserved"]).values_list(
                *of_line, "kind", "facts", "at", "message_due"
            ),
            Product.objects.values_list("sku", "on_backorder", "stock__arrived"),
        )
    ]
