"""Every page of the desk, and what it shows before something is done: for everyone, on a phone and
at a table.

ONLY=name,name looks at some of them; EVERY_LOOK=1 at both themes and both widths of each.
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from backorders_site.staff import uploads
from notifications.models import Message
from notifications.outbox.delivery import preview
from notifications.outbox.dispatch import dispatch_all
from orders import services
from orders.models import Order, OrderLine, Product, Receipt, Restock, Shipment, Upload
from tests.browser.gallery import THEMES, Gallery, Look
from tests.browser.test_every_state import fault
from tests.conftest import empty_the_database
from tests.gallery import states

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WIDTHS = (360, 1280)
# aria-input-field-name: Select2, as Django brings it, says "textbox" of what it shows as chosen,
# and gives it no name.
OURS = {"include": [["html"]], "exclude": [[".select2-selection__rendered"]]}
LOOKS = [(theme, width) for theme in THEMES for width in WIDTHS]
SHOWN = (
    "dated",
    "delayed_once",
    "delayed_eu",
    "partly_arrived",
    "partly_shipped",
    "cancelled_by_silence",
    "held",
)
ORDERS = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity\n"
GOOD_AND_BAD = (
    ORDERS
    + "90,2026-10-01,lise@example.com,Lise,DE,,CHAIR,1\n"
    + "91,yesterday,ida@example.com,Ida,DE,,CHAIR,1\n"
)
OTHER_COLUMNS = "Order,Bought,SKU,Count\n92,2026-10-01,CHAIR,1\n"


@pytest.fixture(scope="module")
def desk(
    chromium: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Gallery]:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    as_they_are = settings.STORAGES | {"staticfiles": plain}
    with django_db_blocker.unblock(), override_settings(STORAGES=as_they_are, SECOND_FACTOR=False):
        made = {state.name: state for state in states.make(now=timezone.now(), only=SHOWN)}
        client = Client()
        client.force_login(a_working_day(made["dated"].order))
        server = LiveServer("127.0.0.1")
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": server.url}
        gallery = Gallery(server, chromium, made, [cookie])  # type: ignore[list-item]
        yield gallery
        gallery.close()
        server.stop()
        empty_the_database()


def a_working_day(order: Order) -> User:
    """What a desk has besides its orders: files, notes, mails, tasks. Returns who has done it."""
    now = timezone.now()
    for content in (GOOD_AND_BAD, OTHER_COLUMNS):
        known = content is GOOD_AND_BAD
        services.upload(
            Upload.Kind.ORDERS,
            "orders.csv",
            content.encode(),
            all_products=True,
            known=known,
            now=now,
            actor="mona",
        )
    uploads.work_off()
    services.write_note(order, "Rang twice.", now=now, actor="sam")
    services.flag(order, ["LAMP: ordered twice?"])
    services.receive(order.lines.get().product, 3, now=now)
    dispatch_all()
    preview()
    return User.objects.create_superuser("mona", password="correct horse battery")


def product() -> Product:
    """With a queue and a delivery to come."""
    return Order.objects.get(number=_number("dated")).lines.get().product


def _number(name: str) -> str:
    return str(states.FIRST_NUMBER + states.names().index(name))


def delivery() -> Restock:
    return product().restocks.filter(arrived=0).earliest("pk")


def record(
    model: type[Restock | Order | OrderLine | Product | Receipt | Shipment | Message],
) -> str:
    row = model._default_manager.order_by("-pk").first()
    return reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_change",
        args=[row.pk if row else 0],
    )


def act(name: str, pk: int) -> str:
    return f"{reverse(f'admin:orders_{name}')}?id={pk}"


def upload(known: bool) -> str:
    state = Upload.State.UNKNOWN_COLUMNS
    rows = Upload.objects.exclude(state=state) if known else Upload.objects.filter(state=state)
    return reverse("desk:upload", args=[rows.get().pk])


PAGES: dict[str, Callable[[], str]] = {
    "home": lambda: "/admin/",
    "search": lambda: reverse("desk:search") + "?q=a",
    "search_without_hit": lambda: reverse("desk:search") + "?q=nobody",
    "order": lambda: reverse("desk:order", args=[_number("dated")]),
    "order_delayed": lambda: reverse("desk:order", args=[_number("delayed_once")]),
    "order_cancelled": lambda: reverse("desk:order", args=[_number("cancelled_by_silence")]),
    "product": lambda: reverse("desk:product", args=[product().sku]),
    "receive": lambda: reverse("desk:receiving"),
    "pick_list": lambda: reverse("desk:picking"),
    "ship": lambda: reverse("desk:shipping"),
    "reports": lambda: reverse("desk:reports"),
    "report_suppliers": lambda: reverse("desk:report", args=["suppliers"]),
    "report_windows": lambda: reverse("desk:report", args=["windows"]),
    "report_age": lambda: reverse("desk:report", args=["queue-age"]),
    "report_reorder": lambda: reverse("desk:report", args=["reorder"]),
    "report_delays": lambda: reverse("desk:report", args=["delays"]),
    "import": lambda: reverse("desk:import"),
    "file_checked": lambda: upload(known=True),
    "file_columns": lambda: upload(known=False),
    "go_live": lambda: reverse("desk:go_live"),
    "receive_delivery": lambda: act("restock_receive", delivery().pk),
    "receive_would": lambda: act("restock_receive", delivery().pk),
    "move_date": lambda: act("restock_move-date", delivery().pk),
    "move_date_would": lambda: act("restock_move-date", delivery().pk),
    "ship_would": lambda: reverse("desk:shipping"),
    "cancel_would": lambda: act("order_cancel", Order.objects.get(number=_number("dated")).pk),
    "discontinue_would": lambda: act("product_discontinue", product().pk),
    "move_in_line": lambda: act(
        "orderline_move", OrderLine.objects.filter(waiting__gt=0).latest("pk").pk
    ),
    "keeps_place": lambda: act(
        "orderline_keeps-place", Order.objects.get(number=_number("delayed_once")).lines.get().pk
    ),
    "tell": lambda: act("order_tell", Order.objects.get(number=_number("dated")).pk),
    "write_note": lambda: act("order_write-note", Order.objects.get(number=_number("dated")).pk),
    "correct_address": lambda: act(
        "order_correct-address", Order.objects.get(number=_number("dated")).pk
    ),
    "restocks": lambda: reverse("admin:orders_restock_changelist"),
    "orders": lambda: reverse("admin:orders_order_changelist"),
    "lines": lambda: reverse("admin:orders_orderline_changelist") + f"?product={product().pk}",
    "products": lambda: reverse("admin:orders_product_changelist"),
    "notices": lambda: reverse("admin:orders_delaynotice_changelist"),
    "shop_changes": lambda: reverse("admin:orders_shopchange_changelist"),
    "shop_tasks": lambda: reverse("admin:orders_shoptask_changelist"),
    "refunds": lambda: reverse("admin:orders_refund_changelist"),
    "mails": lambda: reverse("admin:notifications_message_changelist"),
    "restock": lambda: record(Restock),
    "order_record": lambda: record(Order),
    "line": lambda: record(OrderLine),
    "product_record": lambda: record(Product),
    "receipt": lambda: record(Receipt),
    "shipment": lambda: record(Shipment),
    "mail": lambda: record(Message),
    "add_restock": lambda: reverse("admin:orders_restock_add"),
    "add_order": lambda: reverse("admin:orders_order_add"),
}


def previewed(page: Page) -> None:
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#consequences")).to_be_visible()
    page.wait_for_load_state("networkidle")


def move_date(page: Page) -> None:
    page.get_by_label("New date").fill((timezone.localdate() + timedelta(days=200)).isoformat())
    page.get_by_label("Reason").select_option("Held at customs")
    previewed(page)


def ship(page: Page) -> None:
    number = OrderLine.objects.filter(allocated__gt=0, shipped=0).latest("pk").order.number
    page.get_by_label("Paste from your shipping tool").fill(f"{number},1Z5,UPS\n9999,1Z6,UPS")
    previewed(page)


def discontinue(page: Page) -> None:
    page.get_by_label("Reason").fill("the maker closed")
    previewed(page)


def cancel(page: Page) -> None:
    page.get_by_label("Reason").fill("asked on the phone")
    previewed(page)


def receive(page: Page) -> None:
    page.get_by_label("Units that arrived").fill("3")
    previewed(page)


DONE_FIRST: dict[str, Callable[[Page], None]] = {
    "receive_would": receive,
    "move_date_would": move_date,
    "ship_would": ship,
    "cancel_would": cancel,
    "discontinue_would": discontinue,
}


def chosen() -> list[str]:
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    return [name for name in PAGES if not only or name in only]


def looks(number: int) -> list[tuple[str, int]]:
    """Theme and width: both of each for every page, turned from page to page so that all four are
    met."""
    if os.environ.get("EVERY_LOOK"):
        return LOOKS
    return [LOOKS[0], LOOKS[3]] if number % 2 else [LOOKS[2], LOOKS[1]]


def opened(desk: Gallery, name: str) -> Page:
    page = desk.open_path(PAGES[name](), Look())
    if name in DONE_FIRST:
        DONE_FIRST[name](page)
    return page


@pytest.mark.parametrize("name", chosen())
def test_everyone_can_use_it(desk: Gallery, name: str) -> None:
    page = opened(desk, name)
    found = {}
    for theme, width in looks(list(PAGES).index(name)):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 800})
        # colours fade
        page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        wider = page.evaluate("document.documentElement.scrollWidth") - width
        faults = [fault(each) for each in Axe().run(page, OURS).response["violations"]]
        found[theme, width] = faults + [f"{wider} px too wide"] * (wider > 0)
        if directory := os.environ.get("PICTURES"):
            page.screenshot(path=f"{directory}/{name}-{theme}-{width}.png", full_page=True)
    page.close()
    assert {look: faults for look, faults in found.items() if faults} == {}


def test_no_list_is_cut_off_in_a_window_of_1200_px(desk: Gallery) -> None:
    page = desk.open_path("/admin/", Look())
    page.set_viewport_size({"width": 1200, "height": 800})
    too_wide = {}
    for model in admin.site._registry:
        page.goto(
            f"{desk.server.url}{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}"
        )
        hidden = page.evaluate(
            "Math.max(0, ...[...document.querySelectorAll('.results')].map((each) => "
            "each.scrollWidth - each.clientWidth))"
        )
        if hidden:
            too_wide[model._meta.label] = hidden
    page.close()
    assert too_wide == {}
