"""The desk asks what a file leaves open: which columns tell what is gone, what its words mean,
which lines go by name, and whether it holds orders at all."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backorders_site.staff.pages.import_fields import WordsForm
from backorders_site.staff.uploads import work_off
from orders.models import Order, OrderLine, Restock, Shipment, ShopWord, Upload
from tests import factories
from tests.test_desk_import import INDEX, REF, asked, confirm, name, send
from tests.test_import_named import MAP, STATION, SUPPLIERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
HEADER = "Ref,When,Article,Pieces"
SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Created at,Lineitem quantity,Lineitem "
    "name,Lineitem sku,Lineitem fulfillment status,Cancelled at,Payment Method"
)
COD = "#1,ada@example.com,pending,,unfulfilled,2026-10-01,1,Lamp,LAMP,pending,,Cash on Delivery"
ODD = "#2,ada@example.com,paid,2026-10-01,unfulfilled,2026-10-01,1,Lamp,LAMP,lost,,Card"


def sent(form: Any, **chosen: str) -> dict[str, str]:
    """What a browser sends of a page as it came."""
    boxes = {field.html_name: str(field.value() or "") for field in form}
    return {key: value for key, value in boxes.items() if key != "all_wait"} | chosen


def shown(staff: Client, *rows: str) -> tuple[Upload, Any]:
    row = send(staff, *rows, all_products="on")
    return row, staff.get(f"{INDEX}{row.pk}/").context["columns"]


def checked(row: Upload) -> Upload:
    work_off()
    row.refresh_from_db()
    return row


class TestColumnsOfWhatIsGone:
    ROWS = (
        f"{HEADER},Date Shipped,Canceled on",
        "1,2026-10-01,LAMP,1,,",
        "2,2026-10-01,LAMP,1,2026-10-03,",
        "3,2026-10-01,LAMP,1,,2026-10-03",
    )

    def test_are_guessed_and_need_no_status_beside_them(self, admin_client: Client) -> None:
        row, form = shown(admin_client, *self.ROWS)
        assert (form["shipped_at"].value(), form["cancelled_at"].value()) == (
            "Date Shipped",
            "Canceled on",
        )
        name(admin_client, row, **sent(form, **REF))
        assert checked(row).summary[:2] == [
            "Orders: 1 joined.",
            "Orders left out: 1 canceled or refunded, 1 shipped.",
        ]

    def test_that_nobody_names_are_asked_about(self, admin_client: Client) -> None:
        row, form = shown(admin_client, *self.ROWS)
        chosen = sent(form, **REF, shipped_at="")
        (said,) = asked(name(admin_client, row, **chosen)).errors["status"]
        assert said.startswith("The column “Date Shipped” is filled on some rows.")
        name(admin_client, row, **chosen | {"cancelled_at": ""}, all_wait="on")
        assert checked(row).summary[0] == "Orders: 3 joined."

    def test_do_not_excuse_a_status_that_nobody_names(self, admin_client: Client) -> None:
        rows = (f"{HEADER},Sent at,State", "1,2026-10-01,LAMP,1,,canceled")
        row, form = shown(admin_client, *rows)
        chosen = sent(form, **REF, shipped_at="Sent at", status="")
        assert "The column “State” says canceled." in str(
            asked(name(admin_client, row, **chosen)).errors["status"]
        )

    @pytest.mark.parametrize(
        ("says", "guessed"),
        [
            (("", "16.10.2026"), ("Shipped", "")),
            (("0", "2"), ("", "Shipped")),
            (("no", "yes"), ("", "")),
        ],
    )
    def test_are_guessed_by_what_they_say(
        self, admin_client: Client, says: tuple[str, str], guessed: tuple[str, str]
    ) -> None:
        rows = [f"{n},2026-10-01,LAMP,2,{word}" for n, word in enumerate(says)]
        _, form = shown(admin_client, f"{HEADER},Shipped", *rows)
        assert (form["shipped_at"].value(), form["shipped_quantity"].value()) == guessed

    @pytest.mark.parametrize(
        "called",
        ["Spedito il", "Verzonden op", "Data wysyłki", "Fecha envío", "Annullato il", "Sent at"],
    )
    def test_are_known_in_many_languages(self, admin_client: Client, called: str) -> None:
        rows = (f"{HEADER},{called}", "1,2026-10-01,LAMP,2,", "2,2026-10-01,LAMP,2,2026-10-03")
        row, form = shown(admin_client, *rows)
        chosen = sent(form, **REF, shipped_at="", cancelled_at="")
        (said,) = asked(name(admin_client, row, **chosen)).errors["status"]
        assert said.startswith(f"The column “{called}” is filled on some rows.")

    def test_say_how_many_units_are_to_come(self, admin_client: Client) -> None:
        row, form = shown(admin_client, f"{HEADER},Fulfillable quantity", "1,2026-10-01,LAMP,3,2")
        assert form["remaining_quantity"].value() == "Fulfillable quantity"
        name(admin_client, row, **sent(form, **REF))
        confirm(admin_client, checked(row))
        line = OrderLine.objects.get()
        assert (line.open_units, line.shipped) == (2, 1)


def test_a_second_status_that_is_not_read_is_named_in_the_preview(admin_client: Client) -> None:
    rows = (f"{HEADER},State,Payment", "1,2026-10-01,LAMP,1,open,paid",
            "2,2026-10-01,LAMP,1,open,refunded")  # fmt: skip
    row, _ = shown(admin_client, *rows)
    ((open_, _),) = asked(name(admin_client, row, **REF, status="State")).rows()
    name(admin_client, row, **REF, status="State", **{open_.html_name: "waiting"})
    assert any("column Payment says" in words for words in checked(row).summary)


def test_rows_that_are_no_lines_are_left_out_and_said_so(admin_client: Client) -> None:
    rows = (f"{HEADER},Line: Type", "1,2026-10-01,LAMP,3,Line Item", "1,2026-10-01,LAMP,1,Discount")
    row, form = shown(admin_client, *rows)
    page = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
    assert "Only rows where “Line: Type” says “Line Item” count as order lines." in page
    name(admin_client, row, **sent(form, **REF), all_wait="on")
    confirm(admin_client, checked(row))
    assert OrderLine.objects.get().quantity == 3


def test_several_lines_in_one_cell_are_read(admin_client: Client) -> None:
    rows = ("Ref,When,Details", '1,2026-10-01,"SKU: LAMP, Qty: 2|SKU: VASE, Qty: 1"')
    row, form = shown(admin_client, *rows)
    chosen = {"order_number": "Ref", "placed_at": "When", "sku": "Details", "quantity": "Details"}
    name(admin_client, row, **sent(form, **chosen), all_wait="on")
    assert checked(row).examples == ["new: 1, 2 × LAMP, 1 × VASE"]


class TestWords:
    def test_that_the_file_leaves_open_are_asked_and_hold_once_it_is_imported(
        self, admin_client: Client
    ) -> None:
        row = send(admin_client, SHOPIFY, COD, ODD, all_products="on")
        assert row.summary[:2] == ["Nothing to import.", "Orders: none joined or changed."]
        page = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
        assert "What the words mean" in page
        form = WordsForm(row)
        assert [(said.word, field.value(), said.rows) for field, said in form.rows()] == [
            ("lost", "", 1),
            ("Cash on Delivery", "unpaid", 1),
        ]
        waiting = {field.html_name: "waiting" for field, _ in form.rows()}
        admin_client.post(f"{INDEX}{row.pk}/words/", waiting)
        assert checked(row).summary[0] == "Orders: 2 joined."
        assert not ShopWord.objects.exists()
        confirm(admin_client, row)
        assert Order.objects.count() == 2
        again = send(admin_client, SHOPIFY, COD.replace("#1", "#3"), all_products="on")
        assert again.summary[0] == "Orders: 1 joined."
        assert again.words_found == {"Cash on Delivery": ["waiting", 1]}

    def test_are_said_of_a_file_that_waits_only(self, admin_client: Client) -> None:
        row = confirm(admin_client, send(admin_client, SHOPIFY, COD, all_products="on"))
        Upload.objects.update(state="done")
        admin_client.post(f"{INDEX}{row.pk}/words/", {})
        assert checked(row).state == "done"


def test_lines_without_a_sku_go_by_name_once_ticked(admin_client: Client) -> None:
    paid = ODD.replace(",LAMP,lost", ",,pending")
    row = send(admin_client, SHOPIFY, paid, all_products="on")
    assert "Orders left out: 1 none of whose lines has a SKU." in row.summary
    assert any("Lines without a SKU go by the product's name" in words for words in row.summary)
    row = send(admin_client, SHOPIFY, paid, all_products="on", by_name="on")
    assert row.examples == ["new: 2, 1 × Lamp"]


class TestOtherFiles:
    def test_a_carriers_sheet_is_known_by_its_header(self, admin_client: Client) -> None:
        factories.order(factories.make_product(sku="LAMP"), 2, number="9")
        row = send(admin_client, STATION, "9,2026-11-01,LAMP,1,UPS,1Z999")
        assert (row.kind, row.summary[0]) == ("shipments", "Parcels: 1 recorded.")
        confirm(admin_client, row)
        assert Shipment.objects.get().tracking_number == "1Z999"

    def test_of_shipments_are_asked_about_as_such_and_remembered(
        self, admin_client: Client
    ) -> None:
        factories.order(factories.make_product(sku="LAMP"), 2, number="9")
        rows = ("Auftrag,Artikel,Stück,Tag,Tracking", "9,LAMP,1,2026-11-01,1Z999")
        row, form = shown(admin_client, *rows)
        assert (row.kind, form["tracking_number"].value()) == ("shipments", "Tracking")
        part = name(admin_client, row, order_number="Auftrag")
        assert set(part.context["columns"].errors) == {"sku", "quantity", "shipped_at"}
        chosen = {"order_number": "Auftrag", "sku": "Artikel", "quantity": "Stück"}
        name(admin_client, row, **sent(form, **chosen, shipped_at="Tag"))
        assert checked(row).summary[0] == "Parcels: 1 recorded."
        row, form = shown(admin_client, *rows)
        assert form["shipped_at"].value() == "Tag"

    def test_of_another_kind_than_it_seemed_show_other_columns(self, admin_client: Client) -> None:
        row, form = shown(admin_client, SUPPLIERS.replace(";", ","),
                          "PO-1,LAMP,Nordlicht,40,2026-12-01,2026-11-01")  # fmt: skip
        assert (row.kind, form["kind"].value()) == ("orders", "orders")
        form = name(admin_client, row, kind="restocks").context["columns"]
        chosen = {"reference": "PO No", "sku": "Article", "supplier": "Vendor",
                  "quantity": "Pieces", "expected_on": "Ready on",
                  "posted_on": "Told on"}  # fmt: skip
        name(admin_client, row, kind="restocks", **chosen)
        confirm(admin_client, checked(row))
        assert Restock.objects.get().reference == "PO-1"

    def test_come_with_a_column_map(self, admin_client: Client) -> None:
        column_map = SimpleUploadedFile("map.toml", MAP.encode())
        row = send(admin_client, SUPPLIERS, "PO-1;LAMP;Nordlicht;forty;2026-12-01;2026-11-01",
                   column_map=column_map)  # fmt: skip
        assert row.kind == "restocks"
        assert row.rejected["2"].startswith("Pieces is 'forty'; expected")
        sheet = admin_client.get(f"{INDEX}{row.pk}/rejected.csv").getvalue().decode()
        assert "PO-1,LAMP" in sheet
