"""Who somebody is here, by their email address, and where their names stand."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast, Upper

from notifications.models import Attempt, Inquiry, Message, Pause, ProviderReport, Suppression
from orders.domain import traces
from orders.models import (
    Discontinuation,
    Event,
    FormerAddress,
    Import,
    Note,
    Order,
    QueueChange,
    Receipt,
    Restock,
    RestockNote,
    Shipment,
    ShopChange,
    Upload,
)

SHORTEST_NUMBER = 6  # of tracking: a shorter one stands in any text
# What staff, files and mail servers may have written about anybody. test_personal_data.py knows
# every column of text, and why the others are not here.
WRITTEN: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Attempt, ("detail",)),
    (Discontinuation, ("reason",)),
    (Event, ("note",)),
    (Import, ("file_name", "rejected")),
    (Inquiry, ("text", "last_error")),
    (LogEntry, ("object_repr", "change_message")),
    (Message, ("subject", "text", "html", "headers", "last_error", "decided_why")),
    (Note, ("text",)),
    (Order, ("attention", "flagged")),
    (Pause, ("reason",)),
    (ProviderReport, ("detail",)),
    (QueueChange, ("note",)),
    (Receipt, ("reason",)),
    (Restock, ("cancel_reason",)),
    (RestockNote, ("text",)),
    (Shipment, ("reason",)),
    (ShopChange, ("here", "there", "text")),
    (Suppression, ("reason",)),
    (
        Upload,
        ("file_name", "summary", "examples", "told", "rejected", "words", "words_found"),
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """`addresses`: the one asked about first, then those their orders had before, have in the shop
    or were emailed at. `in_use`: such an address that an order of somebody else has now, which may
    be another person's. `names`: what means this person and nobody else. `short`: first names, as
    emails to them have it."""

    orders: Sequence[Order]
    addresses: Sequence[str]
    in_use: Sequence[str]
    names: Sequence[str]
    short: Sequence[str]

    @property
    def order_ids(self) -> list[int]:
        return [order.pk for order in self.orders]

    @property
    def pattern(self) -> re.Pattern[str]:
        return traces.pattern_of(self.names)

    def has(self, field: str) -> Q:
        """Rows where a field is one of the addresses."""
        return Q(*((f"{field}__iexact", one) for one in self.addresses), _connector=Q.OR)


@dataclass(frozen=True, slots=True)
class Mention:
    """`value`: the whole of it, a text or JSON."""

    model: type[Model]
    pk: int
    field: str
    value: Any


def person_of(address: str) -> Person:
    orders = list(
        Order.objects.filter(email__iexact=address).prefetch_related("shipments").order_by("pk")
    )
    changes = ShopChange.objects.filter(order__in=orders)
    said = [values for row in changes for values in (row.here, row.there)]
    former = [
        *FormerAddress.objects.filter(order__in=orders).values_list("address", flat=True),
        *Message.objects.filter(order__in=orders).values_list("recipient", flat=True).distinct(),
        *(values.get("email", "") for values in said),
    ]
    known = {one.upper(): one for one in former if one and one.upper() != address.upper()}
    of_others = set(
        Order.objects.exclude(pk__in=[order.pk for order in orders])
        .annotate(upper=Upper("email"))
        .filter(upper__in=known)
        .values_list("upper", flat=True)
    )
    addresses = [address, *(one for upper, one in known.items() if upper not in of_others)]
    whole = [order.customer_name for order in orders]
    whole += [values.get("customer_name", "") for values in said]
    known_by = [one for one in addresses if "@" in one]
    parcels = [parcel.tracking_number for order in orders for parcel in order.shipments.all()]
    numbers = [one for one in parcels if len(one) >= SHORTEST_NUMBER]
    names = {name.strip(): None for name in whole if len(name.split()) > 1}
    short = {name: None for order in orders for name in (order.customer_name, order.first_name)}
    return Person(
        orders=orders,
        addresses=addresses,
        in_use=[known[upper] for upper in sorted(of_others)],
        names=[*known_by, *names, *numbers],
        short=[name for name in (*short, *parcels) if name],
    )


def mentions(person: Person, *, outside: Collection[int] = ()) -> Iterator[Mention]:
    """Where the person stands in what was written freely, but for rows of the orders `outside`."""
    pattern, in_sql = person.pattern, traces.pattern_in_sql(person.names)
    for model, fields in WRITTEN:
        rows = model._default_manager.exclude(_of_orders(model, outside))
        for field in fields:
            found = rows.alias(as_text=Cast(field, TextField())).filter(as_text__iregex=in_sql)
            for pk, value in list(found.order_by("pk").values_list("pk", field)):
                if traces.replaced(value, lambda words: pattern.sub("", words)) != value:
                    yield Mention(model, pk, field, value)


def _of_orders(model: type[Model], orders: Collection[int]) -> Q:
    if model is Order:
        return Q(pk__in=orders)
    if model is Attempt:
        return Q(message__order__in=orders)
    fields = {field.name for field in model._meta.concrete_fields}
    return Q(order__in=orders) if "order" in fields else Q(pk__in=[])
