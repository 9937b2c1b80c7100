"""What orders, products and deliveries are known by: on one line, and what it looks like, wherever
it was typed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from orders import services
from orders.domain import keys
from orders.imports import values
from orders.imports.values import BadValue
from orders.models import Order, Product, Restock, Supplier
from tests import factories
from tests.factories import NOON
from tests.test_admin import page

BLANK = "\ufe0f\u034f\u3164\u2800\U000e0101"  # no controls, and a font draws nothing for them
BAD = {
    "77\r\nBcc: a@b.test": "has a character that cannot be seen (U+000D); expected it without",
    "77\x85": "has a character that cannot be seen (U+0085); expected it without",
    "\u200b1010": "has a character that cannot be seen (U+200B); expected it without",
    "10\u202e10": "has a character that cannot be seen (U+202E); expected it without",
    "10\u202810": "has a character that cannot be seen (U+2028); expected it without",
    **{
        f"1010{sign}": f"has a character that cannot be seen (U+{ord(sign):04X}); expected it "
        "without"
        for sign in BLANK
    },
    "１０１０": "has “１”, which only looks like “1”; expected “1”",
    "𝟏𝟎𝟏𝟎": "has “𝟏”, which only looks like “1”; expected “1”",
    "..": "is '..'; expected letters or digits",
    "../../auth/user": "is '../../auth/user'; expected letters or digits",
    "-": "is '-'; expected letters or digits",
    "": "is empty; expected a value",
    "9" * 101: "has 101 characters; expected 100 at most",
}
BAD["77\x85x"] = BAD.pop("77\x85")  # at its end it is a space like others
GOOD = ["1001", "R-1001/2", "ÄÖ-7", "طلب ١٢", "注文1010", "№ 7", "M²-½", "a.b..c", "( 7 )"]


@pytest.mark.parametrize("typed", BAD, ids=ascii)
def test_what_cannot_be_told_from_another_is_refused_and_says_why(typed: str) -> None:
    with pytest.raises(keys.BadKey) as refused:
        keys.key(typed, most=100)
    assert str(refused.value) == BAD[typed]


@pytest.mark.parametrize("typed", GOOD)
def test_whatever_a_shop_may_call_its_things_is_taken_as_it_is(typed: str) -> None:
    assert keys.key(f"  {typed}\n", most=100) == typed


def test_an_order_number_is_without_its_sign_and_without_spaces() -> None:
    assert (keys.order_number(" #10 01\n"), values.order_number("# 1001")) == ("1001", "1001")


ENTRANCES: dict[str, Callable[[str], object]] = {
    "an order": lambda typed: factories.order(factories.make_product(), number=typed),
    "a restock": lambda typed: factories.restock(factories.make_product(), reference=typed),
    "a product of a file": lambda typed: services.know_products({typed: ""}, on_backorder=True),
    "a delivery of a file": lambda typed: services.record_restocks(
        [
            services.RestockRecord(
                "PO", "LAMP", typed, 1, [services.PostedDate(date(2026, 12, 1), date(2026, 11, 1))]
            )
        ],
        now=NOON,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("typed", ["7\n7", "\u200b7", "７"], ids=ascii)
def test_no_service_takes_one(entrance: str, typed: str) -> None:
    with pytest.raises(services.Refused):
        ENTRANCES[entrance](typed)
    assert not Supplier.objects.filter(name=typed).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["carrier", "tracking_number"])
def test_no_parcel_has_one(field: str) -> None:
    line = factories.order(factories.make_product())
    services.receive(line.product, 1, now=NOON)
    with pytest.raises(
        services.Refused, match=f"the {field.replace('_', ' ')} has a character that cannot be seen"
    ):
        services.ship(line.order, {line.pk: 1}, now=NOON, **{field: "1Z\n9"})


@pytest.mark.parametrize("typed", [typed for typed in BAD if typed])
def test_no_row_of_a_file_has_one(typed: str) -> None:
    with pytest.raises(BadValue):
        values.order_number(typed)
    with pytest.raises(BadValue, match=r"^sku "):
        values.key(typed, "sku", most=100)


@pytest.mark.django_db
@pytest.mark.usefixtures("noon")
class TestForms:
    @pytest.mark.parametrize("typed", ["77\r\nBcc: a@b.test", "\u200b1010", "１０１０"], ids=ascii)
    def test_of_an_order_say_what_is_wrong(self, admin_client: Client, typed: str) -> None:
        product = factories.make_product()
        sent = {
            "number": typed,
            "placed_at": "2026-11-02T10:00",
            "product": product.pk,
            "quantity": 1,
        }
        said = admin_client.post(page(Order, "add"), sent)
        assert said.context["form"].errors["number"] == [f"The number {BAD[typed]}."]
        assert not Order.objects.exists()

    @pytest.mark.parametrize(
        ("model", "name"), [(Product, "sku"), (Supplier, "name"), (Restock, "reference")]
    )
    def test_of_products_suppliers_and_restocks_too(
        self, admin_client: Client, model: Any, name: str
    ) -> None:
        sent = {"name": "Lamp", name: "7\n\u200b7"}
        context = admin_client.post(page(model, "add"), sent).context
        form = context["form"] if "form" in context else context["adminform"].form
        assert form.errors[name][0].startswith("This has a character that cannot be seen (U+000A)")

    def test_of_the_login_refuse_a_name_that_nobody_can_have(self, client: Client) -> None:
        sent = {"username": "x" * 300, "password": "secret"}
        answer = client.post(reverse("admin:login"), sent)
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == ["username"]


@pytest.mark.django_db
@pytest.mark.usefixtures("noon")
class TestTheDatabase:
    @pytest.mark.parametrize("character", ["\n", "\r", "\t", "\x7f", "\x85", "\u2028"], ids=ascii)
    def test_has_no_key_on_two_lines(self, character: str) -> None:
        line = factories.order(factories.make_product())
        rows = (
            (Order.objects, {"number": f"1{character}2"}),
            (Product.objects, {"sku": f"1{character}2"}),
        )
        for objects, change in rows:
            with pytest.raises(IntegrityError, match="is_on_one_line"), transaction.atomic():
                objects.update(**change)
        assert Order.objects.get().number == line.order.number


@pytest.mark.django_db
def test_no_parcel_gets_one_later() -> None:
    line = factories.order(factories.make_product())
    services.receive(line.product, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    with pytest.raises(
        services.Refused, match="the tracking number has a character that cannot be seen"
    ):
        services.number_parcel(
            line.order,
            {line.pk: 1},
            now=NOON,
            shipped_at=NOON,
            carrier="UPS",
            tracking_number="1Z\u200b9",
        )
