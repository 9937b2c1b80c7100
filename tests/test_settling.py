"""While a change settles nobody hears of it, whatever else happens to the product: a date typed
wrongly leaves no trace."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from backorders_site.staff.preview import rehearse
from orders import services
from orders.domain.working_days import last_arrival_for
from orders.models import (
    DelayNotice,
    Event,
    Forecast,
    OrderLine,
    Product,
    Promise,
    Reason,
    Receipt,
    Restock,
)
from orders.pages.offer import offer
from orders.services import promises
from orders.services.forecasts import cutoff
from orders.words import sentence
from tests import factories
from tests.factories import NOON, fresh, kinds, make_product, make_supplier

pytestmark = pytest.mark.django_db

TYPED = date(2062, 12, 1)
RIGHT = NOON.date() + timedelta(days=12)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AT = NOON + 2 * MINUTE


@dataclass
class Shop:
    """Three of ten have their goods, a held one is passed over, the others wait for a second
    delivery, mistyped at noon."""

    product: Product
    restock: Restock
    receipt: Receipt
    lines: list[OrderLine]
    held: OrderLine


@pytest.fixture
def shop() -> Shop:
    supplier = make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    product, before = make_product(), NOON - 20 * DAY
    first = factories.restock(
        product, 5, supplier=supplier, expected_on=before.date() + DAY, now=before - DAY
    )
    second = factories.restock(product, 50, supplier=supplier, expected_on=RIGHT, now=before - DAY)
    services.review([product], now=before - DAY)
    held = factories.order(product, 2, now=before, held=True, country="DE")
    lines = [
        factories.order(product, now=before, country=("US", "DE", "GB", "CH")[n % 4])
        for n in range(10)
    ]
    receipt = services.receive(product, 5, restock=first, now=before + DAY)
    services.review_settled(now=NOON - DAY)
    _tell(NOON - DAY)
    services.move_restock_date(second, TYPED, now=NOON, meant=True)
    return Shop(product, second, receipt, lines, held)


def _tell(at: datetime) -> None:
    due = Event.objects.filter(message_due=True)
    services.decide_again(list(due.exclude(promise=None).values_list("promise", flat=True)), now=at)
    services.mark_told(list(due.values_list("pk", flat=True)), at=at)
    due.update(message_due=False)


def _correct(shop: Shop, now: datetime) -> None:
    services.correct_receipt(shop.receipt, 3, now=now, reason="counted again")


def _correct_twice(shop: Shop, now: datetime) -> None:
    services.correct_receipt(shop.receipt, 4, now=now, reason="counted again")
    services.correct_receipt(shop.receipt, 1, now=now + MINUTE, reason="and again")


def _new(shop: Shop, number: str = "7001") -> services.NewOrder:
    return services.NewOrder(
        number=number, placed_at=NOON, country="DE", lines=[services.NewLine(shop.product, 2)]
    )


def _join(shop: Shop, now: datetime) -> None:
    services.place_order(_new(shop), now=now)


def _join_late(shop: Shop, now: datetime) -> None:
    factories.order(shop.product, 3, placed_at=NOON - 30 * DAY, now=now)


def _import(shop: Shop, now: datetime, *, quiet: bool = False) -> None:
    services.place_orders([_new(shop)], now=now, serve=False, quiet=quiet)
    services.serve_joined([shop.product.pk], now=now, quiet=quiet)


def _import_quietly(shop: Shop, now: datetime) -> None:
    _import(shop, now, quiet=True)
    services.start_release(1000, now=now)
    services.release_orders(now=now + MINUTE)


def _publish_joined(shop: Shop, now: datetime) -> None:
    services.place_orders([_new(shop)], now=now, serve=False)
    services.publish_joined([shop.product.pk], since=now, now=now)


def _move(shop: Shop, now: datetime) -> None:
    services.move_in_queue(
        fresh(shop.lines[-1]), 1, now=now, reason="promised by phone", actor="ruth"
    )


def _settle_held(shop: Shop, now: datetime) -> None:
    services.count_held(fresh(shop.held), 2, now=now, actor="ruth")


def _cancel(shop: Shop, now: datetime) -> None:
    services.cancel(shop.lines[0].order, units={shop.lines[0].pk: 1}, now=now)
    services.cancel(shop.lines[7].order, units={shop.lines[7].pk: 1}, now=now)


def _restore(shop: Shop, now: datetime) -> None:
    _cancel(shop, now)
    services.return_to_queue(fresh(shop.lines[7]), 1, now=now + MINUTE, actor="ruth")
    services.put_back_by_staff(fresh(shop.lines[0]), 1, now=now + MINUTE, actor="ruth")


def _ship_and_correct(shop: Shop, now: datetime) -> None:
    shipment = services.ship(shop.lines[0].order, {shop.lines[0].pk: 1}, now=now)
    services.correct_shipment(shipment, now=now + MINUTE, reason="not gone", actor="ruth")


def _receive(shop: Shop, now: datetime) -> None:
    services.receive(shop.product, 2, now=now)


def _answer(shop: Shop, now: datetime) -> None:
    for line in shop.lines[5:]:
        services.answer(line.order, line.pk, "keep", now=now)


def _another_of_the_supplier(shop: Shop, now: datetime) -> None:
    product = make_product()
    factories.restock(product, 5, supplier=shop.restock.supplier, expected_on=RIGHT, now=now)
    factories.order(product, now=now, country="DE")


def _day(shop: Shop, now: datetime) -> None:
    """All that beat does."""
    services.review_settled(now=now)
    services.review_all(now=now)
    services.reassure(now=now)
    services.apply_silence(now=now)
    services.remind(now=now)
    services.warn_staff(now=now)
    services.keep_deadlines(now=now)
    services.release_orders(now=now)


def _reach_again(shop: Shop, now: datetime) -> None:
    services.reach_again(shop.lines[6].order, now=now)


def _discontinue(shop: Shop, now: datetime) -> None:
    services.discontinue(shop.product, reason="the maker gave up", now=now, actor="ruth")
    while services.discontinue_part(now=now, product=shop.product):
        pass


EVERYTHING: list[Callable[[Shop, datetime], None]] = [
    _correct, _correct_twice, _join, _join_late, _import, _import_quietly, _publish_joined, _move,
    _settle_held, _cancel, _restore, _ship_and_correct, _receive, _answer,
    _another_of_the_supplier, _day, _reach_again, _discontinue,
]  # fmt: skip


def _typo_is_out() -> bool:
    """Whether anything that a customer or the law counts with names a day of that century's
    sixties."""
    far = date(2060, 1, 1)
    promised = Promise.objects.filter(late__gte=far) | Promise.objects.filter(early__gte=far)
    said = [event for event in Event.objects.all() if "206" in str(event.facts)]
    asked = DelayNotice.objects.filter(late__gte=far) | DelayNotice.objects.filter(
        consent_to__gte=far
    )
    return promised.exists() or bool(said) or asked.exists()


@pytest.mark.parametrize("happens", EVERYTHING)
def test_whatever_happens_while_a_mistyped_date_settles_nobody_hears_of_it(
    shop: Shop, happens: Callable[[Shop, datetime], None]
) -> None:
    happens(shop, AT)
    _tell(AT + MINUTE)
    assert not _typo_is_out()
    shown = offer(shop.product.sku, 1, now=AT + MINUTE)
    assert (
        shown is None
        or shown.window is None
        or shown.window.late is None
        or shown.window.late < date(2060, 1, 1)
    )
    if happens is _discontinue:
        return
    services.undo_move(shop.restock, now=AT + 4 * MINUTE, actor="ruth")
    for minutes in range(5, 45):
        services.review_settled(now=AT + minutes * MINUTE)
    assert not _typo_is_out()
    assert not Product.objects.filter(review_at__isnull=False).exists()


@pytest.mark.parametrize("happens", EVERYTHING)
def test_the_same_delay_is_told_once_it_has_settled(
    shop: Shop, happens: Callable[[Shop, datetime], None]
) -> None:
    happens(shop, AT)
    for minutes in range(5, 45):
        services.review_settled(now=AT + minutes * MINUTE)
    still = OrderLine.objects.filter(product=shop.product, waiting__gt=0, held=False)
    assert [
        line.promise.late for line in still.select_related("promise") if line.promise.late < TYPED
    ] == []


def test_who_loses_units_while_a_typo_settles_is_told_the_day_that_everyone_reads(
    shop: Shop,
) -> None:
    behind = fresh(shop.lines[8]).promise
    services.cancel_restock(shop.restock, now=AT)  # settles as well
    _correct(shop, AT)
    back = fresh(shop.lines[4])
    assert kinds(back.order)[-1] == "corrected"
    assert back.promise.late is not None
    assert back.promise.late <= behind.late


def test_the_preview_of_an_act_that_tells_at_once_reads_as_what_is_told_then(shop: Shop) -> None:
    def correct() -> None:
        _correct(shop, AT)

    seen = rehearse(correct, [shop.product.pk], now=AT)
    last = Event.objects.latest("pk").pk
    correct()
    told = (
        Event.objects.filter(pk__gt=last, message_due=True).select_related("order").order_by("pk")
    )
    assert [each.words for each in seen.reached] == [
        sentence(event, locale=event.order.locale) for event in told
    ]
    assert [str(kind) for kind, _ in seen.kinds] == ["Corrected"]


def test_the_preview_of_a_second_move_is_of_what_both_come_to(shop: Shop) -> None:
    seen = rehearse(
        lambda: services.move_restock_date(shop.restock, RIGHT, now=AT, reason=Reason.CLERICAL),
        [shop.product.pk],
        now=AT,
    )
    assert seen.heard == 0


def test_a_delivery_that_was_just_expected_is_not_promised_by_a_correction() -> None:
    product = make_product()
    lines = [factories.order(product, now=NOON - DAY) for _ in range(2)]
    receipt = services.receive(product, 2, now=NOON - DAY)
    services.review([product], now=NOON - DAY)
    factories.restock(product, 5, now=NOON)
    services.correct_receipt(receipt, 1, now=AT, reason="counted again")
    assert fresh(lines[1]).promise.kind == "none"
    assert Forecast.objects.filter(product=product).order_by("-id")[0].evidence["deliveries"] == []


def test_nobody_who_types_while_the_review_waits_for_the_product_is_overheard(shop: Shop) -> None:
    """The review asks whether the product settles when it has locked it, not when it listed it."""
    services.undo_move(shop.restock, now=AT, actor="ruth")
    due = Product.objects.get(pk=shop.product.pk).review_at
    listed = list(Product.objects.filter(review_at__lte=due).only("pk"))
    services.move_restock_date(shop.restock, TYPED, now=due, meant=True)
    assert listed
    promises.review_at_rest(listed, now=due)
    assert not _typo_is_out()


def test_what_settles_across_the_cut_off_is_judged_as_at_it() -> None:
    """The last day on which their goods could have come: the mistyped date is undone, and the
    delivery is not there."""
    supplier = make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    product = make_product()
    restock = factories.restock(product, 50, supplier=supplier, now=NOON - DAY)
    services.review([product], now=NOON - DAY)
    line = factories.order(product, now=NOON - DAY)
    arrives_by = last_arrival_for(fresh(line).promise.late, 1, "US")
    closes = cutoff(NOON + (arrives_by - NOON.date()))
    services.move_restock_date(restock, TYPED, now=closes - 5 * MINUTE, meant=True)
    services.keep_deadlines(now=closes)
    assert kinds(line.order) == ["joined"]
    services.undo_move(restock, now=closes + MINUTE, actor="ruth")
    services.review_settled(now=closes + 40 * MINUTE)
    assert kinds(line.order) == ["joined", "no_date"]
    assert not _typo_is_out()
