"""While somebody holds a product, as the dry run of a large file does for minutes, all other work
goes on, and what was passed over is done as soon as it is free. Over real connections."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from backorders_site.staff.uploads import work_off
from notifications.models import Message, MessageState
from notifications.tasks import deliver, dispatch
from orders import queue, services, tasks
from orders.access import Purpose, link_token
from orders.models import Forecast, OrderLine, Product, Run, Shortening, Upload
from tests import factories
from tests.conftest import MailSink
from tests.exports import RESTOCKS, SHIPMENTS
from tests.factories import NOON, fresh, kinds, make_product
from tests.test_answering import slip

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20.0  # seconds, on a busy machine; a dry run takes minutes
SETTLED = NOON + timedelta(minutes=11)
DAY = timedelta(days=1)
MORNING = datetime(2026, 11, 25, 11, tzinfo=NOON.tzinfo)  # six in the shop's New York
CUTOFF = datetime(2026, 11, 25, 20, 30, tzinfo=NOON.tzinfo)


def another() -> "psycopg.Connection[tuple[object, ...]]":
    at = connection.settings_dict
    where = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "password": at["PASSWORD"]}
    given = {name: value for name, value in where.items() if value}
    return psycopg.connect(dbname=at["NAME"], **given, **settings.DATABASES["default"]["OPTIONS"])


@contextmanager
def locked(sql: str, pk: int) -> Iterator[None]:
    """Locked by another connection, and what is done meanwhile does not wait for it."""
    with another() as dry_run:
        dry_run.execute(f"{sql} FOR NO KEY UPDATE", [pk])
        started = time.monotonic()
        yield
        assert time.monotonic() - started < AT_ONCE
        dry_run.rollback()


def locked_product(product: Product) -> AbstractContextManager[None]:
    return locked("SELECT 1 FROM orders_stock WHERE product_id = %s", product.pk)


def locked_line(line: OrderLine) -> AbstractContextManager[None]:
    return locked("SELECT 1 FROM orders_orderline WHERE id = %s", line.pk)


def delayed_line(product: Product) -> OrderLine:
    """A change has settled that its customer has to hear of."""
    restock = factories.restock(product)
    line = factories.order(product)
    services.move_restock_date(restock, (NOON + 90 * DAY).date(), now=NOON, reason="customs")
    return line


def test_a_review_passes_over_what_is_locked_and_does_it_when_it_is_free() -> None:
    lines = [delayed_line(make_product()) for _ in range(3)]
    with locked_product(lines[1].product):
        services.review_settled(now=SETTLED)
        assert [kinds(line.order)[1:] for line in lines] == [["later"], [], ["later"]]
    services.review_settled(now=SETTLED)
    assert [kinds(line.order)[1:] for line in lines] == [["later"], ["later"], ["later"]]


def test_a_review_passes_over_a_product_of_which_one_line_is_locked() -> None:
    lines = [delayed_line(make_product()) for _ in range(2)]
    with locked_line(lines[0]):
        services.review_settled(now=SETTLED)
        assert [kinds(line.order)[1:] for line in lines] == [[], ["later"]]
    services.review_settled(now=SETTLED)
    assert [kinds(line.order)[1:] for line in lines] == [["later"], ["later"]]


def test_mails_go_out_while_a_product_is_locked(mail_sink: MailSink) -> None:
    lines = [delayed_line(make_product()) for _ in range(2)]
    with locked_product(lines[0].product):
        services.review_settled(now=SETTLED)
        dispatch()
        deliver()
        assert list(Message.objects.values_list("state", flat=True)) == [MessageState.SENT] * 2
    assert len(mail_sink.mails) == 2


def test_the_daily_review_does_on_that_day_what_it_passed_over_and_nothing_twice() -> None:
    lines = [factories.order(make_product()) for _ in range(3)]
    with time_machine.travel(MORNING, tick=False) as clock:
        with locked_product(lines[1].product):
            tasks.review_all()
        assert not Run.objects.exists()
        clock.shift(timedelta(minutes=1))
        tasks.review_all()
    today = Forecast.objects.filter(made_at__gte=MORNING).order_by("product")
    assert [(row.product_id, row.made_at) for row in today] == [
        (lines[0].product_id, MORNING),
        (lines[1].product_id, MORNING + timedelta(minutes=1)),
        (lines[2].product_id, MORNING),
    ]
    assert list(Run.objects.values_list("job", "finished_at")) == [
        ("review", MORNING + timedelta(minutes=1))
    ]


def test_at_the_cut_off_all_but_who_is_locked_are_told_and_they_when_they_are_free() -> None:
    lines = []
    for _ in range(2):
        product = make_product()
        lines.append(factories.order(product, now=CUTOFF - 3 * DAY))
        services.receive(product, 1, now=CUTOFF - 2 * DAY)
    with time_machine.travel(CUTOFF, tick=False):
        with locked_line(lines[0]):
            tasks.keep_deadlines()
        assert [kinds(line.order)[-1] for line in lines] == ["reserved", "later"]
        assert not Run.objects.exists()
        tasks.keep_deadlines()
    assert [kinds(line.order)[1:] for line in lines] == [["reserved", "later"]] * 2
    assert list(Run.objects.values_list("job", flat=True)) == ["deadlines"]


def test_at_the_cut_off_who_waits_for_a_locked_product_is_told_when_it_is_free() -> None:
    lines = []
    for _ in range(2):
        restock = factories.restock(
            make_product(), expected_on=(CUTOFF - DAY).date(), now=CUTOFF - 20 * DAY
        )
        lines.append(factories.order(restock.product, now=CUTOFF - 10 * DAY))
        OrderLine.objects.filter(pk=lines[-1].pk).update(agreed_by=(CUTOFF + 90 * DAY).date())
    with time_machine.travel(CUTOFF, tick=False):
        with locked_product(lines[0].product):
            tasks.keep_deadlines()
            told = [kinds(line.order)[1:] for line in lines]
        assert told[0] == []
        assert told[1] != []
        tasks.keep_deadlines()
    assert kinds(lines[0].order)[1:] == told[1]
    assert list(Run.objects.values_list("job", flat=True)) == ["deadlines"]


def test_silence_cancels_all_but_who_is_locked_and_them_when_they_are_free() -> None:
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    restock = factories.restock(
        make_product(), 50, supplier=supplier, expected_on=(NOON + 11 * DAY).date()
    )
    lines = [factories.order(restock.product) for _ in range(2)]
    slip(restock, (NOON + 80 * DAY).date(), now=NOON + DAY)
    overdue = NOON + 200 * DAY
    with locked_line(lines[0]):
        assert services.apply_silence(now=overdue) == 1
        assert [fresh(line).cancelled for line in lines] == [0, 1]
    assert services.apply_silence(now=overdue) == 1
    assert [fresh(line).cancelled for line in lines] == [1, 1]


def test_of_two_products_that_end_the_one_that_is_free_ends() -> None:
    lines = [factories.order(make_product()) for _ in range(2)]
    for line in lines:
        services.discontinue(line.product, reason="gone", now=NOON, actor="ann")
    with locked_product(lines[0].product):
        while services.discontinue_free_part(now=NOON):
            continue
        assert [fresh(line).cancelled for line in lines] == [0, 1]
    while services.discontinue_free_part(now=NOON):
        continue
    assert [fresh(line).cancelled for line in lines] == [1, 1]


def test_by_hand_a_review_says_that_something_is_locked() -> None:
    line = factories.order(make_product())
    with locked_product(line.product), pytest.raises(CommandError, match="1 product is locked"):
        call_command("review_promises")


def test_of_a_process_that_gave_up_no_statement_goes_on_waiting() -> None:
    """As of a task that ran into its time limit: its connection is closed while the statement waits
    for a lock."""
    line = factories.order(make_product())
    waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    with locked_product(line.product), another() as watcher:
        gave_up = another()
        pid = gave_up.info.backend_pid
        gave_up.pgconn.send_query(
            f"SELECT 1 FROM orders_stock WHERE product_id = {line.product_id} FOR UPDATE".encode()
        )
        gave_up.pgconn.finish()
        while watcher.execute(waits, [pid]).fetchone() == (1,):
            watcher.execute("SELECT pg_sleep(0.1)")
            watcher.rollback()


ORDERS = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity"
FILES = {
    "orders": [
        ORDERS,
        "901,2026-11-02T12:00:00Z,,,US,,LAMP,1",
        "902,2026-11-02T12:00:00Z,,,US,,VASE,1",
    ],
    "shipments": [
        SHIPMENTS,
        "1,LAMP,1,2026-11-02T13:00:00Z,UPS,1Z1",
        "9,VASE,1,2026-11-02T13:00:00Z,UPS,1Z9",
    ],
    "restocks": [
        RESTOCKS,
        "PO-1,LAMP,Nordlicht,50,2026-11-13,2026-11-01,,2026-11-02,1,",
        "PO-9,VASE,Nordlicht,50,2026-11-13,2026-11-01,,2026-11-02,1,",
    ],
}


@pytest.fixture
def lines() -> list[OrderLine]:
    """Six wait for a lamp, all of one minute, and were told of a delay that asks them."""
    supplier = factories.make_supplier(name="Nordlicht")
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    lamp, vase = make_product(sku="LAMP"), make_product(sku="VASE")
    where = {"supplier": supplier, "expected_on": (NOON + 11 * DAY).date()}
    restock = factories.restock(lamp, 50, reference="PO-1", **where)
    factories.restock(vase, 50, reference="PO-9", **where)
    lines = [factories.order(lamp, number=str(n)) for n in range(1, 7)]
    factories.order(vase, number="9")
    slip(restock, (NOON + 80 * DAY).date(), now=NOON)
    return lines


@contextmanager
def frozen_dry_run(kind: str) -> Iterator[None]:
    """The file is checked as ever, and stands still while it holds lamps: it waits for vases, which
    somebody else holds."""
    content = "\n".join(FILES[kind]).encode()
    row = services.upload(kind, f"{kind}.csv", content, all_products=True, now=NOON, actor="ann")

    def check() -> None:
        try:
            work_off()
        finally:
            connection.close()

    dry_run = threading.Thread(target=check)
    with another() as other, another() as watcher:
        other.execute(
            "SELECT 1 FROM orders_stock s JOIN orders_product p ON p.id = product_id WHERE sku = "
            "'VASE' FOR SHARE"
        )
        dry_run.start()
        while watcher.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        ).fetchone() != (1,):
            assert dry_run.is_alive()
            watcher.execute("SELECT pg_sleep(0.05)")
            watcher.rollback()
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, false)", [f"{AT_ONCE * 1000:.0f}ms"]
                )
            yield
            assert Upload.objects.get(pk=row.pk).state == Upload.State.TO_CHECK
        finally:
            other.rollback()
            dry_run.join()
            connection.close()
    row.refresh_from_db()
    assert (row.state, row.rejected) == (Upload.State.CHECKED, {})


def test_whose_own_line_is_locked_is_told_so_soon_and_nothing_is_half_done(
    client: Client, lines: list[OrderLine]
) -> None:
    """The file ships the first line: what of it is left to cancel only the file's end says."""
    at = f"/o/{link_token(lines[0].order, Purpose.ACT)}/answer/"
    with frozen_dry_run("shipments"):
        for choice in ("cancel", "keep"):
            answer = client.post(at, {"line": lines[0].pk, "choice": choice, "seen": 1})
            assert (answer.status_code, answer["Retry-After"]) == (503, "60")
            assert "The shop is updating this order right now" in answer.content.decode()
        assert fresh(lines[0]).cancelled == 0
    assert client.post(at, {"line": lines[0].pk, "choice": "cancel", "seen": 1}).status_code == 303
    assert fresh(lines[0]).cancelled == 1


@pytest.mark.parametrize("kind", FILES)
def test_who_cancels_or_keeps_while_a_file_is_checked_is_answered_at_once(
    lines: list[OrderLine], kind: str
) -> None:
    later = NOON + timedelta(hours=2)
    with frozen_dry_run(kind):
        cancelled = services.answer(lines[-1].order, lines[-1].pk, "cancel", now=later)
        kept = services.answer(lines[-2].order, lines[-2].pk, "keep", now=later)
        assert (cancelled.done, kept.done) == ("cancelled", "kept")
        assert services.review_settled(now=later) == {}
        assert queue.position(lines[-1].product_id, NOON + DAY, 0).place == 6
    assert list(queue.differences()) == []
    services.review_settled(now=later + timedelta(minutes=1))
    product = Product.objects.get(sku="LAMP")
    assert (product.changed_at, product.review_at) == (later, later + timedelta(minutes=10))
    assert (product.change_reason, Shortening.objects.count()) == ("cancellation", 0)
