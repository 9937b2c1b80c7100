"""Rows for tests. Everything that has a service comes into being through it, as in the shop."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from orders import services
from orders.models import Order, OrderLine, Product, Restock, Supplier

NOON = datetime(2026, 11, 2, 17, tzinfo=UTC)  # a Monday noon in New York, the tests' shop
_numbers = count(1001)


def make_product(**fields: Any) -> Product:
    n = next(_numbers)
    return Product.objects.create(**{"sku": f"SKU-{n}", "name": f"Product {n}"} | fields)


def make_supplier(**fields: Any) -> Supplier:
    return Supplier.objects.create(**{"name": f"Supplier {next(_numbers)}"} | fields)


def order(
    product: Product,
    quantity: int = 1,
    *,
    placed_at: datetime | None = None,
    now: datetime = NOON,
    number: str = "",
    email: str = "ada@example.com",
    customer_name: str = "Ada Lovelace",
    country: str = "US",
    promised_by: date | None = None,
    held: bool = False,
) -> OrderLine:
    """The one line of a new order."""
    row = services.place_order(
        services.NewOrder(
            number=number or str(next(_numbers)),
            placed_at=placed_at or now,
            email=email,
            customer_name=customer_name,
            country=country,
            lines=[services.NewLine(product, quantity, promised_by=promised_by, held=held)],
        ),
        now=now,
    )
    return row.lines.get()


def restock(
    product: Product,
    quantity: int = 100,
    *,
    expected_on: date | None = None,
    supplier: Supplier | None = None,
    reference: str = "",
    now: datetime = NOON,
) -> Restock:
    return services.expect_restock(
        reference=reference or f"PO-{next(_numbers)}",
        product=product,
        supplier=supplier or make_supplier(),
        quantity=quantity,
        expected_on=expected_on or (now + timedelta(days=30)).date(),
        now=now,
    )


def supplier_record(supplier: Supplier, slips: list[int], *, now: datetime = NOON) -> None:
    """Past deliveries of another product: one per slip (days late), a fortnight apart, all known
    before `now`."""
    product = make_product()
    deliveries = []
    for n, slip in enumerate(slips):
        promised = services.today_of(now) - timedelta(days=14 * (len(slips) - n) + max(slips) + 5)
        came = promised + timedelta(days=slip)
        posted = services.PostedDate(promised, promised - timedelta(days=30))
        arrived = services.ReceivedUnits(10, came, came)
        reference = f"PO-{next(_numbers)}"
        deliveries.append(
            services.RestockRecord(reference, product.sku, supplier.name, 10, [posted], [arrived])
        )
    services.record_restocks(deliveries, now=now - timedelta(days=5))


def lamp_of_a_punctual_supplier(units: int) -> Product:
    """Delivery PO-7 is due on 2 December, from a supplier who mostly keeps his word."""
    supplier = make_supplier()
    supplier_record(supplier, [0, 1, 2, 0, 5, 0, -1, 3] * 5)
    product = make_product(sku="LAMP", name="Harbour lamp")
    restock(product, units, expected_on=date(2026, 12, 2), supplier=supplier, reference="PO-7")
    review(product)
    return product


def review(product: Product, *, now: datetime = NOON) -> None:
    services.review([product], now=now)


def fresh(line: OrderLine) -> OrderLine:
    return OrderLine.objects.select_related("promise", "order", "product").get(pk=line.pk)


def kinds(order: Order) -> list[str]:
    """Kinds of an order's events, oldest first."""
    return list(order.events.order_by("at", "pk").values_list("kind", flat=True))
