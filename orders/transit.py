"""When what ships is with the customer, by this shop's settings."""

from datetime import date

from django.conf import settings

from orders.domain import transit


def days_on_the_way(country: str) -> int:
    """To an order's country; empty: to the shop's own."""
    home = settings.SHOP_COUNTRY
    own = transit.parse_transit_days(settings.TRANSIT_DAYS)
    return transit.transit_days(country or home, home=home, own=own)


def arrives_by(ships_by: date, country: str) -> date:
    """The day by which it should be with the customer who is told it ships by `ships_by`."""
    return transit.arrives_by(ships_by, days_on_the_way(country))
