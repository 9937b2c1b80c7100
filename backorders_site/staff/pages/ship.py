"""Parcels that left, recorded for one order or many, pasted or from a file. Each order is recorded
whole or not at all."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django import forms
from django.db import transaction
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from backorders_site.staff.actions.base import hash_of
from backorders_site.staff.admin.base import actor_of
from backorders_site.staff.admin.lines import LineState
from backorders_site.staff.pages.base import page, shows_mails, staff_page
from backorders_site.staff.preview import rehearse
from orders import services
from orders.domain import keys
from orders.imports import damage
from orders.imports.skus import meant
from orders.models import Order, OrderLine, Shipment
from orders.words import tracking_link

MAX_ROWS = 1000
MAX_BYTES = 1_000_000
MAX_LINE_LENGTH = 5000  # characters; all the cells of a parcel come to 500
SEPARATORS = "\t;,"
SHIPPED_BY = ("to-ship", "not-recorded")  # of LineState: what today's desk asks a shipment of
COLUMNS = ("order_number", "tracking_number", "carrier", "sku", "quantity")
DIGIT = re.compile("[0-9]")
MAX_LENGTHS = {
    "order_number": keys.MAX_ORDER_NUMBER,
    "tracking_number": keys.MAX_TRACKING_NUMBER,
    "carrier": keys.MAX_CARRIER,
}


@dataclass(slots=True)
class PastedRow:
    """A line of the paste and what came of it. `same_as`: the number of a line above that says the
    same."""

    number: int
    cells: dict[str, str]
    said: str = ""
    shipped: bool = False
    same_as: int | None = None

    @property
    def order_number(self) -> str:
        return self.cells["order_number"].lstrip("#")

    @property
    def key(self) -> tuple[str, ...]:
        """What it says, in either case of letters."""
        return (self.order_number.upper(), *(self.cells[name].upper() for name in COLUMNS[1:]))


@dataclass(slots=True)
class ShippedReport:
    rows: list[PastedRow] = field(default_factory=list)

    @property
    def shipped(self) -> list[PastedRow]:
        return [row for row in self.rows if row.shipped]

    @property
    def refused(self) -> list[PastedRow]:
        return [row for row in self.rows if not row.shipped and row.same_as is None]

    @property
    def repeated(self) -> list[PastedRow]:
        return [row for row in self.rows if row.same_as is not None]


class ShipForm(forms.Form):
    label = gettext_lazy("Ship")  # on the button that confirms
    pasted = forms.CharField(
        label=gettext_lazy("Paste from your shipping tool"),
        required=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(
            {"class": "paste", "rows": 8, "spellcheck": "false", "autocapitalize": "off"}
        ),
        help_text=gettext_lazy(
            "Enter one line for each parcel: order number, tracking number, carrier, separated by "
            "tabs, semicolons or commas. This records every reserved unit of the order as "
            "shipped. To ship only part, add the SKU and the quantity: 1001, 1Z999, UPS, LAMP, 2."
        ),
    )
    file = forms.FileField(label=gettext_lazy("Or choose a CSV file of such lines"), required=False)
    carrier = forms.CharField(
        label=gettext_lazy("Carrier, for lines without one"),
        required=False,
        max_length=keys.MAX_CARRIER,
    )

    def clean(self) -> dict[str, object]:
        data = super().clean() or self.cleaned_data
        text, file = str(data.get("pasted") or ""), data.get("file")
        if file and text.strip():
            raise forms.ValidationError(_("Paste lines or choose a file, not both."))
        if file:
            text = self._read(file)
        rows = rows_of(text, carrier=str(data.get("carrier") or ""))
        if not rows:
            raise forms.ValidationError(
                _("Paste at least one line with an order number and a tracking number.")
            )
        if len(rows) > MAX_ROWS:
            raise forms.ValidationError(
                _("Paste at most %(most)d lines. For larger files, use Import.")
                % {"most": MAX_ROWS}
            )
        return {**data, "rows": rows, "text": text}

    def meant(self) -> str:
        """What was read: shown with what it would do, so that nothing else is done after that. Of a
        valid form."""
        return hash_of([sorted(row.cells.items()) for row in self.cleaned_data["rows"]])

    def as_pasted(self) -> "ShipForm":
        """The same with the lines of a file in the box: a file is not sent a second time."""
        data = self.cleaned_data
        return ShipForm({"pasted": data["text"], "carrier": data["carrier"]})

    def _read(self, file: "forms.FileField") -> str:
        content = file.read(MAX_BYTES + 1)  # type: ignore[attr-defined]  # what a FileField cleans to
        if len(content) > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 1 MB. Use Import for larger files.")
            )
        try:
            return str(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(
                _("The file isn't UTF-8 text. In your spreadsheet, save it as “CSV UTF-8”.")
            ) from None


def rows_of(text: str, *, carrier: str = "") -> list[PastedRow]:
    """By position, or by the names in a first line that has them. Numbers are those of the lines as
    pasted. Of more than MAX_ROWS one more is read."""
    text = text.replace("\0", "")
    columns: Sequence[str] = COLUMNS
    rows: list[PastedRow] = []
    number, lines = 0, io.StringIO(text)
    for line in lines:
        if len(rows) > MAX_ROWS:
            break
        if not line.strip():
            number += 1
            continue
        # Each by its own separator: a paste may come from two tools. A quoted cell may continue on
        # the lines below.
        if len(line) > MAX_LINE_LENGTH:
            number += 1
            words = _(
                "The line is longer than %(most)d characters. Put each parcel on its own line."
            )
            rows.append(
                PastedRow(number, dict.fromkeys(COLUMNS, ""), words % {"most": MAX_LINE_LENGTH})
            )
            continue
        reader = csv.reader(chain([line], lines), delimiter=_separator(line))
        try:
            read = next(reader)
        except csv.Error:
            number += reader.line_num
            rows.append(
                PastedRow(
                    number,
                    dict.fromkeys(COLUMNS, ""),
                    _("We can't read this line: quotes aren't in pairs, or a cell is too long."),
                )
            )
            continue
        number += reader.line_num
        cells = [damage.without_guard(" ".join(cell.split())) for cell in read]
        if not any(cells):
            continue
        named = [re.sub("[ -]", "_", cell.lower()) for cell in cells]
        if not rows and "order_number" in named:
            columns = named
            continue
        found = dict(zip(columns, cells, strict=False))
        picked = {name: found.get(name, "") for name in COLUMNS}
        if columns is COLUMNS and _are_the_other_way_round(picked):
            picked |= {"tracking_number": picked["carrier"], "carrier": picked["tracking_number"]}
        picked["carrier"] = picked["carrier"] or carrier
        rows.append(PastedRow(number, picked, _damaged(picked)))
    return rows


def _damaged(cells: dict[str, str]) -> str:
    """What a spreadsheet did to a number that the customer is sent to the carrier with."""
    faults = (damage.repaired_key(cells[name])[1] for name in COLUMNS[:2])
    return next((_("The number %s.") % fault for fault in faults if fault), "")


def _separator(line: str) -> str:
    """The first behind the first cell, which may be quoted."""
    quoted = line.find('"', 1) + 1 if line.startswith('"') else 0
    return next((sign for sign in line[quoted:] if sign in SEPARATORS), ",")


def _are_the_other_way_round(cells: dict[str, str]) -> bool:
    """The carrier before the number, as many tools write it: no tracking number is without a
    digit."""
    return (
        bool(DIGIT.search(cells["carrier"]))
        and not DIGIT.search(cells["tracking_number"])
        and bool(cells["tracking_number"])
    )


@staff_page("orders.ship_order")
@shows_mails
@require_http_methods(["GET", "POST"])
def ship(request: HttpRequest) -> HttpResponse:
    form = ShipForm(
        request.POST or None,
        request.FILES or None,
        initial={"pasted": _numbers(request.GET.get("state", ""))},
    )
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        now, actor = timezone.now(), actor_of(request, "orders.ship_order")
        rows = form.cleaned_data["rows"]
        if "again" in request.POST or request.POST.get("meant") != form.meant():
            report = ShippedReport()
            consequences = rehearse(
                lambda: report.rows.extend(record(rows, now=now, actor=actor).rows), [], now=now
            )
            shown = {
                "report": report,
                "consequences": consequences if report.shipped else None,
                "meant": form.meant(),
            }
            form = form.as_pasted()
        else:
            report = record(rows, now=now, actor=actor)
            shown = {"report": report, "is_done": True}
            form = form.as_pasted() if report.refused else ShipForm()
    return page(request, "shipping.html", title=_("Ship"), form=form, **shown)


def _numbers(state: str) -> str:
    """Orders with lines in one of the states of SHIPPED_BY, a line each, the first to ship first: a
    tracking number may be added, and what has not left is taken out."""
    if state not in SHIPPED_BY:
        return ""
    lines = OrderLine.objects.filter(LineState.conditions()[state][1]).order_by(
        "promise__late", "queued_at", "pk"
    )
    numbers = dict.fromkeys(lines.values_list("order__number", flat=True)[:MAX_ROWS])
    return "".join(f"{number}\n" for number in numbers)


def record(rows: Iterable[PastedRow], *, now: datetime, actor: str) -> ShippedReport:
    """What shipped and what was refused, line by line. All lines of one order are done, or none; of
    lines that say the same the first alone counts."""
    report = ShippedReport(list(rows))
    by_order: dict[str, list[PastedRow]] = {}
    first: dict[tuple[str, ...], int] = {}
    for row in report.rows:
        if row.said:
            continue
        above = first.setdefault(row.key, row.number)
        if above != row.number:
            row.same_as = above
        else:
            by_order.setdefault(row.order_number.upper(), []).append(row)
    orders = Order.objects.alias(upper=Upper("number")).filter(upper__in=by_order)
    known = {order.number.upper(): order for order in orders}
    for number, theirs in by_order.items():
        _record_order(known.get(number), theirs, now=now, actor=actor)
    return report


class _Refused(Exception):
    """A row of an order cannot be done; the others of the order are not done either."""

    def __init__(self, row: PastedRow, why: str) -> None:
        super().__init__(why)
        self.row = row


def _record_order(
    order: Order | None, rows: Sequence[PastedRow], *, now: datetime, actor: str
) -> None:
    said: list[str] = []
    try:
        with transaction.atomic():
            for row in rows:
                said.append(_record_row(order, row, now=now, actor=actor))
    except _Refused as refused:
        for row in rows:
            row.said = _("Not recorded, because another line of this order was refused.")
        refused.row.said = str(refused)
        return
    for row, words in zip(rows, said, strict=True):
        row.shipped, row.said = True, words


def _record_row(order: Order | None, row: PastedRow, *, now: datetime, actor: str) -> str:
    cells = row.cells
    if order is None:
        raise _Refused(
            row,
            _("There is no order “%s”. Check the number.") % row.order_number
            if row.order_number
            else _("Enter an order number."),
        )
    for name, most in MAX_LENGTHS.items():
        if len(cells[name]) > most:
            raise _Refused(
                row,
                _("%(column)s is longer than %(most)d characters. Shorten it.")
                % {"column": name, "most": most},
            )
    chosen = _chosen(order, row, now=now)
    carrier, number = cells["carrier"], cells["tracking_number"]
    try:
        if number and (there := _without_number(order, chosen)):
            shipment, units = there
            units = {chosen[0].pk: int(cells["quantity"])} if cells["quantity"] else units
            services.number_parcel(
                order,
                units,
                shipped_at=shipment.shipped_at,
                carrier=carrier,
                tracking_number=number,
                now=now,
                actor=actor,
            )
            words = _("Already shipped. The tracking number is added.")
        else:
            units = _units(order, row, chosen)
            services.ship(
                order, units, carrier=carrier, tracking_number=number, now=now, actor=actor
            )
            count = sum(units.values())
            words = ngettext("%(n)d unit shipped.", "%(n)d units shipped.", count) % {"n": count}
            words += _canceled_words(line for line in chosen if line.pk not in units)
    except services.Refused as refused:
        raise _Refused(row, capfirst(str(refused))) from refused
    unknown = number and not tracking_link(carrier, number)
    return words + (" " + _("No tracking link: we don't know this carrier.") if unknown else "")


def _chosen(order: Order, row: PastedRow, *, now: datetime) -> list[OrderLine]:
    """The lines that the row is about."""
    sku, quantity = row.cells["sku"], row.cells["quantity"]
    lines = list(OrderLine.objects.filter(order=order).select_related("product"))
    if quantity and not (
        quantity.isascii() and quantity.isdigit() and len(quantity) <= 7 and int(quantity)
    ):
        raise _Refused(row, _("“%s” is not a number of units. Enter a whole number.") % quantity)
    if quantity and not sku and len(lines) > 1:
        raise _Refused(
            row, _("The order has several products. Enter the SKU of these %s units.") % quantity
        )
    sku = meant(sku, {line.product.sku for line in lines})
    chosen = [line for line in lines if not sku or line.product.sku == sku]
    if not chosen:
        raise _Refused(
            row,
            _("Order %(number)s has no product %(sku)s. Check the SKU.")
            % {"number": order.number, "sku": sku},
        )
    if _was_recorded(chosen, row.cells["tracking_number"], now=now):
        raise _Refused(row, _("This parcel is already recorded."))
    return chosen


def _without_number(
    order: Order, lines: Sequence[OrderLine]
) -> tuple[Shipment, dict[int, int]] | None:
    """Where nothing is set aside: the first parcel of these lines that has no tracking number yet,
    and its units."""
    if any(line.reserved for line in lines):
        return None
    ids = {line.pk for line in lines}
    for shipment in order.shipments.filter(corrects=None, tracking_number="").order_by("pk"):
        if units := {pk: number for pk, number in shipment.standing().items() if pk in ids}:
            return shipment, units
    return None


def _units(order: Order, row: PastedRow, lines: Sequence[OrderLine]) -> dict[int, int]:
    """By line: all that is set aside, or as many of the product as the row says."""
    open_units = any(line.waiting or line.reserved for line in lines)
    if not open_units and any(line.cancelled for line in lines):
        raise _Refused(
            row,
            _(
                "Order %s was canceled: stop the parcel. If it has shipped, import a shipments "
                "file with the time it shipped. Whichever came first counts."
            )
            % order.number,
        )
    if row.cells["quantity"]:
        return {lines[0].pk: int(row.cells["quantity"])}
    units = {line.pk: line.reserved for line in lines if line.reserved}
    if not units:
        raise _Refused(
            row, _("No units are reserved for order %s. Receive them first.") % order.number
        )
    return units


def _canceled_words(lines: Iterable[OrderLine]) -> str:
    """Of an order that ships in part: what must not be in the parcel."""
    skus = ", ".join(line.product.sku for line in lines if line.cancelled and not line.open_units)
    return " " + _("Canceled, so take it out of the parcel: %s.") % skus if skus else ""


def _was_recorded(lines: Sequence[OrderLine], tracking_number: str, *, now: datetime) -> bool:
    """Before this paste, and not taken back since. Without a number nobody can tell."""
    if not tracking_number:
        return False
    stands = Shipment.objects.filter(corrects=None, corrections=None, recorded_at__lt=now)
    return stands.filter(tracking_number=tracking_number, lines__line__in=lines).exists()
