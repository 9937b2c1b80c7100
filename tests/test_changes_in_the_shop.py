"""What the shop changes in a known order is never ignored: it is followed, or a person decides."""

from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from notifications.models import Message, MessageState
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.staff_actions import CAME_BACK
from notifications.personal_data.export import data_about
from orders import services
from orders.access import Purpose, order_url
from orders.imports.known import is_same
from orders.imports.shop_order import ShopOrder
from orders.models import (
    DelayNotice,
    Event,
    Order,
    OrderLine,
    Product,
    Refund,
    ShopChange,
    ShopTask,
)
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, fresh, kinds
from tests.mailing import mail
from tests.test_admin import act, page
from tests.test_import_orders import HEADER, Csv, csv, row, state  # noqa: F401
from tests.test_import_shopify import Export, counts, export, line, order  # noqa: F401
from tests.test_roles import S, W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

AGAIN = (
    "LAMP: the shop lists 2 units again, {} canceled here on 2026-11-02: reinstate {}, or answer "
    "the customer"
)
CANCELLED = {"Cancelled_at": "2026-11-01 10:00:00 +0000"}
NEW_ADDRESS = (
    "the shop changed the email address: email goes to the new one, and links sent before no "
    "longer work"
)


def read(
    export: Export,  # noqa: F811
    quantity: int = 2,
    *,
    sku: str = "LAMP",
    status: str = "pending",
    name: str = "",
    **columns: str,
) -> None:
    """An export with one order."""
    bought = line(sku, quantity, status) | ({"Lineitem name": name} if name else {})
    call_command("import_orders", export((order(**columns), [bought])), all_products=True)


def attention() -> list[str]:
    return Order.objects.get(number="1001").attention


def changes() -> list[tuple[str, object, object, str]]:
    return list(ShopChange.objects.order_by("pk").values_list("what", "here", "there", "outcome"))


def change() -> ShopChange:
    return ShopChange.objects.get(gone_at=None)


# Listed again


