"""Everything stored about the person with an email address, to be handed to them."""

from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from notifications.models import Inquiry, Message, Preference, ProviderReport, Suppression
from notifications.personal_data.person import Person, mentions, person_of
from orders.models import (
    Answer,
    DelayNotice,
    FormerAddress,
    Import,
    Order,
    Promise,
    Refund,
    ShopChange,
    Upload,
)
from orders.services.erasure import names_in_file
from orders.words import sentence

ORDER = "number email customer_name country region locale placed_at paid_at created_at attention"
LINE = "product__sku product__name quantity allocated shipped cancelled queued_at agreed_by"
PROMISE = "line__product__sku kind early likely late sure place published_at told_at returned_at"
NOTICE = (
    "line__product__sku jurisdiction case late notice_by answer_by consent_to told_at not_told_at "
    "outcome ended_at"
)
ANSWER = "line__product__sku choice units channel at"
CHANGE = "order__number what here there seen_at outcome decided_at gone_at"
REFUND = "line__product__sku units unit_price currency due_on created_at sent_at"
SHIPMENT = "shipped_at carrier tracking_number"
MESSAGE = (
    "message_id kind recipient locale subject text html headers state created_at sent_at "
    "delivered_at"
)
ATTEMPT = "at outcome phase detail"
FORMER = "order__number address until"
REPORT = "kind recipient detail message_id received_at"


def data_about(address: str, *, now: datetime) -> dict[str, Any]:
    """Keys: address, as_of, former_addresses, orders, changes_in_the_shop, other_mails (about
    orders that have another address now), provider_reports, messages_to_support (not yet sent),
    preferences, suppression, files, refused_rows, mentions (in what was written elsewhere). Empty
    lists where there is nothing."""
    person = person_of(address)
    others = Message.objects.filter(person.has("recipient")).exclude(order__in=person.orders)
    sent_to = Message.objects.filter(person.has("recipient") | Q(order__in=person.orders))
    return {
        "address": address,
        "as_of": now,
        "former_addresses": _rows(
            FormerAddress.objects.filter(Q(order__in=person.orders) | person.has("address")), FORMER
        ),
        "orders": [_order(order) for order in person.orders],
        "changes_in_the_shop": _rows(
            ShopChange.objects.filter(
                Q(order__in=person.orders) | person.has("there__email") | person.has("here__email")
            ),
            CHANGE,
        ),
        "other_mails": [_message(message) for message in others.order_by("pk")],
        "provider_reports": _rows(
            ProviderReport.objects.filter(
                person.has("recipient") | Q(message_id__in=sent_to.values("message_id"))
            ),
            REPORT,
        ),
        "messages_to_support": _rows(
            Inquiry.objects.filter(person.has("answer_to") | Q(order__in=person.orders)), "at text"
        ),
        "preferences": _rows(
            Preference.objects.filter(person.has("address")),
            "address good_news no_change delivery_notes changed_at",
        ),
        "suppression": _rows(
            Suppression.objects.filter(person.has("address")), "address reason at"
        ),
        "files": _files_with(person),
        "refused_rows": _refused_rows(person),
        "mentions": _mentions(person),
    }


def is_empty(held: dict[str, Any]) -> bool:
    return not any(value for name, value in held.items() if name not in ("address", "as_of"))


def _order(order: Order) -> dict[str, Any]:
    of_line = {"line__order": order}
    return {
        **_rows(Order.objects.filter(pk=order.pk), ORDER)[0],
        "lines": _rows(order.lines.all(), LINE),
        "promises": _rows(Promise.objects.filter(**of_line), PROMISE),
        "events": [
            {
                "at": event.at,
                "kind": event.kind,
                "text": sentence(event, locale=order.locale),
                "note": event.note,
                "told_at": event.told_at,
                "returned_at": event.returned_at,
            }
            for event in order.events.select_related("order", "line__product").order_by("pk")
        ],
        "notices": _rows(DelayNotice.objects.filter(**of_line), NOTICE),
        "answers": _rows(Answer.objects.filter(**of_line), ANSWER),
        "refunds": _rows(Refund.objects.filter(**of_line), REFUND),
        "shipments": _rows(order.shipments.all(), SHIPMENT),
        "notes": _rows(order.notes.all(), "at text"),
        "mails": [_message(message) for message in order.messages.order_by("pk")],
    }


def _message(message: Message) -> dict[str, Any]:
    row = _rows(Message.objects.filter(pk=message.pk), MESSAGE)[0]
    return row | {"attempts": _rows(message.log.all(), ATTEMPT)}


def _rows(found: QuerySet[Any, Any], fields: str) -> list[dict[str, Any]]:
    names = fields.split()
    rows: QuerySet[Model, dict[str, Any]] = found.order_by("pk").values(*names)
    return [{name.rpartition("__")[2]: row[name] for name in names} for row in rows]


def _files_with(person: Person) -> list[dict[str, Any]]:
    """Uploaded files that name them. The file itself holds other people, too."""
    uploads = Upload.objects.defer("summary", "rejected").order_by("pk").iterator(chunk_size=1)
    named = (row for row in uploads if names_in_file(row, person.pattern))
    return [{"file_name": row.file_name, "uploaded_at": row.uploaded_at} for row in named]


def _refused_rows(person: Person) -> list[str]:
    """What imports said about bad rows, with the person in it."""
    pattern = person.pattern
    imports = Import.objects.exclude(rejected=[]).order_by("pk").iterator()
    return [said for row in imports for said in row.rejected if pattern.search(said)]


def _mentions(person: Person) -> list[dict[str, Any]]:
    return [
        {"in": f"{one.model._meta.verbose_name}: {one.field}", "words": one.value}
        for one in mentions(person, outside=person.order_ids)
        if (one.model, one.field) != (Import, "rejected")
    ]
