"""Every address with what nobody should ask: in its path, its query, its headers, its cookies."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.fuzz.hostile import Hostile, many
from tests.fuzz.site import Verdict, ask, encoded
from tests.test_access_matrix import PEOPLE, Shop, routes, shop

__all__ = ["shop"]
pytestmark = [pytest.mark.fuzz, pytest.mark.django_db, pytest.mark.usefixtures("noon")]

PARAMETERS = (
    *(
        "lang",
        "seen",
        "line",
        "choice",
        "quantity",
        "theme",
        "q",
        "page",
        "p",
        "o",
        "e",
        "all",
        "id",
        "next",
        "state",
    ),
    *(
        "_popup",
        "_to_field",
        "_changelist_filters",
        "app_label",
        "model_name",
        "field_name",
        "term",
        "product",
        "with",
    ),
    *(
        "needs",
        "country",
        "kind__exact",
        "placed_at__year",
        "order__number",
        "pk__in",
        "covered",
        "by",
        "customer_name__regex",
    ),
)
HEADERS = (
    *(
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_COOKIE",
        "HTTP_USER_AGENT",
        "HTTP_REFERER",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_ORIGIN",
    ),
    *(
        "HTTP_HX_REQUEST",
        "HTTP_HX_CURRENT_URL",
        "HTTP_HX_TARGET",
        "HTTP_HOST",
        "HTTP_RANGE",
        "HTTP_IF_NONE_MATCH",
    ),
    *(
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_ENCODING",
        "REMOTE_ADDR",
    ),
    # the length is the server's to hold to
    *("HTTP_X_REQUEST_ID", "HTTP_AUTHORIZATION", "CONTENT_TYPE"),
)
COOKIES = ("language", "sessionid", "csrftoken", "messages", "", "a b")
METHODS = (
    "GET",
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "POST",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
)


def environment(hostile: Hostile) -> dict[str, str]:
    environ = {}
    if hostile.random() < 0.7:
        asked = {hostile.choice(PARAMETERS): [hostile.text()] for _ in range(hostile.randrange(4))}
        query = (
            encoded(asked)
            if hostile.random() < 0.9
            else hostile.text().encode("utf-8", "surrogatepass")
        )
        environ["QUERY_STRING"] = query.decode("latin-1")
    for name in hostile.sample(HEADERS, k=hostile.choice((0, 0, 1, 2))):
        environ[name] = hostile.line()
    if environ.get("HTTP_COOKIE"):
        environ["HTTP_COOKIE"] = f"{hostile.choice(COOKIES)}={hostile.line()}"
    return environ


def path_of(hostile: Hostile, shop: Shop, route: str) -> str:
    """A good address, or one in which what it takes has gone wrong."""
    good = shop.address(route, hostile.choice(PEOPLE)).partition("?")[0]
    if hostile.random() < 0.4:
        return good
    if "<" in route:
        return "/" + re.sub(r"<[^>]*>", lambda _: hostile.text(good)[:3000], route)
    return good[:-1] + hostile.text()[:200]


@pytest.mark.parametrize("part", range(3))
def test_customers_pages(client: Client, shop: Shop, part: int) -> None:
    hostile, verdict = Hostile(f"customers {part}"), Verdict()
    theirs = [route for route in routes() if not route.startswith("admin/")]
    for _ in many(900):
        path, environ = path_of(hostile, shop, hostile.choice(theirs)), environment(hostile)
        body = {hostile.choice(PARAMETERS): [hostile.text()]} if hostile.random() < 0.3 else None
        ask(client, verdict, hostile.choice(METHODS), path, body=body, **environ)
    verdict.holds(len(many(900)))


@pytest.mark.parametrize("part", range(2))
def test_staff_s_pages(client: Client, admin_user: User, shop: Shop, part: int) -> None:
    hostile, verdict = Hostile(f"staff {part}"), Verdict()
    client.force_login(admin_user)
    cookie = client.cookies.output(header="", attrs=[]).strip()
    theirs = [route for route in routes() if route.startswith("admin/")]
    for _ in many(450):
        client.cookies.clear()
        path, environ = path_of(hostile, shop, hostile.choice(theirs)), environment(hostile)
        ask(client, verdict, hostile.choice(METHODS), path, **{**environ, "HTTP_COOKIE": cookie})
    verdict.holds(len(many(450)))
