"""The offer before buying: what somebody would be promised who ordered now."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

from orders import queue
from orders.domain.promises import offered
from orders.domain.supply import Band, Window, window_for
from orders.domain.working_days import add_working_days
from orders.models import Forecast, Product, Stock
from orders.words import window_in


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody would be promised who ordered `quantity` now. `window` is None before a first
    forecast. It names no day that has passed, whether or not anything has been reviewed since."""

    sku: str
    name: str
    quantity: int
    lines: int
    units: int
    window: Window | None
    on: date
    as_of: datetime


def offer(sku: str, quantity: int, *, now: datetime) -> Offer | None:
    """None: no product with this SKU is on backorder."""
    if "\0" in sku:  # PostgreSQL refuses it in any text
        return None
    product = Product.objects.filter(sku=sku, on_backorder=True).first()
    if product is None:
        return None
    length = queue.length(product.pk)
    today = timezone.localtime(now).date()
    stock = Stock.objects.filter(pk=product.pk).first()
    needed = length.units + quantity - (stock.arrived - stock.allocated if stock else 0)
    forecast = Forecast.objects.filter(product=product).order_by("-id").first()
    window = _from_stock(product, today) if needed <= 0 else _forecast_for(forecast, needed, today)
    on = forecast.made_on if forecast and needed > 0 else today
    return Offer(sku, product.name, quantity, length.lines, length.units, window, on, now)


def _from_stock(product: Product, today: date) -> Window:
    late = add_working_days(
        today, product.handling_days or settings.HANDLING_DAYS, settings.SHOP_COUNTRY
    )
    return Window("dated", today, late, late)


def _forecast_for(forecast: Forecast | None, units_needed: int, today: date) -> Window | None:
    if forecast is None:
        return None
    bands = [Band(row["up_to"], window_in(row), row["reference"]) for row in forecast.bands]
    return offered(window_for(bands, units_needed), forecast.made_on, today)


def about(number: int) -> int:
    """Two significant digits, below a hundred the nearest ten, for strangers; the exact number with
    EXACT_LINE."""
    if settings.EXACT_LINE or number == 0:
        return number
    step: int = 10 ** max(len(str(number)) - 2, 1)
    return max(round(number / step), 1) * step


def about_units(offer: Offer) -> int:
    """Units spoken for as strangers read them: rounded, yet not fewer than the orders that wait."""
    return max(about(offer.units), offer.lines)
