"""How many emails about a product's last change have gone out: it settles, then they go out, then
all have theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from backorders_site.staff.pages.base import staff_page
from notifications.reach import goes_to_all
from orders.models import Discontinuation, Product, RestockDate
from orders.sql_files import sql

SHOWN = timedelta(days=1)
NAMED = 3  # of the deliveries whose dates settle


@dataclass(frozen=True, slots=True)
class Telling:
    """Of the orders that a review gave news: how many emails are sent, and how many are still to
    go. The others get none: they can't be reached, turned such emails off, or are not released.
    `is_last`: no newer change settles."""

    orders: int
    sent: int
    to_go: int
    at: datetime
    is_last: bool

    @property
    def words(self) -> str:
        n = number_format(self.orders, force_grouping=True)
        if self.is_last:
            first = ngettext(
                "The last change is news to %(n)s order",
                "The last change is news to %(n)s orders",
                self.orders,
            )
        else:
            first = ngettext(
                "The change before it, published at %(at)s, is news to %(n)s order",
                "The change before it, published at %(at)s, is news to %(n)s orders",
                self.orders,
            )
        without = self.orders - self.sent - self.to_go
        parts = [
            (self.sent, ngettext("%(n)s email sent", "%(n)s emails sent", self.sent)),
            (self.to_go, _("%(n)s to go")),
            (without, _("%(n)s without an email")),
        ]
        said = [
            words % {"n": number_format(count, force_grouping=True)}
            for count, words in parts
            if count
        ]
        named = first % {"n": n, "at": f"{timezone.localtime(self.at):%H:%M}"}
        return f"{named}: {', '.join(said)}."

    @property
    def is_paused(self) -> bool:
        return bool(self.to_go) and not goes_to_all()


NEWS = sql(__file__, "news")


def telling(product: Product, *, is_last: bool, now: datetime) -> Telling | None:
    """Of the last change within a day that anybody hears of."""
    with connection.cursor() as cursor:
        cursor.execute(NEWS, {"product": product.pk, "since": now - SHOWN})
        orders, sent, to_go, at = cursor.fetchone()
    return Telling(orders, sent, to_go, at, is_last) if orders else None


def what_settles(product: Product) -> str:
    """The dates that came since customers heard last, by delivery; else the kind of change."""
    since = RestockDate.objects.filter(
        restock__product=product, recorded_at__gte=product.changed_at
    )
    newest = (
        since.select_related("restock")
        .order_by("restock_id", "-posted_on", "-pk")
        .distinct("restock_id")
    )
    said = [_date_words(version) for version in newest[: NAMED + 1]]
    if len(said) > NAMED:
        said[NAMED:] = [_("and others")]
    return "; ".join(said) or product.get_change_reason_display()


def _date_words(version: RestockDate) -> str:
    words = {
        "delivery": version.restock.reference,
        "day": date_format(version.expected_on),
        "reason": version.get_reason_display(),
    }
    said = (
        _("%(delivery)s to %(day)s, %(reason)s") if version.reason else _("%(delivery)s to %(day)s")
    )
    return said % words


@staff_page("orders.view_product")
@require_GET
def show(request: HttpRequest, sku: str) -> HttpResponse:
    """For the product's page, which asks again while anything is under way. Once its queue has
    ended all of it is another."""
    product = get_object_or_404(Product, sku=sku)
    said = how_far(product, now=timezone.now())
    response = render(request, "staff/pages/email_progress.html", said)
    if "ending" in request.GET and not said["is_ending"]:
        response["HX-Refresh"] = "true"
    return response


def how_far(product: Product, *, now: datetime) -> dict[str, object]:
    """What the template says."""
    is_settling = product.review_at is not None and product.review_at > now
    found = telling(product, is_last=not is_settling, now=now)
    ending = _ending(product, now=now)
    is_ending = ending is not None and ending.finished_at is None
    has_mails_to_go = found is not None and found.to_go > 0 and not found.is_paused
    return {
        "product": product,
        "settles": what_settles(product) if is_settling else "",
        "telling": found,
        "ending": ending,
        "is_ending": is_ending,
        "under_way": product.review_at is not None or has_mails_to_go or is_ending,
    }


def _ending(product: Product, *, now: datetime) -> Discontinuation | None:
    """Says that everyone who waits is being canceled, or was within a day."""
    lately = Q(finished_at=None) | Q(finished_at__gt=now - SHOWN)
    return Discontinuation.objects.filter(lately, product=product).order_by("-pk").first()
