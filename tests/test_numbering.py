"""Tracking numbers that come after the parcel are added to it, and told once."""

from datetime import timedelta

import pytest
from django.test import Client

from orders import services
from orders.access import Purpose, order_url
from orders.models import Event, OrderLine, Receipt, Shipment, Stock
from orders.words import sentence
from tests.conftest import Clocks, MailSink
from tests.exports import EXPORT, SHIPMENTS, Load, fulfilled
from tests.factories import NOON, fresh, kinds, make_product, order
from tests.mailing import mail
from tests.test_mails import unwrapped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
LEFT = "2026-11-02T14:30:00Z"


@pytest.fixture
def line() -> OrderLine:
    return order(
        make_product(sku="LAMP"), number="1001", placed_at=NOON - timedelta(days=5), country="CA"
    )


def parcel(number: str, *, units: int = 1, at: str = LEFT, carrier: str = "UPS") -> str:
    return f"1001,LAMP,{units},{at},{carrier},{number}"


def standing() -> list[tuple[str, str, int]]:
    """Parcels as they stand: carrier, number, units."""
    found = []
    for shipment in Shipment.objects.filter(corrects=None).order_by("pk"):
        found += [
            (shipment.carrier, shipment.tracking_number, units)
            for units in shipment.standing().values()
        ]
    return found


def notes(line: OrderLine) -> list[str]:
    events = Event.objects.filter(line=line, kind="note").order_by("pk")
    return [sentence(event, locale="en") for event in events]


def test_an_export_said_it_shipped_and_the_file_then_names_the_parcel(
    line: OrderLine, load: Load
) -> None:
    load("import_orders", EXPORT, fulfilled("1001"))
    for _ in range(2):
        load("import_shipments", SHIPMENTS, parcel("1Z9"))
    assert standing() == [("UPS", "1Z9", 1)]
    assert notes(line) == ["Your tracking number: 1Z9 (UPS)."]
    assert kinds(line.order).count("shipped") == 1
    assert (fresh(line).shipped, Receipt.objects.count()) == (1, 1)
    load("import_orders", EXPORT, fulfilled("1001"))
    assert standing() == [("UPS", "1Z9", 1)]


def test_two_parcels_of_what_was_shipped_in_one_word(load: Load) -> None:
    line = order(make_product(sku="LAMP"), 3, number="1001", placed_at=NOON - timedelta(days=5))
    load("import_orders", EXPORT, fulfilled("1001").replace(",1,LAMP,LAMP", ",3,LAMP,LAMP"))
    load("import_shipments", SHIPMENTS, parcel("1Z1", units=2), parcel("1Z2", carrier=""))
    assert standing() == [("UPS", "1Z1", 2), ("", "1Z2", 1)]
    assert notes(line) == [
        "Your tracking number for 2 of 3: 1Z1 (UPS).",
        "Your tracking number for 1 of 3: 1Z2.",
    ]
    assert fresh(line).shipped == 3


def test_a_part_that_is_known_to_have_left_is_not_a_further_one(load: Load) -> None:
    """One of three was recorded at noon; the parcel that left before is that one, the one of the
    evening is another."""
    line = order(make_product(sku="LAMP"), 3, number="1001", placed_at=NOON - timedelta(days=5))
    services.ship(line.order, {line.pk: 1}, now=NOON - timedelta(hours=1), beyond_reserved=True)
    load("import_shipments", SHIPMENTS, parcel("1Z1", at="2026-11-02T15:00:00Z"))
    assert (fresh(line).shipped, standing()) == (1, [("UPS", "1Z1", 1)])
    load("import_shipments", SHIPMENTS, parcel("1Z2", at="2026-11-02T16:45:00Z"))
    assert (fresh(line).shipped, standing()) == (2, [("UPS", "1Z1", 1), ("UPS", "1Z2", 1)])


def test_a_number_the_carrier_changed_is_told_once(line: OrderLine, load: Load) -> None:
    load("import_shipments", SHIPMENTS, parcel("1Z1"))
    for _ in range(2):
        load("import_shipments", SHIPMENTS, parcel("1Z2"))
    load("import_shipments", SHIPMENTS, parcel("1Z1"))
    assert standing() == [("UPS", "1Z2", 1)]
    assert notes(line) == ["Your parcel has a new tracking number: 1Z2 (UPS)."]
    assert Stock.objects.values_list("arrived", "allocated").get() == (1, 1)


def test_a_carrier_alone_is_told_too(line: OrderLine, load: Load) -> None:
    load("import_orders", EXPORT, fulfilled("1001"))
    load("import_shipments", SHIPMENTS, parcel(""))
    assert notes(line) == ["Your parcel was sent with UPS."]
    load("import_shipments", SHIPMENTS, parcel("1Z1"))
    assert standing() == [("UPS", "1Z1", 1)]


def test_what_got_its_number_later_can_be_taken_back_and_reserves_its_units_once(
    line: OrderLine,
    load: Load,
) -> None:
    load("import_orders", EXPORT, fulfilled("1001"))
    load("import_shipments", SHIPMENTS, parcel("1Z9"))
    first, named, _ = Shipment.objects.order_by("pk")
    with pytest.raises(services.Refused, match="already undone"):
        services.correct_shipment(first, now=NOON)
    services.correct_shipment(named, now=NOON)
    assert (fresh(line).shipped, fresh(line).state) == (0, "reserved")


def test_a_number_that_came_later_is_forgotten_with_its_person(line: OrderLine, load: Load) -> None:
    load("import_orders", EXPORT, fulfilled("1001"))
    load("import_shipments", SHIPMENTS, parcel("1Z9"))
    Event.objects.update(message_due=False)
    services.erase_orders("ada@example.com", now=NOON)
    assert notes(line) == ["Your parcel was sent with UPS."]
    assert not Shipment.objects.filter(tracking_number="1Z9").exists()


def test_nothing_is_numbered_that_has_not_shipped(line: OrderLine) -> None:
    with pytest.raises(
        services.Refused, match="1 of these units are not in a parcel without a tracking"
    ):
        services.number_parcel(
            line.order,
            {line.pk: 1},
            now=NOON,
            shipped_at=NOON,
            carrier="UPS",
            tracking_number="1Z9",
        )
    assert not Shipment.objects.exists()


def test_the_page_and_one_mail_have_the_number_and_its_link(
    line: OrderLine,
    load: Load,
    client: Client,
    mail_sink: MailSink,
    clocks: Clocks,
) -> None:
    load("import_orders", EXPORT, fulfilled("1001"))
    mail()
    before = len(mail_sink.mails)
    load("import_shipments", SHIPMENTS, parcel("1Z9"))
    mail()
    mail()
    assert len(mail_sink.mails) == before + 1
    received = mail_sink.mails[-1].message
    assert received["Subject"] == "Tracking for your order 1001"
    assert "Your tracking number: 1Z9 (UPS)." in unwrapped(received)
    assert "tracknum=1Z9" in unwrapped(received)
    shown = client.get(order_url(line.order, Purpose.ACT)).content.decode()
    assert "Track 1Z9" in shown
    assert "Your tracking number: 1Z9 (UPS)." in shown


def test_shipped_and_numbered_meanwhile_is_one_mail(
    line: OrderLine,
    load: Load,
    mail_sink: MailSink,
    clocks: Clocks,
) -> None:
    mail()
    load("import_orders", EXPORT, fulfilled("1001"))
    load("import_shipments", SHIPMENTS, parcel("1Z9"))
    mail()
    (subject,) = [sent.message["Subject"] for sent in mail_sink.mails][1:]
    assert subject.startswith("Shipped: order 1001, with you by about ")
