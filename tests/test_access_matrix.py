"""Who gets what at every address: tests/access_matrix.txt, held against the URLconf and the running
site."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.fixtures import Settings

from notifications.models import ProviderReport
from orders import access, services
from orders.access import Purpose
from orders.models import Choice, Order, OrderLine, Upload
from tests import factories
from tests.factories import NOON
from tests.test_admin import rows_of_everything
from tests.test_roles import ACTS, FORMS, ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

LINKS = ("stranger", "other", "look", "acting", "feed", "stop", "mine", "revoked")
PEOPLE = (*LINKS, "half", *ROLES)
LOGIN = "/admin/login/?next="
VERAS = ("V-1001", "vera.private@example.com", "Private", "1Z-VERA")
SEES_VERA = {"look", "acting", "feed", "stop", "mine", *ROLES}
FULLY = {"acting", "mine", *ROLES}  # who may come by a link that acts for her
FILE = (
    b"reference,sku,supplier,quantity,expected_on,posted_on\n"
    b"PO,LAMP,Acme,many,2026-12-01,2026-11-01\n"
)
ROW_VIEWS = ("", "add/", "csv/", "<path:object_id>/", "change/", "delete/", "history/")

# As pg_stat_xact_user_tables counts, without its join over every index.
WRITTEN = """
    SELECT sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
               + pg_stat_get_xact_tuples_deleted(oid))::bigint
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'django_session'"""

# what a person gets, in the words of the table, or "open" or "login"
Expected = Callable[[str], str]


# The table


@cache
def table() -> dict[str, list[list[str]]]:
    """The rows of each section, by its first words."""
    sections: dict[str, list[list[str]]] = {}
    for line in (Path(__file__).parent / "access_matrix.txt").read_text().splitlines():
        if line.startswith("["):
            rows = sections.setdefault(re.split("[;:\\]]", line[1:])[0], [])
        elif line and not line.startswith("#"):
            rows.append(line.split())
    return sections


def roles_of(letters: str) -> set[str]:
    return {role for role in ROLES if role[0] in letters}


def by_person(cells: dict[str, str], everybody: str) -> Expected:
    return lambda person: cells.get(person, everybody)


def for_roles(opens: str, cell: str) -> Expected:
    """What somebody of the staff gets; `opens`: for whose work the page is."""

    def expected(person: str) -> str:
        if person not in ROLES:
            return "login"
        if cell.isdigit():
            return cell if opens.isdigit() or person in roles_of(opens) else "403"
        return f"open{cell[len(cell.rstrip('*')) :]}" if person in roles_of(cell) else "403"

    return expected


def expectations() -> dict[tuple[str, str], Expected]:
    """What each person gets, by address and method."""
    found: dict[tuple[str, str], Expected] = {}
    for address, get, post in table()["the same for everybody"]:
        address = address.removeprefix("/")
        found[address, "GET"], found[address, "POST"] = by_person({}, get), by_person({}, post)
    for address, method, *cells in table()["by the link in the address"]:
        found[address, method] = by_person(dict(zip(LINKS, cells, strict=True)), cells[0])
    for address, method, everybody, half, staff in table()["the staff's door"]:
        found[address, method] = by_person({"half": half} | dict.fromkeys(ROLES, staff), everybody)
    for address, get, post in table()["staff's pages"]:
        opens = post if get.isdigit() else get
        found[address, "GET"], found[address, "POST"] = (
            for_roles(opens, cell) for cell in (get, post)
        )
    return found | model_expectations()


def model_expectations() -> dict[tuple[str, str], Expected]:
    """The pages that Django's admin gives every model, and the acts of ours."""
    found: dict[tuple[str, str], Expected] = {}
    for label, sees in table()["staff's tables"]:
        may = {
            what: letters_of(FORMS.get(f"{label} {what}", set()))
            for what in ("add", "change", "delete")
        }
        under = f"admin/{label.lower().replace('.', '/')}/"
        row = f"{under}<path:object_id>/"
        for address, get, post in (
            (under, sees, sees),
            (f"{under}csv/", sees, sees),
            (f"{under}add/", may["add"], may["add"]),
            (row, "WSM", "WSM"),  # leads to change/, which asks
            (f"{row}change/", sees, may["change"]),
            (f"{row}delete/", may["delete"], may["delete"]),
            (f"{row}history/", sees, sees),
        ):
            found[address, "GET"], found[address, "POST"] = (
                for_roles(get, get),
                for_roles(sees, post),
            )
    for method in ("GET", "POST"):
        del found["admin/auth/group/csv/", method]  # Django's own admin, without our sheets
    for name, roles in ACTS.items():
        label, act = name.split()
        address = f"admin/{label.lower().replace('.', '/')}/{act}/"
        found[address, "GET"] = found[address, "POST"] = for_roles("", letters_of(roles))
    return found


