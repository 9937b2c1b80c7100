"""A customer asks to be forgotten. Their name, address and words go out of their orders. What was
bought, promised, told and answered stays, under the order's number, as accounting and evidence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q

from orders.domain.facts import ParcelNumbered, Shipped, to_json
from orders.domain.traces import holds
from orders.models import (
    Event,
    FormerAddress,
    Import,
    Note,
    Order,
    OrderLine,
    Refund,
    Shipment,
    ShopChange,
    ShopTask,
    Upload,
)
from orders.services.refusal import Refused

ERASED = "[erased]"


@transaction.atomic
def erase_orders(email: str, *, now: datetime) -> list[Order]:
    """Take the person with this address out of all their orders, and revoke the links. Refused,
    naming the orders, while anything of them is still to come, to be sent or to be done."""
    orders = list(
        Order.objects.select_for_update(no_key=True).filter(email__iexact=email).order_by("pk")
    )
    _refuse_what_is_open(orders)
    ids = [order.pk for order in orders]
    with erasing():
        Note.objects.filter(order__in=ids).delete()
        ShopChange.objects.filter(
            Q(order__in=ids) | Q(there__email__iexact=email) | Q(here__email__iexact=email)
        ).delete()
        FormerAddress.objects.filter(Q(order__in=ids) | Q(address__iexact=email)).delete()
        Event.objects.filter(order__in=ids).exclude(note="").update(note=ERASED)
        Shipment.objects.filter(order__in=ids).update(tracking_number="", reason="")
        for event in Event.objects.filter(order__in=ids, facts__has_key="tracking_number"):
            if isinstance(event.details, Shipped | ParcelNumbered):
                event.facts = to_json(replace(event.details, tracking_number=""))
                event.save(update_fields=["facts"])
        Order.objects.filter(pk__in=ids).update(
            email="",
            customer_name="",
            region="",
            attention=[],
            flagged=[],
            unreachable_at=None,
            link_version=F("link_version") + 1,
            erased_at=now,
        )
    return orders


@transaction.atomic
def erase_files(person: re.Pattern[str]) -> list[str]:
    """Uploaded files that name the person are emptied; what imports said about bad rows goes where
    it names them. Refused while one of the files waits. Returns the names of the files."""
    emptied = []
    for upload in Upload.objects.defer("summary").iterator(chunk_size=1):
        if names_in_file(upload, person):
            if upload.is_under_way or upload.state == Upload.State.CHECKED:
                raise Refused(
                    f"nothing was erased: the file {upload.file_name}, which contains this "
                    "person, is waiting to be imported"
                )
            Upload.objects.filter(pk=upload.pk).update(
                content=b"", remaining=b"", rejected={}, examples=[]
            )
            emptied.append(upload.file_name)
    for row in Import.objects.exclude(rejected=[]).iterator():
        kept = [ERASED if person.search(said) else said for said in row.rejected]
        if kept != row.rejected:
            Import.objects.filter(pk=row.pk).update(rejected=kept)
    return emptied


def names_in_file(upload: Upload, person: re.Pattern[str]) -> bool:
    files = (upload.content, upload.remaining)
    return any(holds(bytes(content), person, upload.encoding) for content in files)


@contextmanager
def erasing() -> Iterator[None]:
    """Within it, and in this transaction alone, history lets itself be changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('backorders.erase', 'on', true)")
        yield
        cursor.execute("SELECT set_config('backorders.erase', 'off', true)")


def _refuse_what_is_open(orders: list[Order]) -> None:
    of_line = Q(line__order__in=orders)
    to_come = OrderLine.objects.filter(
        Q(waiting__gt=0) | Q(allocated__gt=F("shipped")), order__in=orders
    )
    open_by_why = {
        "units are still to come": to_come.values_list("order__number"),
        "a refund has to be sent": Refund.objects.filter(of_line, sent_at=None).values_list(
            "line__order__number"
        ),
        "a task in the shop is open": ShopTask.objects.filter(
            of_line, confirmed_at=None
        ).values_list("line__order__number"),
        "an email is due": Event.objects.filter(message_due=True, order__in=orders).values_list(
            "order__number"
        ),
    }
    said = [
        f"order {number}: {why}"
        for why, found in open_by_why.items()
        for (number,) in found.order_by().distinct()
    ]
    if said:
        raise Refused(f"nothing was erased, because some items are still open: {'; '.join(said)}")
