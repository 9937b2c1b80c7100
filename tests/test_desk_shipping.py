"""What the warehouse does: receive a delivery, pick, and record what left."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from backorders_site.config.checks import settings_make_sense
from backorders_site.staff.pages.ship import ShippedReport, rows_of
from orders import services
from orders.models import Order, OrderLine, Product, Shipment
from orders.words import tracking_link
from tests import factories
from tests.factories import NOON, fresh
from tests.test_admin import act, queries_of
from tests.test_roles import S, W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SHIP = "/admin/desk/ship/"


def packed(number: str, *units: int) -> list[OrderLine]:
    """An order of a line per number of units, all of them set aside."""
    lines = []
    for n, quantity in enumerate(units):
        product = factories.make_product(sku=f"{number}-{'ABC'[n]}")
        if n == 0:
            lines.append(factories.order(product, quantity, number=number))
        else:
            order = Order.objects.get(number=number)
            services.add_lines([(order, services.NewLine(product, quantity))], now=NOON)
            lines.append(order.lines.get(product=product))
        services.receive(product, quantity, now=NOON)
    return lines


def ship(staff: Client, pasted: str, **data: object) -> ShippedReport:
    """Read what it would do, then do it."""
    sent = {"pasted": pasted, **data}
    return staff.post(SHIP, {**sent, "meant": staff.post(SHIP, sent).context["meant"]}).context[
        "report"
    ]


def said(report: ShippedReport) -> dict[int, str]:
    return {row.number: row.said for row in report.rows}


class TestShipping:
    @pytest.mark.parametrize(
        "line", ["1001\t1Z9\tUPS", "1001;1Z9;UPS", "#1001, 1Z9 ,UPS", "1001, UPS, 1Z9"]
    )
    def test_a_pasted_line_ships_all_that_is_set_aside(
        self, admin_client: Client, line: str
    ) -> None:
        first, second = packed("1001", 2, 1)
        assert said(ship(admin_client, line)) == {1: "3 units shipped."}
        shipment = Shipment.objects.get()
        assert (shipment.carrier, shipment.tracking_number, shipment.actor) == (
            "UPS",
            "1Z9",
            "admin",
        )
        assert (fresh(first).shipped, fresh(second).shipped) == (2, 1)

    def test_who_is_told_what_is_shown_before_and_nothing_is_done(
        self, admin_client: Client
    ) -> None:
        packed("1001", 2)
        answer = admin_client.post(SHIP, {"pasted": "1001,1Z9,UPS\n7,A,UPS"})
        assert '<td data-label="Carrier">UPS</td>' in answer.content.decode()
        shown = answer.context
        it = shown["consequences"]
        assert (it.first_words, it.groups) == ("1 order is affected:", ["1 gets an email"])
        assert "1Z9" in it.examples[0].text
        assert said(shown["report"]) == {
            1: "2 units shipped.",
            2: "There is no order “7”. Check the number.",
        }
        assert Shipment.objects.count() == 0

    def test_other_lines_than_were_shown_are_shown_first(self, admin_client: Client) -> None:
        packed("1001", 2)
        meant = admin_client.post(SHIP, {"pasted": "1001,1Z9,UPS"}).context["meant"]
        admin_client.post(SHIP, {"pasted": "1001,1Z8,UPS", "meant": meant})
        assert Shipment.objects.count() == 0

    def test_a_part_names_its_product_and_units(self, admin_client: Client) -> None:
        (line,) = packed("1001", 5)
        ship(admin_client, "1001,A1,UPS,1001-a,2\n1001,A2,UPS,1001-A,1")
        assert fresh(line).shipped == 3
        assert set(Shipment.objects.values_list("tracking_number", flat=True)) == {"A1", "A2"}

    def test_columns_are_found_by_their_names(self, admin_client: Client) -> None:
        packed("1001", 5)
        file = SimpleUploadedFile(
            "ship.csv", "\ufeffCarrier,Order number,Tracking-number\nDHL,1001,JD1\n".encode()
        )
        shown = admin_client.post(SHIP, {"file": file}).context
        assert Shipment.objects.count() == 0
        sent = {"pasted": shown["form"]["pasted"].value(), "meant": shown["meant"]}
        report = admin_client.post(SHIP, sent).context["report"]
        assert [(row.number, row.shipped) for row in report.rows] == [(2, True)]
        assert Shipment.objects.get().tracking_number == "JD1"

    def test_what_was_refused_is_said_line_by_line_and_the_rest_ships(
        self, admin_client: Client
    ) -> None:
        packed("1001", 1)
        packed("1002", 1)
        factories.order(factories.make_product(), number="1003")
        report = ship(
            admin_client, "1001,A,UPS\n\n999,B,UPS\n1003,C,UPS\n1002,D,UPS,LAMP\n1002,E,UPS"
        )
        assert said(report) == {
            1: "1 unit shipped.",
            3: "There is no order “999”. Check the number.",
            4: "No units are reserved for order 1003. Receive them first.",
            5: "Order 1002 has no product LAMP. Check the SKU.",
            6: "Not recorded, because another line of this order was refused.",
        }
        assert Shipment.objects.get().order.number == "1001"

    def test_an_order_is_never_half_written(self, admin_client: Client) -> None:
        (line,) = packed("1001", 5)
        report = ship(admin_client, "1001,A1,UPS,1001-A,2\n1001,A2,UPS,1001-A,9")
        assert said(report)[2].startswith("Order 1001: 9 of 1001-A can't ship")
        assert (fresh(line).shipped, Shipment.objects.count()) == (0, 0)

    @pytest.mark.parametrize("pasted", ["1001,A1,UPS", "1001,A1,UPS,1001-A,1"])
    def test_a_paste_sent_twice_ships_once(self, admin_client: Client, pasted: str) -> None:
        packed("1001", 3)
        ship(admin_client, pasted)
        with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
            again = ship(admin_client, pasted)
        assert said(again) == {1: "This parcel is already recorded."}
        assert Shipment.objects.count() == 1

    @pytest.mark.parametrize(
        "first, again",
        [
            ("1001,A1,UPS,1001-A,1", "1001,A1,UPS,1001-A,1"),
            ("1001,A1,UPS,1001-A,1", "#1001, a1 ,ups,1001-a,1"),
            ("1001,,UPS,1001-A,1", "1001,,UPS,1001-A,1"),
            ("1001,A1,UPS", "1001,A1,UPS"),
        ],
    )
    def test_a_line_pasted_twice_counts_once_and_is_said_to(
        self, admin_client: Client, first: str, again: str
    ) -> None:
        (line,) = packed("1001", 3)
        units = 1 if first.endswith(",1") else 3
        shown = admin_client.post(SHIP, {"pasted": f"{first}\n{again}"}).content.decode()
        assert "line 2 is the same as line 1." in " ".join(shown.split())
        report = ship(admin_client, f"{first}\n{again}")
        assert ([row.number for row in report.shipped], report.refused) == ([1], [])
        assert (fresh(line).shipped, Shipment.objects.count()) == (units, 1)

    def test_a_parcel_taken_back_may_leave_again(self, admin_client: Client) -> None:
        packed("1001", 3)
        ship(admin_client, "1001,A1,UPS")
        services.correct_shipment(Shipment.objects.get(), now=NOON, reason="still on the shelf")
        with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
            assert said(ship(admin_client, "1001,A1,UPS")) == {1: "3 units shipped."}

    def test_a_parcel_of_two_products_is_two_lines(self, admin_client: Client) -> None:
        packed("1001", 2, 1)
        report = ship(admin_client, "1001,A1,UPS,1001-A,2\n1001,A1,UPS,1001-B,1")
        assert said(report) == {1: "2 units shipped.", 2: "1 unit shipped."}

    @pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "٣", "99999999"])
    def test_units_are_a_number(self, admin_client: Client, quantity: str) -> None:
        packed("1001", 2)
        assert said(ship(admin_client, f"1001,A1,UPS,1001-A,{quantity}")) == {
            1: f"“{quantity}” is not a number of units. Enter a whole number."
        }

    def test_the_carrier_of_the_form_is_for_lines_that_name_none(
        self, admin_client: Client
    ) -> None:
        packed("1001", 2)
        report = ship(admin_client, "1001,A1", carrier="Pigeon")
        assert said(report) == {1: "2 units shipped. No tracking link: we don't know this carrier."}
        assert Shipment.objects.get().carrier == "Pigeon"

    @pytest.mark.parametrize("content", [b"PK\x03\x04\xff\xfe", b"\xff1001,A"])
    def test_a_file_that_is_no_text_is_refused(self, admin_client: Client, content: bytes) -> None:
        answer = admin_client.post(SHIP, {"file": SimpleUploadedFile("ship.csv", content)})
        assert "UTF-8 text. In your spreadsheet" in answer.content.decode()

    def test_what_cannot_be_read_is_one_line_s_fault(self) -> None:
        rows = rows_of("1001,A1,UPS\n" + "1002," + "x" * 200_000 + ",UPS\n1003,A3,UPS")
        assert [bool(row.said) for row in rows] == [False, True, False]

    def test_what_a_spreadsheet_did_to_a_number_is_undone_or_said(self) -> None:
        guarded, rounded = rows_of('1001,"=""0034""",DHL\n1002,3.40434E+17,DHL')
        assert (guarded.cells["tracking_number"], guarded.said) == ("0034", "")
        assert rounded.said.startswith("The number is '3.40434E+17', a number a spreadsheet has")

    def test_each_line_has_its_own_separator(self) -> None:
        rows = rows_of(
            '9001,JD1,DHL; Express\n9002; JD2, UPS\n\n"9003"\tJD3\tUPS, '
            'Ground\n9004,"JD\n4",UPS\n9005\n'
        )
        assert [(row.number, *row.cells.values())[:4] for row in rows] == [
            (1, "9001", "JD1", "DHL; Express"),
            (2, "9002", "JD2, UPS", ""),
            (4, "9003", "JD3", "UPS, Ground"),
            (6, "9004", "JD 4", "UPS"),
            (7, "9005", "", ""),
        ]

    def test_nothing_pasted_is_said_so(self, admin_client: Client) -> None:
        assert (
            "Paste at least one line"
            in admin_client.post(SHIP, {"pasted": "\n \n"}).content.decode()
        )

    def test_it_opens_for_the_warehouse_alone(self, client: Client) -> None:
        client.force_login(somebody(S))
        assert client.post(SHIP, {"pasted": "1001,A,UPS"}).status_code == 403
        client.force_login(somebody(W))
        assert client.get(SHIP).status_code == 200