def letters_of(roles: set[str]) -> str:
    return "".join(role[0] for role in ROLES if role in roles) or "-"


# The site


def routes() -> list[str]:
    """Every address of the URLconf, with the names of what it takes."""
    return sorted(
        {
            re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").rstrip("$")
            for route in _walk()
        }
    )


def _walk(patterns: list[URLPattern | URLResolver] | None = None, under: str = "") -> Iterator[str]:
    for each in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, under + str(each.pattern))
        else:
            yield under + str(each.pattern)


@dataclass(frozen=True)
class Shop:
    """`tokens`: the link each person has."""

    line: OrderLine
    other: OrderLine
    tokens: dict[str, str]
    upload: Upload

    def address(self, route: str, person: str) -> str:
        """The address that this person asks for: where it names a row, one that is Vera's or
        anybody's."""
        values = {
            "token": self.tokens.get(person, "made-up"),
            "sku": self.line.product.sku,
            "number": self.line.order.number,
            "slug": "suppliers",
            "app_label": "orders",
            "fingerprint": "0",
            "kind": "svg",
            "pk": str(self.upload.pk),
            "content_type_id": "1",
            "url": "nowhere",
        }
        model = re.match(r"admin/(orders|notifications|auth)/(\w+)/", route)
        if model:
            values |= dict.fromkeys(("pk", "id", "object_id"), _newest(".".join(model.groups())))
        if route.startswith("admin/desk/import/undo/"):
            values["pk"] = _newest("orders.import")
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], "1"), route)
        if route.startswith("o/") and "answer" in route:
            return f"{path}?line={self.line.pk}&choice=cancel"
        act = model and not route.endswith(ROW_VIEWS[1:]) and "<" not in route and route != model[0]
        return f"{path}?id={_newest('.'.join(model.groups()))}" if act and model else path

    def sent(self, route: str) -> dict[str, object]:
        """What is sent by POST, so that whoever may act does."""
        by_route = {
            "": {"number": self.line.order.number, "email": "eve@example.com"},
            "mine/": {"email": self.line.order.email},
            "o/<str:token>/answer/": {"line": self.line.pk, "choice": "cancel"},
        }
        return by_route.get(route, {})


def _newest(label: str) -> str:
    """The key of the table's newest row: Vera's, where the table has anything of customers."""
    shown = next(model for model in admin.site._registry if model._meta.label_lower == label)
    return str(shown._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 1)


def _vera() -> OrderLine:
    product = factories.make_product()
    number, email, name, tracking = VERAS
    line = factories.order(product, 3, number=number, email=email, customer_name=f"Vera {name}")
    services.receive(product, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON, carrier="UPS", tracking_number=tracking)
    return line


@pytest.fixture
def shop() -> Shop:
    rows_of_everything()
    line, other = (
        _vera(),
        factories.order(factories.make_product(), email="other@example.com", customer_name="O"),
    )
    order = line.order
    tokens = {"other": access.link_token(other.order, Purpose.ACT)}
    tokens["revoked"] = access.link_token(order, Purpose.ACT)
    Order.objects.filter(pk=order.pk).update(link_version=2)
    order.refresh_from_db()
    for person in ("look", "feed", "stop"):
        tokens[person] = access.link_token(order, Purpose(person))
    tokens["acting"] = access.link_token(order, Purpose.ACT)
    tokens["mine"] = access.mine_url(order).split("/")[-2]
    upload = services.upload("restocks", "x.csv", FILE, all_products=False, now=NOON, actor="ann")
    Upload.objects.filter(pk=upload.pk).update(rejected={"2": "wrong"})
    User.objects.create_user("newest", is_staff=True)
    ProviderReport.objects.create(event_id="0", kind="delivered", received_at=NOON)
    services.answer(other.order, other.pk, Choice.CANCEL, units=None, seen=None, now=NOON)
    assert [model for model in admin.site._registry if not model._default_manager.exists()] == []
    return Shop(line, other, tokens, upload)


