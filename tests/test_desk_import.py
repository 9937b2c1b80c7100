"""Import in the browser: nothing before it was read and confirmed, and nothing twice."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backorders_site.staff.pages.import_columns import ColumnsForm
from backorders_site.staff.uploads import work_off
from backorders_site.tasks import work_off_uploads
from notifications.tasks import forget
from orders import services
from orders.models import Event, Import, Order, OrderLine, Product, Promise, Restock, Upload
from tests import factories
from tests.factories import NOON
from tests.test_admin import queries_of
from tests.test_roles import S, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
INDEX = "/admin/desk/import/"
ORDERS = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity"
RESTOCKS = "reference,sku,supplier,quantity,expected_on,posted_on"
SHIPMENTS = "order_number,sku,quantity,shipped_at,carrier,tracking_number"
GRETE = "1,2026-10-01,grete@example.com,Grete,DE,,LAMP,2"
ADA = "2,2026-10-02,ada@example.com,'=Ada,US,,LAMP,1"
REF = {"order_number": "Ref", "placed_at": "When", "sku": "Article", "quantity": "Pieces"}
COLUMN_MAP = (
    '[columns]\norder_number = "Ref"\nplaced_at = "When"\nsku = "Article"\nquantity = "Pieces"\n'
)


def file(*rows: str, name: str = "orders.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(rows).encode())


def send(staff: Client, *rows: str, **sent: object) -> Upload:
    """Uploaded and checked."""
    answer = staff.post(INDEX, {"file": file(*rows), **sent})
    assert answer.status_code == 302, answer.context["form"].errors
    work_off()
    return Upload.objects.get(pk=int(answer["Location"].strip("/").rpartition("/")[2]))


def confirm(staff: Client, row: Upload, **sent: object) -> Upload:
    staff.post(f"{INDEX}{row.pk}/confirm/", sent)
    work_off()
    row.refresh_from_db()
    return row


def left_out(staff: Client, row: Upload) -> bytes:
    """The sheet of its wrong rows."""
    return staff.get(f"{INDEX}{row.pk}/rejected.csv").getvalue()


def everything() -> list[int]:
    return [
        model.objects.count()
        for model in (Order, OrderLine, Product, Event, Promise, Restock, Import)
    ]


def test_a_dry_run_says_what_it_would_do_and_leaves_nothing(admin_client: Client) -> None:
    before = everything()
    row = send(admin_client, ORDERS, GRETE, ADA)
    assert (row.state, row.kind, row.changes, row.uploaded_by) == (
        "checked",
        "orders",
        True,
        "admin",
    )
    assert row.summary[0] == "Orders: 2 joined."
    assert row.examples == ["new: 1, 2 × LAMP", "new: 2, 1 × LAMP"]
    assert everything() == before


def test_confirmed_it_is_imported_once_and_keeps_who_wanted_it(admin_client: Client) -> None:
    row = confirm(admin_client, send(admin_client, ORDERS, GRETE, ADA))
    assert (row.state, row.confirmed_by, row.record) == ("done", "admin", Import.objects.get())
    assert row.record.counts["joined"] == 2
    assert Order.objects.get(number="2").customer_name == "=Ada"
    again = admin_client.post(f"{INDEX}{row.pk}/confirm/", follow=True).content.decode()
    assert "Only a checked file can be imported, and only once" in again
    assert (work_off(), Import.objects.count()) == (0, 1)


def test_the_same_file_again_changes_nothing_and_says_so(admin_client: Client) -> None:
    confirm(admin_client, send(admin_client, ORDERS, GRETE))
    row = send(admin_client, ORDERS, GRETE)
    shown = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
    assert not row.changes
    assert "This exact file was already imported on" in shown
    assert row.summary[0] == "Nothing to import: everything in it is already here."
    assert row.summary[0] in shown
    assert f"{INDEX}{row.pk}/confirm/" not in shown


def test_what_a_file_closes_is_shown(admin_client: Client) -> None:
    product = factories.make_product(sku="LAMP")
    line = factories.order(product, 2, number="9")
    row = send(admin_client, SHIPMENTS, "9,LAMP,2,2026-11-01,DHL,JD01")
    assert (row.kind, row.examples) == ("shipments", ["shipped: 9, 2 × LAMP"])
    confirm(admin_client, row)
    line.refresh_from_db()
    assert line.shipped == 2


def test_restocks_are_known_by_their_header(admin_client: Client) -> None:
    row = confirm(
        admin_client, send(admin_client, RESTOCKS, "PO-1,LAMP,Nordlicht,5,2026-12-01,2026-11-01")
    )
    assert (row.kind, Restock.objects.get().reference) == ("restocks", "PO-1")


class TestWrongRows:
    BAD = "3,yesterday,x@example.com,Xaver,DE,,LAMP,1"
    WITH_IT = "3,2026-10-01,x@example.com,Xaver,DE,,RUG,1"

    def test_stop_the_import_until_they_are_left_out(self, admin_client: Client) -> None:
        row = send(admin_client, ORDERS, GRETE, self.BAD, self.WITH_IT)
        assert (row.bad_rows, list(row.rejected)) == (1, ["3"])
        assert row.rejected["3"].startswith("placed_at is 'yesterday'")
        assert confirm(admin_client, row).state == "checked"
        assert confirm(admin_client, row, skip_bad="on").state == "done"
        assert list(Order.objects.values_list("number", flat=True)) == ["1"]

    def test_are_mended_with_all_that_was_left_out_with_them_and_uploaded_again(
        self, admin_client: Client
    ) -> None:
        row = send(
            admin_client, ORDERS, GRETE, self.BAD, self.WITH_IT, "4,2026-10-01,,=cmd(),DE,,RUG,x"
        )
        sheet = left_out(admin_client, row).decode("utf-8-sig").splitlines()
        assert sheet[0] == f"{ORDERS},problem"
        assert [line.split(",")[:2] for line in sheet[1:]] == [
            ["3", "yesterday"],
            ["3", "2026-10-01"],
            ["4", "2026-10-01"],
        ]
        assert sheet[2].endswith("RUG,1,")
        mended = [
            line.replace("yesterday", "2026-10-01").replace(",RUG,x", ",RUG,1") for line in sheet
        ]
        confirm(admin_client, send(admin_client, *mended))
        names = Order.objects.order_by("number").values_list("number", "customer_name")
        assert list(names) == [("3", "Xaver"), ("4", "=cmd()")]


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "empty"),
            (b"PK\x03\x04 rest", "is a spreadsheet or an archive"),
            ("order_number;Stück\n".encode("latin-1"), "is not UTF-8"),
            (b"%PDF-1.7", "is a PDF"),
        ],
    )
    def test_that_cannot_be_read_are_refused_at_once(
        self, admin_client: Client, content: bytes, said: str
    ) -> None:
        answer = admin_client.post(INDEX, {"file": SimpleUploadedFile("a.csv", content)})
        assert said in str(answer.context["form"].errors["file"])
        assert not Upload.objects.exists()

    def test_that_are_too_large_are_refused(
        self, admin_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backorders_site.staff.pages.imports.MAX_BYTES", 10)
        answer = admin_client.post(INDEX, {"file": file(ORDERS, GRETE)})
        assert "larger than 25 MB" in str(answer.context["form"].errors["file"])

    def test_with_other_columns_ask_which_is_which(self, admin_client: Client) -> None:
        answer = admin_client.post(
            INDEX, {"file": file("Ref,When,Article,Pieces", "7,2026-10-01,LAMP,3")}
        )
        url = answer["Location"]
        row = Upload.objects.get()
        assert row.state == "columns"
        asked = admin_client.get(url).context["columns"]
        assert [value for value, _ in asked.fields["sku"].choices] == [
            "",
            "Ref",
            "When",
            "Article",
            "Pieces",
        ]
        part = admin_client.post(f"{url}columns/", {"order_number": "Ref"})
        assert set(part.context["columns"].errors) == {"placed_at", "sku", "quantity", "status"}
        said = {**REF, "all_wait": "on"}
        admin_client.post(f"{url}columns/", said)
        work_off()
        row.refresh_from_db()
        assert row.state == "checked"
        Product.objects.create(sku="LAMP", name="Lamp")
        confirm(admin_client, send(admin_client, ORDERS, GRETE))

    def test_of_another_shop_come_with_a_column_map(self, admin_client: Client) -> None:
        sent = {
            "column_map": SimpleUploadedFile("map.toml", COLUMN_MAP.encode()),
            "all_products": "on",
        }
        row = confirm(
            admin_client,
            send(admin_client, "Ref,When,Article,Pieces", "7,2026-10-01,LAMP,3", **sent),
        )
        assert (row.state, OrderLine.objects.get().quantity) == ("done", 3)
        bad = {
            "file": file("Ref"),
            "column_map": SimpleUploadedFile("map.toml", b"[columns]\nnonsense = 1\n"),
        }
        assert "This is not a column map" in str(
            admin_client.post(INDEX, bad).context["form"].errors
        )

    def test_are_read_whatever_their_names(self, admin_client: Client) -> None:
        name = "😀" * 100 + ".csv"
        admin_client.post(INDEX, {"file": file(ORDERS, GRETE, name=name)})
        assert (work_off(), Upload.objects.get().state, Upload.objects.get().file_name) == (
            1,
            "checked",
            name,
        )

    @pytest.mark.parametrize(
        ("column_map", "said"),
        [
            ("a = " + "9" * 5000, "integer string conversion"),
            ("a = " + "[" * 5000, "too deeply"),
            ("a." * 40_000 + "a = 1", "larger than 10,000 bytes"),
            ('delimiter = ""\n' + COLUMN_MAP, "delimiter has to be one character"),
            ('[columns]\norder_number = "\\u0000"', "columns.order_number has to be a text"),
        ],
    )
    def test_with_a_column_map_that_is_none_are_not_taken(
        self, admin_client: Client, column_map: str, said: str
    ) -> None:
        sent = {
            "file": file("Ref"),
            "column_map": SimpleUploadedFile("map.toml", column_map.encode()),
        }
        answer = admin_client.post(INDEX, sent)
        assert said in str(answer.context["form"].errors["column_map"])

    def test_are_forgotten_after_a_month(self, admin_client: Client) -> None:
        row = send(admin_client, ORDERS, GRETE)
        Upload.objects.update(uploaded_at=NOON - services.uploads.FILES_KEPT_FOR * 2)
        forget()
        row.refresh_from_db()
        assert (bytes(row.content), row.examples) == (b"", [])
        shown = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
        assert "no longer kept" in shown
        assert f"{INDEX}{row.pk}/confirm/" not in shown
        late = admin_client.post(f"{INDEX}{row.pk}/confirm/", follow=True).content.decode()
        assert "The file is no longer kept: upload it again" in late

    def test_lose_what_was_said_of_their_rows_too(self, admin_client: Client) -> None:
        odd = "3,2026-10-01,no address of ada,Ada,DE,,LAMP,1"
        row = confirm(admin_client, send(admin_client, ORDERS, GRETE, odd), skip_bad="on")
        assert "no address of ada" in str((row.rejected, row.record.rejected))
        Upload.objects.update(uploaded_at=NOON - services.uploads.FILES_KEPT_FOR * 2)
        Import.objects.update(started_at=NOON - services.uploads.FILES_KEPT_FOR * 2)
        forget()
        row = Upload.objects.select_related("record").get()
        assert (row.rejected, row.record.rejected) == ({}, [])
        assert "rejected.csv" not in admin_client.get(f"{INDEX}{row.pk}/").content.decode()

    def test_younger_or_under_way_are_kept(self, admin_client: Client) -> None:
        send(admin_client, ORDERS, GRETE)
        admin_client.post(INDEX, {"file": file(ORDERS, ADA)})
        Upload.objects.filter(state="to_check").update(
            uploaded_at=NOON - services.uploads.FILES_KEPT_FOR * 2
        )
        forget()
        assert all(bytes(row.content) for row in Upload.objects.all())

    def test_whose_columns_nobody_named_in_time_have_to_come_again(
        self, admin_client: Client
    ) -> None:
        url = admin_client.post(
            INDEX, {"file": file("Ref,When,Article,Pieces", "7,2026-10-01,LAMP,3")}
        )["Location"]
        Upload.objects.update(content=b"")
        assert "upload it again" in admin_client.get(url).content.decode()
        answer = admin_client.post(f"{url}columns/", {"order_number": "Ref"}, follow=True)
        assert "upload it again" in answer.content.decode()


def name(staff: Client, row: Upload, **sent: str) -> Any:
    """Somebody names the columns; whatever the page has guessed of words stays."""
    return staff.post(f"{INDEX}{row.pk}/columns/", sent, follow=True)


def asked(answer: Any) -> ColumnsForm:
    form = answer.context["columns"]
    assert isinstance(form, ColumnsForm)
    return form


def test_a_file_of_unknown_columns_that_cannot_be_read_further_down_is_refused_at_once(
    admin_client: Client,
) -> None:
    """Its columns are asked about beside what stands in them, which opens no page where that is no
    CSV."""
    answer = admin_client.post(
        INDEX, {"file": file("Ref,Article,State", "1,LAMP,open", '2,"LAMP,open', *["x"] * 1000)}
    )
    (said,) = answer.context["form"].errors["file"]
    assert said.startswith("orders.csv:3: a quote is opened and not closed for 1,000 lines")
    assert not Upload.objects.exists()


class TestTheStatusOfAnOrder:
    HEADER = "Order Number,Order Status,Order Date,SKU,Quantity"
    FULL = (
        HEADER,
        "501,Processing,2026-10-14,LAMP,2",
        "502,Cancelled,2026-10-13,LAMP,1",
        "503,wc-completed,2026-10-12,LAMP,1",
    )
    COLUMNS = {
        "order_number": "Order Number",
        "placed_at": "Order Date",
        "sku": "SKU",
        "quantity": "Quantity",
    }

    def sent(self, form: ColumnsForm) -> dict[str, str]:
        """What a browser sends of a page as it came."""
        return {
            field.html_name: str(field.value() or "") for field in form if field.name != "all_wait"
        }

    def shown(self, staff: Client, *rows: str) -> tuple[Upload, ColumnsForm]:
        row = send(staff, *rows, all_products="on")
        return row, asked(staff.get(f"{INDEX}{row.pk}/"))

    def test_is_asked_for_with_its_words_counted_and_guessed(self, admin_client: Client) -> None:
        row, form = self.shown(
            admin_client,
            *self.FULL,
            "504,Refunded,2026-10-12,LAMP,1",
            "504,Refunded,2026-10-12,RUG,1",
        )
        assert form["status"].value() == "Order Status"
        assert [(said.word, said.rows, field.value()) for field, said in form.rows()] == [
            ("Refunded", 2, "refunded"),
            ("Processing", 1, "waiting"),
            ("Cancelled", 1, "cancelled"),
            ("wc-completed", 1, "shipped"),
        ]
        name(admin_client, row, **self.sent(form))
        work_off()
        row.refresh_from_db()
        assert (row.state, row.summary[0]) == ("checked", "Orders: 1 joined.")

    def test_that_looks_like_one_is_not_passed_over_in_silence(self, admin_client: Client) -> None:
        row, _ = self.shown(admin_client, *self.FULL)
        refused = name(admin_client, row, **self.COLUMNS)
        assert "The column “Order Status” says Processing, Cancelled, wc-completed." in str(
            asked(refused).errors["status"]
        )
        assert name(admin_client, row, **self.COLUMNS, all_wait="on").status_code == 200
        row.refresh_from_db()
        assert (row.state, row.column_map) == (
            "to_check",
            {"columns": self.COLUMNS, "all_wait": True},
        )

    def test_that_nobody_guessed_shows_its_words_before_anything_is_checked(
        self, admin_client: Client
    ) -> None:
        row, form = self.shown(
            admin_client,
            "Ref,When,Article,Pieces,Flag",
            "7,2026-10-01,LAMP,3,go",
            "8,2026-10-01,LAMP,3,paid",
        )
        assert form.rows() == []
        form = asked(name(admin_client, row, **REF, status="Flag"))
        assert [(said.word, field.value()) for field, said in form.rows()] == [
            ("go", ""),
            ("paid", "waiting"),
        ]
        assert "Choose below what each status word means" in str(form.non_field_errors())
        form = asked(name(admin_client, row, **self.sent(form)))
        assert [str(said.word) for field, said in form.rows() if field.errors] == ["go"]
        (go, _), _ = form.rows()
        name(admin_client, row, **self.sent(form) | {go.html_name: "waiting"})
        row.refresh_from_db()
        assert row.column_map == {
            "columns": {**REF, "status": "Flag"},
            "status": {"waiting": ["go", "paid"]},
        }

    def test_in_two_columns_is_one(self, admin_client: Client) -> None:
        header = "Ref,When,Article,Pieces,Payment status,Fulfillment status"
        rows = (
            "7,2026-10-01,LAMP,3,Paid,Unfulfilled",
            "8,2026-10-01,LAMP,1,Refunded,Fulfilled",
            "9,2026-10-01,LAMP,1,Paid,Fulfilled",
        )
        row, form = self.shown(admin_client, header, *rows)
        assert (form["status"].value(), form["second_status"].value()) == (
            "Payment status",
            "Fulfillment status",
        )
        assert [(said.word, field.value()) for field, said in form.rows()] == [
            ("Paid Unfulfilled", "waiting"),
            ("Refunded Fulfilled", "refunded"),
            ("Paid Fulfilled", "shipped"),
        ]
        name(admin_client, row, **self.sent(form) | REF)
        work_off()
        row.refresh_from_db()
        assert (row.state, row.summary[0]) == ("checked", "Orders: 1 joined.")

    def test_is_remembered_for_the_next_file_and_a_new_word_is_asked(
        self, admin_client: Client
    ) -> None:
        row, form = self.shown(admin_client, *self.FULL)
        said = self.sent(form)
        cancelled = next(field for field, said in form.rows() if said.word == "Cancelled")
        name(admin_client, row, **said | {cancelled.html_name: "waiting"})
        row, form = self.shown(admin_client, *self.FULL, "505,Odd,2026-10-12,LAMP,1")
        assert [(said.word, field.value()) for field, said in form.rows()] == [
            ("Processing", "waiting"),
            ("Cancelled", "waiting"),
            ("wc-completed", "shipped"),
            ("Odd", ""),
        ]

    def test_also_says_how_many_units_are_gone(self, admin_client: Client) -> None:
        rows = ("Ref,When,Article,Pieces,Qty Shipped,Qty Refunded", "7,2026-10-01,LAMP,5,1,1")
        row, form = self.shown(admin_client, *rows)
        assert (form["shipped_quantity"].value(), form["cancelled_quantity"].value()) == (
            "Qty Shipped",
            "Qty Refunded",
        )
        name(admin_client, row, **self.sent(form) | REF, all_wait="on")
        work_off()
        confirm(admin_client, row)
        line = OrderLine.objects.get()
        assert (line.quantity, line.shipped) == (4, 1)

    def test_with_a_word_that_came_later_refuses_its_row_and_names_those_known(
        self, admin_client: Client
    ) -> None:
        column_map = """[columns]