class TestTrackingLinks:
    @pytest.mark.parametrize(
        "page",
        [
            "http://acme.example/{number}",
            "https://acme.example/",
            "https://acme.example/{number}/{number}",
            "https://acme.example/{}/{number}",
            "https://{number}.example/",
            "https:///{number}",
            "javascript:{number}",
            "https://acme.example/{number} x",
            7,
        ],
    )
    def test_a_page_that_cannot_be_one_is_found_at_start_up(
        self, settings: Settings, page: object
    ) -> None:
        settings.TRACKING_LINKS = {"Acme": page}
        assert [problem.msg.partition(":")[0] for problem in settings_make_sense()] == [
            "TRACKING_LINKS"
        ]

    def test_a_shop_s_own_carrier_is_linked(self, settings: Settings) -> None:
        settings.TRACKING_LINKS = {"Acme Post": "https://acme.example/{number}?l=en"}
        assert settings_make_sense() == []
        assert tracking_link("ACME post", "A/1") == "https://acme.example/A%2F1?l=en"


class TestWhatCrossed:
    def test_a_cancelled_order_is_refused_alone_and_says_what_to_do(
        self, admin_client: Client
    ) -> None:
        gone, _ = packed("1001", 1), packed("1002", 1)
        services.cancel(gone[0].order, now=NOON)
        assert said(ship(admin_client, "1001,1Z1,UPS\n1002,1Z2,UPS")) == {
            1: "Order 1001 was canceled: stop the parcel. If it has shipped, import a shipments "
            "file with the time it shipped. Whichever came first counts.",
            2: "1 unit shipped.",
        }

    def test_a_number_is_added_to_what_an_export_said_had_shipped(
        self, admin_client: Client
    ) -> None:
        line = factories.order(factories.make_product(sku="LAMP"), 3, number="1001")
        services.ship(line.order, {line.pk: 3}, now=NOON - timedelta(hours=1), beyond_reserved=True)
        pasted = "1001,1Z1,UPS,LAMP,2\n1001,1Z2,UPS,LAMP,1"
        assert set(said(ship(admin_client, pasted)).values()) == {
            "Already shipped. The tracking number is added."
        }
        assert fresh(line).shipped == 3
        named = Shipment.objects.exclude(tracking_number="").order_by("pk")
        assert [(row.tracking_number, row.standing()) for row in named] == [
            ("1Z1", {line.pk: 2}),
            ("1Z2", {line.pk: 1}),
        ]
        with time_machine.travel(NOON + timedelta(hours=1), tick=False):
            report = admin_client.post(SHIP, {"pasted": pasted}).context["report"]
        assert said(report)[1] == "This parcel is already recorded."

    def test_the_order_says_where_its_number_is(self, admin_client: Client) -> None:
        line = factories.order(factories.make_product(sku="LAMP"), number="1001")
        services.ship(line.order, {line.pk: 1}, now=NOON - timedelta(hours=1), beyond_reserved=True)
        ship(admin_client, "1001,1Z1,UPS")
        shown = admin_client.get(
            reverse("admin:orders_order_change", args=[line.order_id])
        ).content.decode()
        assert "its tracking number was added later" in shown
        assert "its tracking number is below" in shown
        assert "undone" not in shown


