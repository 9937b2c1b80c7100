"""Who of the staff may do what: every act and every page that changes something, for each of the
three roles."""

from datetime import date

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from backorders_site.staff.admin.base import actor_of
from notifications.models import MessageState
from orders import services
from orders.access import Purpose, order_url
from orders.models import Order, Restock
from tests import factories
from tests.factories import NOON
from tests.test_admin import act, filled, page, rows_of_everything, written_mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

ROLES = ("Warehouse", "Support", "Manager")
W, S, M = ROLES
ACTS = {
    "orders.Restock receive": {W, M},
    "orders.Restock move-date": {M},
    "orders.Restock undo-move": {M},
    "orders.Restock cancel": {M},
    "orders.Restock write": {M},
    "orders.Product receive": {W, M},
    "orders.Product discontinue": {M},
    "orders.Receipt correct": {W, M},
    "orders.Receipt other-units": {W, M},
    "orders.Order ship": {W, M},
    "orders.Order cancel": {S, M},
    "orders.Order tell": {S, M},
    "orders.Order write-note": {W, S, M},
    "orders.Order correct-address": {S, M},
    "orders.OrderLine settle": {S, M},
    "orders.OrderLine keeps-place": {S, M},
    "orders.OrderLine move": {S, M},
    "orders.OrderLine put-back": {S, M},
    "orders.Shipment take-back": {W, M},
    "orders.Refund mark-sent": {S, M},
    "orders.RestockNote hide": {M},
    "orders.ShopChange accept": {S, M},
    "orders.ShopChange put-back": {S, M},
    "orders.ShopChange reject": {S, M},
    "orders.ShopTask confirm": {S, M},
    "notifications.Message send-again": {S, M},
    "notifications.Message count-as-sent": {S, M},
    "notifications.Message came-back": {S, M},
    "notifications.Message withdraw": {S, M},
    "auth.User let-in-again": {M},
    "auth.User reset-second-factor": {M},
}
# Adding, changing, deleting by Django's own forms; what is not named here nobody may.
FORMS = {
    "orders.Restock add": {M},
    "orders.Order add": {S, M},
    "orders.Order change": {S, M},
    "orders.Product add": {M},
    "orders.Product change": {M},
    "orders.StatedTime add": {M},
    "orders.StatedTime change": {M},
    "orders.Supplier add": {M},
    "orders.Supplier change": {M},
    "notifications.Suppression add": {S, M},
    "notifications.Suppression change": {S, M},
    "notifications.Suppression delete": {S, M},
    "auth.User add": {M},
    "auth.User change": {M},
}
HIDDEN_FROM = {
    W: {
        "orders.Refund",
        "orders.Event",
        "orders.Promise",
        "notifications.Message",
        "notifications.Suppression",
    },
    S: {"auth.User", "auth.Group", "orders.Import", "orders.Release"},
    M: set(),
}