def test_units_canceled_and_listed_again_go_to_a_person_and_are_not_reopened(
    export: Export,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    read(export)
    read(export, **CANCELLED)
    read(export)
    assert (fresh(OrderLine.objects.get()).cancelled, attention()) == (
        2,
        [AGAIN.format("2 were", "them")],
    )
    assert (counts()["changed"], counts()["asked_units"], counts()["needs_a_person"]) == (
        1,
        1,
        {"1001": 1},
    )
    said = capsys.readouterr().out
    assert (
        "Changed in the shop, to accept or reject on the desk: 1 with units listed again." in said
    )


def test_a_part_canceled_and_listed_again_goes_to_a_person(export: Export) -> None:  # noqa: F811
    for quantity in (2, 1, 2):
        read(export, quantity)
    assert attention() == [AGAIN.format("1 was", "it")]


def test_it_is_said_once_and_is_gone_when_the_shop_has_canceled_again(export: Export) -> None:  # noqa: F811
    for quantity in (2, 1, 2):
        read(export, quantity)
    before = state()
    read(export, 2)
    assert (state(), counts()["unchanged"]) == (before, 1)
    read(export, 1)
    assert (attention(), ShopChange.objects.filter(gone_at=None).count()) == ([], 0)
    read(export, 2)
    assert (attention(), ShopChange.objects.count()) == ([AGAIN.format("1 was", "it")], 2)


def test_an_order_that_is_not_paid_again_asks_nobody(export: Export) -> None:  # noqa: F811
    read(export)
    read(export, **CANCELLED)
    read(export, Financial_Status="pending")
    assert (attention(), changes()) == ([], [])


@pytest.mark.parametrize("by", ["customer", "silence", "staff"])
def test_what_the_shop_has_still_to_cancel_is_no_reopening(export: Export, by: str) -> None:  # noqa: F811
    read(export)
    services.cancel(Order.objects.get(), now=NOON, by=by)
    before = state()
    read(export)
    assert (state(), ShopTask.objects.filter(confirmed_at=None).count()) == (before, 1)


def test_what_was_put_back_here_first_is_no_reopening(export: Export) -> None:  # noqa: F811
    read(export)
    read(export, **CANCELLED)
    services.return_to_queue(OrderLine.objects.get(), 2, now=NOON)
    read(export)
    assert (changes(), ShopTask.objects.filter(confirmed_at=None).count()) == ([], 0)


def test_what_left_though_canceled_is_said_of_the_parcel_and_is_no_reopening(
    export: Export,  # noqa: F811
) -> None:
    read(export)
    read(export, **CANCELLED)
    read(export, status="fulfilled", Fulfillment_Status="fulfilled")
    assert changes() == []


def test_one_press_puts_them_back_and_leaves_nothing_to_do_in_the_shop(
    export: Export,  # noqa: F811
    admin_client: Client,
) -> None:
    read(export)
    read(export, **CANCELLED)
    read(export)
    assert "2 units of 2 × LAMP of 1001 are back in line." in act(
        admin_client, "put-back", change()
    )
    assert (fresh(OrderLine.objects.get()).waiting, attention()) == (2, [])
    assert (ShopTask.objects.count(), Refund.objects.count()) == (0, 0)
    assert ShopChange.objects.values_list("outcome", "decided_by").get() == ("accepted", "admin")
    before = state()
    read(export)
    assert state() == before


def test_once_the_refund_was_sent_it_says_to_enter_a_new_order(
    export: Export,  # noqa: F811
    admin_client: Client,
) -> None:
    read(export)
    read(export, Financial_Status="refunded")
    read(export)
    (text,) = attention()
    assert text.endswith(
        "canceled here on 2026-11-02: the refund was sent, so add them as a new order, or answer "
        "the customer"
    )
    answer = admin_client.get(f"{page(ShopChange, 'put-back')}?id={change().pk}", follow=True)
    assert "These units can't be reinstated: their refund was sent" in unescape(
        answer.content.decode()
    )


def test_rejected_it_is_not_asked_again_while_the_shop_lists_the_same(
    export: Export,  # noqa: F811
    admin_client: Client,
) -> None:
    for quantity in (3, 1, 2):
        read(export, quantity)
    assert "kept as it is here." in act(admin_client, "reject", change())
    read(export, 2)
    assert (attention(), ShopChange.objects.count()) == ([], 1)
    read(export, 3)
    assert len(attention()) == 1


def test_a_text_that_a_later_export_makes_void_is_withdrawn_and_is_news_when_it_comes_again(
    csv: Csv,  # noqa: F811
) -> None:
    for quantity in (2, 3, 2):
        call_command("import_orders", csv(row(quantity=quantity)))
    assert attention() == []
    call_command("import_orders", csv(row(quantity=3)))
    assert attention() == [
        "LAMP: the export lists 3 units, but 2 joined the line: add the others as a new order"
    ]


def test_a_line_listed_once_more_and_a_refund_taken_back_are_withdrawn_too(export: Export) -> None:  # noqa: F811
    read(export, 2)
    read(export, 2, sku="VASE", Refunded_Amount="9.00")
    order_ = Order.objects.get()
    assert [text.partition(":")[0] for text in order_.attention] == [
        "LAMP",
        "9.00 EUR was sent back, the export doesn't say for which units",
    ]
    call_command("import_orders", export((order(), [line("LAMP", 2), line("VASE", 2)])))
    assert attention() == []


# Another order's number


def test_an_order_of_another_shop_with_the_same_number_is_left_out_and_listed(
    export: Export,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    read(export)
    other = order(
        "1001",
        Email="second@example.com",
        Created_at="2026-10-25 10:00:00 -0500",
        Paid_at="2026-10-25 10:00:00 -0500",
        Fulfillment_Status="fulfilled",
        Shipping_Name="Second Buyer",
        Shipping_Country="US",
    )
    file = export((other, [line()]), (order("#1002"), [line()]))
    call_command("import_orders", file)
    assert (fresh(OrderLine.objects.get(order__number="1001")).shipped, Order.objects.count()) == (
        0,
        2,
    )
    assert kinds(Order.objects.get(number="1001")) == ["joined"]
    out = capsys.readouterr().out
    assert "Left out: 1 order whose number is already used by another order here." in out
    assert (
        f"{file}:2: order 1001 is a different order here, placed 2026-09-30 20:24, DE; in the "
        "file it was placed 2026-10-25 11:00, US, with another email address; it was not "
        "imported"
    ) in out
    assert attention() == [
        "a different order 1001 is in a file: placed 2026-10-25 11:00, US; it was not imported: "
        "give it a number of its own"
    ]
    before = state()
    call_command("import_orders", file)
    assert state() == before


def test_numbers_of_two_series_that_differ_in_case_alone_are_not_one_order(csv: Csv) -> None:  # noqa: F811
    call_command("import_orders", csv(row("EN901")))
    call_command(
        "import_orders",
        csv(row("en901", placed_at="2026-10-20T12:00:00Z", email="eve@example.com", quantity=3)),
    )
    assert OrderLine.objects.values_list("order__email", "quantity").get() == ("ada@example.com", 1)
    assert counts()["other_orders"] == 1


NINE = NOON.replace(hour=9, minute=31)
MIDNIGHT = NOON.replace(hour=5)  # of New York


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        # the address says so
        (("a@x.test", "Ann B", NINE), ("A@X.test", "Bob C", NINE - timedelta(days=9)), True),
        (("a@x.test", "Ann B", NINE), ("b@x.test", "Bob C", NINE), True),  # to the second
        # a zone read otherwise
        (("a@x.test", "Ann B", NINE), ("b@x.test", "ann  b", NINE + timedelta(hours=6)), True),
        # of a later export, by the day
        (("a@x.test", "Ann B", NINE), ("b@x.test", "Ann B", MIDNIGHT), True),
        (("a@x.test", "Ann B", MIDNIGHT), ("b@x.test", "Ann B", MIDNIGHT), True),
        (("a@x.test", "", MIDNIGHT), ("b@x.test", "", MIDNIGHT), True),
        (("", "", NINE), ("b@x.test", "Bob C", MIDNIGHT), True),  # forgotten, or without an address
        (("a@x.test", "Ann B", NINE), ("", "", MIDNIGHT), True),
        # of one day are many
        (("a@x.test", "Ann B", MIDNIGHT), ("b@x.test", "Bob C", MIDNIGHT), False),
        (("a@x.test", "", NINE), ("b@x.test", "", NINE + timedelta(hours=1)), False),
        (("a@x.test", "Ann B", NINE), ("b@x.test", "Ann B", NINE - timedelta(days=5)), False),
        (("", "", NINE), ("b@x.test", "Bob C", NINE - timedelta(days=5)), False),
    ],
)
def test_an_order_is_the_same_when_its_address_or_its_time_agrees(
    here: tuple[str, str, datetime], there: tuple[str, str, datetime], same: bool
) -> None:
    email, name, placed_at = here
    known = Order(number="1", email=email, customer_name=name, placed_at=placed_at)
    email, name, placed_at = there
    assert (
        is_same(known, ShopOrder("1", placed_at=placed_at, email=email, customer_name=name)) == same
    )


