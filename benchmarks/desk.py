"""Every page of the desk over long queues: how long until it shows something, and what of that is
the database's.

    python -m benchmarks.desk [--lines 100000] [--products 1] [--only home,product]

Starts its own PostgreSQL in a temporary directory and fills it with SQL, through the same tables
and triggers as ever; what customers are promised and told is published by the services. Then
Django's test client opens each page twice, and the second time counts. A sheet's time is that of
its first line.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.servers import own_servers
from orders.sql_files import sql

if TYPE_CHECKING:
    from django.test import Client

SLOW = 1.0  # seconds
FRONT = 200  # units that have arrived and are set aside
DAYS = 300  # the oldest line has waited for


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--products", type=int, default=1, help="over so many products")
    parser.add_argument("--only", default="", help="pages to open, with commas between them")
    options = parser.parse_args()
    with own_servers(DEMO="1", LOG_LEVEL="ERROR", ALLOWED_HOSTS="testserver"):
        started = time.perf_counter()
        fill(options.lines, options.products)
        print(
            f"{options.lines:,} lines of {options.products:,} products, filled in "
            f"{time.perf_counter() - started:.0f} s\n"
        )
        measure([name for name in options.only.split(",") if name])


ORDERS = """
    INSERT INTO orders_order (
        number, email, customer_name, country, region, locale, placed_at, created_at, released_at,
        link_version, attention, flagged)
    SELECT 'N' || n, 'ada' || n || '@example.com', 'Ada Lovelace ' || n,
           (ARRAY['US', 'US', 'CA', 'DE'])[1 + n %% 4], CASE WHEN n %% 4 = 0 THEN 'CA' ELSE '' END,
           (ARRAY['en', 'en', 'en', 'de-DE'])[1 + n %% 4], t, t, t, 1,
           CASE WHEN n %% 500 = 0 THEN ARRAY['ordered twice?'] ELSE '{}' END, '{}'
    FROM generate_series(1, %(lines)s) n,
         LATERAL (
             SELECT now() - interval '1 day' * %(days)s * (1 - n::float / (%(lines)s + 1))
         ) x (t)
"""
LINES = """
    INSERT INTO orders_orderline (
        order_id, product_id, quantity, allocated, shipped, cancelled, queued_at, joined_at, held,
        open_wait)
    SELECT o.id, p.id, 1 + o.id % 3, 0, 0, 0, o.placed_at, o.placed_at, false, false
    FROM orders_order o
    JOIN (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS products
        FROM orders_product WHERE sku LIKE 'LAMP%'
    ) p ON p.n = o.id % p.products
    ORDER BY o.id
