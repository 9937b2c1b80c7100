"""An order of the shop that is not here yet, as it joins."""

from collections.abc import Iterable
from typing import Literal

from orders import services
from orders.imports.shop_order import ShopLine, ShopOrder
from orders.models import Product

LeftOut = Literal[
    "left_out_shipped",
    "left_out_not_on_backorder",
    "left_out_without_sku",
    "left_out_not_shipped",
    "left_out_without_lines",
]


def new_order(there: ShopOrder, lines: list[services.NewLine]) -> services.NewOrder:
    texts = held_texts(lines)
    texts += [services.sent_back_text(there.part_refund)] if there.part_refund else []
    texts += [] if there.email else [services.NO_ADDRESS]
    return services.NewOrder(
        number=there.number,
        placed_at=there.placed_at,
        paid_at=there.paid_at,
        email=there.email,
        customer_name=there.customer_name,
        country=there.country,
        region=there.region,
        locale=there.locale,
        currency=there.currency,
        total=there.total,
        lines=lines,
        attention=texts,
    )


def new_line(line: ShopLine, product: Product) -> services.NewLine:
    return services.NewLine(
        product,
        line.wanted,
        promised_by=line.promised_by,
        held=line.shipped is None,
        unit_price=line.unit_price,
    )


def held_texts(lines: Iterable[services.NewLine]) -> list[str]:
    return [services.held_text(line.product.sku, line.quantity) for line in lines if line.held]


def why_nothing_joins(there: ShopOrder) -> LeftOut:
    if there.open_skus:
        return "left_out_not_on_backorder"
    if there.nameless:
        return "left_out_without_sku"
    if any(line.shipped for line in there.by_sku.values()):
        return "left_out_shipped"
    return "left_out_not_shipped" if there.not_shipped else "left_out_without_lines"
