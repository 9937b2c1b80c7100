"""No news leaves a customer fewer options than before: what was asked stays open until it is
answered, or until something that asks at least as much is told in its place."""

from datetime import date, datetime, timedelta

import pytest

from orders import services
from orders.models import OrderLine, Product, Restock
from orders.pages.status import order_status
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh
from tests.mailing import mail
from tests.test_mails import unwrapped

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PLACES = ("US", "DE", "GB", "CH")
UNEVEN = [0, 60, 30, 120, 0, 45, 3, 150, 20, 90] * 4
PUNCTUAL = [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4


class Story:
    """A delivery and the customers of four countries who wait for it. Each day's news is emailed
    before the next."""

    def __init__(self, clocks: Clocks, sink: MailSink, slips: list[int]) -> None:
        self.clocks, self.sink, self.now = clocks, sink, NOON
        self.supplier = factories.make_supplier()
        factories.supplier_record(self.supplier, slips)
        self.product: Product = factories.make_product()
        self.restock = self.expect(20)
        factories.review(self.product)
        self.lines = [
            factories.order(self.product, country=place, email=f"{place}@example.com")
            for place in PLACES
        ]
        mail()

    def expect(self, days: int) -> Restock:
        return factories.restock(
            self.product, supplier=self.supplier, expected_on=self.day(days), now=self.now
        )

    def day(self, days: int) -> date:
        return (self.now + timedelta(days=days)).date()

    def slips(self, days: int) -> None:
        services.move_restock_date(self.restock, self.day(days), now=self.now, reason="customs")
        self.night()

    def is_withdrawn(self) -> None:
        services.cancel_restock(self.restock, now=self.now)
        self.night()

    def is_ordered_again(self, days: int) -> None:
        self.restock = self.expect(days)
        self.night()

    def goes_by(self, days: int) -> None:
        self.move_to(self.now + timedelta(days=days))
        services.say_day_passed(now=self.now)
        self.night()

    def night(self) -> None:
        self.move_to(self.now + DAY)
        services.review([self.product], now=self.now)
        mail()

    def move_to(self, now: datetime) -> None:
        self.now = now
        self.clocks.move_to(now)

    def asked_by_page(self) -> set[str]:
        return {line.order.country for line in self.lines if self._is_asked(fresh(line))}

    def asked_by_email(self) -> set[str]:
        """Whose newest email has the way to answer."""
        newest = {sent.recipients[0][:2]: unwrapped(sent.message) for sent in self.sink.mails}
        return {place for place, text in newest.items() if "choice=keep" in text}

    def _is_asked(self, line: OrderLine) -> bool:
        (shown,) = order_status(line.order, locale="en", now=self.now).lines
        return shown.asked is not None


ALL = set(PLACES)


@pytest.mark.parametrize("days", [33, 75])
def test_whoever_loses_goods_that_were_miscounted_is_asked_again_by_page_and_email(
    clocks: Clocks, mail_sink: MailSink, days: int
) -> None:
    """In the US by the day that silence agrees to (33), or cancels on (75)."""
    story = Story(clocks, mail_sink, PUNCTUAL)
    story.slips(days)
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)
    receipt = services.receive(story.product, 4, restock=story.restock, now=story.now)
    story.night()
    services.correct_receipt(receipt, 0, reason="another product", now=story.now)
    mail()
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)
    entitled = {
        sent.recipients[0][:2]
        for sent in mail_sink.mails[-4:]
        if "still entitled to the agreed date" in unwrapped(sent.message)
    }
    assert entitled == ALL - {"US"}


def test_a_withdrawn_date_leaves_the_choice_that_a_delay_gave(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    story = Story(clocks, mail_sink, PUNCTUAL)
    story.slips(35)
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)
    story.is_withdrawn()
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)
    story.is_ordered_again(30)
    assert story.asked_by_page() == ALL
    story.is_withdrawn()
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)


def test_whoever_was_told_chances_keeps_the_choice_when_a_date_comes_and_goes(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    story = Story(clocks, mail_sink, UNEVEN)
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)
    story.supplier = factories.make_supplier()
    factories.supplier_record(story.supplier, PUNCTUAL)
    story.is_withdrawn()
    story.is_ordered_again(12)
    story.goes_by(29)
    assert story.asked_by_page() == ALL
    story.is_withdrawn()
    assert (story.asked_by_page(), story.asked_by_email()) == (ALL, ALL)
