"""Today's desk: what waits for a person, each with its list. Every card counts by the filter of its
own list."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db import connection
from django.db.models import Count, Max, Min, Model, Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from backorders_site.staff.admin.base import ConditionFilter, list_url
from backorders_site.staff.admin.emails import ForStaff
from backorders_site.staff.admin.history import NoticeState
from backorders_site.staff.admin.lines import LineState, RefundState
from backorders_site.staff.admin.orders import NeedsSomebody
from backorders_site.staff.admin.restocks import RestockState
from backorders_site.staff.admin.shop_changes import ChangeState
from backorders_site.staff.admin.shop_tasks import TaskState
from backorders_site.staff.csv_export import sheet
from backorders_site.staff.pages.base import staff_page
from backorders_site.staff.pages.trouble import Trouble, troubles
from backorders_site.staff.words import Text
from notifications.models import Message, Pause
from notifications.outbox.mail_mode import mail_mode
from notifications.outbox.pause import current_pause
from orders.models import (
    DelayNotice,
    Order,
    OrderLine,
    Product,
    Refund,
    Restock,
    ShopChange,
    ShopTask,
    Upload,
)
from orders.services import today_of
from orders.services.forecasts import shipped_ahead
from orders.services.uploads import FILES_KEPT_FOR
from orders.sql_files import sql

MAX_COUNTED = 10_000  # beyond it a number says no more than "many", and costs
QUEUES_SHOWN = 8
RECORD_SHIPMENTS = ("desk:shipping", "orders.ship_order")


@dataclass(frozen=True, slots=True)
class Card:
    """`filtered`: the value of `by` that its list is filtered by; `urgent`: a thing of the day,
    where there is any; `done_at`: the page where all of it is done at once, with the permission it
    asks for."""

    label: Text
    model: type[Model]
    by: type[ConditionFilter]
    filtered: str
    urgent: bool = False
    first: str = ""  # the day whose earliest is shown
    done_at: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CardCount:
    label: Text
    url: str
    count: int
    urgent: bool
    note: str = ""
    done_at: str = ""

    @property
    def number(self) -> str:
        more = "+" if self.count > MAX_COUNTED else ""
        return number_format(min(self.count, MAX_COUNTED), force_grouping=True) + more


@dataclass(frozen=True, slots=True)
class Queue:
    """A product and its queue. `oldest` is the day of the first in line, `uncovered` the units that
    no restock brings."""

    product_id: int
    sku: str
    name: str
    lines: int
    units: int
    oldest: date
    uncovered: int


@dataclass(frozen=True, slots=True)
class Queues:
    longest: Sequence[Queue]
    products: int
    lines: int
    units: int
    oldest: date | None
    uncovered: int
    url: str
    uncovered_url: str


@dataclass(frozen=True, slots=True)
class Desk:
    troubles: Sequence[Trouble]  # what keeps the site from working
    pause: Pause | None  # all email is paused
    imports: CardCount | None  # files that wait for somebody; their list is the page of imports
    cards: Sequence[CardCount]
    queues: Queues | None

    @property
    def is_clear(self) -> bool:
        return not any(card.count for card in self.cards) and not self.imports


def cards(*, paused: bool) -> list[Card]:
    kept_back = paused or mail_mode().name != "send"
    return [
        Card(_("Restocks overdue"), Restock, RestockState, "overdue", urgent=True),
        Card(_("Restocks due within 7 days"), Restock, RestockState, "week"),
        Card(
            _("Not recorded as shipped in time"),
            OrderLine,
            LineState,
            "not-recorded",
            urgent=True,
            done_at=RECORD_SHIPMENTS,
        ),
        Card(
            _("To ship by the next working day"),
            OrderLine,
            LineState,
            "to-ship",
            first="promise__late",
            done_at=RECORD_SHIPMENTS,
        ),
        Card(_("Promises at risk within 7 days"), OrderLine, LineState, "at-risk", urgent=True),
        Card(
            _("Delay notices to be answered"), DelayNotice, NoticeState, "must", first="answer_by"
        ),
        Card(_("Refunds due"), Refund, RefundState, "due", first="due_on"),
        Card(_("To do in your shop"), ShopTask, TaskState, "todo"),
        Card(_("Canceled, but on a pick list"), ShopTask, TaskState, "packed", urgent=True),
        Card(
            _("Canceled here, shipped in the shop"), Order, NeedsSomebody, "conflict", urgent=True
        ),
        Card(_("Changed in the shop"), ShopChange, ChangeState, "open"),
        Card(_("Needs attention"), Order, NeedsSomebody, "attention"),
        Card(_("Can't be reached"), Order, NeedsSomebody, "address"),
        Card(_("Emails failed or bounced"), Message, ForStaff, "staff"),
        Card(
            _("Emails paused") if kept_back else _("Emails being sent"),
            Message,
            ForStaff,
            "outbox",
        ),
    ]


def todays_desk(request: HttpRequest, site: AdminSite, *, now: datetime) -> Desk:
    """What the person of `request` may see of it. The same number of queries, however much there
    is."""
    pause = current_pause()
    shown = [
        card
        for card in cards(paused=pause is not None)
        if site.get_model_admin(card.model).has_view_permission(request)
    ]
    may_see_queues = site.get_model_admin(Product).has_view_permission(request)
    return Desk(
        troubles=troubles(now=now),
        pause=pause,
        cards=[
            _counted(
                card,
                site.get_model_admin(card.model).get_queryset(request),
                now,
                may=request.user.has_perm,
            )
            for card in shown
        ],
        imports=_imports(now) if request.user.has_perm("orders.add_import") else None,
        queues=_queues(now) if may_see_queues else None,
    )


def _counted(
    card: Card, rows: QuerySet[Any], now: datetime, *, may: Callable[[str], bool]
) -> CardCount:
    listed = rows.filter(card.by.conditions()[card.filtered][1]).order_by()
    count = listed[: MAX_COUNTED + 1].count()
    first = listed.aggregate(day=Min(card.first))["day"] if card.first else None
    return CardCount(
        card.label,
        list_url(card.model, **{str(card.by.parameter_name): card.filtered}),
        count,
        urgent=bool(count) and (card.urgent or (first is not None and first <= today_of(now))),
        note=_("the first by %(day)s") % {"day": date_format(first)} if first else "",
        done_at=_done_at(card) if count and card.done_at and may(card.done_at[1]) else "",
    )


def _imports(now: datetime) -> CardCount | None:
    """Files that were checked and wait for somebody to say whether they are to be imported; None:
    no such file."""
    waiting = Upload.objects.filter(
        state=Upload.State.CHECKED, changes=True, uploaded_at__gt=now - FILES_KEPT_FOR
    )
    found = waiting.order_by().aggregate(
        all=Count("pk"), held=Count("pk", filter=Q(is_held=True)), worse=Max("told_worse")
    )
    if not found["all"]:
        return None
    note = ngettext(
        "This import would tell %(n)s customer worse news",
        "This import would tell %(n)s customers worse news",
        found["worse"] or 0,
    )
    if found["all"] > 1:
        note = ngettext(
            "One of them would tell %(n)s customer worse news",
            "One of them would tell %(n)s customers worse news",
            found["worse"] or 0,
        )
    return CardCount(
        _("Imports waiting for you"),
        reverse("desk:import"),
        found["all"],
        urgent=bool(found["held"]),
        note=note % {"n": number_format(found["worse"], force_grouping=True)}
        if found["worse"]
        else "",
    )


def _done_at(card: Card) -> str:
    page = card.done_at[0] if card.done_at else ""
    return f"{reverse(page)}?{urlencode({str(card.by.parameter_name): card.filtered})}"


QUEUES = sql(__file__, "queues")


def queues(now: datetime) -> list[Queue]:
    """Longest first."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUES, {"ahead": json.dumps(shipped_ahead(day=today_of(now)))})
        return [Queue(*row) for row in cursor.fetchall()]


@staff_page("orders.view_product")
@require_GET
def queues_csv(request: HttpRequest) -> StreamingHttpResponse:
    return sheet(
        "queues",
        ["sku", "name", "orders_waiting", "units_waiting", "oldest", "units_no_restock_covers"],
        (
            (
                queue.sku,
                queue.name,
                queue.lines,
                queue.units,
                queue.oldest.isoformat(),
                queue.uncovered,
            )
            for queue in queues(timezone.now())
        ),
    )


def _queues(now: datetime) -> Queues:
    rows = queues(now)
    return Queues(
        longest=rows[:QUEUES_SHOWN],
        products=len(rows),
        lines=_sum(row.lines for row in rows),
        units=_sum(row.units for row in rows),
        oldest=min((row.oldest for row in rows), default=None),
        uncovered=_sum(row.uncovered for row in rows),
        url=list_url(Product),
        uncovered_url=list_url(Product, covered="no"),
    )


def _sum(numbers: Iterable[int]) -> int:
    return sum(int(number) for number in numbers)