# Address, name, country


def test_another_address_is_followed_at_once_and_a_person_hears_of_it(
    export: Export,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    read(export)
    read(export, Email="new@example.com")
    assert (Order.objects.get().email, attention()) == ("new@example.com", [NEW_ADDRESS])
    assert changes() == [
        ("email", {"email": "ada@example.com"}, {"email": "new@example.com"}, "accepted")
    ]
    out = capsys.readouterr().out
    assert "Orders: 1 changed." in out
    assert (
        "Email addresses updated from the file: 1. Links sent before no longer work for these "
        "orders." in out
    )
    assert "Needs attention: 1 order (1001)." in out
    before = state()
    read(export, Email="new@example.com")
    assert (state(), counts()["unchanged"]) == (before, 1)


def test_whoever_reads_the_old_address_can_act_no_longer_and_the_new_one_gets_a_link(
    export: Export,  # noqa: F811
    client: Client,
    mail_sink: MailSink,
) -> None:
    services.start_release(100, now=NOON)
    read(export)
    placed = Order.objects.get()
    mail()
    link = order_url(placed, Purpose.ACT)
    assert client.get(link).status_code == 200
    read(export, Email="new@example.com")
    mail()
    assert [sent.recipients for sent in mail_sink.mails] == [
        ["ada@example.com"],
        ["new@example.com"],
    ]
    assert client.get(link).status_code == 404
    text = Message.objects.latest("pk").text
    assert order_url(Order.objects.get(), Purpose.ACT) in text
    said = " ".join(text.split())  # nobody asked for one
    assert "die Links in unseren früheren E-Mails funktionieren nicht mehr. Hier ist der" in said


def test_what_came_back_from_the_old_address_goes_to_the_new_one(export: Export) -> None:  # noqa: F811
    services.start_release(100, now=NOON)
    read(export)
    dispatch_all()
    Message.objects.update(state=MessageState.BOUNCED, sent_at=NOON)
    Order.objects.update(unreachable_at=NOON, attention=[CAME_BACK])
    read(export, Email="new@example.com")
    placed = Order.objects.get()
    assert (placed.unreachable_at, placed.attention) == (None, [NEW_ADDRESS])
    assert placed.events.filter(message_due=True).exists()


def test_what_staff_put_right_stays_until_the_shop_has_a_third_address(export: Export) -> None:  # noqa: F811
    read(export)
    read(export, Email="new@example.com")
    services.correct_address(
        Order.objects.get(), "ada@example.com", revoke=True, reason="rang", now=NOON, actor="ann"
    )
    read(export, Email="new@example.com")
    assert Order.objects.get().email == "ada@example.com"
    read(export, Email="third@example.com")
    assert Order.objects.get().email == "third@example.com"


def test_a_country_the_shop_takes_back_is_withdrawn(export: Export) -> None:  # noqa: F811
    read(export)
    read(export, Shipping_Country="FR")
    assert attention() == [
        "the shop ships it to FR, but here it goes to DE: accept or reject the change",
    ]
    read(export)
    assert (attention(), ShopChange.objects.filter(gone_at=None).exists()) == ([], False)


def test_what_staff_corrected_here_is_not_asked_about_while_the_shop_has_it_as_before(
    export: Export,  # noqa: F811
    admin_client: Client,
) -> None:
    read(export)
    placed = Order.objects.get()
    services.correct_address(
        placed, "right@example.com", revoke=False, reason="rang", now=NOON, actor="ann"
    )
    url = page(Order, "change", placed.pk)
    form = admin_client.get(url).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields} | {
        "attention": "",
        "initial-attention": "",
    }
    admin_client.post(url, sent | {"customer_name": "Ada King", "country": "AT"})
    before = state()
    read(export)
    placed.refresh_from_db()
    assert (state(), placed.customer_name, placed.country) == (before, "Ada King", "AT")
    read(export, Email="right@example.com")
    assert attention() == []


