"""Every form there is, as a page offers it, filled with what nobody should fill in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.fuzz.hostile import Hostile, forms_on, many
from tests.fuzz.site import Verdict, ask, encoded
from tests.test_access_matrix import Shop, routes, shop

__all__ = ["shop"]
pytestmark = [pytest.mark.fuzz, pytest.mark.django_db, pytest.mark.usefixtures("noon")]

OF_CUSTOMERS, OF_STAFF = 1200, 1800  # inputs
CUSTOMERS = ("acting", "look", "stop", "mine")


@dataclass(frozen=True)
class Form:
    method: str
    path: str
    query: str
    fields: dict[str, list[str]]


def forms_at(client: Client, address: str) -> Iterator[Form]:
    answer: Any = client.get(address)
    if answer.status_code != 200 or not answer.get("Content-Type", "").startswith("text/html"):
        return
    for method, action, fields in forms_on(answer.content.decode()):
        goes = urlsplit(urljoin(f"http://testserver{address}", action))
        if fields and goes.netloc == "testserver":
            yield Form(method.upper(), goes.path, goes.query, fields)


def customers_forms(client: Client, shop: Shop) -> list[Form]:
    theirs = [route for route in routes() if not route.startswith(("admin/", "demo/"))]
    return [
        form
        for route in theirs
        for person in CUSTOMERS
        for form in forms_at(client, shop.address(route, person))
    ]


def staffs_forms(client: Client, shop: Shop) -> list[Form]:
    """One of each: the search box of the admin's head stands on every page."""
    found: dict[tuple[str, ...], Form] = {}
    for route in routes():
        if route.startswith("admin/") and not route.startswith("admin/logout"):
            for form in forms_at(client, shop.address(route, "staff")):
                found.setdefault((form.method, form.path, *sorted(form.fields)), form)
    return list(found.values())


def fill(client: Client, hostile: Hostile, verdict: Verdict, form: Form, **environ: Any) -> None:
    sent = hostile.spoil(form.fields)
    if form.method == "GET":
        ask(client, verdict, "GET", form.path, QUERY_STRING=encoded(sent).decode(), **environ)
    else:
        ask(client, verdict, "POST", form.path, body=sent, QUERY_STRING=form.query, **environ)


def test_customers_forms(client: Client, shop: Shop) -> None:
    hostile, verdict = Hostile("customers' forms"), Verdict()
    forms = customers_forms(client, shop)
    assert {form.path.split("/")[1] for form in forms} >= {
        "",
        "o",
        "mine",
        "preferences",
        "unsubscribe",
        "p",
    }
    for n in many(OF_CUSTOMERS):
        fill(client, hostile, verdict, forms[n % len(forms)])
    verdict.holds(len(many(OF_CUSTOMERS)))


@pytest.mark.parametrize("part", range(3))
def test_staff_s_forms(client: Client, admin_user: User, shop: Shop, part: int) -> None:
    hostile, verdict = Hostile(f"staff's forms {part}"), Verdict()
    client.force_login(admin_user)
    forms = staffs_forms(client, shop)[part::3]
    assert len(forms) > 20
    for n in many(OF_STAFF // 3):
        fill(client, hostile, verdict, forms[n % len(forms)])
    verdict.holds(len(many(OF_STAFF // 3)))


def test_the_door_of_staff(client: Client, admin_user: User) -> None:
    hostile, verdict = Hostile("door"), Verdict()
    forms = [
        form for form in forms_at(client, "/admin/login/?next=/admin/") if form.method == "POST"
    ]
    client.force_login(admin_user)
    forms += list(forms_at(client, "/admin/second-factor/"))
    for n in many(200):
        fill(client, hostile, verdict, forms[n % len(forms)])
    verdict.holds(len(many(200)))
