"""Two customers in one queue, one in the United States and one in Germany, whose delivery slips
twice: as they and staff live through it."""

import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.formats import date_format

from orders.models import Answer, DelayNotice, Order, OrderLine, Refund, Restock, ShopTask
from orders.tasks import keep_deadlines, review_settled
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh
from tests.html import flat, spaced
from tests.mailing import mail
from tests.test_admin import act, page
from tests.test_answering_pages import date_words, outcome, said
from tests.test_mails import text_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Shop:
    """What happens in the shop, and what is mailed at once."""

    def __init__(self, clocks: Clocks, sink: MailSink, admin: User) -> None:
        self.clocks, self.sink, self.admin, self.now = clocks, sink, admin, NOON
        supplier = factories.make_supplier()
        factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
        lamp = factories.make_product(name="Walnut lamp", sku="LAMP")
        due = (NOON + 11 * DAY).date()
        self.restock: Restock = factories.restock(
            lamp, 50, supplier=supplier, now=NOON - timedelta(hours=2), expected_on=due
        )

    def on(self, now: datetime) -> None:
        self.now = now
        self.clocks.move_to(now)

    @property
    def staff(self) -> Client:
        """Logged in just now: sessions end within these weeks."""
        client = Client()
        client.force_login(self.admin)
        return client

    def order(self, number: str, name: str, country: str) -> OrderLine:
        line = factories.order(
            self.restock.product,
            number=number,
            customer_name=name,
            email=f"{number}@example.com",
            country=country,
            now=self.now,
        )
        mail()
        return line

    def slips_to(self, day: date) -> None:
        """Staff move the date in the admin; it settles, and the mails go out."""
        act(self.staff, "move-date", self.restock, expected_on=day.isoformat(), reason="customs")
        self.on(self.now + timedelta(minutes=11))
        review_settled()
        mail()

    def deadline_keeper(self) -> None:
        keep_deadlines()
        mail()

    def mails_to(self, line: OrderLine) -> list[str]:
        sent_to = [sent for sent in self.sink.mails if sent.recipients == [line.order.email]]
        return [without_weekdays(spaced(str(sent.message["Subject"]))) for sent in sent_to]

    def newest_mail_to(self, line: OrderLine) -> str:
        """Its text as one line."""
        sent_to = [sent for sent in self.sink.mails if sent.recipients == [line.order.email]]
        return " ".join(without_weekdays(text_of(sent_to[-1].message)).split())


@pytest.fixture
def shop(clocks: Clocks, mail_sink: MailSink, admin_user: User) -> Shop:
    return Shop(clocks, mail_sink, admin_user)


def without_weekdays(text: str) -> str:
    """Days of this week are named by their weekday too."""
    return re.sub(r"\b\w+day, (?=\d)", "", text)


def links(text: str) -> dict[str, str]:
    """The choices of a mail and where they lead."""
    return dict(
        re.findall(
            r"(Keep my place|Cancel and refund|Withdraw from contract here): http://[^/]+(/\S+)",
            text,
        )
    )


def their_page(text: str) -> str:
    (path,) = re.findall(r"See my order: http://[^/]+(/o/\S+/)", text)
    return path


def notice(line: OrderLine) -> DelayNotice:
    return line.notices.exclude(outcome="superseded").get()