def test_an_address_in_other_letters_and_fields_a_file_leaves_empty_are_no_change(
    export: Export,  # noqa: F811
) -> None:
    read(export)
    before = state()
    read(export, Email="Ada@Example.com", Shipping_Name="", Shipping_Country="")
    assert state() == before


def test_a_name_and_a_region_of_the_same_law_are_taken_over_and_logged(export: Export) -> None:  # noqa: F811
    read(export, Shipping_Country="US", Shipping_Province="NY")
    read(export, Shipping_Country="US", Shipping_Province="NJ", Shipping_Name="Ada King")
    placed = Order.objects.get()
    assert (placed.customer_name, placed.region, placed.attention) == ("Ada King", "NJ", [])
    assert changes() == [
        ("name", {"customer_name": "Ada Lovelace"}, {"customer_name": "Ada King"}, "accepted"),
        ("place", {"country": "US", "region": "NY"}, {"country": "US", "region": "NJ"}, "accepted"),
    ]
    assert counts()["details_taken_over"] == 2


def test_a_region_with_a_law_of_its_own_goes_to_a_person(export: Export) -> None:  # noqa: F811
    read(export, Shipping_Country="US", Shipping_Province="NY")
    read(export, Shipping_Country="US", Shipping_Province="CA")
    assert (Order.objects.get().region, len(attention())) == ("NY", 1)


def test_an_accepted_country_rules_what_is_asked_from_then_on_and_what_was_told_stays(
    export: Export,  # noqa: F811
    admin_client: Client,
) -> None:
    services.start_release(100, now=NOON)
    product = factories.make_product(sku="LAMP", on_backorder=True)
    delivery = factories.restock(product, expected_on=date(2027, 1, 10))
    services.review([product], now=NOON)
    read(export, Shipping_Country="US")
    told = DelayNotice.objects.get()
    as_told = DelayNotice.objects.filter(pk=told.pk).values(
        "case", "answer_by", "silence", "sentences", "jurisdiction"
    )
    before = as_told.get()
    services.mark_told([event.pk for event in Event.objects.filter(promise=told.promise)], at=NOON)
    read(export, Shipping_Country="DE")
    assert "Country and region of 1001: now as in the shop." in act(
        admin_client, "accept", change()
    )
    services.move_restock_date(delivery, date(2027, 3, 10), now=NOON)
    services.review([product], now=NOON)
    assert list(DelayNotice.objects.order_by("pk").values_list("jurisdiction", flat=True)) == [
        "US",
        "EU",
    ]
    assert as_told.get() == before


def test_whoever_was_forgotten_is_not_learned_again(csv: Csv) -> None:  # noqa: F811
    call_command("import_orders", csv(row()))
    placed = Order.objects.get()
    services.cancel(placed, now=NOON, in_shop=True, refunded=True)
    Event.objects.update(message_due=False)
    services.erase_orders("ada@example.com", now=NOON)
    call_command("import_orders", csv(row(email="new@example.com", country="DE")))
    placed.refresh_from_db()
    assert (placed.email, placed.customer_name, placed.country) == ("", "", "US")
    assert list(ShopChange.objects.values_list("what", flat=True)) == ["units"]


