"""What the shop alone knows: names, prices and pictures, and what the words of its exports mean.
Nothing is asked about them, the shop's newest word holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.models import Order, OrderLine, Product, ShopWord


@dataclass(frozen=True, slots=True)
class Look:
    """A product as customers see it, in the order that was placed at `at`. What is empty is not
    known, and what is here is kept."""

    at: datetime
    name: str = ""
    variant: str = ""
    image_url: str = ""


def show_products(looks: Mapping[str, Look]) -> int:
    """By SKU. Returns how many look different to customers now. A name that staff have written is
    kept, and an older order does not give a product its old name back."""
    changed, different = [], 0
    for product in Product.objects.filter(sku__in=looks).order_by("sku"):
        before, known = _seen(product), product.name_in_shop
        _show(product, looks[product.sku])
        different += _seen(product) != before
        if _seen(product) != before or product.name_in_shop != known:
            changed.append(product)
    Product.objects.bulk_update(
        changed, ["name", "name_in_shop", "named_at", "variant", "image_url"], batch_size=1000
    )
    return different


def _seen(product: Product) -> tuple[str, str, str]:
    return product.name, product.variant, product.image_url


def _show(product: Product, look: Look) -> None:
    is_newest = product.named_at is None or look.at >= product.named_at
    if is_newest and look.name not in ("", product.name_in_shop):
        if product.name in (product.sku, product.name_in_shop):
            product.name = look.name
        product.name_in_shop, product.named_at = look.name, look.at
    product.variant = look.variant or product.variant
    product.image_url = look.image_url or product.image_url


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
