"""What staff's pages show of customers: no link that acts for one, and addresses only to whoever
answers them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from django import forms
from django.contrib import admin
from django.core.cache import cache
from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from backorders_site.staff.actions.base import Action
from backorders_site.staff.example_emails import mail_due
from notifications.models import Message, ProviderReport, Suppression
from orders import access, services
from orders.access import Purpose
from orders.models import Event, EventKind, Order, OrderLine
from tests import factories
from tests.factories import NOON
from tests.test_access_matrix import Shop, log_in, routes, shop
from tests.test_admin import act, filled, page
from tests.test_roles import ACTS as RIGHTS
from tests.test_roles import ROLES, M, S, W, somebody

__all__ = ["shop"]  # the fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

IN_LINK = re.compile(r"/(?:o|mine|preferences|unsubscribe)/([^/\s\"'<>]+)")
FRAME = re.compile(r'<iframe[^>]* src="([^"]+)"')
ACTS: dict[str, tuple[type[models.Model], type[Action]]] = {
    f"admin/{model._meta.app_label}/{model._meta.model_name}/{each.name}/": (model, each)
    for model, shown in admin.site._registry.items()
    for each in getattr(shown, "acts", ())
}
# Forms that show an example mail before they are done, and for whose work they are.
REHEARSED = {
    route: RIGHTS[f"{model._meta.label} {each.name}"]
    for route, (model, each) in ACTS.items()
    if each.rehearsed
}
REHEARSED["admin/desk/ship/"] = {W, M}
# Where whoever may cancel copies the link that a customer lost.
CUSTOMERS_LINK = "/admin/orders/order/{}/change/"
RECORD = re.compile("[A-Z]+ " + CUSTOMERS_LINK.format("[0-9]+") + "$")


def acts(token: str) -> bool:
    """Whether this link opens anything but what may only look."""
    try:
        access.open_address(token)
        return True
    except (Http404, access.Expired):
        pass
    try:
        _order, purpose = access.open_order(token, frozenset(Purpose))
    except Http404:
        return False
    return purpose != Purpose.LOOK


def acting_links(words: str) -> set[str]:
    plain = unquote(unescape(words))
    return {token for token in IN_LINK.findall(plain) if acts(token)}


def addresses() -> set[str]:
    """All that are here of customers."""
    return {
        *Order.objects.exclude(email="").values_list("email", flat=True),
        *Message.objects.exclude(recipient="").values_list("recipient", flat=True),
        *Suppression.objects.values_list("address", flat=True),
        *ProviderReport.objects.exclude(recipient="").values_list("recipient", flat=True),
    }


@dataclass
class Walk:
    """Everything one person gets at staff's addresses. `pages`: how each was asked for, and its
    words; `rehearsed`: the addresses that showed an example mail."""

    client: Client
    shop: Shop
    person: str
    pages: list[tuple[str, str]] = field(default_factory=list)
    rehearsed: set[str] = field(default_factory=set)

    def all(self) -> "Walk":
        for route in routes():
            if (
                route.startswith("admin/")
                and "logout" not in route
                and "second-factor" not in route
            ):
                self._visit(route)
        return self

    def _visit(self, route: str) -> None:
        """What is done there is undone: the next page is that of the same shop."""
        for address in self._addresses(route):
            with transaction.atomic():
                answer = self._keep("GET", self.client.get(address))
                for sent in self._filled(route, answer):
                    shown = self._keep("POST", self.client.post(address, sent, follow=True))
                    consequences = (shown.context or {}).get("consequences")
                    if consequences and consequences.examples:
                        self.rehearsed.add(route)
                transaction.set_rollback(True)

    def _addresses(self, route: str) -> Iterator[str]:
        """Of an act: with rows for which it is offered, until one shows an example mail."""
        if route not in ACTS:
            yield self.shop.address(route, self.person)
            return
        model, each = ACTS[route]
        for row in model._default_manager.order_by("-pk"):
            if each.offered(row):
                yield f"/{route}?id={row.pk}"
                if (
                    route in self.rehearsed
                    or route not in REHEARSED
                    or self.person not in REHEARSED[route]
                ):
                    return

    def _keep(self, method: str, answer: Any) -> Any:
        """The page, and the frames in it."""
        words = answer.getvalue().decode()
        self.pages.append((f"{method} {answer.request['PATH_INFO']}", f"{words}\n{answer.headers}"))
        for frame in FRAME.findall(words):
            framed = self.client.get(unescape(frame))
            assert framed.status_code == 200
            self.pages.append((f"frame {frame}", framed.content.decode()))
        return answer

    def _filled(self, route: str, answer: Any) -> Iterator[dict[str, Any]]:
        """Each form of ours as somebody fills it in to see what it would do."""
        form = (answer.context or {}).get("form") if answer.status_code == 200 else None
        if not isinstance(form, forms.Form):
            return
        sent = {name: value if value != "" else "1" for name, value in filled(form).items()}
        for name, each in form.fields.items():
            if isinstance(each, forms.ModelChoiceField):
                sent[name] = each.queryset.order_by("-pk").first().pk
            elif isinstance(each, forms.ChoiceField):
                choices: Any = each.choices
                sent.setdefault(name, next(value for value, _ in choices if value))
            elif isinstance(each, forms.EmailField):
                sent[name] = "new@example.net"
            elif isinstance(each, forms.DateField) and name == "expected_on":
                sent[name] = (NOON + timedelta(days=200)).date().isoformat()
            elif not isinstance(each, forms.BooleanField | forms.FileField):
                sent.setdefault(name, "1")
        if hasattr(form, "seen"):
            sent["seen"] = form.seen()
        if route == "admin/desk/ship/":
            sent["pasted"] = f"{self.shop.line.order.number}, 1Z9, UPS"
        yield sent


SAID = ("email", "customer_name", "country", "region")  # what a file says of an order


@pytest.fixture
def full_shop(shop: Shop) -> Shop:
    """Vera's units are set aside; her address was corrected and stands wherever services and mails
    have put it."""
    services.receive(shop.line.product, 1, now=NOON)
    factories.restock(shop.line.product, 5)
    line = factories.order(shop.line.product, 2, email="next@example.com")
    _ship_before_it_is_received()
    Event.objects.create(
        order=line.order, line=line, kind=EventKind.LINK, at=NOON, message_due=True
    )
    again = factories.order(shop.line.product, email="again@example.com")
    services.cancel(again.order, now=NOON, in_shop=True)
    services.hear_of_changes(again.order, dict.fromkeys(SAID, ""), {again.pk: 1}, now=NOON)
    boss = Client()
    boss.force_login(somebody(M, "boss"))
    act(boss, "correct-address", shop.line.order, email="vera@example.net", reason="moved")
    Suppression.objects.create(address=shop.line.order.email, reason="came back", at=NOON)
    return shop


def _ship_before_it_is_received() -> None:
    product = factories.make_product()
    delivery = factories.restock(product, 5)
    gone, _waits = factories.order(product), factories.order(product, 3)
    services.ship(gone.order, {gone.pk: 1}, now=NOON, beyond_reserved=True)
    services.receive(product, 1, restock=delivery, now=NOON)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_or_example_shows_what_its_reader_must_not_have(
    client: Client, settings: Settings, full_shop: Shop, role: str
) -> None:
    """Links that act for a customer nobody, but for the one to copy; addresses whoever answers
    customers."""
    log_in(client, role, settings)
    known = addresses()
    veras = {"vera@example.net", "vera.private@example.com"}
    assert known > veras

    walk = Walk(client, full_shop, role).all()

    links = {(what, token) for what, words in walk.pages for token in acting_links(words)}
    assert {what for what, _ in links if role == W or not RECORD.match(what)} == set()
    seen = {address for _, words in walk.pages for address in known if address in unescape(words)}
    assert seen & veras == (set() if role == W else veras)
    assert role != W or seen == set()
    assert walk.rehearsed == {route for route in REHEARSED if role in REHEARSED[route]}
    kept = [cache.get(key[key.index("example-mail") :]) for key in _keys_of_examples()]
    assert kept
    assert [token for html in kept for token in acting_links(html)] == []


def _keys_of_examples() -> list[str]:
    return [key.decode() for key in cache._cache.get_client().scan_iter("*example-mail*")]  # type: ignore[attr-defined]


class TestWarehouse:
    """No list, search or filter tells of an address what it may not show."""

    @pytest.mark.parametrize(("role", "found"), [(W, {False}), (S, {True})])
    def test_finds_nobody_by_an_address(self, client: Client, role: str, found: set[bool]) -> None:
        line = factories.order(factories.make_product(), 2, email="vera@example.net", number="V-1")
        client.force_login(somebody(role))
        sought = {"q": "vera@example.net"}
        lists = [
            page(Order),
            page(OrderLine),
            reverse("desk:search"),
            reverse("desk:product", args=[line.product.sku]),
        ]
        answers = [client.get(url, sought, follow=True).content.decode() for url in lists]
        assert {"V-1" in words for words in answers} == found

    @pytest.mark.parametrize("lookup", ["email", "email__startswith", "email__iregex"])
    def test_filters_no_list_by_parts_of_one(self, client: Client, lookup: str) -> None:
        factories.order(factories.make_product(), email="vera@example.net")
        client.force_login(somebody(W))
        answers = [
            client.get(page(Order), {lookup: value}) for value in ("vera@example.net", "zeno")
        ]
        assert [answer.status_code for answer in answers] == [400, 400]

    def test_reads_what_was_done_to_an_order_without_the_address(self, client: Client) -> None:
        order = factories.order(factories.make_product(), email="ada@example.com").order
        client.force_login(somebody(S))
        act(client, "correct-address", order, email="vera@example.net", reason="moved")
        client.force_login(somebody(W))
        said = client.get(page(Order, "history", order.pk)).content.decode()
        assert f"Email address of order {order.number} corrected." in said
        assert "@example" not in said

    def test_reads_that_a_customer_cannot_be_reached(self, client: Client) -> None:
        order = factories.order(factories.make_product(), email="").order
        client.force_login(somebody(W))
        assert (
            "can't be reached"
            in client.get(reverse("desk:order", args=[order.number])).content.decode()
        )


def test_an_example_holds_every_link_of_the_mail_and_none_opens_anything() -> None:
    line = factories.order(factories.lamp_of_a_punctual_supplier(1), 2)
    composed = mail_due(line.order_id, now=NOON)[1]
    assert composed is not None
    words = f"{composed.text} {composed.html} {composed.headers}"
    assert len(set(IN_LINK.findall(words))) >= 1
    assert acting_links(words) == set()
    with pytest.raises(Http404):
        access.open_order(
            access.link_token(
                Order(pk=line.order_id, link_version=access.DEAD_VERSION), Purpose.ACT
            )
        )


def test_no_order_can_have_the_version_of_the_links_of_examples() -> None:
    order = factories.order(factories.make_product()).order
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(link_version=access.DEAD_VERSION)