def test_what_the_shop_has_of_a_person_is_exported_and_erased_with_them(
    csv: Csv,  # noqa: F811
    export: Export,  # noqa: F811
) -> None:
    read(export)
    read(export, Email="new@example.com")
    for address in ("ada@example.com", "new@example.com"):
        assert [row["what"] for row in data_about(address, now=NOON)["changes_in_the_shop"]] == [
            "email"
        ]
    services.cancel(Order.objects.get(), now=NOON, in_shop=True, refunded=True)
    Event.objects.update(message_due=False)
    services.erase_orders("new@example.com", now=NOON)
    assert not ShopChange.objects.exists()


# Where staff see it


def desk_cards(client: Client) -> dict[str, int]:
    response = client.get(reverse("admin:index"))
    return {str(card.label): card.count for card in response.context["desk"].cards}


def test_today_counts_it_and_the_page_of_the_order_shows_old_and_new_side_by_side(
    export: Export,  # noqa: F811
    client: Client,
) -> None:
    read(export)
    read(export, Shipping_Country="FR")
    client.force_login(somebody(S))
    cards = desk_cards(client)
    assert (cards["Changed in the shop"], cards["Needs attention"]) == (1, 1)
    (shown,) = client.get("/admin/desk/order/1001/").context["changes"]
    assert (str(shown.what), shown.here, shown.there) == (
        "Country and region",
        "DE",
        "FR",
    )
    assert [str(button.label) for button in shown.buttons] == ["Accept", "Reject"]
    assert "FR" in client.get(page(ShopChange), {"state": "open"}).content.decode()


def test_who_may_read_addresses_sees_which_one_was_before(export: Export, client: Client) -> None:  # noqa: F811
    read(export)
    read(export, Email="new@example.com")
    client.force_login(somebody(S))
    shown = client.get("/admin/desk/order/1001/").content.decode()
    assert "ada@example.com" in shown
    assert NEW_ADDRESS in unescape(shown)


def test_the_warehouse_reads_no_address(export: Export, client: Client) -> None:  # noqa: F811
    read(export)
    read(export, Email="new@example.com")
    client.force_login(somebody(W))
    shown = client.get("/admin/desk/order/1001/").content.decode()
    assert ("ada@example.com" in shown, "new@example.com" in shown) == (False, False)
    assert "Changed in the shop" not in desk_cards(client)


# Products


def test_a_product_that_the_shop_renames_is_renamed_here(
    export: Export,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    read(export, name="Harbor lamp")
    read(export, name="Harbor lamp, brass")
    assert Product.objects.get().name == "Harbor lamp, brass"
    said = "Product names, variants or pictures updated from the file: 1."
    assert said in capsys.readouterr().out
    read(export, name="Harbor lamp, brass")
    assert said not in capsys.readouterr().out


def test_a_name_that_staff_have_written_is_kept(export: Export) -> None:  # noqa: F811
    read(export, name="HL-2 lamp 40W")
    Product.objects.update(name="Harbor lamp")
    read(export, name="HL-2 lamp 60W")
    assert Product.objects.get().name == "Harbor lamp"


def test_the_newest_order_says_what_a_product_is_called(csv: Csv) -> None:  # noqa: F811
    def named(number: str, day: str, name: str) -> str:
        return f"{row(number, placed_at=day)},{name}"

    header = f"{HEADER},product_name"
    old, new = named("1", "2026-10-01", "Old"), named("2", "2026-10-09", "New")
    call_command("import_orders", csv(old, header=header))
    call_command("import_orders", csv(new, old, header=header))
    assert Product.objects.get().name == "New"
    call_command("import_orders", csv(old, header=header))
    assert Product.objects.get().name == "New"


def test_one_product_instead_of_another_waits_once_and_a_person_decides(export: Export) -> None:  # noqa: F811
    read(export, sku="OLD")
    read(export, sku="NEW")
    assert [line.product.sku for line in OrderLine.objects.select_related("product")] == ["OLD"]
    assert attention() == [
        "OLD: the export lists NEW instead: cancel its units if they aren't still to come"
    ]
    services.cancel(Order.objects.get(), now=NOON)
    read(export, sku="NEW")
    assert attention() == []
    assert OrderLine.objects.get(waiting__gt=0).product.sku == "NEW"


def test_in_a_list_of_what_waits_too(csv: Csv) -> None:  # noqa: F811
    call_command("import_orders", csv(row(sku="OLD")))
    call_command("import_orders", csv(row(sku="NEW")))
    assert attention() == [
        "OLD: the export lists NEW instead: cancel its units if they aren't still to come"
    ]
    assert OrderLine.objects.count() == 1
    services.cancel(Order.objects.get(), now=NOON)
    call_command("import_orders", csv(row(sku="NEW")))
    assert (attention(), OrderLine.objects.count()) == ([], 2)
