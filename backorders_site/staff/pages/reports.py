"""Reports: how suppliers keep their dates and we ours, how long people wait, what to reorder. Each
is a table and a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from backorders_site.staff.csv_export import sheet
from backorders_site.staff.pages import report_figures as figures
from backorders_site.staff.pages.base import page, staff_page
from backorders_site.staff.words import Text

SHOWN = 100  # rows of a table; the sheet has all


@dataclass(frozen=True, slots=True)
class Column:
    """`name` in the sheet, `label` on the page; there, `unit` follows a number."""

    name: str
    label: Text
    unit: str = ""

    @property
    def is_text(self) -> bool:
        return self.name in ("sku", "name", "supplier", "reason")


@dataclass(frozen=True, slots=True)
class ReportPage:
    slug: str
    title: Text
    explanation: Text
    empty: Text
    columns: Sequence[Column]
    figures: figures.Figures


REPORTS = {
    report.slug: report
    for report in [
        ReportPage(
            "suppliers",
            gettext_lazy("Suppliers"),
            gettext_lazy(
                "For restocks that have arrived in full: the first date the supplier gave, "
                "compared with the day the last unit arrived. The trend compares the last 180 "
                "days with the time before, in percentage points of the share on time."
            ),
            gettext_lazy(
                "Nothing has arrived yet. Add a restock, or import restocks with their past dates "
                "and arrivals."
            ),
            [
                Column("supplier", gettext_lazy("Supplier")),
                Column("deliveries", gettext_lazy("Came")),
                Column("on_time_percent", gettext_lazy("On time"), "%"),
                Column("median_days_late", gettext_lazy("Half arrived by"), " d"),
                Column("p90_days_late", gettext_lazy("9 in 10 by"), " d"),
                Column("on_time", gettext_lazy("Share on time")),
                Column("late_1_to_3", gettext_lazy("1–3 d")),
                Column("late_4_to_7", gettext_lazy("4–7 d")),
                Column("late_8_to_14", gettext_lazy("8–14 d")),
                Column("late_15_to_30", gettext_lazy("15–30 d")),
                Column("late_over_30", gettext_lazy("over 30 d")),
                Column("on_time_percent_180_days", gettext_lazy("On time, last 180 days"), "%"),
                Column("trend_points", gettext_lazy("Trend")),
                Column("open", gettext_lazy("Open")),
                Column("overdue", gettext_lazy("Overdue")),
            ],
            figures.suppliers,
        ),
        ReportPage(
            "windows",
            gettext_lazy("Our windows"),
            gettext_lazy(
                "For windows we told customers that have ended: how many lines shipped by the "
                "last day told, and how many within the window. A share of fewer than 50 says "
                "nothing and isn't shown."
            ),
            gettext_lazy("No window has ended yet. The first ends when the first line ships."),
            [
                Column("sku", gettext_lazy("Product")),
                Column("name", gettext_lazy("Name")),
                Column("days", gettext_lazy("Period"), " d"),
                Column("outcomes", gettext_lazy("Ended")),
                Column("by_last_day_percent", gettext_lazy("By the last day"), "%"),
                Column("within_percent", gettext_lazy("Within"), "%"),
                Column("aim_by_last_day_percent", gettext_lazy("Aim"), "%"),
                Column("aim_within_percent", gettext_lazy("Aim within"), "%"),
            ],
            figures.windows,
        ),
        ReportPage(
            "queue-age",
            gettext_lazy("Age of the queue"),
            gettext_lazy(
                "Waiting lines, each one product of an order, by days since payment (or since "
                "ordering, if the payment date is unknown). The oldest queue comes first."
            ),
            gettext_lazy("No orders are waiting. Import orders, or add them one by one."),
            [
                Column("sku", gettext_lazy("Product")),
                Column("name", gettext_lazy("Name")),
                Column("orders", gettext_lazy("Lines waiting")),
                Column("units", gettext_lazy("Units waiting")),
                Column("oldest_days", gettext_lazy("Oldest"), " d"),
                Column("days_0_to_7", gettext_lazy("0–7 d")),
                Column("days_8_to_30", gettext_lazy("8–30 d")),
                Column("days_31_to_90", gettext_lazy("31–90 d")),
                Column("days_91_to_180", gettext_lazy("91–180 d")),
                Column("days_over_180", gettext_lazy("over 180 d")),
            ],
            figures.ages,
        ),
        ReportPage(
            "reorder",
            gettext_lazy("What to reorder"),
            gettext_lazy(
                "Units customers are waiting for that no restock covers, and when all units on "
                "order will be taken if orders keep coming as in the last four weeks. The most "
                "urgent product comes first."
            ),
            gettext_lazy(
                "No one is waiting for a product on backorder, and none was ordered in the last "
                "four weeks."
            ),
            [
                Column("sku", gettext_lazy("Product")),
                Column("name", gettext_lazy("Name")),
                Column("units_waiting", gettext_lazy("Waiting")),
                Column("units_spare", gettext_lazy("Spare")),
                Column("units_expected", gettext_lazy("On order")),
                Column("units_no_restock_covers", gettext_lazy("Not covered")),
                Column("units_a_week", gettext_lazy("Ordered per week")),
                Column("runs_out_on", gettext_lazy("All taken by")),
            ],
            figures.reorder,
        ),
        ReportPage(
            "delays",
            gettext_lazy("Delays by reason"),
            gettext_lazy(
                "In the last 90 days: how often a restock's date moved back, by how much, and how "
                "many promises that changed."
            ),
            gettext_lazy("No delays in the last 90 days."),
            [
                Column("reason", gettext_lazy("Reason")),
                Column("restocks_moved", gettext_lazy("Restocks moved back")),
                Column("mean_days", gettext_lazy("Average delay"), " d"),
                Column("promises_changed", gettext_lazy("Promises changed")),
                Column("orders", gettext_lazy("Orders")),
            ],
            figures.delays,
        ),
    ]
}


@staff_page("orders.view_product")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return page(request, "reports.html", title=_("Reports"), reports=REPORTS.values())


@staff_page("orders.view_product")
@require_GET
def report(request: HttpRequest, slug: str) -> HttpResponse:
    shown = _report(slug)
    rows = list(islice(shown.figures(timezone.now()), SHOWN + 1))
    return page(
        request,
        "report.html",
        title=shown.title,
        report=shown,
        rows=[
            [
                (column, _worded(column, cell))
                for column, cell in zip(shown.columns, row, strict=True)
            ]
            for row in rows[:SHOWN]
        ],
        is_cut=len(rows) > SHOWN,
        shown=SHOWN,
    )


@staff_page("orders.view_product")
@require_GET
def report_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    shown = _report(slug)
    columns = [column.name for column in shown.columns]
    return sheet(
        slug, columns, ([_plain(cell) for cell in row] for row in shown.figures(timezone.now()))
    )


def _report(slug: str) -> ReportPage:
    if slug not in REPORTS:
        raise Http404(f"no report {slug}")
    return REPORTS[slug]


def _worded(column: Column, cell: object) -> object:
    if cell is None:
        return "–"
    if column.name == "trend_points":
        return f"{cell:+d}"
    return f"{cell}{column.unit}" if column.unit else cell


def _plain(cell: object) -> object:
    return cell.isoformat() if isinstance(cell, date) else cell
