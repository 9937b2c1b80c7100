"""An import taken back as one until it settles, without a trace for customers; what was told at
once stays, and is named."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from time_machine import Traveller

from orders import queue, services
from orders.models import (
    DelayNotice,
    Event,
    Import,
    Order,
    OrderLine,
    Product,
    Promise,
    Restock,
    RestockDate,
)
from orders.services.forecasts import expected_restocks, read_versions, supplier_record
from tests.factories import NOON
from tests.html import flat
from tests.test_desk_import import INDEX, ORDERS, RESTOCKS, SHIPMENTS, confirm, send
from tests.test_import_telling import LATER, csv, lamp
from tests.test_roles import S, somebody

__all__ = ["csv", "lamp"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Csv = Callable[..., str]
MINUTE = timedelta(minutes=1)
SETTLED = NOON + timedelta(seconds=600)


def undo(now: datetime = NOON + MINUTE) -> services.Undoing:
    return services.undo_import(Import.objects.latest("pk"), now=now, actor="mia")


def expected(product: Product) -> list[tuple[str, date, int]]:
    found = [each.restock for each in expected_restocks([product.pk], day=NOON.date())]
    return [(delivery.reference, delivery.promised_on, delivery.quantity) for delivery in found]


def record() -> object:
    return sorted(read_versions(["Nordlicht"]), key=str)


class TestOfDeliveries:
    def test_dates_sizes_and_new_ones_are_as_they_were_and_nobody_hears_of_it(
        self, lamp: Product, csv: Csv
    ) -> None:
        before, versions, events = expected(lamp), record(), Event.objects.count()
        moved = "PO-1,LAMP,Nordlicht,1,2027-03-01,2026-10-30"
        call_command(
            "import_restocks", csv(RESTOCKS, moved, "PO-2,LAMP,Nordlicht,9,2026-12-09,2026-11-02")
        )
        assert expected(lamp) == [("PO-2", date(2026, 12, 9), 9), ("PO-1", date(2027, 3, 1), 1)]
        it = undo()
        assert (it.moved, len(it.sizes), len(it.new)) == (1, 1, 1)
        assert (expected(lamp), record()) == (before, versions)
        services.review_settled(now=SETTLED + 2 * MINUTE)
        assert Event.objects.count() == events

    def test_history_gets_rows_and_loses_none(self, lamp: Product, csv: Csv) -> None:
        call_command("import_restocks", csv(RESTOCKS, LATER))
        undo()
        rows = RestockDate.objects.order_by("pk").values_list(
            "expected_on", "reason", "actor", "undoes__expected_on"
        )
        assert list(rows) == [
            (date(2026, 12, 1), "", "", None),
            (date(2027, 3, 1), "", "", None),
            (date(2026, 12, 1), "clerical", "mia", date(2027, 3, 1)),
        ]

    def test_the_record_of_a_supplier_is_what_it_was(self, lamp: Product, csv: Csv) -> None:
        before = supplier_record(NOON.date())
        past = [f"H-{n},OLD,Nordlicht,5,2026-0{n}-20,2026-0{n}-01" for n in range(1, 9)]
        came = [f"{row},,2026-0{n}-28" for n, row in enumerate(past, start=1)]
        call_command("import_restocks", csv(f"{RESTOCKS},reason,arrived_on", *came))
        assert len(list(read_versions(["Nordlicht"]))) == 9
        undo()
        assert len(list(read_versions(["Nordlicht"]))) == 1
        assert (
            supplier_record(NOON.date()).arrival("Nordlicht", NOON.date()).evidence
            == before.arrival("Nordlicht", NOON.date()).evidence
        )

    def test_the_mended_file_is_read_as_if_the_first_had_never_been(
        self, lamp: Product, csv: Csv
    ) -> None:
        call_command(
            "import_restocks", csv(RESTOCKS, LATER, "PO-2,LAMP,Nordlich,9,2026-12-09,2026-11-02")
        )
        undo()
        mended = csv(RESTOCKS, LATER, "PO-2,LAMP,Nordlicht,8,2026-12-10,2026-11-02")
        call_command("import_restocks", mended)
        assert expected(lamp) == [("PO-2", date(2026, 12, 10), 8), ("PO-1", date(2027, 3, 1), 2)]
        assert Restock.objects.get(reference="PO-2").supplier.name == "Nordlicht"
        counts = Import.objects.latest("pk").counts
        assert (counts["new"], counts["moved"], counts["cancelled_here"]) == (1, 1, 0)

    def test_what_somebody_has_moved_since_stays(self, lamp: Product, csv: Csv) -> None:
        call_command(
            "import_restocks", csv(RESTOCKS, LATER, "PO-2,LAMP,Nordlicht,9,2026-12-09,2026-11-02")
        )
        services.move_restock_date(
            Restock.objects.get(reference="PO-1"), date(2026, 12, 24), now=NOON + MINUTE
        )
        it = undo(NOON + 2 * MINUTE)
        assert (it.moved_since, expected(lamp)) == (
            ["PO-1 (LAMP)"],
            [("PO-1", date(2026, 12, 24), 2)],
        )

    def test_that_arrived_stay(self, lamp: Product, csv: Csv, admin_client: Client) -> None:
        header = f"{RESTOCKS},arrived_on"
        call_command(
            "import_restocks", csv(header, "PO-1,LAMP,Nordlicht,2,2026-12-01,2026-11-02,2026-11-02")
        )
        page = admin_client.get(f"{INDEX}undo/{Import.objects.get().pk}/").content.decode()
        assert "Nothing in this import can be undone." in page
        assert "2 units arrived: correct their receipts" in page
        assert "units are reserved for 2 orders" in page
        with pytest.raises(services.Refused, match="nothing in this import can be undone"):
            undo()


class TestOfOrders:
    def test_that_are_quiet_leave_the_line_and_may_come_again(self, csv: Csv) -> None:
        file = csv(
            ORDERS,
            "1,2026-10-01,a@example.com,Ada,US,,LAMP,2",
            "2,2026-10-02,b@example.com,Bo,US,,LAMP,1",
        )
        call_command("import_orders", file)
        first = Import.objects.get()
        undo()
        assert list(queue.differences()) == []
        gone = Order.objects.order_by("pk").values_list(
            "number", "email", "customer_name", "link_version"
        )
        assert list(gone) == [
            (f"1 (undone {first.pk})", "", "", 2),
            (f"2 (undone {first.pk})", "", "", 2),
        ]
        assert list(OrderLine.objects.values_list("waiting", flat=True)) == [0, 0]
        assert not DelayNotice.objects.filter(outcome="").exists()
        call_command("import_orders", file)
        assert list(
            Order.objects.filter(lines__waiting__gt=0)
            .order_by("number")
            .values_list("number", flat=True)
        ) == [
            "1",
            "2",
        ]

    def test_that_wait_for_their_mail_are_not_told_and_who_was_passed_keeps_the_date(
        self, lamp: Product, csv: Csv
    ) -> None:
        services.start_release(per_hour=10, now=NOON, actor="test")
        promises = Promise.objects.count()
        call_command(
            "import_orders", csv(ORDERS, "5,2026-10-01,old@example.com,Old,DE,,LAMP,1"), "--yes"
        )
        assert undo().orders == [Order.objects.get(number__startswith="5 (").pk]
        assert (
            not Event.objects.filter(message_due=True)
            .exclude(order__number__in=["11", "12", "13"])
            .exists()
        )
        services.review_settled(now=SETTLED + 2 * MINUTE)
        assert Promise.objects.count() == promises + 1  # the one of the order that was taken back

    def test_that_were_told_stay_and_are_named(
        self, lamp: Product, csv: Csv, admin_client: Client
    ) -> None:
        services.start_release(per_hour=10, now=NOON, actor="test")
        rows = [f"{number},2026-11-01,o{number}@example.com,Old,DE,,LAMP,1" for number in (5, 6)]
        call_command("import_orders", csv(ORDERS, *rows), "--yes")
        told = Event.objects.filter(order__number="5")
        told.update(message_due=False)
        page = admin_client.get(f"{INDEX}undo/{Import.objects.get().pk}/").content.decode()
        assert "1 new order leaves the line" in page
        assert "1 new order got an email or has units reserved: cancel it by hand" in page
        undo()
        assert Order.objects.filter(number="5", lines__waiting=1).exists()


class TestOnceSettled:
    def test_it_is_refused(self, lamp: Product, csv: Csv, admin_client: Client) -> None:
        call_command("import_restocks", csv(RESTOCKS, LATER))
        with pytest.raises(
            services.Refused, match="has taken effect, and customers may have been notified"
        ):
            undo(SETTLED)
        assert RestockDate.objects.count() == 2

    def test_a_product_that_was_published_earlier_ends_it_for_all(
        self, lamp: Product, csv: Csv
    ) -> None:
        call_command(
            "import_restocks", csv(RESTOCKS, LATER, "PO-2,RUG,Nordlicht,9,2026-12-09,2026-11-02")
        )
        services.review([lamp], now=NOON + MINUTE)
        with pytest.raises(services.Refused, match="has taken effect"):
            undo(NOON + 2 * MINUTE)

    def test_once_is_enough(self, lamp: Product, csv: Csv) -> None:
        call_command("import_restocks", csv(RESTOCKS, LATER))
        undo()
        with pytest.raises(services.Refused, match="already undone"):
            undo()


class TestInTheDesk:
    def test_an_import_is_undone_from_its_page(self, lamp: Product, admin_client: Client) -> None:
        row = confirm(admin_client, send(admin_client, RESTOCKS, LATER))
        assert row.record
        url = f"{INDEX}undo/{row.record.pk}/"
        assert url in admin_client.get(f"{INDEX}{row.pk}/").content.decode()
        assert f'<a href="{url}">{row.file_name}</a>' in admin_client.get(INDEX).content.decode()
        assert f"Undo the import of {row.file_name}" in admin_client.get(url).content.decode()
        assert "1 date goes back" in admin_client.get(url).content.decode()
        done = flat(admin_client.post(url, follow=True).content.decode())
        assert "This import was undone: 1 date goes back." in done
        assert "Undone by admin on Nov. 2, 2026.<" in done
        assert (
            "This import was already undone" in admin_client.post(url, follow=True).content.decode()
        )
        assert url not in admin_client.get(INDEX).content.decode()

    def test_an_undone_file_reads_as_undone_wherever_it_stands_and_is_read_as_new(
        self, lamp: Product, admin_client: Client
    ) -> None:
        row = confirm(admin_client, send(admin_client, RESTOCKS, LATER))
        undo()
        for url in (INDEX, f"{INDEX}{row.pk}/"):
            assert "Undone by mia on Nov. 2, 2026.<" in flat(admin_client.get(url).content.decode())
        again = send(admin_client, RESTOCKS, LATER)
        assert again.changes
        assert (
            "This exact file was already imported"
            not in admin_client.get(f"{INDEX}{again.pk}/").content.decode()
        )

    def test_once_settled_its_page_says_so(
        self, lamp: Product, admin_client: Client, time_machine: Traveller
    ) -> None:
        row = confirm(admin_client, send(admin_client, RESTOCKS, LATER))
        time_machine.move_to(SETTLED)
        assert row.record
        url = f"{INDEX}undo/{row.record.pk}/"
        assert (
            "This import has taken effect, and customers may have been notified"
            in admin_client.get(url).content.decode()
        )
        assert (
            "This import has taken effect" in admin_client.post(url, follow=True).content.decode()
        )

    def test_what_was_shipped_is_said_plainly(self, lamp: Product, admin_client: Client) -> None:
        row = confirm(admin_client, send(admin_client, SHIPMENTS, "11,LAMP,1,2026-11-01,DHL,JD01"))
        assert row.record
        page = admin_client.get(f"{INDEX}undo/{row.record.pk}/").content.decode()
        assert "1 order is shipped" in page
        assert "Undo this import</" not in page

    def test_only_by_who_may_import(
        self, lamp: Product, admin_client: Client, client: Client
    ) -> None:
        row = confirm(admin_client, send(admin_client, RESTOCKS, LATER))
        assert row.record
        client.force_login(somebody(S))
        url = f"{INDEX}undo/{row.record.pk}/"
        assert (client.get(url).status_code, client.post(url).status_code) == (403, 403)
        assert Import.objects.get().undone_at is None
