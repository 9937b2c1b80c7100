"""What customers are told, and when they are told that it changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st

from orders import services
from orders.domain import promises, supply
from orders.domain.supply import Band, Window
from orders.domain.working_days import last_arrival_for
from orders.models import (
    Event,
    Forecast,
    Import,
    Order,
    OrderLine,
    Product,
    Promise,
    Restock,
    Supplier,
)
from orders.services import forecasts
from orders.services import promises as promising
from orders.services.forecasts import bands_as_json
from tests import factories
from tests.factories import NOON, fresh, kinds, make_product, make_supplier

pytestmark = pytest.mark.django_db

TODAY = NOON.date()
SETTLED = NOON + timedelta(minutes=11)


@pytest.fixture
def supplier() -> Supplier:
    """A supplier with a record: mostly on time, up to ten days late."""
    supplier = make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    return supplier


@pytest.fixture
def restock(supplier: Supplier) -> Restock:
    return factories.restock(make_product(), 50, supplier=supplier, now=NOON - timedelta(hours=2))


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


DAYS = st.none() | st.integers(-40, 90).map(days)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    kind = draw(st.sampled_from(["dated", "unrated", "chances", "open", "none"]))
    if kind == "none":
        return Window("none")
    early, likely, late = sorted(draw(st.lists(st.integers(-40, 90), min_size=3, max_size=3)))
    if kind == "unrated":
        return Window("unrated", days(early), days(early), days(early))
    if kind == "open":
        return Window("open", days(early), draw(st.sampled_from([None, days(likely)])), None)
    return Window(kind, days(early), days(likely), days(late), 0.9 if kind == "dated" else None)


@given(told=windows(), now=windows(), told_days_ago=st.integers(0, 60))
@settings(max_examples=120, deadline=None)
def test_the_review_in_sql_notices_what_the_rules_notice(
    told: Window, now: Window, told_days_ago: int
) -> None:
    with transaction.atomic():
        line = factories.order(make_product())
        told_on = TODAY - timedelta(days=told_days_ago)
        promise = Promise.objects.create(
            line=line, published_at=NOON, published_on=told_on, **columns(told)
        )
        OrderLine.objects.filter(pk=line.pk).update(promise=promise)
        forecast = Forecast.objects.create(
            product=line.product,
            made_at=NOON,
            made_on=TODAY,
            bands=[{"over": 0, "up_to": None, "reference": "", **facts(now)}],
        )
        published = promising._publish(
            promising.WHOLE_QUEUES, [forecast], now=NOON, products=[line.product_id]
        )
        expected = promises.change(told, told_on, now, TODAY)
        assert dict(published) == ({expected: 1} if expected else {})
        if expected:
            assert columns(fresh(line).promise) == columns(now)
        transaction.set_rollback(True)


@st.composite
def band_lists(draw: st.DrawFn) -> list[Band]:
    ends = sorted(draw(st.sets(st.integers(1, 14), max_size=4)))
    return [
        *(Band(end, draw(windows()), f"PO-{end}") for end in ends),
        Band(None, Window("none"), None),
    ]


@given(
    quantities=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    first=band_lists(),
    second=band_lists(),
)
@settings(max_examples=40, deadline=None)
def test_every_line_of_a_queue_is_promised_what_a_plain_loop_finds_for_it(
    quantities: list[int], first: list[Band], second: list[Band]
) -> None:
    with transaction.atomic():
        product = make_product()
        lines = OrderLine.objects.bulk_create(
            bare_line(product, n, units) for n, units in enumerate(quantities)
        )
        told: dict[int, Window] = {}
        for now, bands in ((NOON, first), (NOON + timedelta(days=3), second)):
            forecast = Forecast.objects.create(
                product=product, made_at=now, made_on=now.date(), bands=bands_as_json(bands)
            )
            promising._publish(promising.WHOLE_QUEUES, [forecast], now=now, products=[product.pk])
            needed = 0
            for place, line in enumerate(lines, 1):
                needed += line.quantity
                band = supply.band_for(bands, needed)
                if line.pk not in told or promises.change(
                    told[line.pk], NOON.date(), band.window, now.date()
                ):
                    told[line.pk] = band.window
                    assert fresh(line).promise.published_at == now
                    assert (fresh(line).promise.place, fresh(line).promise.units_ahead) == (
                        place,
                        needed - line.quantity,
                    )
                assert columns(fresh(line).promise) == columns(told[line.pk])
        transaction.set_rollback(True)


def bare_line(product: Product, number: int, units: int) -> OrderLine:
    order = Order.objects.create(
        number=f"B{number}-{next(factories._numbers)}", placed_at=NOON, created_at=NOON
    )
    return OrderLine(
        order=order,
        product=product,
        quantity=units,
        queued_at=NOON + timedelta(seconds=number),
        joined_at=NOON,
    )


def columns(window: Window | Promise) -> dict[str, Any]:
    return {key: getattr(window, key) for key in promising.WINDOW_KEYS}


def facts(window: Window) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in columns(window).items()}


def test_a_new_order_is_promised_the_window_of_its_last_unit(restock: Restock) -> None:
    factories.order(restock.product, 49)
    inside, across = factories.order(restock.product, 1), factories.order(restock.product, 1)
    assert fresh(inside).promise.kind == "dated"
    assert fresh(inside).promise.reference == restock.reference
    assert fresh(across).promise.kind == "none"
    assert (fresh(across).promise.place, fresh(across).promise.units_ahead) == (3, 50)


def test_a_slip_reaches_customers_only_when_it_has_settled(restock: Restock) -> None:
    line = factories.order(restock.product)
    told = fresh(line).promise
    services.move_restock_date(restock, days(60), now=NOON, reason="customs")
    services.review_settled(now=NOON + timedelta(minutes=9))
    assert fresh(line).promise == told
    services.review_settled(now=SETTLED)
    event = line.order.events.get(kind="later")
    assert event.facts["told"]["late"] == told.late.isoformat()
    assert (
        event.facts["window"]["late"]
        == fresh(line).promise.late.isoformat()
        > told.late.isoformat()
    )
    assert (event.facts["reason"], event.facts["place"], event.facts["place_before"]) == (
        "customs",
        1,
        1,
    )
    assert event.message_due


def test_a_date_typed_wrongly_and_corrected_within_the_settling_time_leaves_no_trace(
    restock: Restock,
) -> None:
    line, right = factories.order(restock.product), restock.dates.get().expected_on
    told = fresh(line).promise
    services.move_restock_date(restock, days(300), now=NOON)
    services.move_restock_date(restock, right, now=NOON + timedelta(minutes=9))
    services.review_settled(now=NOON + timedelta(minutes=20))
    assert kinds(line.order) == ["joined"]
    assert fresh(line).promise == told
    services.review_all(now=NOON + timedelta(days=1))
    assert fresh(line).promise == told


def test_the_morning_review_leaves_a_change_alone_that_is_still_settling(restock: Restock) -> None:
    line = factories.order(restock.product)
    services.move_restock_date(restock, days(300), now=NOON)
    services.review_all(now=NOON + timedelta(minutes=1))
    assert kinds(line.order) == ["joined"]


def test_dates_that_never_rest_are_published_all_the_same(restock: Restock) -> None:
    line = factories.order(restock.product)
    for minutes in range(0, 45, 5):
        services.move_restock_date(
            restock, days(60 + minutes), now=NOON + timedelta(minutes=minutes)
        )
        services.review_settled(now=NOON + timedelta(minutes=minutes))
    assert "later" in kinds(line.order)


def test_jitter_inside_the_window_tells_nobody(restock: Restock) -> None:
    line = factories.order(restock.product)
    moved = restock.dates.get().expected_on + timedelta(days=1)
    services.move_restock_date(restock, moved, now=NOON)
    services.review_settled(now=SETTLED)
    assert kinds(line.order) == ["joined"]


def test_a_delivery_that_simply_does_not_come_is_news_before_the_promise_breaks(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    late = fresh(line).promise.late
    day = NOON
    while fresh(line).promise.late == late and day.date() <= late:
        day += timedelta(days=1)
        services.review_all(now=day)
    event = line.order.events.exclude(kind="joined").get()
    assert event.at.date() <= late
    assert event.facts["reason"] == "not_arrived"


def test_who_waits_is_told_at_the_cut_off_of_the_last_day_their_goods_could_have_come(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    last_day = fresh(line).promise.late
    arrives_by = last_arrival_for(last_day, 1, "US")
    noon = NOON + timedelta(days=(arrives_by - TODAY).days)
    services.keep_deadlines(now=noon - timedelta(days=1))
    assert kinds(line.order) == ["joined"]
    services.keep_deadlines(now=noon)
    news = line.order.events.exclude(kind="joined").get()
    assert (news.kind, news.facts["reason"], services.today_of(news.at)) == (
        "no_date",
        "not_arrived",
        arrives_by,
    )
    services.keep_deadlines(now=noon)
    services.review_all(now=noon + timedelta(hours=17))
    assert kinds(line.order) == ["joined", "no_date"]


def test_the_record_of_suppliers_is_up_to_date_after_every_change_of_a_row(
    supplier: Supplier,
) -> None:
    other = factories.restock(make_product(), 5, supplier=make_supplier(), expected_on=days(1))
    later = NOON + timedelta(days=9)

    def figures() -> list[object]:
        record = forecasts.supplier_record(services.today_of(later))
        suppliers = Supplier.objects.order_by("pk").values_list("name", flat=True)
        return [record.arrival(name, days(20)) for name in suppliers]

    def anew() -> list[object]:
        forecasts._last = None
        return figures()

    first = figures()
    for change in (
        lambda: services.receive(
            other.product, 5, restock=other, arrived_on=days(3), now=NOON + timedelta(days=3)
        ),
        lambda: factories.restock(make_product(), 5, supplier=supplier, expected_on=days(2)),
        lambda: services.move_restock_date(
            Restock.objects.filter(supplier=supplier).latest("pk"),
            days(4),
            now=later,
            reason="transport",
        ),
        lambda: services.cancel_restock(
            Restock.objects.filter(supplier=supplier).latest("pk"), now=later
        ),
        lambda: Supplier.objects.filter(pk=supplier.pk).update(name="Acme & Daughters"),
    ):
        change()
        assert figures() == anew()
    assert figures() != first


def test_when_the_only_delivery_is_cancelled_the_page_says_there_is_no_date(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    services.cancel_restock(restock, now=NOON)
    services.review_settled(now=SETTLED)
    assert kinds(line.order) == ["joined", "no_date"]
    assert fresh(line).promise.kind == "none"


def test_a_first_delivery_for_a_line_without_a_date_is_told_as_earlier(supplier: Supplier) -> None:
    line = factories.order(make_product())
    factories.restock(line.product, 10, supplier=supplier)
    services.review_settled(now=SETTLED)
    assert kinds(line.order) == ["joined", "earlier"]
    assert fresh(line).promise.kind == "dated"


def test_a_supplier_nobody_knows_is_quoted_and_not_rated() -> None:
    product = make_product()
    row = factories.restock(product, 10)
    promise = fresh(factories.order(product)).promise
    assert promise.kind == "unrated"
    assert promise.early == promise.late > row.dates.get().expected_on


def test_an_older_order_that_arrives_late_moves_the_promise_of_those_it_passes(
    restock: Restock,
) -> None:
    last = factories.order(restock.product, 50)
    factories.order(restock.product, 10, placed_at=NOON - timedelta(days=90))
    services.review_settled(now=SETTLED)
    event = last.order.events.get(kind="no_date")
    assert (event.facts["reason"], event.facts["place_before"], event.facts["place"]) == (
        "late_join",
        1,
        2,
    )


def test_a_date_stated_when_ordering_is_a_promise_told_then_and_a_delay_at_once_when_it_cannot_hold(
    restock: Restock,
) -> None:
    product = restock.product
    holds = factories.order(product, promised_by=days(90))
    breaks = factories.order(product, promised_by=days(5))
    assert kinds(holds.order) == ["joined"]
    assert (fresh(holds).promise.late, fresh(holds).agreed_by) == (days(90), days(90))
    assert kinds(breaks.order) == ["joined", "later"]
    assert breaks.order.events.get(kind="later").facts["mailed"] is True
    assert fresh(breaks).agreed_by == days(5)


def test_without_a_stated_date_thirty_days_are_agreed(restock: Restock) -> None:
    assert fresh(factories.order(restock.product)).agreed_by == days(30)


def test_a_line_whose_units_nobody_knows_is_promised_nothing_and_keeps_its_place(
    restock: Restock,
) -> None:
    held = factories.order(restock.product, 5, held=True)
    behind = factories.order(restock.product, 1)
    services.review([restock.product], now=NOON)
    assert fresh(held).promise is None
    assert fresh(behind).promise.place == 2
    services.receive(restock.product, 1, restock=restock, now=NOON)
    assert (fresh(held).allocated, fresh(behind).allocated) == (0, 1)


def test_orders_imported_while_a_change_settles_are_promised_what_everyone_reads(
    restock: Restock,
) -> None:
    before = factories.order(restock.product, now=NOON - timedelta(hours=1))
    services.move_restock_date(restock, days(60), now=NOON)
    (order,) = services.place_orders([new_order(restock.product)], now=NOON, serve=False)
    assert dict(services.publish_joined([restock.product_id], since=NOON, now=NOON)) == {
        "joined": 1
    }
    assert order.lines.get().promise.late == fresh(before).promise.late
    assert (kinds(before.order), kinds(order)) == (["joined"], ["joined"])


def test_nothing_is_due_to_be_mailed_about_a_quiet_order_until_it_is_released(
    restock: Restock,
) -> None:
    (order,) = services.place_orders([new_order(restock.product)], now=NOON, quiet=True)
    services.move_restock_date(restock, days(60), now=NOON)
    services.review_settled(now=SETTLED)
    assert kinds(order) == ["joined", "later"]
    assert not Event.objects.filter(order=order, message_due=True).exists()
    services.start_release(1, now=SETTLED)
    services.release_orders(now=SETTLED)
    # Nobody was told the first window, so the first word is where they stand now.
    (due,) = order.events.filter(message_due=True)
    assert (due.kind, due.facts["window"]["late"]) == (
        "joined",
        order.lines.get().promise.late.isoformat(),
    )
    assert kinds(order) == ["joined", "later", "joined"]


def test_a_quiet_order_whose_shop_stated_a_date_is_told_what_became_of_it(restock: Restock) -> None:
    order = new_order(restock.product, promised_by=days(5))
    (row,) = services.place_orders([order], now=NOON, quiet=True)
    services.start_release(1, now=SETTLED)
    services.release_orders(now=SETTLED)
    assert [event.kind for event in row.events.filter(message_due=True)] == ["later"]


def test_no_reason_is_given_where_none_is_true(restock: Restock) -> None:
    line = factories.order(factories.make_product(), promised_by=days(40))
    assert line.order.events.get(kind="no_date").facts["reason"] is None


def test_quiet_orders_are_released_oldest_first_and_so_many_an_hour(restock: Restock) -> None:
    orders = services.place_orders(
        [new_order(restock.product) for _ in range(5)], now=NOON, quiet=True
    )
    Order.objects.update(imported_by=new_import())
    assert services.release_orders(now=NOON) == 0
    services.start_release(2, now=NOON)
    assert services.release_orders(now=NOON) == 1
    assert services.release_orders(now=NOON) == 0
    assert services.release_orders(now=NOON + timedelta(hours=1)) == 2
    assert [o.pk for o in Order.objects.filter(released_at__isnull=True).order_by("pk")] == [
        o.pk for o in orders[3:]
    ]


def test_history_cannot_be_rewritten_and_told_at_is_set_once(restock: Restock) -> None:
    event = factories.order(restock.product).order.events.get()
    services.mark_told([event.pk], at=NOON)
    services.mark_told([event.pk], at=SETTLED)
    event.refresh_from_db()
    assert event.told_at == event.promise.told_at == NOON
    for rewrite in (
        lambda: Promise.objects.update(late=TODAY),
        lambda: Event.objects.update(facts={}),
        lambda: Event.objects.update(told_at=F("told_at") + timedelta(days=1)),
        lambda: restock.dates.update(expected_on=TODAY),
        lambda: restock.dates.get().delete(),
    ):
        with pytest.raises(Exception, match="is history"), transaction.atomic():
            rewrite()


def new_order(product: Product, *, promised_by: date | None = None) -> services.NewOrder:
    return services.NewOrder(
        number=f"Q{next(factories._numbers)}",
        placed_at=NOON,
        email="q@example.com",
        lines=[services.NewLine(product, 1, promised_by=promised_by)],
    )


def new_import() -> Import:
    return Import.objects.create(
        command="import_orders", file_name="a.csv", sha256="", started_at=NOON
    )
