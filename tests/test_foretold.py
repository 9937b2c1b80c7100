"""What staff are told of the emails before an action is who gets one of it afterwards: heard.sql
and compose.selection decide the same."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from backorders_site.staff.preview import rehearse
from notifications.models import Message, MessageState, Suppression
from notifications.preferences import choose
from orders import services
from orders.models import DelayNotice, OrderLine, Restock
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON
from tests.mailing import mail

pytestmark = pytest.mark.django_db

PLACES: list[dict[str, Any]] = [
    {"country": "US"},
    {"country": "CA"},
    {"country": "DE"},
    {"country": "GB"},
    {"country": "CH"},
]


def customers(delivery: Restock) -> dict[str, OrderLine]:
    lines = {}
    for place in PLACES:
        for sort in ("all", "calm", "keeps", "returned"):
            email = f"{sort}-{place['country']}@example.com".lower()
            lines[email] = factories.order(delivery.product, email=email, **place)
            if sort != "all":
                choose(email, good_news=False, no_change=True, now=NOON)
    factories.order(delivery.product, email="")
    factories.order(delivery.product, email="gone@example.com", country="DE")
    Suppression.objects.create(address="gone@example.com", reason="bounced", at=NOON)
    return lines


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 12, 20), date(2027, 1, 10)])
@pytest.mark.parametrize("known", [True, False])
def test_who_is_foretold_an_email_gets_it(
    clocks: Clocks, mail_sink: MailSink, day: date, known: bool
) -> None:
    product = factories.make_product()
    delivery = factories.restock(product, 100, expected_on=date(2026, 12, 2))
    factories.review(product)
    lines = customers(delivery)
    mail()
    now = NOON
    for slipped in (date(2026, 12, 16), date(2027, 2, 20)):
        now += timedelta(hours=1)
        clocks.move_to(now)
        services.move_restock_date(delivery, slipped, now=now, reason="customs")
        services.review([product], now=now)
        if known:
            mail()
    for email, line in lines.items():
        notice = DelayNotice.objects.filter(line=line, outcome="").first()
        if notice and notice.is_told and email.startswith("keeps"):
            services.answer(line.order, line.pk, "keep", now=now)
        elif notice and notice.is_told and email.startswith("returned"):
            DelayNotice.objects.filter(pk=notice.pk).update(not_told_at=now)
    mail()

    now += timedelta(hours=1)
    clocks.move_to(now)

    def act() -> None:
        services.move_restock_date(delivery, day, now=now, reason="supplier_early")

    foretold = rehearse(act, [product.pk], now=now)
    act()
    services.review([product], now=now)
    before = set(Message.objects.values_list("pk", flat=True))
    mail()

    states = Counter(
        Message.objects.exclude(pk__in=before)
        .exclude(state=MessageState.SUPERSEDED)
        .values_list("state", flat=True)
    )
    assert states == Counter(
        {
            MessageState.SENT: foretold.mailed + sum(foretold.asked.values()),
            MessageState.UNWANTED: foretold.turned_off,
            MessageState.SUPPRESSED: foretold.unreachable,
        }
    )
