"""Everything stored about the person with an email address, to be handed to them."""

from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from notifications.models import Inquiry, Message, Preference, ProviderReport, Suppression
from orders.models import Answer, DelayNotice, Import, Order, Promise, Refund, ShopChange, Upload
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
REPORT = "kind recipient detail message_id received_at"


def data_about(address: str, *, now: datetime) -> dict[str, Any]:
    """Keys: address, as_of, orders, changes_in_the_shop, other_mails (about orders that have
    another address now), provider_reports, messages_to_support (not
    yet sent), preferences, suppression, files, refused_rows. Empty
    lists where there is nothing."""
    orders = Order.objects.filter(email__iexact=address).order_by("pk")
    others = Message.objects.filter(recipient__iexact=address).exclude(order__in=orders)
    sent_to = Message.objects.filter(Q(recipient__iexact=address) | Q(order__in=orders))
    return {
        "address": address,
        "as_of": now,
        "orders": [_order(order) for order in orders],
        "changes_in_the_shop": _rows(
            ShopChange.objects.filter(
                Q(order__in=orders)
                | Q(there__email__iexact=address)
                | Q(here__email__iexact=address)
            ),
            CHANGE,
        ),
        "other_mails": [_message(message) for message in others.order_by("pk")],
        "provider_reports": _rows(
            ProviderReport.objects.filter(
                Q(recipient__iexact=address) | Q(message_id__in=sent_to.values("message_id"))
            ),
            REPORT,
        ),
        "messages_to_support": _rows(
            Inquiry.objects.filter(Q(answer_to__iexact=address) | Q(order__in=orders)),
            "at text",
        ),
        "preferences": _rows(
            Preference.objects.filter(address__iexact=address),
            "address good_news no_change delivery_notes changed_at",
        ),
        "suppression": _rows(
            Suppression.objects.filter(address__iexact=address), "address reason at"
        ),
        "files": _files_with(address),
        "refused_rows": [
            said
            for row in Import.objects.filter(rejected__icontains=address)
            for said in row.rejected
            if address.lower() in said.lower()
        ],
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


def _files_with(address: str) -> list[dict[str, Any]]:
    """Uploaded files that name the address. The file itself holds other people, too."""
    uploads = Upload.objects.defer("summary", "rejected").order_by("pk").iterator(chunk_size=1)
    named = (row for row in uploads if address.lower().encode() in bytes(row.content).lower())
    return [{"file_name": row.file_name, "uploaded_at": row.uploaded_at} for row in named]
