"""What is held about a person is handed to them, and forgotten when they ask; mails do not keep
their words for ever."""

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import CharField, JSONField, TextField
from django.test import Client
from redis import Redis

from backorders_site.staff.example_emails import kept
from notifications.models import Message, MessageState, Preference, ProviderReport, Suppression
from notifications.outbox.staff_actions import send_again
from notifications.personal_data.erasure import forget_words
from notifications.personal_data.person import WRITTEN
from notifications.preferences import choose
from orders import queue, services
from orders.access import Purpose, order_url
from orders.domain.traces import holds, pattern_of
from orders.models import (
    Answer,
    Choice,
    Event,
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
            "SELECT string_agg(encode(content, 'escape') || encode(remaining, 'escape'), E'\\n') "
            "FROM orders_upload"
        )
        found.append(f"files: {cursor.fetchone()[0] or ''}")
    return "\n".join([*found, in_valkey()])


def in_valkey() -> str:
    with Redis.from_url(settings.REDIS_URL) as client:
        values = [client.get(key) for key in client.scan_iter() if client.type(key) == b"string"]
    return "valkey: " + "; ".join(value.decode(errors="replace") for value in values if value)


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
    assert said == "Erased. Orders: 1, emails: 2, provider reports: 1, texts elsewhere: 1."
    assert "they contained the person: x.csv." in of_files
    assert list(queue.differences()) == []
    with pytest.raises(CommandError, match="nothing is stored about"):
        call_command("export_person", MAIL)


OLD = "vera@exmaple.com"


@pytest.fixture
def everything(line: OrderLine) -> OrderLine:
    """Vera had an address that emails came back from, and stands in files and lists, in some
    without any address at all."""
    order, now = line.order, NOON
    Order.objects.filter(pk=order.pk).update(email=OLD)
    Suppression.objects.create(address=OLD, reason="no such mailbox", at=now)
    services.correct_address(order, MAIL, revoke=False, reason="typo", now=now, actor="ann")
    Event.objects.filter(order=order).update(message_due=False)
    other = OrderLine.objects.get(order__number="X-1").order
    services.write_note(other, f"belongs to {OLD}?", now=now, actor="ann")
    services.flag(other, ["same street as Private, Vera"])
    files = {
        "orders_Vera-Private.csv": b"sku",
        "old.csv": f"V-1001,{OLD},Vera".encode(),
        "name.csv": b'V-1001,mistyped@example,"VERA","Private"',
        "parcels.csv": b"V-1001,UPS,1Z-VERA",
        "wide.csv": "V-1001,Vera Private".encode("utf-16"),
        "book.xlsx": workbook("<si><t>Vera Private</t></si>"),
    }
    for name, content in files.items():
        row = services.upload("orders", name, content, all_products=False, now=now, actor="ann")
        Upload.objects.filter(pk=row.pk).update(
            state=Upload.State.DONE, rejected={"2": "Vera Private: no such country"}
        )
    Import.objects.create(
        command="import_orders",
        file_name="vera private.csv",
        sha256="1",
        started_at=now,
        rejected=["x:7: Vera Private has no country", "x:8: fine"],
    )
    kept("<p>Hello Vera Private, 1Z-VERA</p>")
    return line