"""
TOLD = sql(__file__, "told")


def fill(lines: int, products: int) -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.utils import timezone

    from orders import queue, services
    from orders.models import OrderLine, Product, Supplier

    now = timezone.now()
    User.objects.create_superuser("bench", password="bench")  # noqa: S106
    maker = Supplier.objects.create(name="Fjord Works")
    rows = Product.objects.bulk_create(
        Product(sku=f"LAMP-{n}", name=f"Harbour lamp {n}") for n in range(1, products + 1)
    )
    with connection.cursor() as cursor:
        cursor.execute(ORDERS, {"lines": lines, "days": DAYS})
        cursor.execute(LINES)
        cursor.execute("ANALYZE")
    for row in rows:
        units = queue.length(row.pk).units
        for n in range(12 if products == 1 else 2):
            services.expect_restock(
                reference=f"PO-{row.pk}-{n}",
                product=row,
                supplier=maker,
                quantity=max(units // (13 if products == 1 else 3), 1),
                expected_on=(now + timedelta(days=20 + 15 * n)).date(),
                now=now - timedelta(days=2),
            )
    services.review(rows, now=now - timedelta(days=1))
    for row in rows[:200]:
        services.receive(row, FRONT if products == 1 else 2, now=now - timedelta(hours=5))
    for line in OrderLine.objects.filter(allocated__gt=0).select_related("order")[:50]:
        services.ship(
            line.order,
            {line.pk: line.reserved},
            carrier="UPS",
            tracking_number=f"1Z{line.pk}",
            now=now,
        )
    for line in (
        OrderLine.objects.filter(waiting__gt=0).select_related("order").order_by("-pk")[:100]
    ):
        services.cancel(line.order, units={line.pk: line.waiting}, now=now, by="customer")
    with connection.cursor() as cursor:
        cursor.execute(TOLD)
        cursor.execute("ALTER TABLE orders_promise DISABLE TRIGGER USER")
        cursor.execute("UPDATE orders_promise SET told_at = published_at")
        cursor.execute("ALTER TABLE orders_promise ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")
    assert not list(queue.differences())


@dataclass
class Page:
    """`sends`: the form it is sent instead of being opened."""

    name: str
    url: str
    sends: dict[str, Any] | None = None


def pages() -> Iterator[Page]:
    from django.contrib import admin
    from django.urls import reverse

    from orders import queue
    from orders.models import OrderLine, Restock

    line = (
        OrderLine.objects.filter(waiting__gt=0)
        .select_related("order", "product")
        .order_by("-pk")[5]
    )
    product, number = line.product, line.order.number
    restock = Restock.objects.filter(product=product).earliest("pk")
    at_desk = reverse("desk:product", args=[product.sku])
    yield Page("home", "/admin/")
    yield Page("product", at_desk)
    yield Page(
        "product, the middle of its queue", f"{at_desk}?place={queue.length(product.pk).lines // 2}"
    )
    yield Page("product, last page", f"{at_desk}?page=100000")
    yield Page("product, a mail address", f"{at_desk}?q={line.order.email}")
    yield Page("product, mails of the last change", reverse("desk:telling", args=[product.sku]))
    yield Page("order", reverse("desk:order", args=[number]))
    for text in (number, line.order.email, "lovelace", product.sku, "1Z50", "nobody"):
        yield Page(f"search {text}", f"{reverse('desk:search')}?q={text}")
    for slug in ("suppliers", "windows", "queue-age", "reorder", "delays"):
        yield Page(f"report {slug}", reverse("desk:report", args=[slug]))
        yield Page(f"report {slug}.csv", reverse("desk:report_csv", args=[slug]))
    for name in (
        "receiving",
        "picking",
        "shipping",
        "import",
        "go_live",
        "queues",
        "picking_csv",
        "reports",
    ):
        yield Page(name, reverse(f"desk:{name}"))
    yield from acts(restock, line)
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        changelist = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield Page(f"list {model.__name__}", changelist)
        yield Page(f"list {model.__name__}, page 1500", f"{changelist}?p=1500")
        if admin.site.get_model_admin(model).search_fields:
            yield Page(f"list {model.__name__}, search", f"{changelist}?q={number}")
        if model._meta.app_label != "auth":
            yield Page(f"list {model.__name__}.csv", f"{changelist}csv/")
    mails = reverse("admin:notifications_message_changelist")
    yield Page("list Message, a mail address", f"{mails}?q={line.order.email}")
    lines, orders = (reverse(f"admin:orders_{name}_changelist") for name in ("orderline", "order"))
    yield Page("list OrderLine, a product's", f"{lines}?product={product.pk}&state=waiting")
    yield Page(
        "list OrderLine, a product's last", f"{lines}?product={product.pk}&state=waiting&p=1500"
    )
    for state in ("at-risk", "reserved", "held", "cancelled"):
        yield Page(f"list OrderLine, {state}", f"{lines}?state={state}")
    notices = reverse("admin:orders_delaynotice_changelist")
    for state in ("must", "may"):
        yield Page(f"list DelayNotice, {state} be answered", f"{notices}?state={state}")
    for state in ("waiting", "reserved", "cancelled"):
        yield Page(f"list Order, {state}", f"{orders}?state={state}")
    yield Page("list Order, a country", f"{orders}?country=CA")
    yield Page("list Order, a name", f"{orders}?q=lovelace")


def acts(restock: Any, line: Any) -> Iterator[Page]:
    """Forms, and what is shown first of what they would do."""
    from django.urls import reverse
    from django.utils import timezone

    day = (timezone.localdate() + timedelta(days=150)).isoformat()
    moved = {"expected_on": day, "posted_on": timezone.localdate().isoformat(), "reason": "customs"}
    move = f"{reverse('admin:orders_restock_move-date')}?id={restock.pk}"
    end = f"{reverse('admin:orders_product_discontinue')}?id={restock.product_id}"
    receive = f"{reverse('admin:orders_restock_receive')}?id={restock.pk}"
    some = {"units": "50", "arrived_on": timezone.localdate().isoformat()}
    in_line = f"{reverse('admin:orders_orderline_move')}?id={line.pk}"
    to_front = {"place": "1", "reason": "promised on the phone"}
    cancel = f"{reverse('admin:orders_order_cancel')}?id={line.order_id}"
    one = {f"line_{line.pk}": "1", "by": "customer", "reason": "asked on the phone"}
    tell = f"{reverse('admin:orders_order_tell')}?id={line.order_id}"
    yield Page("move in line", in_line)
    yield Page("move in line, preview", in_line, to_front)
    yield Page("move in line, its counts", in_line, {**to_front, "count": "1"})
    yield Page("cancel, preview", cancel, one)
    yield Page("cancel, its counts", cancel, {**one, "count": "1"})
    yield Page("tell, preview", tell, {"word": "looking_into", "reason": "asked on the phone"})
    yield Page("move date", move)
    yield Page("move date, preview", move, moved)
    yield Page("move date, its counts", move, {**moved, "count": "1"})
    yield Page("receive, preview", receive, some)
    yield Page("receive, its counts", receive, {**some, "count": "1"})
    yield Page("discontinue, preview", end, {"reason": "closed"})
    yield Page("discontinue, its counts", end, {"reason": "closed", "count": "1"})


def measure(only: list[str]) -> None:
    from django.contrib.auth.models import User
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()  # answers keep their forms
    client = Client(raise_request_exception=True)
    client.force_login(
        User.objects.get(username="bench"), backend="django.contrib.auth.backends.ModelBackend"
    )
    print(f"{'page':<44} {'seconds':>8} {'queries':>8} {'database':>9} {'kB':>7}")
    slow = 0
    for page in pages():
        if only and not any(page.name.startswith(name) for name in only):
            continue
        once(client, page)
        seconds, queries, database, size = once(client, page)
        slow += seconds > SLOW
        mark = "  slow" if seconds > SLOW else ""
        print(
            f"{page.name:<44} {seconds:>8.3f} {queries:>8} {database:>9.3f} "
            f"{size / 1000:>7.1f}{mark}",
            flush=True,
        )
    print(f"\n{slow} take longer than {SLOW:g} s")


def once(client: "Client", page: Page) -> tuple[float, int, float, int]:
    """Seconds until it shows something, queries, seconds of them, and bytes."""
    sends = page.sends and {**hidden(client, page), **page.sends}
    with counted() as times:
        started = time.perf_counter()
        answer = client.post(page.url, sends) if sends else client.get(page.url)
        size = len(next(iter(answer)) if answer.streaming else answer.content)
        seconds = time.perf_counter() - started
    answer.close()
    assert answer.status_code in (200, 302), f"{page.name} answers {answer.status_code}"
    return seconds, len(times), sum(times), size


def hidden(client: "Client", page: Page) -> dict[str, Any]:
    form = client.get(page.url).context["form"]
    shown = {
        field.html_name: field.value()
        for field in form.hidden_fields()
        if field.value() is not None
    }
    return {**shown, "seen": form.seen()}


@contextmanager
def counted() -> Iterator[list[float]]:
    from django.db import connection

    times: list[float] = []

    def timed(execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            times.append(time.perf_counter() - started)

    with connection.execute_wrapper(timed):
        yield times


if __name__ == "__main__":
    main()
