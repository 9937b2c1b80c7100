"""One order: all that its customer sees, what we wrote to them, what we noted, and everything that
can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch
from django.db.models.functions import Upper
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backorders_site.staff.actions.shop_changes import shown
from backorders_site.staff.admin.base import Button, RecordTable, sees_addresses
from backorders_site.staff.admin.lines import refunds_table
from backorders_site.staff.admin.orders import events_of_order, notes_of_order, shipments_of_order
from backorders_site.staff.admin.shop_changes import OPEN, changes_of_order
from backorders_site.staff.admin.shop_tasks import shop_tasks_table
from backorders_site.staff.pages.base import admin_of, page, staff_page
from backorders_site.staff.words import SILENCE_WORDS
from notifications.models import Message
from orders import queue
from orders.access import Purpose, order_url, without_tokens
from orders.models import DelayNotice, Note, Order, OrderLine, Refund, ShopChange, ShopTask
from orders.queue import Position

MAILS_SHOWN = 20  # the newest


@dataclass(frozen=True, slots=True)
class ShownLine:
    line: OrderLine
    position: Position | None
    buttons: Sequence[Button]
    notice: DelayNotice | None = None

    @property
    def question(self) -> str:
        """What the law has us ask of the customer, while it is open."""
        notice = self.notice
        if notice is None or not notice.still_asks(self.line) or not self.line.open_units:
            return ""
        words = {
            "case": notice.case,
            "day": date_format(notice.answer_by) if notice.answer_by else "",
        }
        if notice.answer_by is None:
            asked = _("May answer at any time")
        elif notice.must_be_answered:
            asked = _("Must answer by %(day)s")
        else:
            asked = _("May answer by %(day)s")
        parts = [
            asked % words,
            SILENCE_WORDS.get(notice.silence, "") if notice.binds else _("silence changes nothing"),
            "" if notice.is_told else _("not told"),
            _("told too late to count") if notice.adequate is False else "",
            _("case %(case)s") % words,
        ]
        return "; ".join(str(part) for part in parts if part)

    @property
    def units(self) -> str:
        """How many, and where they are when that is not one thing."""
        line = self.line
        parts = [
            _("%(n)d waiting") % {"n": line.waiting} if line.waiting else "",
            _("%(n)d reserved") % {"n": line.reserved} if line.reserved else "",
            _("%(n)d shipped") % {"n": line.shipped} if line.shipped else "",
            _("%(n)d canceled") % {"n": line.cancelled} if line.cancelled else "",
        ]
        there = [part for part in parts if part]
        return f"{line.quantity}: {', '.join(there)}" if len(there) > 1 else str(line.quantity)


@dataclass(frozen=True, slots=True)
class ShownMail:
    mail: Message
    buttons: Sequence[Button]

    @property
    def text(self) -> str:
        return without_tokens(self.mail.text)


@dataclass(frozen=True, slots=True)
class AskedChange:
    """Old and new side by side, until somebody has decided."""

    what: str
    here: str
    there: str
    row: ShopChange
    buttons: Sequence[Button]


@staff_page("orders.view_order")
@require_GET
def order(request: HttpRequest, number: str) -> HttpResponse:
    row = find(number)
    orders = admin_of(Order)
    return page(
        request,
        "order.html",
        title=_("Order %(number)s") % {"number": row.number},
        order=row,
        look=order_url(row, Purpose.LOOK),
        sees_address=sees_addresses(request),
        buttons=orders.buttons(request, row, back=request.path),
        changes=changes_of(request, row),
        lines=lines_of(request, row),
        mails=mails_of(request, row),
        mails_shown=MAILS_SHOWN,
        sees_mails=admin_of(Message).has_view_permission(request),
        tables=[
            table for table in _tables(row) if admin_of(table.model).has_view_permission(request)
        ],
    )


def find(number: str) -> Order:
    """In either case of letters."""
    notices = Prefetch("notices", DelayNotice.objects.filter(outcome="").order_by("pk"))
    lines = (
        OrderLine.objects.select_related("product", "promise", "order")
        .prefetch_related(notices)
        .order_by("pk")
    )
    orders = Order.objects.alias(upper=Upper("number")).prefetch_related(Prefetch("lines", lines))
    found = (
        orders.filter(upper=number.replace("\0", "").upper()).select_related("imported_by").first()
    )
    if found is None:
        raise Http404(f"no order {number[:100]}")
    return found


def lines_of(request: HttpRequest, row: Order) -> list[ShownLine]:
    lines = list(row.lines.all())
    positions = queue.positions(line.pk for line in lines)
    model_admin = admin_of(OrderLine)
    return [
        ShownLine(
            line,
            positions.get(line.pk),
            model_admin.buttons(request, line, back=request.path),
            _question_of(line),
        )
        for line in lines
    ]


def _question_of(line: OrderLine) -> DelayNotice | None:
    """The newest that is open, but for one whose silence cancels until a newer one is told."""
    by_weight = sorted(
        line.notices.all(),
        key=lambda notice: notice.told_at is not None and notice.must_be_answered,
    )
    return by_weight[-1] if by_weight else None


def changes_of(request: HttpRequest, row: Order) -> list[AskedChange]:
    model_admin = admin_of(ShopChange)
    if not model_admin.has_view_permission(request):
        return []
    return [
        AskedChange(
            change.get_what_display(),
            shown(change, change.here),
            shown(change, change.there),
            change,
            model_admin.buttons(request, change, back=request.path),
        )
        for change in row.shop_changes.filter(OPEN)
        .select_related("order", "line__product")
        .order_by("pk")
    ]


def mails_of(request: HttpRequest, row: Order) -> list[ShownMail]:
    model_admin = admin_of(Message)
    if not model_admin.has_view_permission(request):
        return []
    mails = row.messages.defer("html", "headers").order_by("-pk")[:MAILS_SHOWN]
    return [
        ShownMail(mail, model_admin.buttons(request, mail, back=request.path)) for mail in mails
    ]


def _tables(row: Order) -> list[RecordTable]:
    made = [
        notes_of_order(row),
        events_of_order(row),
        shipments_of_order(row),
        refunds_table(Refund.objects.filter(line__order=row)),
        shop_tasks_table(ShopTask.objects.filter(line__order=row)),
        changes_of_order(row.shop_changes.exclude(OPEN)),
    ]
    return [table for table in made if table.rows or table.model is Note]