def workbook(shared_strings: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", f"<sst>{shared_strings}</sst>")
    return file.getvalue()


def test_former_addresses_files_and_lists_are_handed_over(
    capsys: pytest.CaptureFixture[str], everything: OrderLine
) -> None:
    held = export(capsys)
    assert [row["address"] for row in held["former_addresses"]] == [MAIL.title(), OLD]
    assert {row["address"] for row in held["suppression"]} == {MAIL.upper(), OLD}
    assert [row["file_name"] for row in held["files"]] == [
        *("x.csv", "old.csv", "name.csv", "parcels.csv", "wide.csv", "book.xlsx"),
    ]
    assert held["refused_rows"] == [f"x:2: {MAIL} is odd", "x:7: Vera Private has no country"]
    mentioned = [(one["in"], one["words"]) for one in held["mentions"]]
    assert ("import: file_name", "vera private.csv") in mentioned
    assert ("upload: file_name", "orders_Vera-Private.csv") in mentioned
    assert ("note: text", f"belongs to {OLD}?") in mentioned
    assert ("order: attention", ["same street as Private, Vera"]) in mentioned
    assert ("log entry: change_message", f"mail goes to {MAIL}") in mentioned


def test_former_addresses_files_and_lists_forget_them(
    capsys: pytest.CaptureFixture[str], everything: OrderLine
) -> None:
    assert [trace for trace in traces() if "in valkey" in trace]
    call_command("erase_person", MAIL)
    assert [words for words in (*PERSON, OLD, "VERA", "Private") if words in everywhere()] == []
    assert not [row for row in Upload.objects.all() if holds(row.content, pattern_of(PERSON[2:5]))]
    assert not Suppression.objects.exists()
    assert Import.objects.get(sha256="1").rejected == ["[erased]", "x:8: fine"]
    assert Upload.objects.filter(file_name="orders_[erased].csv").exists()
    with pytest.raises(CommandError, match="nothing is stored about"):
        call_command("export_person", OLD)


def test_a_former_address_that_another_order_has_now_is_left_to_its_owner(
    capsys: pytest.CaptureFixture[str], everything: OrderLine
) -> None:
    Order.objects.filter(number="X-1").update(email=OLD)
    call_command("erase_person", MAIL)
    assert f"other orders have it now: {OLD}" in capsys.readouterr().out
    assert Suppression.objects.get().address == OLD
    assert Order.objects.get(number="X-1").email == OLD


# Columns of text that no name gets into, or that are emptied or deleted with their row.
NOT_SEARCHED = {
    "emptied or deleted": {
        *("Order.email", "Order.customer_name", "Order.region", "Shipment.tracking_number"),
        *("FormerAddress.address", "Suppression.address", "Preference.address"),
        *("Message.recipient", "ProviderReport.recipient", "Inquiry.answer_to", "Event.facts"),
    },
    "names of staff": {
        *("Discontinuation.actor", "Restock.cancelled_by", "RestockDate.actor", "Receipt.actor"),
        *("Import.undone_by", "Release.actor", "Shipment.actor", "Refund.sent_by", "Note.actor"),
        *("RestockNote.actor", "RestockNote.hidden_by", "Event.actor", "QueueChange.actor"),
        *("Answer.actor", "ShopChange.decided_by", "ShopTask.confirmed_by", "Pause.paused_by"),
        *("Upload.uploaded_by", "Upload.confirmed_by", "Message.decided_by", "Pause.ended_by"),
    },
    "goods, keys, codes and numbers": {
        *("LogEntry.object_id", "Product.name", "Product.name_in_shop", "Product.variant"),
        "Product.image_url",
        *("Restock.reference", "Import.command", "Import.sha256", "Import.counts"),
        *("Import.written", "Order.number", "Order.country", "Order.locale", "Order.currency"),
        *("Shipment.carrier", "Refund.currency", "RestockNote.picture_name", "Forecast.bands"),
        *("Forecast.evidence", "Promise.reference", "Run.job", "DelayNotice.jurisdiction"),
        *("DelayNotice.case", "DelayNotice.silence", "DelayNotice.sentences", "Upload.sha256"),
        *("Upload.column_map", "Upload.skus", "Upload.encoding", "Message.key"),
        *("Message.locale", "Message.message_id", "Message.thread_root"),
        *("Message.provider_id", "Attempt.phase"),
        *("ProviderReport.message_id", "ProviderReport.provider_id"),
    },
}


def test_every_column_of_text_is_searched_or_known_to_hold_nobody() -> None:
    columns = {
        f"{model.__name__}.{field.name}"
        for label in ("orders", "notifications", "admin")
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, CharField | TextField | JSONField | ArrayField)
        and not field.choices
        and not field.unique
    }
    searched = {f"{model.__name__}.{name}" for model, names in WRITTEN for name in names}
    known = set().union(*NOT_SEARCHED.values())
    assert columns - searched - known == set()
    assert (searched & known, (searched | known) - columns) == (set(), set())


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
    assert "texts elsewhere: 5." in capsys.readouterr().out
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
            "the file x.csv, which contains this person, is waiting",
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
