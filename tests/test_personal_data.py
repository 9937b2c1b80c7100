"""What is held about a person is handed to them, and forgotten when they ask; mails do not keep
their words for ever."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from notifications.models import Message, MessageState, Preference, ProviderReport, Suppression
from notifications.outbox.staff_actions import send_again
from notifications.personal_data.erasure import forget_words
from notifications.preferences import choose
from orders import queue, services
from orders.access import Purpose, order_url
from orders.models import (
    Answer,
    Choice,
    Import,
    Order,
    OrderLine,
    QueueChange,
    Receipt,
    Refund,
    ShopTask,
    Upload,
)
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON
from tests.mailing import mail
from tests.test_mails import asked_of, delayed

pytestmark = pytest.mark.django_db

MAIL = "vera.private@example.com"
PERSON = (MAIL, MAIL.upper(), "Vera", "Private", "1Z-VERA", "Elm Street")


def vera(number: str = "V-1001") -> OrderLine:
    product = factories.make_product()
    factories.restock(product)
    return factories.order(
        product, 2, number=number, email=MAIL.title(), customer_name="Vera Private", country="DE"
    )


@pytest.fixture
def line(clocks: Clocks, mail_sink: MailSink) -> OrderLine:
    """Vera's order went through all that can leave her name somewhere, and is over: shipped, with
    nothing to be done."""
    line = vera()
    factories.order(
        factories.make_product(),
        email="other@example.com",
        number="X-1",
        customer_name="Otto Other",
    )
    mail()
    order = line.order
    services.write_note(order, "Vera rang: moved to Elm Street", now=NOON, actor="ann")
    services.flag(order, [f"address in the export is now {MAIL}"])
    services.receive(line.product, 2, now=NOON)
    services.ship(order, {line.pk: 2}, now=NOON, carrier="UPS", tracking_number="1Z-VERA")
    mail()
    choose(MAIL, good_news=False, no_change=True, now=NOON)
    Suppression.objects.create(address=MAIL.upper(), reason="complained", at=NOON)
    message = order.messages.latest("pk")
    ProviderReport.objects.create(
        event_id="1",
        kind="bounced",
        message_id=message.message_id,
        recipient=MAIL,
        detail="Vera",
        received_at=NOON,
    )
    upload = services.upload(
        "orders", "x.csv", f"n,{MAIL}".encode(), all_products=False, now=NOON, actor="ann"
    )
    Upload.objects.filter(pk=upload.pk).update(state=Upload.State.DONE)
    Import.objects.create(
        command="import_orders",
        file_name="x",
        sha256="0",
        started_at=NOON,
        rejected=[f"x:2: {MAIL} is odd", "x:3: b"],
    )
    content_type = ContentType.objects.get_for_model(Order)
    LogEntry.objects.create(
        user=User.objects.create_user("ann", is_staff=True),
        content_type=content_type,
        object_id="1",
        action_flag=CHANGE,
        change_message=f"mail goes to {MAIL}",
    )
    return line


def everywhere() -> str:
    """All that any table holds, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"SELECT string_agg(t::text, E'\\n') FROM \"{table}\" t")
            found.append(f"{table}: {cursor.fetchone()[0] or ''}")
        cursor.execute(
            "SELECT string_agg(convert_from(content, 'UTF8'), E'\\n') FROM orders_upload"
        )
        found.append(f"files: {cursor.fetchone()[0] or ''}")
    return "\n".join(found)


def traces() -> list[str]:
    return [
        f"{words} in {table.partition(':')[0]}"
        for words in PERSON
        for table in everywhere().split("\n")
        if words in table
    ]


def export(capsys: pytest.CaptureFixture[str], address: str = MAIL) -> dict[str, Any]:
    capsys.readouterr()
    call_command("export_person", address)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_all_that_is_held_about_a_person_is_handed_to_them(
    capsys: pytest.CaptureFixture[str], line: OrderLine
) -> None:
    held = export(capsys, f" {MAIL.upper()}")
    (order,) = held["orders"]
    assert (order["number"], order["customer_name"], order["email"]) == (
        "V-1001",
        "Vera Private",
        MAIL.title(),
    )
    assert [(row["sku"], row["quantity"], row["shipped"]) for row in order["lines"]] == [
        (line.product.sku, 2, 2)
    ]
    assert [row["text"] for row in order["notes"]] == ["Vera rang: moved to Elm Street"]
    assert [row["tracking_number"] for row in order["shipments"]] == ["1Z-VERA"]
    assert [(row["kind"], row["state"], "Hello Vera" in row["text"]) for row in order["mails"]] == [
        ("joined", "sent", True),
        ("shipped", "sent", True),
    ]
    assert [row["outcome"] for row in order["mails"][0]["attempts"]] == ["sent"]
    assert [event["kind"] for event in order["events"]] == factories.kinds(line.order)
    assert all(event["text"] for event in order["events"])
    assert [row["address"] for row in (*held["suppression"], *held["preferences"])] == [
        MAIL.upper(),
        MAIL,
    ]
    assert [row["detail"] for row in held["provider_reports"]] == ["Vera"]
    assert (len(held["files"]), held["refused_rows"]) == (1, [f"x:2: {MAIL} is odd"])


