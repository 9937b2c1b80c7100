import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections

from notifications.models import Message, MessageEvent, MessageState, Suppression
from notifications.outbox.dispatch import Dispatched, dispatch, dispatch_all
from orders import services
from orders.models import Event, Order, OrderLine
from tests import factories
from tests.factories import NOON, make_product
from tests.mailing import states

HOUR = timedelta(hours=1)


def covered(message: Message) -> list[str]:
    return list(message.events.order_by("pk").values_list("kind", flat=True))


def slip(line: OrderLine, days: int, *, hours: int = 1) -> None:
    """The delivery of the line's product is moved so many days after NOON's plan, and customers
    hear of it."""
    restock = line.product.restocks.get()
    now = NOON + hours * HOUR
    services.move_restock_date(
        restock, (NOON + timedelta(days=days)).date(), now=now, reason="customs"
    )
    factories.review(line.product, now=now + HOUR / 2)


@pytest.fixture
def line(db: None) -> OrderLine:
    product = make_product(name="Walnut lamp")
    factories.restock(product)
    return factories.order(product, number="TT-1042")


def test_all_news_of_an_order_becomes_one_message(line: OrderLine) -> None:
    slip(line, 70)

    assert dispatch() == Dispatched(messages=1, unreachable=0)
    message = line.order.messages.get()
    assert (covered(message), message.state, message.kind) == (
        ["joined", "later"],
        MessageState.QUEUED,
        "later",
    )
    assert message.recipient == "ada@example.com"
    assert message.message_id.endswith("@shop.example>")
    assert not Event.objects.filter(message_due=True).exists()


def test_an_event_is_dispatched_once(line: OrderLine) -> None:
    assert dispatch_all() == 1
    assert dispatch_all() == 0
    assert states(line.order) == [MessageState.QUEUED]


def test_a_newer_message_supersedes_a_queued_one_and_covers_its_events(line: OrderLine) -> None:
    dispatch_all()
    slip(line, 70)
    dispatch_all()

    assert states(line.order) == [MessageState.SUPERSEDED, MessageState.QUEUED]
    assert covered(line.order.messages.latest("pk")) == ["joined", "later"]


def test_news_waits_while_a_message_is_being_sent(line: OrderLine) -> None:
    dispatch_all()
    set_state(line.order, MessageState.SENDING)
    slip(line, 70)

    assert dispatch_all() == 0
    assert Event.objects.get(kind="later").message_due
    set_state(line.order, MessageState.SENT)
    assert dispatch_all() == 1
    assert covered(line.order.messages.latest("pk")) == ["later"]


def test_a_message_that_needs_review_holds_up_nothing(line: OrderLine) -> None:
    dispatch_all()
    set_state(line.order, MessageState.NEEDS_REVIEW)
    slip(line, 70)

    assert dispatch_all() == 1
    assert states(line.order) == [MessageState.NEEDS_REVIEW, MessageState.QUEUED]


def test_an_order_without_an_address_goes_on_staffs_list(db: None) -> None:
    order = factories.order(make_product(), email="").order

    assert dispatch() == Dispatched(messages=1, unreachable=1)
    order.refresh_from_db()
    assert order.attention == ["can't be reached: no email address"]
    assert states(order) == [MessageState.SUPPRESSED]
    assert not Event.objects.filter(told_at__isnull=False).exists()


def test_a_suppressed_address_goes_on_staffs_list_however_it_is_written(db: None) -> None:
    Suppression.objects.create(address="Ada@Example.com", reason="bounced", at=NOON)
    order = factories.order(make_product(), email="ada@example.COM").order
    dispatch_all()

    order.refresh_from_db()
    assert order.attention == ["can't be reached: this address is suppressed"]
    assert states(order) == [MessageState.SUPPRESSED]


def test_an_event_marked_again_revives_the_message_that_had_nowhere_to_go(db: None) -> None:
    order = factories.order(make_product(), email="").order
    dispatch_all()
    Order.objects.update(email="ada@example.com")
    Event.objects.update(message_due=True)

    assert dispatch_all() == 1
    message = order.messages.get()
    assert (message.state, message.recipient, message.last_error) == (
        MessageState.QUEUED,
        "ada@example.com",
        "",
    )
    assert covered(message) == ["joined"]


def test_an_event_marked_again_after_its_mail_was_sent_is_not_mailed_again(line: OrderLine) -> None:
    dispatch_all()
    set_state(line.order, MessageState.SENT)
    Event.objects.update(message_due=True)

    assert dispatch_all() == 0
    assert states(line.order) == [MessageState.SENT]
    assert not Event.objects.filter(message_due=True).exists()


def test_quiet_orders_get_nothing_until_released(db: None) -> None:
    product = make_product()
    new = services.NewOrder(
        number="7", placed_at=NOON, email="ada@example.com", lines=[services.NewLine(product, 1)]
    )
    (order,) = services.place_orders([new], now=NOON, quiet=True)
    assert dispatch_all() == 0

    services.start_release(100, now=NOON)
    services.release_orders(now=NOON)
    assert dispatch_all() == 1
    assert covered(order.messages.get()) == ["joined"]


def test_a_batch_takes_only_so_many_orders(db: None) -> None:
    product = make_product()
    for _ in range(3):
        factories.order(product)

    assert [dispatch(limit=2).messages for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_dispatchers_that_run_together_create_one_message_per_order() -> None:
    product = make_product()
    for _ in range(30):
        factories.order(product)

    together(4, dispatch_all)

    assert Message.objects.count() == 30
    assert MessageEvent.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_an_order_that_another_dispatcher_holds_is_left_to_it() -> None:
    order = factories.order(make_product()).order
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM orders_order WHERE id = %s FOR NO KEY UPDATE", [order.pk])
            held.set()
            done.wait(10)
            cursor.execute("ROLLBACK")

    other = threading.Thread(target=closing_connections(hold))
    other.start()
    held.wait(10)
    created = dispatch_all()
    done.set()
    other.join()
    assert (created, dispatch_all()) == (0, 1)


def set_state(order: Order, state: MessageState) -> None:
    """As delivery leaves it, without a mail server."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE notifications_message SET state = %s,
                   claim_token = CASE WHEN %s = 'sending' THEN gen_random_uuid() END,
                   lease_until = CASE WHEN %s = 'sending' THEN now() + interval '5 minutes' END,
                   sent_at = CASE WHEN %s = 'sent' THEN now() END
               WHERE order_id = %s AND state IN ('queued', 'sending')""",
            [state, state, state, state, order.pk],
        )


def together(number: int, work: Callable[[], object]) -> None:
    """Run `work` in so many threads, each with its own connection."""
    threads = [threading.Thread(target=closing_connections(work)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def closing_connections(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    return run