class TestReceiving:
    def test_what_has_shipped_already_is_said_before_and_goes_to_no_line(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product(sku="LAMP")
        restock = factories.restock(product, 10, reference="PO-9", expected_on=NOON.date())
        lines = [factories.order(product, number=str(n)) for n in range(1, 16)]
        for line in lines[:5]:
            services.ship(line.order, {line.pk: 1}, now=NOON, beyond_reserved=True)
        form = admin_client.get(
            reverse("admin:orders_restock_receive") + f"?id={restock.pk}"
        ).context["form"]
        assert (
            form["units"].help_text
            == "10 of 10 are still to come. 5 of these have already shipped, so 5 go to the line."
        )
        words = act(admin_client, "receive", restock, units=10)
        assert "10 units of PO-9 (LAMP) received. 5 of them had already shipped." in words
        assert sum(fresh(line).allocated for line in lines) == 10
        receipt = restock.receipts.get()
        words = act(admin_client, "other-units", receipt, reason="they came from the other shelf")
        assert "5 units of 10 × LAMP on 2026-11-02 go to the line." in words
        assert sum(fresh(line).allocated for line in lines) == 15

    def test_whoever_knows_says_that_they_are_other_units(self, admin_client: Client) -> None:
        product = factories.make_product(sku="LAMP")
        restock = factories.restock(product, 2, reference="PO-9", expected_on=NOON.date())
        first, second, third = (factories.order(product, number=str(n)) for n in (1, 2, 3))
        services.ship(first.order, {first.pk: 1}, now=NOON, beyond_reserved=True)
        act(admin_client, "receive", restock, units=2, other_units="on")
        assert [fresh(line).state for line in (first, second, third)] == [
            "shipped",
            "reserved",
            "reserved",
        ]

    def test_units_nobody_announced_may_have_shipped_too(self, admin_client: Client) -> None:
        product = factories.make_product(sku="LAMP")
        first, second = factories.order(product, number="1"), factories.order(product, number="2")
        services.ship(first.order, {first.pk: 1}, now=NOON, beyond_reserved=True)
        words = act(admin_client, "receive", product, units=1, reason="found")
        assert "1 unit of LAMP received. 1 of them had already shipped." in words
        assert fresh(second).state == "waiting"

    def two_products(self) -> tuple[Product, Product]:
        products = factories.make_product(sku="LAMP"), factories.make_product(sku="RUG")
        supplier = factories.make_supplier()
        for product in products:
            factories.restock(product, 5, reference="PO-7", supplier=supplier)
        return products

    def test_a_delivery_of_several_products_is_one_choice(self, admin_client: Client) -> None:
        self.two_products()
        (delivery,) = admin_client.get(reverse("desk:receiving"), {"q": "rug"}).context[
            "deliveries"
        ]
        assert [restock.product.sku for restock in delivery.restocks] == ["LAMP", "RUG"]
        form = admin_client.get(delivery.url).context["form"]
        assert [str(field.label).partition(" ")[0] for field in form if "units" in field.name] == [
            "LAMP",
            "RUG",
        ]

    def test_so_many_of_each_arrive_and_the_pick_list_follows(self, admin_client: Client) -> None:
        lamp, rug = self.two_products()
        first = factories.order(lamp, 2, number="1")
        restocks = [product.restocks.get() for product in (lamp, rug)]
        units = dict(zip((f"units_{row.pk}" for row in restocks), (2, 0), strict=True))
        words = act(admin_client, "receive", *restocks, **units)
        assert (
            "2 units of PO-7 (LAMP) received." in words,
            "No units of PO-7 (RUG) were received." in words,
        ) == (True,) * 2
        assert "<h1>Pick list</h1>" in words
        assert fresh(first).allocated == 2

    def test_nothing_at_all_is_no_receipt(self, admin_client: Client) -> None:
        lamp, rug = self.two_products()
        restocks = [product.restocks.get() for product in (lamp, rug)]
        words = act(
            admin_client, "receive", *restocks, **{f"units_{row.pk}": 0 for row in restocks}
        )
        assert "Enter how many arrived for at least one product." in words

    def test_an_empty_page_says_what_to_do_first(self, admin_client: Client) -> None:
        assert (
            "No restock is expected. Add a restock first"
            in admin_client.get(reverse("desk:receiving")).content.decode()
        )


class TestPickList:
    def test_stands_first_come_first_served(self, admin_client: Client) -> None:
        product = factories.make_product(sku="LAMP")
        late = factories.order(product, 1, number="2")
        early = factories.order(product, 1, number="1", placed_at=NOON - timedelta(days=2))
        services.receive(product, 2, now=NOON)
        assert admin_client.get(reverse("desk:picking")).context["lines"] == [early, late]
        rows = admin_client.get(reverse("desk:picking_csv")).getvalue().decode().splitlines()
        assert [row.split(",")[0] for row in rows] == ["order_number", "1", "2"]

    def test_is_of_the_products_asked_for(self, admin_client: Client) -> None:
        packed("1001", 1)
        (other,) = packed("1002", 1)
        assert admin_client.get(reverse("desk:picking"), {"sku": "1002-A"}).context["lines"] == [
            other
        ]

    def test_asks_as_many_questions_for_thirty_as_for_one(self, admin_client: Client) -> None:
        packed("1", 1)
        few = queries_of(admin_client, reverse("desk:picking"))
        for n in range(2, 31):
            packed(str(n), 1)
        assert queries_of(admin_client, reverse("desk:picking")) == few

    def test_an_empty_one_says_what_to_do_first(self, admin_client: Client) -> None:
        assert (
            "No units are reserved." in admin_client.get(reverse("desk:picking")).content.decode()
        )


def test_two_lines_of_one_order_are_one_order_that_is_told(admin_client: Client) -> None:
    packed("1001", 2, 1)
    shown = admin_client.post(SHIP, {"pasted": "1001,1Z9,UPS"}).context["consequences"]
    assert (shown.heard, [(str(kind), orders) for kind, orders in shown.kinds]) == (
        1,
        [("Shipped", 1)],
    )


def test_what_was_canceled_of_an_order_is_named_when_the_rest_ships(admin_client: Client) -> None:
    first, second = packed("1001", 2, 1)
    services.cancel(first.order, units={second.pk: 1}, now=NOON)
    services.cancel(first.order, units={first.pk: 1}, now=NOON)
    assert said(ship(admin_client, "1001,1Z9,UPS,1001-A,2")) == {
        1: "Order 1001: 2 of 1001-A can't ship: 1 are reserved and 0 are waiting; 1 canceled: take "
        "it out of the parcel"
    }
    assert said(ship(admin_client, "1001,1Z9,UPS")) == {
        1: "1 unit shipped. Canceled, so take it out of the parcel: 1001-B."
    }
