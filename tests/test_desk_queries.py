"""No sheet, no record and no page of the desk asks a question per row."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders_site.staff.pages.reports import REPORTS
from backorders_site.staff.uploads import work_off
from notifications.models import Message, MessageState
from orders import services
from orders.models import Order, Receipt, Restock, Word
from tests import factories
from tests.factories import NOON
from tests.test_admin import page, rows_of_everything
from tests.test_desk_import import ADA, INDEX, ORDERS, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def asked(client: Client, url: str) -> int:
    """Queries until the last of it has been read."""
    client.get(url).getvalue()  # what is read once, such as content types
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
        assert answer.status_code == 200, url
        answer.getvalue()
    return len(captured)


def sheets() -> list[str]:
    """Every sheet of staff that is there whatever there is."""
    lists = [
        page(model, "csv") for model in admin.site._registry if model._meta.app_label != "auth"
    ]
    return [
        *lists,
        *(reverse(f"desk:{name}") for name in ("queues", "picking_csv")),
        *(reverse("desk:report_csv", args=[slug]) for slug in REPORTS),
    ]


def test_a_sheet_asks_as_many_questions_for_thirty_rows_as_for_one_and_three(
    admin_client: Client,
) -> None:
    rows_of_everything()
    few = {url: asked(admin_client, url) for url in sheets()}
    for more in (2, 9):
        for _ in range(more):
            rows_of_everything()
        assert {url: asked(admin_client, url) for url in sheets()} == few


def much_happened(order: Order, times: int) -> None:
    """So many notes, words to the customer and mails."""
    for n in range(times):
        services.write_note(order, f"note {n}", now=NOON, actor="ann")
        services.tell_customer(order, Word.LOOKING_INTO, reason="", now=NOON, actor="ann")
        Message.objects.create(
            key=f"{order.pk}-{n}",
            order=order,
            kind="note",
            message_id=f"<{order.pk}-{n}@shop>",
            state=MessageState.FAILED,
            created_at=NOON,
            next_attempt_at=NOON,
        )


@pytest.mark.parametrize("name", ["desk", "record"])
def test_an_order_s_page_asks_as_many_for_thirty_notes_events_and_mails_as_for_one(
    admin_client: Client, name: str
) -> None:
    found = []
    for times in (1, 3, 30):
        order = factories.order(factories.make_product()).order
        much_happened(order, times)
        url = (
            reverse("desk:order", args=[order.number])
            if name == "desk"
            else page(Order, "change", order.pk)
        )
        found.append(asked(admin_client, url))
    assert found == [found[0]] * 3


def test_a_delivery_s_record_asks_as_many_for_thirty_dates_and_receipts_as_for_one(
    admin_client: Client,
) -> None:
    found = []
    for times in (1, 3, 30):
        restock = factories.restock(factories.make_product(), 100)
        for n in range(times):
            services.move_restock_date(
                restock, NOON.date().replace(day=3 + n % 27), now=NOON, reason="customs"
            )
            services.receive(restock.product, 1, restock=restock, now=NOON)
        found.append(asked(admin_client, page(Restock, "change", restock.pk)))
    assert found == [found[0]] * 3


def test_a_receipt_s_record_asks_as_many_for_thirty_corrections_as_for_one(
    admin_client: Client,
) -> None:
    found = []
    for times in (1, 3, 30):
        receipt = services.receive(factories.make_product(), 100, now=NOON)
        for n in range(times):
            services.correct_receipt(receipt, 99 - n, reason="counted again", now=NOON)
        found.append(asked(admin_client, page(Receipt, "change", receipt.pk)))
    assert found == [found[0]] * 3


def test_a_correction_is_foretold_with_as_many_questions_for_thirty_as_for_one(
    admin_client: Client,
) -> None:
    found = []
    for customers in (1, 3, 30):
        product = factories.make_product()
        for _ in range(customers):
            factories.order(product)
        receipt = services.receive(product, customers, now=NOON)
        url = f"{page(Receipt, 'correct')}?id={receipt.pk}"
        form = admin_client.get(url).context["form"]
        with CaptureQueriesContext(connection) as captured:
            shown = admin_client.post(
                url, {"units": 0, "reason": "counted again", "seen": form.seen()}
            )
        assert shown.context["consequences"].heard == customers
        found.append(len(captured))
    assert found == [found[0]] * 3


def test_a_file_s_page_asks_as_many_for_thirty_wrong_rows_as_for_one(admin_client: Client) -> None:
    found = []
    for rows in (1, 3, 30):
        wrong = [f"{n},yesterday,a@b.example,Ada,US,,LAMP,1" for n in range(rows)]
        row = send(admin_client, ORDERS, ADA, *wrong)
        assert row.bad_rows == rows
        found.append(asked(admin_client, f"{INDEX}{row.pk}/"))
    assert found == [found[0]] * 3


def test_the_history_of_files_asks_as_many_for_twenty_as_for_one_and_three(
    admin_client: Client,
) -> None:
    found = []
    for more in (1, 2, 17):
        for _ in range(more):
            services.upload(
                "orders",
                "orders.csv",
                b"order_number\n1\n",
                all_products=False,
                known=False,
                now=NOON,
                actor="ann",
            )
        found.append(asked(admin_client, INDEX))
    assert work_off() == 0
    assert found == [found[0]] * 3