def somebody(role: str, name: str = "") -> User:
    user = User.objects.create_user(name or role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return User.objects.get(pk=user.pk)


def every_act() -> list[str]:
    return [
        f"{model._meta.label} {each.name}"
        for model, model_admin in admin.site._registry.items()
        for each in getattr(model_admin, "acts", ())
    ]


def test_every_act_has_a_row_in_the_table() -> None:
    assert sorted(every_act()) == sorted(ACTS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ACTS)
def test_an_act_opens_for_whose_work_it_is_and_for_nobody_else(
    client: Client, name: str, role: str
) -> None:
    client.force_login(somebody(role))
    label, act_name = name.split()
    url = reverse(f"admin:{label.lower().replace('.', '_')}_{act_name}")
    expected = 404 if role in ACTS[name] else 403  # no row is named
    assert (client.get(url).status_code, client.post(url).status_code) == (expected, expected)


def test_a_service_is_entered_only_with_the_permission_to(client: Client) -> None:
    """Whatever page asks: no actor is to be had without it, and no act is done for one whose role
    ended meanwhile."""
    request = RequestFactory().get("/")
    request.user = somebody(W)
    assert actor_of(request, "orders.receive_restock") == "warehouse"
    with pytest.raises(PermissionDenied):
        actor_of(request, "orders.move_restock")

    delivery = factories.restock(factories.make_product(), 5)
    url = f"{page(Restock, 'receive')}?id={delivery.pk}"
    client.force_login(request.user)
    form = client.get(url).context["form"]
    request.user.groups.clear()
    assert client.post(url, {**filled(form), "seen": form.seen()}).status_code == 403
    assert not delivery.receipts.exists()


@pytest.mark.parametrize("role", ROLES)
def test_the_link_that_acts_for_a_customer_is_for_those_who_may_cancel(
    client: Client, role: str
) -> None:
    order = factories.order(factories.make_product()).order
    client.force_login(somebody(role))
    shown = client.get(page(Order, "change", order.pk)).content.decode()
    assert (order_url(order, Purpose.ACT) in shown) == (role in ACTS["orders.Order cancel"])
    assert order_url(order, Purpose.LOOK) in shown


def test_every_form_that_adds_through_a_service_names_its_permission() -> None:
    forms = {
        model._meta.label: getattr(shown, "adding", None)
        for model, shown in admin.site._registry.items()
    }
    assert {label: form.permission for label, form in forms.items() if form} == {
        "orders.Order": "orders.add_order",
        "orders.Restock": "orders.add_restock",
    }


@pytest.mark.parametrize("role", ROLES)
def test_pages_offer_the_acts_of_whoever_reads_them(client: Client, role: str) -> None:
    rows_of_everything()
    client.force_login(somebody(role))
    offered: set[str] = set()
    shown_to_manager = _offered_to_manager()
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            shown = client.get(page(model, "change", row.pk)).content.decode()
            offered |= {name for name in ACTS if _url_of(name) + "?id=" in shown}
    assert offered == {name for name in shown_to_manager if role in ACTS[name]}


def _offered_to_manager() -> set[str]:
    client = Client()
    client.force_login(somebody(M, "boss"))
    rows = [
        (model, model._default_manager.order_by("pk").first()) for model in admin.site._registry
    ]
    pages = [
        client.get(page(model, "change", row.pk)).content.decode()
        for model, row in rows
        if row is not None
    ]
    return {name for name in ACTS if any(_url_of(name) + "?id=" in shown for shown in pages)}


def _url_of(name: str) -> str:
    label, act_name = name.split()
    return reverse(f"admin:{label.lower().replace('.', '_')}_{act_name}")


@pytest.mark.parametrize("role", ROLES)
def test_forms_open_for_whose_work_it_is_and_for_nobody_else(role: str) -> None:
    request = RequestFactory().get("/")
    request.user = somebody(role)
    allowed = {
        f"{model._meta.label} {what}"
        for model, model_admin in admin.site._registry.items()
        for what in ("add", "change", "delete")
        if getattr(model_admin, f"has_{what}_permission")(request)
    }
    assert allowed == {name for name, roles in FORMS.items() if role in roles}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_not_see_what_its_work_does_not_need(client: Client, role: str) -> None:
    request = RequestFactory().get("/")
    request.user = somebody(role)
    hidden = {
        model._meta.label
        for model, model_admin in admin.site._registry.items()
        if not model_admin.has_view_permission(request)
    }
    assert hidden >= HIDDEN_FROM[role]
    assert (role == M) == (not hidden)


class TestWhoDidItAndWhy:
    def test_stands_on_the_row_of_each_decision(self, admin_client: Client) -> None:
        product = factories.make_product()
        delivery = factories.restock(product, 30)
        line, shipped = factories.order(product, 3), factories.order(product, 2)
        services.receive(product, 5, now=NOON)
        shipment = services.ship(shipped.order, {shipped.pk: 1}, now=NOON)
        mail = written_mail()

        act(admin_client, "cancel", delivery, reason="supplier closed")
        act(admin_client, "cancel", line.order, by="customer", reason="asked on the phone")
        act(admin_client, "put-back", line, reason="wrong order")
        act(admin_client, "take-back", shipment, reason="still on the shelf")
        act(admin_client, "withdraw", mail, reason="wrong date in it")

        delivery.refresh_from_db()
        mail.refresh_from_db()
        correction = shipment.corrections.get()
        notes = (
            line.order.events.exclude(note="").order_by("pk").values_list("kind", "actor", "note")
        )
        assert (delivery.cancelled_by, delivery.cancel_reason) == ("admin", "supplier closed")
        assert list(notes) == [
            ("cancelled", "admin", "asked on the phone"),
            ("corrected", "admin", "wrong order"),
        ]
        assert (correction.actor, correction.reason) == ("admin", "still on the shelf")
        assert (mail.state, mail.decided_by, mail.decided_why) == (
            MessageState.CANCELLED,
            "admin",
            "wrong date in it",
        )

    def test_is_asked_for_before_anything_is_cancelled(self, admin_client: Client) -> None:
        line = factories.order(factories.make_product(), 3)
        act(admin_client, "cancel", line.order, by="customer")
        assert Order.objects.get().lines.get().cancelled == 0

    def test_a_customer_never_reads_it(self, admin_client: Client, client: Client) -> None:
        line = factories.order(factories.make_product(), 3)
        act(
            admin_client,
            "cancel",
            line.order,
            by="customer",
            reason="a rude man",
            **{f"line_{line.pk}": 1},
        )
        shown = admin_client.get(page(Order, "change", line.order_id)).content.decode()
        link = shown.partition('to-copy">')[2].partition("<")[0].partition("testserver")[2]
        assert "a rude man" not in client.get(link).content.decode()
        assert "a rude man" in shown


class TestTwoPeopleAtOneRestock:
    def test_the_second_reads_who_moved_it_where_and_nothing_is_lost(
        self, admin_client: Client
    ) -> None:
        delivery = factories.restock(factories.make_product())
        url = f"{page(Restock, 'move-date')}?id={delivery.pk}"
        form = admin_client.get(url).context["form"]
        shown_date = {field.html_name: field.value() for field in form.hidden_fields()}
        services.move_restock_date(
            delivery, date(2027, 1, 4), reason="customs", now=NOON, actor="ann"
        )

        sent = {
            "expected_on": "2027-02-01",
            "reason": "transport",
            "posted_on": "2026-11-02",
            "seen": form.seen(),
        }
        said = admin_client.post(url, {**sent, **shown_date}).content.decode()

        assert f"Ann moved {delivery.reference} to 4 January 2027 while you were looking" in said
        assert [row.expected_on for row in delivery.dates.all()] == [
            date(2026, 12, 2),
            date(2027, 1, 4),
        ]

    def test_the_service_refuses_a_date_that_rests_on_an_older_one(self) -> None:
        delivery = factories.restock(factories.make_product())
        shown = delivery.dates.get().pk
        services.move_restock_date(delivery, date(2027, 1, 4), now=NOON)
        with pytest.raises(
            services.Refused, match=r"an import moved .* to 4 January 2027 while you were looking"
        ):
            services.move_restock_date(delivery, date(2027, 2, 1), now=NOON, seen=shown)


class TestWhoManagesStaff:
    def test_a_manager_neither_sees_nor_makes_a_superuser(
        self, client: Client, admin_user: User
    ) -> None:
        client.force_login(somebody(M))
        other = somebody(W)
        listed = client.get(page(User)).context["cl"].result_list
        assert {user.get_username() for user in listed} == {"manager", "warehouse"}
        assert client.get(page(User, "change", admin_user.pk)).status_code == 302

        sent = {"username": "warehouse", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
        client.post(
            page(User, "change", other.pk),
            {**sent, "date_joined_0": "2026-01-01", "date_joined_1": "00:00"},
        )

        other.refresh_from_db()
        assert not other.is_superuser


# What people type into the forms of Django's admin; all else only services write.
TYPED = {
    "auth.User": {
        *("username", "first_name", "last_name", "email", "is_active", "is_staff", "groups"),
        *("password", "usable_password", "password1", "password2"),
    },
    "notifications.Suppression": {"address", "reason"},
    "orders.Order": {"attention", "customer_name", "locale", "country", "region"},
    "orders.Product": {
        *("sku", "name", "variant", "image_url", "on_backorder", "handling_days"),
    },
    "orders.StatedTime": {"product", "ordered_from", "ordered_until", "days", "ships_by"},
    "orders.Supplier": {"name"},
}


class TestWhatStaffMayType:
    def test_is_what_no_service_writes(self) -> None:
        rows_of_everything()
        request = RequestFactory().get("/")
        request.user = somebody(M)
        found: dict[str, set[str]] = {}
        for model, shown in admin.site._registry.items():
            row = model._default_manager.order_by("-pk").first()
            forms = (
                [shown.get_form(request, row, change=True)]
                if shown.has_change_permission(request, row)
                else []
            )
            if shown.has_add_permission(request) and getattr(shown, "adding", None) is None:
                forms.append(shown.get_form(request, None, change=False))
            if forms:
                found[model._meta.label] = {name for form in forms for name in form.base_fields}
        assert found == TYPED

    def test_a_link_that_was_revoked_stays_so_whatever_is_sent(self, client: Client) -> None:
        order = factories.order(factories.make_product()).order
        old = order_url(order, Purpose.ACT).removeprefix("http://testserver")
        client.force_login(somebody(S))
        act(
            client,
            "correct-address",
            order,
            email="new@example.com",
            revoke="on",
            reason="seen by others",
        )
        client.post(
            page(Order, "change", order.pk),
            {"customer_name": "Ada", "country": "US", "link_version": "1"},
        )
        order.refresh_from_db()
        assert (order.link_version, order.customer_name) == (2, "Ada")
        assert client.get(old).status_code == 404

    def test_the_database_lets_no_revoked_link_live_again(self) -> None:
        order = factories.order(factories.make_product()).order
        Order.objects.filter(pk=order.pk).update(link_version=2)
        with pytest.raises(IntegrityError, match="link_version only rises"), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(link_version=1)

    def test_an_erased_person_is_not_named_again(self, client: Client) -> None:
        order = factories.order(factories.make_product()).order
        Order.objects.filter(pk=order.pk).update(
            erased_at=NOON, email="", customer_name="", link_version=2
        )
        client.force_login(somebody(S))
        url = page(Order, "change", order.pk)
        client.post(
            url, {"customer_name": "Ada", "region": "CA", "country": "DE", "link_version": "1"}
        )
        order.refresh_from_db()
        assert (order.customer_name, order.region, order.country, order.link_version) == (
            "",
            "",
            "DE",
            2,
        )