def test_an_export_holds_nobody_else_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], line: OrderLine
) -> None:
    before = everywhere()
    assert "Otto" not in json.dumps(export(capsys))
    assert everywhere() == before


def test_a_mail_to_an_address_that_was_corrected_since_is_held_about_it(
    capsys: pytest.CaptureFixture[str], line: OrderLine
) -> None:
    services.correct_address(
        line.order, "new@example.com", revoke=True, reason="typed", now=NOON, actor="ann"
    )
    held = export(capsys)
    assert (held["orders"], len(held["other_mails"])) == ([], 2)


@pytest.mark.parametrize("command", ["export_person", "erase_person"])
@pytest.mark.parametrize("address", ["nobody@example.com", "", "\x00", "%", "no address"])
def test_of_whom_nothing_is_held_that_is_said(command: str, address: str) -> None:
    with pytest.raises(CommandError, match="nothing is stored about"):
        call_command(command, address)


def test_a_person_who_asks_is_found_nowhere_any_more(
    client: Client, capsys: pytest.CaptureFixture[str], line: OrderLine
) -> None:
    links = [order_url(line.order, purpose) for purpose in Purpose]
    assert traces()

    call_command("erase_person", MAIL)

    assert traces() == []
    assert [client.get(link).status_code for link in links] == [404] * len(links)
    said, of_files, *_ = capsys.readouterr().out.splitlines()
    assert (
        said == "Erased from 1 orders, 2 emails, 1 provider reports and 0 staff notes and reasons."
    )
    assert "they contained the address: x.csv." in of_files
    assert list(queue.differences()) == []
    with pytest.raises(CommandError, match="nothing is stored about"):
        call_command("export_person", MAIL)


def test_what_staff_wrote_elsewhere_loses_the_person_and_nothing_else(
    capsys: pytest.CaptureFixture[str], line: OrderLine
) -> None:
    other = OrderLine.objects.get(order__number="X-1")
    factories.order(other.product)
    services.move_in_queue(other, 2, now=NOON, actor="ann", reason="swapped with VERA PRIVATE")
    services.write_note(
        other.order,
        f"knows vera@example.com, cc {MAIL}; Vera Bly is another",
        now=NOON,
        actor="ann",
    )
    receipt = services.receive(other.product, 1, now=NOON, reason="back from Vera Private, 1Z-VERA")
    services.correct_receipt(receipt, 0, reason="Vera", now=NOON, actor="ann")
    call_command("erase_person", MAIL)
    assert "and 4 staff notes and reasons" in capsys.readouterr().out
    assert QueueChange.objects.exclude(note="").get().note == "swapped with [erased]"
    assert (
        other.order.notes.get().text == "knows vera@example.com, cc [erased]; Vera Bly is another"
    )
    assert list(
        Receipt.objects.filter(product=other.product)
        .order_by("pk")
        .values_list("reason", flat=True)
    ) == [
        "back from [erased], [erased]",
        "Vera",
    ]


def test_what_accounting_and_evidence_need_stays(line: OrderLine) -> None:
    def kept() -> list[object]:
        facts = [event.facts | {"tracking_number": ""} for event in line.order.events.all()]
        events = [facts, list(line.order.events.values("kind", "at", "told_at"))]
        return [
            events,
            list(
                OrderLine.objects.order_by("pk").values(
                    "quantity", "shipped", "agreed_by", "promise"
                )
            ),
            list(Message.objects.order_by("pk").values("state", "sent_at", "message_id", "kind")),
            list(line.order.shipments.values("carrier", "shipped_at")),
            list(line.promises.values("early", "late", "told_at")),
            (line.order.number, line.order.country),
        ]

    before = kept()
    call_command("erase_person", MAIL)
    line.order.refresh_from_db()
    assert kept() == before


def test_others_keep_their_own(line: OrderLine) -> None:
    other = Order.objects.get(number="X-1")
    before = (
        other.email,
        other.customer_name,
        other.link_version,
        other.messages.latest("pk").text,
    )
    call_command("erase_person", MAIL)
    other.refresh_from_db()
    assert (
        other.email,
        other.customer_name,
        other.link_version,
        other.messages.latest("pk").text,
    ) == before


def test_history_keeps_itself_again_once_the_person_is_gone(line: OrderLine) -> None:
    call_command("erase_person", MAIL)
    with pytest.raises(Exception, match="is history"):
        line.order.shipments.update(carrier="none")


