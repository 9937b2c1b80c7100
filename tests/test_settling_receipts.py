"""While a count settles, its units are reserved and nobody is emailed: a typo that is corrected by
then tells nobody."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from pytest_django.fixtures import Settings

from backorders_site.staff.preview import rehearse
from notifications.outbox.dispatch import dispatch_all
from orders import services
from orders.models import (
    DelayNotice,
    Event,
    EventKind,
    Product,
    Promise,
    QueueChange,
    Receipt,
    Restock,
    Stock,
)
from orders.pages.status import order_status
from orders.services.import_records import serve_joined
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh, kinds
from tests.mailing import mail_now
from tests.test_mails import unwrapped

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SETTLED = 11 * MINUTE


@pytest.fixture
def restock(clocks: Clocks, mail_sink: MailSink) -> Restock:
    """Three are to come for five customers, who were told when."""
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    product = factories.make_product(sku="LAMP")
    first = factories.restock(product, 3, supplier=supplier, expected_on=date(2026, 11, 12))
    factories.restock(product, 50, supplier=supplier, expected_on=date(2026, 11, 25))
    factories.review(product)
    for n in range(5):
        country = ("US", "DE", "GB", "CH", "US")[n]
        factories.order(product, 1 + n % 2, email=f"{n}@example.com", country=country)
    services.review_settled(now=NOON)
    mail_now()
    clocks.move_to(NOON + DAY)
    return first


NOW = NOON + DAY


def state(product: Product) -> object:
    """All that customers see of it, and what the next forecast and the next arrival rest on."""
    lines = [fresh(line) for line in product.lines.order_by("pk")]
    stock = Stock.objects.get(pk=product.pk)
    return (
        [(line.allocated, line.waiting, line.promise_id) for line in lines],
        [
            [
                (event.kind, event.text)
                for event in order_status(line.order, locale="en", now=NOW + SETTLED).events
            ]
            for line in lines
        ],
        (stock.arrived, stock.allocated),
        list(Promise.objects.order_by("pk").values_list("pk", flat=True)),
        list(DelayNotice.objects.order_by("pk").values_list("promise", "outcome")),
        list(QueueChange.objects.values_list("step", "units")),
    )


def test_units_are_reserved_at_once_and_emailed_once_the_count_has_settled(
    clocks: Clocks, mail_sink: MailSink, restock: Restock
) -> None:
    told = len(mail_sink.mails)
    services.receive(restock.product, 3, restock=restock, now=NOW)
    assert [fresh(line).allocated for line in restock.product.lines.order_by("pk")[:2]] == [1, 2]
    mail_now()
    assert len(mail_sink.mails) == told
    clocks.move_to(NOW + SETTLED)
    mail_now()
    subjects = [str(sent.message["Subject"]) for sent in mail_sink.mails[told:]]
    assert len(subjects) == 2
    assert all(subject.startswith("It's here") for subject in subjects)


def test_a_kill_at_any_moment_while_a_count_settles_loses_and_doubles_no_email(
    clocks: Clocks, mail_sink: MailSink, restock: Restock, settings: Settings
) -> None:
    """What is to be sent, and when, stands in the database alone."""
    told = len(mail_sink.mails)
    with suppress(KeyboardInterrupt), transaction.atomic():
        services.receive(restock.product, 3, restock=restock, now=NOW)
        raise KeyboardInterrupt  # killed before it was recorded: staff record it once more
    services.receive(restock.product, 3, restock=restock, now=NOW)
    cache.clear()  # killed after it
    settings.SETTLE_SECONDS = 60  # and started again with another setting
    clocks.move_to(NOW + 5 * MINUTE)
    mail_now()
    assert len(mail_sink.mails) == told
    clocks.move_to(NOW + SETTLED)
    dispatch_all()  # killed between writing and sending
    for _ in range(2):
        mail_now()
    to = [sent.recipients for sent in mail_sink.mails[told:]]
    assert to == [["0@example.com"], ["1@example.com"]]


def test_what_settles_joins_newer_news_that_was_still_to_be_sent(
    restock: Restock, clocks: Clocks, mail_sink: MailSink
) -> None:
    product = restock.product
    services.receive(product, 3, restock=restock, now=NOW)
    line = product.lines.order_by("pk")[0]
    clocks.move_to(NOW + MINUTE)
    services.ask_for_link(line.order, now=NOW + MINUTE)
    dispatch_all()  # and is not sent before the count has settled
    clocks.move_to(NOW + SETTLED)
    dispatch_all()
    message = line.order.messages.latest("pk")
    assert message.state == "queued"
    assert {event.kind for event in message.events.all()} == {"reserved", "link"}
    assert not line.order.events.filter(message_due=True).exists()


def test_a_typo_that_is_corrected_in_time_tells_nobody_and_leaves_no_trace(
    clocks: Clocks, mail_sink: MailSink, restock: Restock
) -> None:
    """300 for 3: as if it had been 3 from the start."""
    product, told = restock.product, len(mail_sink.mails)
    receipt = services.receive(product, 300, restock=restock, now=NOW)
    mail_now()
    clocks.move_to(NOW + 5 * MINUTE)
    services.correct_receipt(receipt, 3, reason="a typo", now=NOW + 5 * MINUTE)
    mail_now()
    assert len(mail_sink.mails) == told
    clocks.move_to(NOW + 5 * MINUTE + SETTLED)
    services.review_settled(now=NOW + 5 * MINUTE + SETTLED)
    mail_now()
    assert [sent.recipients for sent in mail_sink.mails[told:]] == [
        ["0@example.com"],
        ["1@example.com"],
    ]
    for line in product.lines.order_by("pk")[2:]:
        assert kinds(line.order) == ["joined"]


def test_all_of_it_taken_back_in_time_is_as_if_nothing_had_come(
    clocks: Clocks, mail_sink: MailSink, restock: Restock
) -> None:
    before, told = state(restock.product), len(mail_sink.mails)
    receipt = services.receive(restock.product, 5, restock=restock, now=NOW)
    assert state(restock.product) != before
    services.correct_receipt(receipt, 0, reason="another product", now=NOW + MINUTE)
    assert state(restock.product) == before
    clocks.move_to(NOW + SETTLED)
    services.review_settled(now=NOW + SETTLED)
    mail_now()
    assert len(mail_sink.mails) == told
    assert Receipt.objects.filter(corrects=receipt).count() == 1  # staff see both


def test_a_second_count_leaves_alone_what_an_earlier_one_brought(
    clocks: Clocks, mail_sink: MailSink, restock: Restock
) -> None:
    product = restock.product
    services.receive(product, 1, restock=restock, now=NOW)
    clocks.move_to(NOW + SETTLED)
    mail_now()
    told = len(mail_sink.mails)
    now = NOW + DAY
    clocks.move_to(now)
    receipt = services.receive(product, 2, restock=restock, now=now)
    services.correct_receipt(receipt, 1, reason="a typo", now=now + MINUTE)
    assert [fresh(line).allocated for line in product.lines.order_by("pk")[:3]] == [1, 1, 0]
    clocks.move_to(now + SETTLED + MINUTE)
    mail_now()
    (sent,) = mail_sink.mails[told:]
    assert sent.recipients == ["1@example.com"]
    assert "Part of order" in str(sent.message["Subject"])


def test_after_it_has_settled_a_correction_is_told_with_an_apology(
    clocks: Clocks, mail_sink: MailSink, restock: Restock
) -> None:
    receipt = services.receive(restock.product, 3, restock=restock, now=NOW)
    clocks.move_to(NOW + SETTLED)
    mail_now()
    told = len(mail_sink.mails)
    services.correct_receipt(receipt, 1, reason="miscounted", now=NOW + SETTLED)
    mail_now()
    assert [sent.recipients for sent in mail_sink.mails[told:]] == [["1@example.com"]]
    assert (
        fresh(restock.product.lines.order_by("pk")[1])
        .order.events.filter(kind=EventKind.CORRECTED)
        .exists()
    )


SHIPPED_BEHIND = "An order behind yours had already shipped when we noticed."


@pytest.mark.parametrize("shipped_behind", [True, False])
def test_who_loses_a_unit_while_an_order_behind_keeps_its_own_reads_that_it_had_shipped(
    clocks: Clocks, mail_sink: MailSink, restock: Restock, shipped_behind: bool
) -> None:
    first, second = restock.product.lines.order_by("pk")[:2]
    receipt = services.receive(restock.product, 3, restock=restock, now=NOW)
    clocks.move_to(NOW + SETTLED)
    mail_now()
    if shipped_behind:
        services.ship(second.order, {second.pk: 2}, now=NOW + SETTLED)
    services.correct_receipt(receipt, 2, reason="miscounted", now=NOW + SETTLED)
    (event,) = Event.objects.filter(kind=EventKind.CORRECTED)
    assert event.order == (first if shipped_behind else second).order
    mail_now()
    status = order_status(event.order, locale="en", now=NOW + SETTLED)
    page = " ".join(shown.text for shown in status.events)
    (letter,) = [m.message for m in mail_sink.mails if m.recipients == [event.order.email]][-1:]
    assert [SHIPPED_BEHIND in words for words in (page, unwrapped(letter))] == [shipped_behind] * 2


def test_the_preview_of_a_correction_names_only_who_loses_a_unit(
    clocks: Clocks, mail_sink: MailSink, restock: Restock
) -> None:
    """Not the first in line, whose unit is there still."""
    now = NOW + SETTLED
    receipt = services.receive(restock.product, 3, restock=restock, now=NOW)
    clocks.move_to(now)
    mail_now()
    services.review_settled(now=now)
    mail_now()
    seen = rehearse(
        lambda: services.correct_receipt(receipt, 2, reason="miscounted", now=now),
        [restock.product_id],
        now=now,
    )
    loses = restock.product.lines.order_by("pk")[1].order.number
    assert {each.order.number for each in seen.reached} == {loses}


def _cancels(restock: Restock, now: datetime) -> None:
    services.cancel(restock.product.lines.earliest("pk").order, now=now, by="customer")


def _ships(restock: Restock, now: datetime) -> None:
    line = restock.product.lines.earliest("pk")
    services.ship(line.order, {line.pk: 1}, now=now)


def _joins(restock: Restock, now: datetime) -> None:
    factories.order(restock.product, now=now, placed_at=NOON - DAY)


def _imports(restock: Restock, now: datetime) -> None:
    new = services.NewOrder(
        number="7001", placed_at=NOON, lines=[services.NewLine(restock.product, 2)]
    )
    services.place_orders([new], now=now, serve=False)
    serve_joined([restock.product_id], now=now, quiet=False)


def _moves(restock: Restock, now: datetime) -> None:
    last = restock.product.lines.latest("pk")
    services.move_in_queue(last, 1, reason="promised", now=now, actor="ada")


@pytest.mark.parametrize("meanwhile", [_cancels, _ships, _joins, _imports, _moves])
def test_whatever_happens_while_a_count_settles_units_are_conserved(
    clocks: Clocks,
    mail_sink: MailSink,
    restock: Restock,
    meanwhile: Callable[[Restock, datetime], None],
) -> None:
    product = restock.product
    receipt = services.receive(product, 6, restock=restock, now=NOW)
    meanwhile(restock, NOW + MINUTE)
    services.correct_receipt(receipt, 3, reason="a typo", now=NOW + 2 * MINUTE)
    stock = Stock.objects.get(pk=product.pk)
    assert stock.arrived == 3
    assert stock.allocated == sum(line.allocated for line in product.lines.all()) <= 3
    clocks.move_to(NOW + 2 * MINUTE + SETTLED)
    services.review_settled(now=NOW + 2 * MINUTE + SETTLED)
    mail_now()
    for line in product.lines.all():
        reserved = line.reserved > 0
        here = line.order.events.filter(kind=EventKind.RESERVED).exists()
        assert here or not reserved


def test_the_preview_of_an_arrival_shows_who_will_be_emailed(
    clocks: Clocks, restock: Restock
) -> None:
    def act() -> None:
        services.receive(restock.product, 3, restock=restock, now=NOW)

    assert rehearse(act, [restock.product_id], now=NOW).heard == 2
    assert not Event.objects.filter(kind=EventKind.RESERVED).exists()


def test_the_preview_of_a_correction_in_time_tells_nobody_that_a_unit_was_lost(
    clocks: Clocks, restock: Restock
) -> None:
    receipt = services.receive(restock.product, 6, restock=restock, now=NOW)
    seen = rehearse(
        lambda: services.correct_receipt(receipt, 3, reason="a typo", now=NOW + MINUTE),
        [restock.product_id],
        now=NOW + MINUTE,
    )
    assert [str(kind) for kind, _ in seen.kinds] == ["Arrived and reserved"]
