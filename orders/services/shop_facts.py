"""What the shop alone knows: prices and pictures, and what the words of its exports mean. Nothing
is asked about them, the shop's newest word holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from orders.models import Order, OrderLine, Product, ShopWord


@dataclass(frozen=True, slots=True)
class Look:
    """A product as customers see it. What is empty is not known, and what is here is kept."""

    variant: str = ""
    image_url: str = ""


def show_products(looks: Mapping[str, Look]) -> int:
    """By SKU. Returns how many look different now; those that do not are not written."""
    changed = 0
    for sku, look in sorted(looks.items()):
        new = {"variant": look.variant, "image_url": look.image_url}
        new = {field: value for field, value in new.items() if value}
        if new:
            is_so = Q(**new)
            changed += Product.objects.filter(~is_so, sku=sku).update(**new)
    return changed


def learn_prices(
    order: Order, *, currency: str, total: Decimal | None, prices: Mapping[int, Decimal]
) -> bool:
    """What was paid, by line. What was told about a refund stays as it was told. False: nothing is
    new."""
    said = {
        "currency": currency or order.currency,
        "total": order.total if total is None else total,
    }
    changed = any(getattr(order, field) != value for field, value in said.items())
    if changed:
        Order.objects.filter(pk=order.pk).update(**said)
    for line in order.lines.all():
        price = prices.get(line.pk)
        if price is not None and price != line.unit_price:
            OrderLine.objects.filter(pk=line.pk).update(unit_price=price)
            changed = True
    return changed


def learn_words(words: Mapping[str, str], *, now: datetime) -> None:
    """`words`: what each means (ShopWord.Means), as written in exports without regard to case."""
    ShopWord.objects.bulk_create(
        (ShopWord(word=word, means=means, said_at=now) for word, means in words.items()),
        update_conflicts=True,
        unique_fields=["word"],
        update_fields=["means", "said_at"],
    )
