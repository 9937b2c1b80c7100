"""Finds orders, products and restocks by what somebody was given, each through an index."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet
from django.db.models.functions import Upper

from orders.domain.keys import typed_number
from orders.models import Order, Product, Restock, Shipment

MAX_WORDS = 8
MAX_SHOWN = 25
COMMON = 1000  # orders of one name


def with_number(text: str) -> QuerySet[Order]:
    """With and without the sign that shops put before it, and the words people do."""
    whole, alone = typed_number(text)
    return Order.objects.alias(upper=Upper("number")).filter(
        upper__in={text.upper(), whole, f"#{whole}", alone, f"#{alone}"}
    )


def with_address(text: str) -> QuerySet[Order]:
    return Order.objects.alias(upper=Upper("email")).filter(upper=text.upper())


def with_tracking(text: str) -> QuerySet[Order]:
    """Carriers print it in groups, and people type it in small letters."""
    typed = {text, text.replace(" ", "")}
    shipped = Shipment.objects.filter(tracking_number__in=typed | {form.upper() for form in typed})
    return Order.objects.filter(pk__in=[*shipped.values_list("order", flat=True)[:MAX_SHOWN]])


def with_name(text: str) -> QuerySet[Order]:
    """Every word begins a word of the customer's name."""
    words = re.findall(r"[^\W_]+", text)[:MAX_WORDS]
    if not words:
        return Order.objects.none()
    asked = SearchQuery(
        " & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple"
    )
    found = Order.objects.alias(words=SearchVector("customer_name", config="simple")).filter(
        words=asked
    )
    # The newest of a common name are found fast from the newest order on; of a rare one that reads
    # every order.
    some = [*found.order_by().values_list("pk", flat=True)[:COMMON]]
    return found if len(some) == COMMON else Order.objects.filter(pk__in=some)


def with_sku(text: str) -> QuerySet[Product]:
    return Product.objects.filter(sku__iexact=text)


def with_reference(text: str) -> QuerySet[Restock]:
    """One of each product of the delivery."""
    return Restock.objects.alias(upper=Upper("reference")).filter(upper=text.upper())


# By the name of the field that a list searches.
KEYS_OF: Mapping[str, Callable[[str], QuerySet[Any]]] = {
    "number": with_number,
    "email": with_address,
    "sku": with_sku,
}
