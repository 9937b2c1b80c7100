"""A customer undoes a cancellation made by mistake, for ten minutes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from backorders_site.staff.admin.lines import RefundState
from backorders_site.staff.admin.shop_tasks import TaskState
from orders import queue, services
from orders.access import Purpose, link_token
from orders.models import Answer, DelayNotice, OrderLine, Refund, Restock, ShopTask
from orders.services import Refused
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.mailing import mail
from tests.test_answering import DAY, restock, slip, supplier

__all__ = ["restock", "supplier"]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def line(db: None) -> OrderLine:
    lamp = factories.make_product()
    lines = [factories.order(lamp, quantity=2, number=f"TT-{n}") for n in range(1, 4)]
    return lines[1]


def choose(line: OrderLine, choice: str, *, after: timedelta = timedelta(), **more: int) -> str:
    return services.answer(line.order, line.pk, choice, now=NOON + after, **more).done


def fresh(line: OrderLine) -> OrderLine:
    return OrderLine.objects.get(pk=line.pk)


def place(line: OrderLine) -> int:
    return queue.positions([line.pk])[line.pk].place


def test_an_undone_cancellation_leaves_the_old_place_and_nothing_to_do(line: OrderLine) -> None:
    choose(line, "cancel")
    done = choose(line, "undo", after=9 * MINUTE)

    assert (done, place(line), fresh(line).cancelled) == ("put_back", 2, 0)
    assert not Refund.objects.exists()
    assert not ShopTask.objects.exists()
    assert list(Answer.objects.order_by("pk").values_list("choice", "units")) == [
        ("cancel", 2),
        ("undo", 2),
    ]


def test_after_ten_minutes_it_stays_canceled(line: OrderLine) -> None:
    choose(line, "cancel")

    with pytest.raises(Refused, match="no longer be undone"):
        choose(line, "undo", after=10 * MINUTE)
    assert fresh(line).cancelled == 2


def test_it_stays_canceled_where_the_shop_allows_no_undoing(
    line: OrderLine, settings: Settings
) -> None:
    settings.CANCEL_UNDO_SECONDS = 0
    choose(line, "cancel")

    with pytest.raises(Refused):
        choose(line, "undo")


def test_a_withdrawal_is_final(line: OrderLine) -> None:
    choose(line, "withdraw")

    with pytest.raises(Refused):
        choose(line, "undo")


def test_what_staff_canceled_only_staff_put_back(line: OrderLine) -> None:
    services.cancel(line.order, now=NOON, actor="ruth")

    with pytest.raises(Refused):
        choose(line, "undo")


@pytest.mark.parametrize("told", ["task", "refund"])
def test_what_was_told_to_the_shop_is_not_undone(line: OrderLine, told: str) -> None:
    choose(line, "cancel")
    if told == "task":
        services.confirm_in_shop(ShopTask.objects.get(), now=NOON + MINUTE, actor="ruth")
    else:
        services.mark_refund_sent(Refund.objects.get(), now=NOON + MINUTE, actor="ruth")

    with pytest.raises(Refused):
        choose(line, "undo", after=2 * MINUTE)
    assert fresh(line).cancelled == 2


def test_only_the_last_of_two_parts_is_undone_and_a_second_press_does_no_more(
    line: OrderLine,
) -> None:
    choose(line, "cancel", units=1, seen=2)
    choose(line, "cancel", units=1, seen=1, after=MINUTE)

    assert choose(line, "undo", after=2 * MINUTE) == "put_back"
    assert choose(line, "undo", after=2 * MINUTE) == "already_kept"
    assert fresh(line).cancelled == 1


def test_what_the_cancellation_answered_is_asked_again_while_there_is_time(
    db: None,
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    slip(restock, (NOON + 70 * DAY).date(), now=NOON)
    asked_at = NOON + DAY
    services.answer(line.order, line.pk, "cancel", now=asked_at)
    ended = line.notices.get().outcome
    services.answer(line.order, line.pk, "undo", now=asked_at + MINUTE)

    assert (ended, line.notices.get().outcome) == ("left", "")

    DelayNotice.objects.update(answer_by=asked_at.date() - DAY)
    services.answer(line.order, line.pk, "cancel", now=asked_at + 2 * MINUTE)
    with pytest.raises(Refused):
        services.answer(line.order, line.pk, "undo", now=asked_at + 3 * MINUTE)


def test_staff_do_not_see_what_can_still_be_undone(line: OrderLine) -> None:
    choose(line, "cancel")

    def listed(until: timedelta) -> tuple[int, int]:
        ShopTask.objects.update(undo_until=NOON + until)
        Refund.objects.update(undo_until=NOON + until)
        return (
            ShopTask.objects.filter(TaskState.conditions()["todo"][1]).count(),
            Refund.objects.filter(RefundState.conditions()["due"][1]).count(),
        )

    assert ShopTask.objects.get().undo_until == NOON + 10 * MINUTE
    assert Refund.objects.get().undo_until == NOON + 10 * MINUTE
    assert listed(timedelta(days=36_500)) == (0, 0)
    assert listed(-MINUTE) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_devices_that_undo_at_once_undo_once(transactional_db: None) -> None:
    line = factories.order(factories.make_product(), quantity=2)
    choose(line, "cancel")

    def undo(_: int) -> str:
        try:
            return choose(line, "undo", after=MINUTE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(undo, range(4)))

    assert sorted(done) == ["already_kept"] * 3 + ["put_back"]
    assert fresh(line).cancelled == 0


@pytest.mark.django_db(transaction=True)
def test_an_undo_and_staff_who_tell_the_shop_at_once_agree(transactional_db: None) -> None:
    line = factories.order(factories.make_product(), quantity=2)
    choose(line, "cancel")
    task = ShopTask.objects.get()

    def undo() -> str:
        try:
            return choose(line, "undo", after=MINUTE)
        except Refused:
            return "refused"
        finally:
            connections.close_all()

    def confirm() -> bool:
        try:
            return services.confirm_in_shop(task, now=NOON + MINUTE, actor="ruth")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        undone, confirmed = threads.submit(undo), threads.submit(confirm)
        outcome = (undone.result(), confirmed.result())

    back = fresh(line).cancelled == 0
    to_put_back = ShopTask.objects.filter(kind="put_back", confirmed_at=None).exists()
    assert (outcome[0] == "put_back") == back
    assert to_put_back == (back and outcome[1])


@pytest.mark.usefixtures("clocks")
def test_page_and_email_offer_it_until_the_time_is_over(
    line: OrderLine, client: Client, mail_sink: MailSink
) -> None:
    act = f"/o/{link_token(line.order, Purpose.ACT)}/"
    mail()
    client.post(f"{act}answer/", {"line": line.pk, "choice": "cancel"})
    shown = client.get(act).text
    mail()
    asked = client.get(f"{act}answer/?line={line.pk}&choice=undo").text

    offer = f"answer/?line={line.pk}&amp;choice=undo"
    assert offer in shown
    assert "You can undo this until 12:10" in shown.replace("\xa0", " ")
    text = mail_sink.mails[-1].message.get_body(("plain",))
    assert text is not None
    assert offer.replace("&amp;", "&") in text.get_content()
    assert "Undo the cancellation?" in asked
    client.post(f"{act}answer/", {"line": line.pk, "choice": "undo"})
    assert "choice=undo" not in client.get(act).text
