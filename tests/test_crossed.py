"""Cancelled here, shipped there: what came first wins, a conflict stops no file, and its customer
is told once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.core.management import CommandError
from django.test import Client

from orders import queue, services
from orders.access import Purpose, order_url
from orders.models import Choice, Event, OrderLine, Refund, Shipment, ShopTask, Stock
from orders.words import sentence
from tests.conftest import Clocks, MailSink
from tests.exports import EXPORT, SHIPMENTS, Load, fulfilled
from tests.factories import NOON, fresh, kinds, make_product, order
from tests.html import spaced
from tests.mailing import mail
from tests.test_mails import unwrapped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
EARLIER, LATER = "2026-11-02T14:30:00Z", "2026-11-02T16:30:00Z"  # than the cancellation
CANCELLED_AT = datetime.fromisoformat("2026-11-02T15:30:00+00:00")
Ship = Callable[..., None]


@pytest.fixture
def line() -> OrderLine:
    return order(
        make_product(sku="LAMP"), number="401", placed_at=NOON - timedelta(days=5), country="CA"
    )


@pytest.fixture
def ship(load: Load) -> Ship:
    def write(left_at: str, *others: str, units: int = 1) -> None:
        load("import_shipments", SHIPMENTS, f"401,LAMP,{units},{left_at},UPS,1Z1", *others)

    return write


def cancel(line: OrderLine, by: str = "customer", units: int | None = None) -> None:
    services.cancel(line.order, by=by, units={line.pk: units} if units else None, now=CANCELLED_AT)


def newest(line: OrderLine) -> str:
    event = Event.objects.filter(line=line).latest("at", "pk")
    return spaced(sentence(event, locale="en"))


SHIPPED = "Shipped on Monday, 2 November."
UPS = "Carrier: UPS, tracking number 1Z1."


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("customer", "It had already shipped when you canceled."),
        (Choice.CANCEL, "It had already shipped when you canceled."),
        ("silence", "It had already shipped when it was canceled."),
        ("shop", "It had already shipped when it was canceled."),
    ],
)
def test_what_left_before_it_was_cancelled_is_shipped_and_no_refund_is_due(
    line: OrderLine, ship: Ship, by: str, says: str
) -> None:
    cancel(line, by)
    ship(EARLIER)
    assert (fresh(line).state, fresh(line).cancelled) == ("shipped", 0)
    assert not Refund.objects.exists()
    assert not ShopTask.objects.exists()
    assert (
        newest(line)
        == f"{SHIPPED} {says} So the cancellation no longer applies, and there's no refund for it. "
        f"If you no longer want it, please contact us. {UPS}"
    )
    assert fresh(line).order.attention == []
    assert Stock.objects.values_list("arrived", "allocated").get() == (1, 1)
    assert list(queue.differences()) == []


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("customer", "It shipped although you had canceled it."),
        ("silence", "It shipped although it had been canceled."),
    ],
)
def test_what_left_afterwards_has_shipped_too_and_its_refund_stays_due(
    line: OrderLine, ship: Ship, capsys: pytest.CaptureFixture[str], by: str, says: str
) -> None:
    cancel(line, by)
    ship(LATER)
    assert fresh(line).state == "shipped"
    assert Refund.objects.get().units == 1
    assert not ShopTask.objects.exists()
    due = (
        "We'll still send your refund by 16 November. "
        "We'll be in touch about what to do with the parcel."
    )
    assert newest(line) == f"{SHIPPED} {says} {due} {UPS}"
    text = (
        "LAMP: units shipped by the shop although canceled here: 1, canceled on 2026-11-02; it "
        "shipped after that; the refund stays due: agree with the customer on what to do about the "
        "parcel"
    )
    assert fresh(line).order.attention == [text]
    assert capsys.readouterr().err.endswith(f"import_shipments.csv:2: order 401: {text}\n")


def test_a_withdrawal_from_the_contract_stands_for_what_had_left_too(
    line: OrderLine, ship: Ship
) -> None:
    cancel(line, Choice.WITHDRAW)
    ship(EARLIER)
    assert (fresh(line).state, Refund.objects.get().units) == ("shipped", 1)
    assert (
        "Your withdrawal from the contract still stands. We'll still send your refund by 16 "
        "November." in newest(line)
    )
    assert "it shipped before that; the refund stays due" in fresh(line).order.attention[0]


def test_a_refund_that_was_sent_is_not_taken_back(line: OrderLine, ship: Ship) -> None:
    cancel(line)
    services.mark_refund_sent(Refund.objects.get(), now=NOON)
    ship(EARLIER)
    assert "It had already shipped when you canceled. Your refund has been sent." in newest(line)
    assert "it shipped before that; the refund was sent" in fresh(line).order.attention[0]


def test_of_a_day_without_a_time_nobody_knows_which_came_first(line: OrderLine, ship: Ship) -> None:
    cancel(line)
    ship("2026-11-02")
    assert Refund.objects.get().units == 1
    assert "It shipped although you had canceled it." in newest(line)
    assert "it isn't known which came first; the refund stays due" in fresh(line).order.attention[0]


def test_the_day_before_needs_no_time(line: OrderLine, ship: Ship) -> None:
    cancel(line)
    ship("2026-11-01")
    assert not Refund.objects.exists()


def test_everybody_else_in_the_file_is_told_that_theirs_shipped_and_twice_is_once(
    line: OrderLine, ship: Ship
) -> None:
    other = order(line.product, number="402", placed_at=NOON - timedelta(days=4))
    cancel(line)
    for _ in range(2):
        ship(LATER, f"402,LAMP,1,{LATER},UPS,1Z2")
    assert (fresh(line).state, fresh(other).state) == ("shipped", "shipped")
    assert kinds(other.order)[-1] == "shipped"
    assert kinds(line.order).count("shipped") == 1
    assert len(fresh(line).order.attention) == 1


def test_of_a_part_cancelled_the_last_cancelled_counts(ship: Ship) -> None:
    """Two cancelled at half past ten and one at noon; all three left at half past eleven."""
    line = order(
        make_product(sku="LAMP"), 3, number="401", placed_at=NOON - timedelta(days=5), country="CA"
    )
    cancel(line, units=2)
    services.cancel(line.order, by="customer", now=NOON)
    ship(LATER, units=3)
    assert (fresh(line).shipped, fresh(line).cancelled) == (3, 0)
    assert Refund.objects.get().units == 2
    assert Event.objects.filter(line=line).latest("at", "pk").facts["crossed"] == {
        "withdrawn": 1,
        "kept": 2,
        "by": "customer",
        "left_first": False,
        "cancelled_on": "2026-11-02",
        "refund_sent": False,
        "refund_due_on": "2026-11-16",
    }


@pytest.mark.parametrize(
    ("at", "refunds", "attention"),
    [("2026-11-02 09:30:00 -0500", 0, 0), ("2026-11-02 11:30:00 -0500", 1, 1), ("", 1, 1)],
)
def test_an_export_that_says_fulfilled_is_judged_the_same(
    line: OrderLine,
    load: Load,
    at: str,
    refunds: int,
    attention: int,
) -> None:
    cancel(line)
    for _ in range(2):
        load("import_orders", EXPORT, fulfilled("401", at).replace(",US,NY,", ",CA,,"))
    assert fresh(line).state == "shipped"
    assert (Refund.objects.count(), len(fresh(line).order.attention)) == (refunds, attention)
    assert kinds(line.order).count("shipped") == 1


def test_an_export_that_shows_a_refund_is_not_believed_about_units(
    line: OrderLine, load: Load
) -> None:
    """Its lines list what was ordered, and the shop may have taken the cancelled ones off the
    parcel."""
    cancel(line)
    load("import_orders", EXPORT, fulfilled("401").replace(",0.00,", ",5.00,"))
    assert fresh(line).state == "cancelled"
    assert fresh(line).order.attention[0] == (
        "LAMP: units shipped by the shop although canceled here: 1"
    )


def test_more_than_was_ordered_is_a_bad_row_still(line: OrderLine, ship: Ship) -> None:
    cancel(line)
    with pytest.raises(CommandError, match="1 bad row: nothing was imported"):
        ship(LATER, units=2)


@pytest.mark.parametrize("left_at", [EARLIER, LATER])
def test_a_parcel_recorded_by_mistake_leaves_what_was_cancelled_cancelled(
    line: OrderLine, ship: Ship, left_at: str
) -> None:
    cancel(line)
    ship(left_at)
    services.correct_shipment(Shipment.objects.get(), now=NOON, reason="another order's parcel")
    assert (fresh(line).state, fresh(line).allocated) == ("cancelled", 0)
    assert [refund.units for refund in Refund.objects.all()] == [1]
    assert ShopTask.objects.get().units == 1
    assert newest(line) == "Canceled, as you asked. We'll send your refund by 16 November."
    assert list(queue.differences()) == []


class TestWhatTheCustomerReads:
    def test_one_mail_says_so(
        self, line: OrderLine, ship: Ship, mail_sink: MailSink, clocks: Clocks
    ) -> None:
        mail()
        cancel(line)
        mail()
        ship(EARLIER)
        mail()
        mail()
        received = mail_sink.mails[-1].message
        assert received["Subject"] == "Your order 401 had already shipped when it was canceled"
        assert "It had already shipped when you canceled." in unwrapped(received)
        assert len(mail_sink.mails) == 3

    def test_the_subject_says_that_it_shipped_although_cancelled(
        self, line: OrderLine, ship: Ship, mail_sink: MailSink, clocks: Clocks
    ) -> None:
        """ "Is on its way" alone reads as if the cancellation had been lost."""
        cancel(line)
        ship(LATER)
        mail()
        assert (
            mail_sink.mails[-1].message["Subject"] == "Your order 401 was canceled, but has shipped"
        )

    def test_the_subject_names_a_part(
        self, ship: Ship, mail_sink: MailSink, clocks: Clocks
    ) -> None:
        line = order(
            make_product(sku="LAMP"),
            3,
            number="401",
            placed_at=NOON - timedelta(days=5),
            country="CA",
        )
        cancel(line, units=2)
        ship(EARLIER, units=2)
        mail()
        subject = mail_sink.mails[-1].message["Subject"]
        assert subject == "Part of your order 401 had already shipped when it was canceled"

    def test_of_a_cancellation_not_mailed_yet_nothing_else_is_said(
        self, line: OrderLine, ship: Ship, mail_sink: MailSink, clocks: Clocks
    ) -> None:
        mail()
        cancel(line)
        ship(EARLIER)
        mail()
        assert "as you asked" not in unwrapped(mail_sink.mails[-1].message)

    def test_the_page_says_which_counts_and_when_the_refund_was_sent(
        self, line: OrderLine, ship: Ship, client: Client
    ) -> None:
        cancel(line)
        ship(LATER)
        url = order_url(line.order, Purpose.ACT)
        due = "We'll still send your refund by 16 November."
        assert due in spaced(unescape(client.get(url).content.decode()))
        services.mark_refund_sent(Refund.objects.get(), now=NOON)
        shown = spaced(unescape(client.get(url).content.decode()))
        card = shown[shown.index('class="card line shipped') : shown.index("</article>")]
        assert "It shipped although you had canceled it. Your refund has been sent." in card
        assert due in shown  # what happened, as told