order_number = "Order Number"
placed_at = "Order Date"
sku = "SKU"
quantity = "Quantity"
status = "Order Status"
[status]
waiting = ["processing"]
cancelled = ["cancelled"]
"""
        sent = {
            "column_map": SimpleUploadedFile("map.toml", column_map.encode()),
            "all_products": "on",
        }
        row = send(admin_client, *self.FULL, **sent)
        assert row.rejected == {
            "4": "Order Status is 'wc-completed'; expected one of cancelled, processing, or add "
            "it to column map"
        }


def test_one_at_a_time_while_another_import_runs_it_waits(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin_client.post(INDEX, {"file": file(ORDERS, GRETE)})

    def busy(*args: object, **kwargs: object) -> None:
        raise services.Refused("another import is running")

    with monkeypatch.context() as other:
        other.setattr(services, "begin_import", busy)
        assert work_off() == 0
    assert Upload.objects.get().state == "to_check"
    work_off_uploads()
    assert Upload.objects.get().state == "checked"


def test_a_page_under_way_asks_again_and_ends_asking_when_it_is_done(admin_client: Client) -> None:
    url = admin_client.post(INDEX, {"file": file(ORDERS, GRETE)})["Location"]
    assert 'hx-trigger="every 2s"' in admin_client.get(url).content.decode()
    part = admin_client.get(url, headers={"hx-request": "true"})
    assert part.content.decode().strip().startswith('<div id="progress"')
    work_off()
    assert admin_client.get(url, headers={"hx-request": "true"})["HX-Refresh"] == "true"
    assert "hx-trigger" not in admin_client.get(url).content.decode()


def test_the_history_asks_as_many_questions_for_thirty_as_for_one(admin_client: Client) -> None:
    send(admin_client, ORDERS, GRETE)
    few = queries_of(admin_client, INDEX)
    for _ in range(4):
        send(admin_client, ORDERS, ADA)
    assert queries_of(admin_client, INDEX) == few


def test_only_managers_import(client: Client, admin_client: Client) -> None:
    row = send(admin_client, ORDERS, GRETE)
    client.force_login(somebody(S))
    paths = ["", f"{row.pk}/", f"{row.pk}/rejected.csv"]
    assert [client.get(INDEX + path).status_code for path in paths] == [403] * 3
    assert [client.post(INDEX + path).status_code for path in ("", f"{row.pk}/confirm/")] == [
        403
    ] * 2


def test_of_a_file_whose_rows_are_all_wrong_it_does_not_say_that_it_is_here_already(
    admin_client: Client,
) -> None:
    row = send(admin_client, ORDERS, GRETE.replace("DE", "XX"))
    shown = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
    assert "1 row is wrong" in shown
    assert "everything in it is already here" not in shown


SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem sku,Lineitem fulfillment status,Cancelled at,"
    "Shipping Name,Shipping Country,Shipping Province,Refunded Amount,Currency"
)
OF_SHOPIFY = "#1,a@example.com,{},,,,2026-10-01 10:00:00 +0000,1,Rug,RUG,pending,,Ada,US,NY,0,USD"


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (SHOPIFY, OF_SHOPIFY.format("paid")),
        (SHOPIFY, OF_SHOPIFY.format("pending")),
        (SHIPMENTS, "77,LAMP,1,2026-11-01,DHL,JD01"),
        (ORDERS, "5,2026-10-01,ada@example.com,Ada,US,,lamp,1"),
        (RESTOCKS, "PO-1,lamp,Nordlicht,5,2026-12-01,2026-11-01"),
    ],
)
def test_of_a_file_that_is_left_out_it_does_not_say_that_it_is_here_already(
    admin_client: Client, header: str, line: str
) -> None:
    factories.make_product(sku="LAMP")
    row = send(admin_client, header, line)
    assert (row.changes, row.summary[0]) == (False, "Nothing to import.")
    assert len(row.summary) > 1


def test_the_preview_says_what_the_shop_changed_and_which_orders_are_others(
    admin_client: Client,
) -> None:
    confirm(admin_client, send(admin_client, ORDERS, GRETE, ADA))
    changed = GRETE.replace("grete@example.com", "g@example.com")
    other = ADA.replace("2026-10-02", "2026-10-20").replace("ada@example.com", "eve@example.com")
    row = send(admin_client, ORDERS, changed, other)
    assert (row.state, row.changes, row.bad_rows) == ("checked", True, 0)
    assert row.summary == [
        "Orders: 1 changed.",
        "Email addresses updated from the file: 1. Links sent before no longer work for these "
        "orders.",
        "Left out: 1 order whose number is already used by another order here. If you have two "
        "shops or number series, give them different numbers.",
        "orders.csv:3: order 2 is a different order here, placed 2026-10-02 00:00, US; in the "
        "file it was placed 2026-10-20 00:00, US, with another email address; it was not imported",
        "Needs attention: 2 orders (2, 1).",
    ]
    assert row.examples == ["changed in the shop: 1, email address"]
    assert Order.objects.filter(attention=[]).count() == 2
    assert confirm(admin_client, row).summary == row.summary
    assert not send(admin_client, ORDERS, changed, other).changes