def test_an_import_does_not_teach_the_address_again(line: OrderLine) -> None:
    call_command("erase_person", MAIL)
    assert not services.learn_address(line.order, MAIL, unreachable="", now=NOON)
    with pytest.raises(services.Refused, match="asked to be forgotten"):
        services.correct_address(line.order, MAIL, revoke=False, reason="x", now=NOON, actor="ann")
    assert traces() == []


Open = Callable[[OrderLine], object]


def open_refund(line: OrderLine) -> None:
    Refund.objects.create(line=line, units=1, due_on=NOON.date(), created_at=NOON)


def open_task(line: OrderLine) -> None:
    ShopTask.objects.create(line=line, kind="cancel", units=1, created_at=NOON)


@pytest.mark.parametrize(
    ("open_something", "said"),
    [
        (
            lambda line: vera("V-2"),
            "an email about order V-2 is being sent|order V-2: units are still to come",
        ),
        (open_refund, "order V-1001: a refund has to be sent"),
        (open_task, "order V-1001: a task in the shop is open"),
        (
            lambda line: Message.objects.filter(kind="joined").update(state="queued", sent_at=None),
            "is being sent",
        ),
        (lambda line: line.order.events.update(message_due=True), "order V-1001: an email is due"),
        (
            lambda line: Upload.objects.update(state="to_import"),
            "the file x.csv, which contains this address, is waiting",
        ),
    ],
)
def test_while_something_is_open_nothing_is_erased(
    line: OrderLine, open_something: Open, said: str
) -> None:
    open_something(line)
    before = everywhere()
    with pytest.raises(CommandError, match=said):
        call_command("erase_person", MAIL)
    assert everywhere() == before


def test_the_words_of_a_notice_stay_as_evidence_without_the_person(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    line = delayed("US", 35)
    Order.objects.update(customer_name="Vera Private", email=MAIL)
    mail()
    clocks.move_to(NOON + timedelta(minutes=1))
    notice = asked_of(line)
    services.answer(
        line.order, line.pk, Choice.CANCEL, units=None, seen=None, now=NOON + timedelta(minutes=1)
    )
    mail()
    Refund.objects.update(sent_at=NOON)
    ShopTask.objects.update(confirmed_at=NOON)
    told = Message.objects.filter(
        covered__event__promise=notice.promise, covered__said=True
    ).latest("pk")
    call_command("erase_person", MAIL)

    told.refresh_from_db()
    assert "[erased]" in told.text
    assert (traces(), told.html, told.headers, told.recipient) == ([], "", {}, "")
    assert len(told.text) > 500
    assert Answer.objects.get().choice == "cancel"
    assert set(Message.objects.exclude(pk=told.pk).values_list("text", flat=True)) == {""}


class TestWordsThatGrowOld:
    def test_go_after_their_days_and_the_mail_stays_on_record(
        self, clocks: Clocks, mail_sink: MailSink, line: OrderLine
    ) -> None:
        shipped = Message.objects.filter(kind="shipped")
        facts = shipped.values(
            "subject", "recipient", "state", "sent_at", "message_id", "kind"
        ).get()
        assert forget_words(now=NOON + timedelta(days=89)) == 0
        assert forget_words(now=NOON + timedelta(days=91)) == 1
        assert (
            shipped.values("subject", "recipient", "state", "sent_at", "message_id", "kind").get()
            == facts
        )
        assert shipped.values_list("text", "html", "headers").get() == ("", "", {})
        assert set(ProviderReport.objects.values_list("recipient", "detail")) == {("", "")}

    def test_of_a_notice_go_after_its_years(self, clocks: Clocks, mail_sink: MailSink) -> None:
        delayed("US", 35)
        mail()
        told = Message.objects.filter(
            covered__event__promise__notice__isnull=False, covered__said=True
        )
        assert (
            forget_words(now=NOON + timedelta(days=100)) == Message.objects.count() - told.count()
        )
        assert [bool(message.text) for message in told] == [True] * told.count()
        assert forget_words(now=NOON + timedelta(days=1500)) == told.count() > 0

    def test_of_a_mail_that_waits_stay(self, clocks: Clocks, line: OrderLine) -> None:
        Message.objects.filter(kind="joined").update(state=MessageState.QUEUED, sent_at=None)
        forget_words(now=NOON + timedelta(days=1000))
        assert all(message.text for message in Message.objects.filter(state=MessageState.QUEUED))

    def test_are_missed_by_whoever_would_send_it_again(
        self, clocks: Clocks, line: OrderLine
    ) -> None:
        forget_words(now=NOON + timedelta(days=1000))
        message = line.order.messages.latest("pk")
        Message.objects.filter(pk=message.pk).update(state=MessageState.BOUNCED)
        Preference.objects.all().delete()
        with pytest.raises(services.Refused, match="is no longer kept"):
            send_again(message)