def log_in(client: Client, person: str, settings: Settings) -> None:
    role = "Manager" if person == "half" else person
    settings.SECOND_FACTOR = person == "half"
    if role in ROLES:
        user = User.objects.create_user("somebody", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)


@dataclass(frozen=True)
class Outcome:
    status: int
    location: str
    content: str
    written: int

    def is_as(self, expected: str, *, asked_by_get: bool) -> bool:
        if (
            self.written
            and not expected.endswith(("+", "*"))
            and (asked_by_get or not expected.startswith("open"))
        ):
            return False
        match expected.rstrip("+*"):
            case "login":
                return self.status == 302 and self.location.startswith((LOGIN, "/admin/"))
            case "open":
                return self.status in (200, 302) and not self.location.startswith(LOGIN)
            case status:
                return self.status == int(status) and (self.written > 0) == expected.endswith("+")

    @property
    def is_refused(self) -> bool:
        return self.status in (403, 404, 405) or self.location.startswith(LOGIN)


def ask(client: Client, method: str, address: str, sent: dict[str, object]) -> Outcome:
    """The answer, and how many rows were written for it; all of it is undone."""
    with transaction.atomic():
        before = _written()
        response = client.get(address) if method == "GET" else client.post(address, sent)
        content = response.getvalue().decode()
        outcome = Outcome(
            response.status_code, response.get("Location", ""), content, _written() - before
        )
        transaction.set_rollback(True)
    return outcome


def _written() -> int:
    """Rows inserted, changed or deleted in this transaction, also what was undone in it; sessions
    are the visitor's own."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])


def test_every_address_has_a_row() -> None:
    rows = {address for address, _ in expectations()}
    assert rows == set(routes())


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_gets_what_the_table_says_and_nothing_else(
    client: Client, settings: Settings, shop: Shop, person: str
) -> None:
    log_in(client, person, settings)
    cookies = client.cookies.output(header="", sep=";")
    otherwise = []
    for (route, method), expected in expectations().items():
        client.cookies.clear()
        client.cookies.load(cookies)
        address, sent = shop.address(route, person), shop.sent(route) if method == "POST" else {}
        got = ask(client, method, address, sent)
        wanted = expected(person)
        if not got.is_as(wanted, asked_by_get=method == "GET"):
            otherwise.append((method, address, wanted, got.status, got.location, got.written))
        elif leaks := leaked(got, person, shop, f"{address} {sent}"):
            otherwise.append((method, address, "shows", *leaks))
    assert "\n".join(map(str, otherwise)) == ""


def leaked(got: Outcome, person: str, shop: Shop, asked: str) -> list[str]:
    """What this answer shows that this person must not see."""
    sees = person in SEES_VERA and not (person in ROLES and got.is_refused)
    hidden = [] if sees else [*VERAS]
    if person not in FULLY:
        hidden += [shop.line.order.email, shop.tokens["acting"]]
    return [words for words in hidden if words in got.content and words not in asked]


def test_what_changes_something_wants_a_form_of_ours_but_for_two_addresses() -> None:
    """Mail programs and providers have no form of ours: what they send is known by its link and its
    secret."""
    exempt = {route for route, view in _views() if getattr(view, "csrf_exempt", False)}
    assert exempt == {"unsubscribe/<str:token>/", "webhooks/mail/"}


def _views() -> Iterator[tuple[str, object]]:
    waiting: list[tuple[str, URLPattern | URLResolver]] = [
        ("", each) for each in get_resolver().url_patterns
    ]
    while waiting:
        under, each = waiting.pop()
        route = under + str(each.pattern)
        if isinstance(each, URLResolver):
            waiting += [(route, inner) for inner in each.url_patterns]
        else:
            yield route, each.callback
