"""An import that tells customers worse news waits for a person, whoever ran it, and shows whom it
would tell what."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from backorders_site.staff.uploads import work_off
from orders import services
from orders.models import (
    Event,
    Import,
    Order,
    OrderLine,
    Product,
    Promise,
    Restock,
    RestockDate,
    ShopWord,
    Upload,
)
from tests import factories
from tests.factories import NOON
from tests.test_desk_import import INDEX, ORDERS, RESTOCKS, confirm, send
from tests.test_roles import S, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
LATER = "PO-1,LAMP,Nordlicht,2,2027-03-01,2026-11-02"
Csv = Callable[..., str]


@pytest.fixture
def csv(tmp_path: Path) -> Csv:
    def write(*rows: str, name: str = "file.csv") -> str:
        (tmp_path / name).write_text("\n".join(rows) + "\n")
        return str(tmp_path / name)

    return write


@pytest.fixture
def lamp() -> Product:
    """Two wait for the two lamps that come on 1 December, a third for nothing; all three were told
    so a week ago."""
    before = NOON - timedelta(days=7)
    product = factories.make_product(sku="LAMP")
    supplier = factories.make_supplier(name="Nordlicht")
    factories.restock(
        product, 2, expected_on=date(2026, 12, 1), supplier=supplier, reference="PO-1", now=before
    )
    for number, country in (("11", "DE"), ("12", "US"), ("13", "DE")):
        factories.order(
            product, number=number, country=country, now=before, email=f"{number}@example.com"
        )
    services.review([product], now=before + timedelta(hours=1))
    services.mark_told(
        list(Event.objects.values_list("pk", flat=True)), at=before + timedelta(hours=2)
    )
    return product


def everything() -> list[int]:
    models = (Order, OrderLine, Product, Event, Promise, Restock, RestockDate, Import)
    return [model._default_manager.count() for model in models]


def held(*args: str) -> tuple[str, Upload]:
    """What the command says, and what waits."""
    with pytest.raises(CommandError) as error:
        call_command(*args)
    return str(error.value), Upload.objects.get()


class TestACommand:
    def test_that_would_tell_too_many_worse_news_writes_nothing_and_leaves_the_file_in_the_desk(
        self, lamp: Product, csv: Csv, settings: Settings, admin_client: Client
    ) -> None:
        settings.IMPORT_TELLS_AT_MOST = 1
        before = everything()
        said, row = held("import_restocks", csv(RESTOCKS, LATER))
        assert said == (
            f"{said.partition(': ')[0]}: this import would tell 2 customers worse news (2 a later "
            "date, 2 asked by law), more "
            "than IMPORT_TELLS_AT_MOST=1. Nothing was imported. Confirm or discard it at "
            f"http://testserver/admin/desk/import/{row.pk}/, or run the command again with --yes."
        )
        assert everything() == before
        work_off()
        row.refresh_from_db()
        assert (row.state, row.is_held, row.told_worse, row.uploaded_by) == (
            "checked",
            True,
            2,
            "import_restocks",
        )
        assert everything() == before
        for page in (f"{INDEX}{row.pk}/", INDEX):
            assert (
                "This import would tell 2 customers worse news: 2 a later date, 2 will be asked, "
                "as the law requires." in (admin_client.get(page).content.decode())
            )
        assert (
            "This import would tell 2 customers worse news"
            in admin_client.get("/admin/").content.decode()
        )
        assert confirm(admin_client, row).state == "done"
        assert RestockDate.objects.latest("pk").expected_on == date(2027, 3, 1)
        assert "Imports waiting for you" not in admin_client.get("/admin/").content.decode()

    def test_says_at_once_that_it_is_meant(
        self, lamp: Product, csv: Csv, settings: Settings
    ) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        call_command("import_restocks", csv(RESTOCKS, LATER), "--yes")
        assert (RestockDate.objects.count(), Upload.objects.count()) == (2, 0)

    @pytest.mark.parametrize(
        "row",
        [
            "PO-1,LAMP,Nordlicht,2,2026-11-20,2026-11-02",
            "PO-2,LAMP,Nordlicht,9,2026-12-01,2026-11-02",
        ],
    )
    def test_with_good_news_alone_is_never_held(
        self, lamp: Product, csv: Csv, settings: Settings, row: str
    ) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        call_command("import_restocks", csv(RESTOCKS, row))
        assert RestockDate.objects.count() == 2

    def test_that_tells_few_is_not_held(self, lamp: Product, csv: Csv, settings: Settings) -> None:
        settings.IMPORT_TELLS_AT_MOST = 2
        call_command("import_restocks", csv(RESTOCKS, LATER))
        assert RestockDate.objects.count() == 2
        assert not Event.objects.filter(at=NOON).exists()

    def test_whose_orders_are_quiet_tells_nobody(self, csv: Csv, settings: Settings) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        call_command("import_orders", csv(ORDERS, "1,2026-06-01,a@example.com,Ada,US,,LAMP,1"))
        assert Order.objects.get().released_at is None

    def test_of_an_older_order_counts_those_it_passes(
        self, lamp: Product, csv: Csv, settings: Settings, admin_client: Client
    ) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        services.start_release(per_hour=10, now=NOON, actor="test")
        _, row = held("import_orders", csv(ORDERS, "5,2026-10-01,old@example.com,Old,DE,,LAMP,1"))
        work_off()
        row.refresh_from_db()
        assert row.told["worse"] == {"orders": 2, "later": 0, "no_date": 1, "asked": 2, "others": 1}
        page = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
        assert (
            "1 that there is no date anymore, 2 will be asked, as the law requires. 1 of them was "
            "in line before this import." in page
        )
        # the old order's, and the one that it passes
        assert page.count('<details class="example"') == 2
        assert not Order.objects.filter(number="5").exists()

    def test_held_twice_waits_once(self, lamp: Product, csv: Csv, settings: Settings) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        _, first = held("import_restocks", csv(RESTOCKS, LATER))
        work_off()
        _, again = held("import_restocks", csv(RESTOCKS, LATER))
        assert (again.pk, again.state) == (first.pk, "to_check")

    def test_held_keeps_what_was_said_with_it(
        self, lamp: Product, csv: Csv, settings: Settings, admin_client: Client
    ) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        services.start_release(per_hour=10, now=NOON, actor="test")
        column_map = csv(
            '[columns]\norder_number = "Ref"\nplaced_at = "When"\nsku = "Item"\nquantity = '
            '"Pieces"\nstatus = "State"',
            '[status]\nwaiting = ["open"]\npart_shipped = ["part"]',
            name="map.toml",
        )
        file = csv(
            "Ref,When,Item,Pieces,State", "5,2026-10-01,LAMP,1,open", "6,2026-10-01,RUG,3,part"
        )
        remaining = csv("order_number,sku,units", "6,RUG,2", name="remaining.csv")
        _, row = held(
            "import_orders",
            file,
            "--map",
            column_map,
            "--backorder",
            "RUG",
            "--remaining",
            remaining,
        )
        work_off()
        confirm(admin_client, row)
        lines = OrderLine.objects.filter(order__number__in="56").order_by("pk")
        assert list(lines.values_list("product__sku", "waiting", "shipped", "held")) == [
            ("LAMP", 1, 0, False),
            ("RUG", 2, 1, False),
        ]

    def test_held_keeps_what_was_said_of_its_words_and_names(
        self, lamp: Product, csv: Csv, settings: Settings, admin_client: Client
    ) -> None:
        settings.IMPORT_TELLS_AT_MOST = 0
        services.start_release(per_hour=10, now=NOON, actor="test")
        file = csv(
            "Name,Email,Financial Status,Paid at,Fulfillment Status,Created at,Lineitem quantity,"
            "Lineitem name,Lineitem sku,Lineitem fulfillment status,Cancelled at,Payment Method",
            "#5,a@example.com,pending,,unfulfilled,2026-10-01,1,Lamp,LAMP,pending,,COD",
            "#5,,,,,2026-10-01,1,Rug,,odd,,",
        )
        said = ("--word", "COD=waiting", "--word", "odd=waiting", "--by-name", "--all-products")
        _, row = held("import_orders", file, *said)
        assert not ShopWord.objects.exists()
        work_off()
        confirm(admin_client, row)
        lines = OrderLine.objects.filter(order__number="5").order_by("pk")
        assert list(lines.values_list("product__sku", flat=True)) == ["LAMP", "Rug"]
        assert ShopWord.objects.count() == 2


class TestTheDesk:
    def test_shows_before_it_is_confirmed_whom_a_moved_date_tells(
        self, lamp: Product, admin_client: Client
    ) -> None:
        before = everything()
        row = send(admin_client, RESTOCKS, LATER)
        assert row.told["groups"] == ["2 must be asked (1 EU, 1 US)"]
        assert row.told["kinds"] == [["Later than told", 2]]
        assert everything() == before
        page = admin_client.get(f"{INDEX}{row.pk}/").content.decode()
        assert "Changes 2 promises:" in page
        assert page.count('<details class="example"') == 2

    def test_says_that_a_file_tells_nobody_anything(
        self, lamp: Product, admin_client: Client
    ) -> None:
        row = send(admin_client, RESTOCKS, "PO-9,RUG,Nordlicht,2,2027-03-01,2026-11-02")
        assert (row.told["first_words"], row.told_worse) == ("No one is notified.", 0)

    def test_looks_again_when_somebody_asks(self, lamp: Product, admin_client: Client) -> None:
        row = send(admin_client, RESTOCKS, LATER)
        services.cancel(Order.objects.get(number="11"), now=NOON)
        admin_client.post(f"{INDEX}{row.pk}/check/")
        work_off()
        row.refresh_from_db()
        assert (row.state, row.told_worse) == ("checked", 1)

    def test_discards_what_is_not_wanted(self, lamp: Product, admin_client: Client) -> None:
        row = send(admin_client, RESTOCKS, LATER)
        admin_client.post(f"{INDEX}{row.pk}/discard/")
        row.refresh_from_db()
        assert (row.state, row.confirmed_by, work_off()) == ("discarded", "admin", 0)
        refused = admin_client.post(f"{INDEX}{row.pk}/confirm/", follow=True).content.decode()
        assert "Only a checked file can be imported, and only once" in refused
        again = admin_client.post(f"{INDEX}{row.pk}/discard/", follow=True).content.decode()
        assert "Only a file that is waiting for you can be discarded" in again

    def test_tells_of_waiting_imports_only_who_may_import(
        self, lamp: Product, admin_client: Client, client: Client
    ) -> None:
        send(admin_client, RESTOCKS, LATER)
        assert "Imports waiting for you" in admin_client.get("/admin/").content.decode()
        client.force_login(somebody(S))
        assert "Imports waiting for you" not in client.get("/admin/").content.decode()