def test_two_slips_silence_and_the_way_back_and_a_german_neighbour(
    shop: Shop, client: Client
) -> None:
    ada, greta = shop.order("1042", "Ada Lovelace", "US"), shop.order("1043", "Greta Hermann", "DE")
    original = ada.agreed_by
    assert shop.mails_to(ada) == [
        f"Thank you for your order 1042: ships by {date_words(fresh(ada).promise.late)}"
    ]

    # The first slip, by less than thirty days.
    shop.on(NOON + DAY)
    shop.slips_to((NOON + 35 * DAY).date())
    first = notice(ada)
    assert (first.case, first.adequate, first.notice_by) == ("A", True, original)
    kindly = "Happy to wait? You don't need to do anything."
    consents = (
        f"If we do not hear from you by {date_words(first.answer_by)}, or before we ship if that "
        "is earlier, we will assume that you agree to the new date."
    )
    assert f"{kindly} {consents}" in shop.newest_mail_to(ada)
    seen = said(client.get(their_page(shop.newest_mail_to(ada))))
    assert f"{kindly} Keep my place" in seen
    assert f"Your rights in full {consents}" in seen
    assert "You don't need to do anything" not in shop.newest_mail_to(greta)
    assert "You are still entitled to the agreed date" in shop.newest_mail_to(greta)

    # The second slip: without her OK it is cancelled.
    shop.on(NOON + 10 * DAY)
    shop.slips_to((NOON + 50 * DAY).date())
    second, by = notice(ada), date_words(first.answer_by)
    assert (second.case, second.silence, second.answer_by) == ("D", "cancel", first.answer_by)
    assert shop.mails_to(ada)[-1] == f"Your order 1042 is delayed: please answer by {by}"
    cancels = (
        f"If you do not agree by {by}, and it has not shipped by then, "
        "we will cancel it and refund you in full."
    )
    assert cancels in shop.newest_mail_to(ada)
    assert cancels in said(client.get(their_page(shop.newest_mail_to(ada))))
    assert list(links(shop.newest_mail_to(ada))) == ["Keep my place", "Cancel and refund"]
    assert list(links(shop.newest_mail_to(greta))) == [
        "Keep my place",
        "Cancel and refund",
        "Withdraw from contract here",
    ]
    listed = shop.staff.get(page(DelayNotice)).context["cl"].result_list
    assert sorted(row.case for row in listed) == ["A", "A", "D", "D"]
    at_the_desk = said(shop.staff.get(f"/admin/desk/order/{ada.order.number}/"))
    assert f"Must answer by {date_format(second.answer_by)}; silence cancels; case D" in at_the_desk

    # Nobody answers: two reminders, then it is cancelled, once.
    day = shop.now
    while day.date() <= second.answer_by + DAY:
        day += DAY
        shop.on(day)
        shop.deadline_keeper()
        shop.deadline_keeper()
    *reminders, gone = shop.mails_to(ada)[-3:]
    assert all(subject.startswith("Reminder: please answer by ") for subject in reminders)
    assert gone.startswith("Your order 1042 is canceled: refund by ")
    told = shop.newest_mail_to(ada)
    assert f"Canceled, because we didn't hear from you by {by}. We'll send your refund by" in told
    assert (fresh(ada).state, fresh(greta).state, fresh(greta).agreed_by) == (
        "cancelled",
        "waiting",
        greta.agreed_by,
    )
    words = said(client.get(their_page(told)))
    assert "Not what you wanted? Until your refund is sent" in words
    order_page = said(shop.staff.get(page(Order, "change", ada.order_id)))
    assert "because we didn't hear from you by" in order_page
    assert "Cancel in the shop" in order_page
    assert [
        row.line
        for row in shop.staff.get(page(ShopTask), {"state": "todo"}).context["cl"].result_list
    ] == [ada]
    assert [
        row.line for row in shop.staff.get(page(Refund), {"state": "due"}).context["cl"].result_list
    ] == [ada]

    # She still wants it, and has her old place again.
    way_back = re.findall(
        r'href="([^"]+choice=keep)">Put me back',
        unescape(flat(client.get(their_page(told)).content.decode())),
    )
    assert "You'll be back in line, in your old place, and no refund will be sent." in said(
        client.get(way_back[0])
    )
    answered = client.post(way_back[0].partition("?")[0], {"line": ada.pk, "choice": "keep"})
    assert outcome(client, answered) == "Welcome back: you're in your old place in line."
    mail()
    assert "we've reversed the cancellation of 1 item" in shop.newest_mail_to(ada)
    assert "1st in line." in said(client.get(their_page(shop.newest_mail_to(ada))))
    assert "2nd in line." in said(client.get(their_page(shop.newest_mail_to(greta))))
    assert (fresh(ada).agreed_by, notice(ada).outcome) == (second.consent_to, "kept")
    assert (ShopTask.objects.count(), Refund.objects.count()) == (0, 0)
    assert Answer.objects.get().channel == "page"

    # Greta kept her place in silence, and finds the way to withdraw.
    withdraw = links(shop.newest_mail_to(greta))["Withdraw from contract here"]
    assert "Confirm withdrawal" in said(client.get(withdraw))
    assert fresh(greta).state == "waiting"
    client.post(withdraw.partition("?")[0], {"line": greta.pk, "choice": "withdraw"})
    mail()
    assert shop.mails_to(greta)[-1] == "We confirm your withdrawal: order 1043"
    assert re.search(
        r"1 × Walnut lamp You have withdrawn from the contract for 1 item, on \d+ "
        r"\w+ 2026 at \d+:\d\d "
        r"\(Berlin time\)\.",
        shop.newest_mail_to(greta),
    )
