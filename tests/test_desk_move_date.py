"""A date is moved after its consequences were shown, and undone while nobody has heard."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from backorders_site.staff.admin.emails import MAIL_POLICY
from backorders_site.staff.preview import Consequences, undone
from notifications.models import Preference, Suppression
from orders import queue, services
from orders.models import Order, OrderLine, Product, Promise, Restock
from orders.services.forecasts import supplier_record
from tests import factories
from tests.factories import NOON
from tests.test_admin import AFTER_SETTLING, confirmed, filled, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MUCH_LATER = {"expected_on": "2027-02-20", "reason": "customs"}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def form_url(*deliveries: Restock, name: str = "move-date") -> str:
    return f"{page(Restock, name)}?{'&'.join(f'id={row.pk}' for row in deliveries)}"


def sent_form(
    staff: Client, *deliveries: Restock, name: str = "move-date", **data: str
) -> dict[str, Any]:
    form = staff.get(form_url(*deliveries, name=name)).context["form"]
    return {**filled(form), "seen": form.seen(), **data}


def would_do(staff: Client, *deliveries: Restock, **data: str) -> Consequences:
    answer = staff.post(
        form_url(*deliveries), sent_form(staff, *deliveries, **(data or MUCH_LATER))
    )
    return answer.context["consequences"]


def told(line: OrderLine) -> None:
    """What the page says now, its customer was mailed."""
    Promise.objects.filter(line=line).update(told_at=NOON)
    line.order.events.update(message_due=False, told_at=NOON)


def customer(product: Product, **of: Any) -> OrderLine:
    fields = {
        name: of.pop(name)
        for name in ("locale", "region", "released_at", "unreachable_at")
        if name in of
    }
    line = factories.order(product, **of)
    Order.objects.filter(pk=line.order_id).update(**fields)
    told(line)
    return line


def a_line() -> tuple[Restock, dict[str, OrderLine]]:
    """A delivery and those who wait for it, by what they are to us."""
    product = factories.make_product(sku="LAMP", name="Harbour lamp")
    delivery = factories.restock(
        product, 100, expected_on=date(2026, 12, 2), reference="PO-7", now=NOON - timedelta(days=1)
    )
    factories.review(product)
    stranded = {"email": "gone@example.com"}
    Suppression.objects.create(address="GONE@example.com", reason="bounced", at=NOON)
    return delivery, {
        "us": customer(product, country="US"),
        "california": customer(product, country="US", region="CA"),
        "german": customer(product, country="DE", locale="de-DE"),
        "canadian": customer(product, country="CA", locale="en"),
        "stranded": customer(product, country="CA", **stranded),
        "no address": customer(product, country="CA", email=""),
        "quiet": customer(product, country="CA", released_at=None),
    }


def rows_of_every_table() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            (counts[table],) = cursor.fetchone()
        return counts


class TestWhatItWouldDo:
    def test_everybody_is_in_one_group_and_the_groups_add_up(self, admin_client: Client) -> None:
        delivery, line = a_line()
        it = would_do(admin_client, delivery)
        assert (it.quiet, it.unreachable, it.unreleased, it.turned_off) == (0, 2, 1, 0)
        assert it.mailed + sum(it.asked.values()) == 4
        assert it.quiet + it.heard == len(line)
        assert it.first_words == "Changes 7 promises:"

    def test_who_must_be_asked_is_counted_by_law(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        asked = would_do(admin_client, delivery).asked
        assert (asked["US"], asked["California"]) == (1, 1)
        assert any("must be asked (" in words and "1 California" in words for words in
                   would_do(admin_client, delivery).groups)  # fmt: skip

    def test_it_is_what_comes_to_pass(self, admin_client: Client) -> None:
        """The same events, of the same kinds, with the same words, and the mails as foretold."""
        delivery, line = a_line()
        it = would_do(admin_client, delivery)
        confirmed(admin_client, form_url(delivery), sent_form(admin_client, delivery, **MUCH_LATER))
        services.review_settled(now=AFTER_SETTLING)
        heard = [row.order.events.first().kind for row in line.values()]
        assert [(str(kind), count) for kind, count in it.kinds] == [
            ("Later than told", heard.count("later"))
        ]

    def test_an_example_is_the_mail_as_it_looks_behind_a_policy_of_its_own(
        self, admin_client: Client, client: Client
    ) -> None:
        delivery, _line = a_line()
        for example in would_do(admin_client, delivery).examples:
            shown = admin_client.get(example.html_url)
            assert shown["Content-Security-Policy"] == MAIL_POLICY
            assert "<html" in shown.content.decode()
        assert Client().get(example.html_url).status_code == 302
        assert admin_client.get(reverse("desk:example", args=["gone"])).status_code == 404

    @pytest.mark.parametrize("language, first", [("en", "English"), ("de", "German")])
    def test_the_first_example_is_in_the_shop_s_language(
        self, admin_client: Client, settings: Settings, language: str, first: str
    ) -> None:
        settings.LANGUAGE_CODE = language
        delivery, _line = a_line()
        assert would_do(admin_client, delivery).examples[0].language == first

    def test_a_day_inside_the_window_is_heard_by_nobody(self, admin_client: Client) -> None:
        product = factories.lamp_of_a_punctual_supplier(50)
        customer(product)
        customer(product)
        it = would_do(
            admin_client, product.restocks.get(), expected_on="2026-12-03", reason="transport"
        )
        assert (it.quiet, it.heard) == (2, 0)
        assert it.groups == ["2 stay within their window and get no email"]

    def test_the_same_day_moves_nobody(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        it = would_do(admin_client, delivery, expected_on="2026-12-02", reason="transport")
        assert it.first_words == "No promises change and no one is notified."

    def test_who_turned_good_news_off_gets_no_mail_of_it(self, admin_client: Client) -> None:
        product = factories.make_product()
        delivery = factories.restock(product, 100, expected_on=date(2027, 2, 20))
        factories.review(product)
        customer(product, country="CA", email="calm@example.com")
        customer(product, country="CA")
        OrderLine.objects.update(agreed_by=date(2027, 3, 1))
        Preference.objects.create(address="calm@example.com", good_news=False, changed_at=NOON)
        it = would_do(admin_client, delivery, expected_on="2026-12-02", reason="supplier_early")
        assert (it.turned_off, it.mailed) == (1, 1)

    def test_a_mail_of_each_language_law_and_kind_is_shown_and_names_its_country(
        self, admin_client: Client
    ) -> None:
        delivery, _line = a_line()
        for country, locale in (("AT", "de-AT"), ("DE", "de-DE"), ("GB", "en")):
            customer(delivery.product, country=country, locale=locale)
        it = would_do(admin_client, delivery)
        assert {(each.language, each.place) for each in it.examples} == {
            ("English", "United States"),
            ("English", "United States, California"),
            ("German", "Germany, EU"),
            ("English", "Canada"),
            ("English", "United Kingdom"),
        }
        assert len(it.examples) == 5
        assert {each.kind for each in it.examples if each.place.startswith("United States")} == {
            "later than told, must be answered, silence cancels"
        }
        shown = admin_client.post(
            form_url(delivery), sent_form(admin_client, delivery, **MUCH_LATER)
        ).content.decode()
        assert "Email as it will arrive · German · Germany, EU · later than told" in shown

    def test_of_many_sorts_of_mail_those_that_most_get_are_shown(
        self, admin_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backorders_site.staff.preview.EXAMPLES", 1)
        delivery, _line = a_line()
        customer(delivery.product, country="CA", locale="en")
        it = would_do(admin_client, delivery)
        assert ([each.place for each in it.examples], it.more_examples) == (["Canada"], 3)

    def test_nothing_of_it_stays(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        sent = sent_form(admin_client, delivery, **MUCH_LATER)
        rows, values = rows_of_every_table(), list(OrderLine.objects.order_by("pk").values())
        product = Product.objects.filter(pk=delivery.product_id).values().get()
        assert admin_client.post(form_url(delivery), sent).context["consequences"].heard == 7
        assert rows_of_every_table() == rows
        assert list(OrderLine.objects.order_by("pk").values()) == values
        assert Product.objects.filter(pk=delivery.product_id).values().get() == product

    def test_the_supplier_s_record_does_not_remember_it(self) -> None:
        product = factories.lamp_of_a_punctual_supplier(50)
        delivery = product.restocks.get()
        day = delivery.dates.get().expected_on
        before = supplier_record(NOON.date()).arrival(delivery.supplier.name, day)
        with undone():
            services.move_restock_date(delivery, date(2027, 2, 20), now=NOON)
            supplier_record(NOON.date())
        assert supplier_record(NOON.date()).arrival(delivery.supplier.name, day) == before

    def test_it_counts_as_many_queries_for_thirty_as_for_three(
        self, admin_client: Client, django_assert_max_num_queries: Any
    ) -> None:
        delivery, _line = a_line()
        for _ in range(10):
            customer(delivery.product, country="US")
        sent = sent_form(admin_client, delivery, **MUCH_LATER)
        with django_assert_max_num_queries(140):
            admin_client.post(form_url(delivery), sent)

    def test_deliveries_of_several_products_move_together(self, admin_client: Client) -> None:
        first, _line = a_line()
        other = factories.make_product()
        second = factories.restock(other, 10, expected_on=date(2026, 12, 2))
        factories.review(other)
        customer(other, country="CA")
        assert would_do(admin_client, first, second).heard == 8


class TestALongLine:
    @pytest.fixture(autouse=True)
    def long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backorders_site.staff.admin.base.COUNTED_AT_ONCE", 3)

    def test_the_page_comes_at_once_and_asks_for_the_counts(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        sent = sent_form(admin_client, delivery, **MUCH_LATER)
        at_once = admin_client.post(form_url(delivery), sent)
        assert "consequences" not in at_once.context
        assert 'hx-trigger="load"' in at_once.content.decode()

        counted = admin_client.post(
            form_url(delivery), {**sent, "count": "1"}, headers={"HX-Request": "true"}
        )
        assert "<form" not in counted.content.decode()
        assert counted.context["consequences"].heard == 7

    def test_without_javascript_a_button_counts(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        sent = sent_form(admin_client, delivery, **MUCH_LATER)
        page_with_counts = admin_client.post(form_url(delivery), {**sent, "count": "1"})
        assert page_with_counts.context["consequences"].heard == 7
        assert "<form" in page_with_counts.content.decode()


class TestConfirming:
    def test_does_what_was_shown(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        answer = confirmed(
            admin_client, form_url(delivery), sent_form(admin_client, delivery, **MUCH_LATER)
        )
        assert delivery.dates.last().expected_on == date(2027, 2, 20)
        assert (
            "is now expected on Feb. 20, 2027. The change takes effect at 12:10:00"
            in answer.content.decode()
        )

    def test_another_day_than_the_one_shown_is_shown_first(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        sent = sent_form(admin_client, delivery, **MUCH_LATER)
        meant = admin_client.post(form_url(delivery), sent).context["meant"]
        answer = admin_client.post(
            form_url(delivery), {**sent, "expected_on": "2027-03-20", "meant": meant}
        )
        assert answer.context["meant"] != meant
        assert delivery.dates.count() == 1

    def test_a_delivery_moved_meanwhile_is_a_clear_conflict(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        sent = sent_form(admin_client, delivery, **MUCH_LATER)
        sent["meant"] = admin_client.post(form_url(delivery), sent).context["meant"]
        services.move_restock_date(
            delivery, date(2027, 1, 4), reason="customs", now=NOON, actor="ann"
        )
        said = admin_client.post(form_url(delivery), sent).content.decode()
        assert "Ann moved PO-7 to 4 January 2027 while you were looking" in said
        assert delivery.dates.count() == 2

    @pytest.mark.parametrize(
        "day,doubt",
        [
            ("2036-01-15", "is more than two years away"),
            ("2026-10-01", "is in the past"),
            ("0202-12-02", "is in the past"),
        ],
    )
    def test_an_implausible_day_is_asked_about(
        self, admin_client: Client, day: str, doubt: str
    ) -> None:
        delivery, _line = a_line()
        url, sent = (
            form_url(delivery),
            sent_form(admin_client, delivery, expected_on=day, reason="customs"),
        )
        asked = admin_client.post(url, sent)
        assert doubt in asked.content.decode()
        assert "Yes, I mean" in asked.content.decode()
        assert "consequences" not in asked.context
        confirmed(admin_client, url, {**sent, "sure": day})
        assert delivery.dates.last().expected_on.isoformat() == day

    def test_the_tick_is_for_one_day_alone(self, admin_client: Client) -> None:
        delivery, _line = a_line()
        sent = sent_form(
            admin_client, delivery, expected_on="2036-01-15", reason="customs", sure="2037-01-15"
        )
        confirmed(admin_client, form_url(delivery), sent)
        assert delivery.dates.count() == 1


class TestUndo:
    def move(self, staff: Client, delivery: Restock) -> None:
        confirmed(staff, form_url(delivery), sent_form(staff, delivery, **MUCH_LATER))

    def test_leaves_no_trace_for_customers(
        self, admin_client: Client, clock: time_machine.Traveller
    ) -> None:
        delivery, line = a_line()
        events = {name: factories.kinds(row.order) for name, row in line.items()}
        self.move(admin_client, delivery)
        clock.shift(timedelta(minutes=5))
        assert (
            "undo-move/?id="
            in admin_client.get(page(Restock, "change", delivery.pk)).content.decode()
        )

        confirmed(
            admin_client,
            form_url(delivery, name="undo-move"),
            sent_form(admin_client, delivery, name="undo-move"),
        )

        services.review_settled(now=AFTER_SETTLING + timedelta(hours=1))
        assert {name: factories.kinds(row.order) for name, row in line.items()} == events
        assert delivery.dates.last().expected_on == date(2026, 12, 2)

    def test_takes_several_moves_in_a_row_back_to_what_customers_know(
        self, admin_client: Client
    ) -> None:
        delivery, _line = a_line()
        services.move_restock_date(delivery, date(2027, 1, 4), now=NOON)
        services.move_restock_date(delivery, date(2027, 3, 4), now=NOON + timedelta(seconds=30))
        services.undo_move(delivery, now=NOON + timedelta(seconds=60), actor="ann")
        assert delivery.dates.last().expected_on == date(2026, 12, 2)

    def test_is_not_offered_once_it_has_settled(
        self, admin_client: Client, clock: time_machine.Traveller
    ) -> None:
        delivery, _line = a_line()
        self.move(admin_client, delivery)
        clock.move_to(AFTER_SETTLING)
        assert (
            "undo-move/?id="
            not in admin_client.get(page(Restock, "change", delivery.pk)).content.decode()
        )
        with pytest.raises(services.Refused, match="has taken effect: move its date instead"):
            services.undo_move(delivery, now=AFTER_SETTLING, actor="ann")

    def test_is_not_offered_where_nothing_moved_or_after_an_undo(self) -> None:
        delivery, _line = a_line()
        assert services.date_before_move(delivery, now=NOON) is None
        services.move_restock_date(delivery, date(2027, 1, 4), now=NOON)
        services.undo_move(delivery, now=NOON, actor="ann")
        assert services.date_before_move(delivery, now=NOON) is None


def test_undone_leaves_nothing() -> None:
    with undone():
        factories.order(factories.make_product())
    assert (Order.objects.count(), queue.length(1).lines) == (0, 0)
