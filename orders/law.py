"""Whose rules an order falls under in this shop."""

from django.conf import settings

from orders.domain.delay_rules import Jurisdiction, jurisdiction_of, strictest


def law_of(country: str, region: str) -> Jurisdiction:
    """The law of the shipping address, or the stricter set that the shop chose (DELAY_RULES)."""
    law = jurisdiction_of(country, region, default_country=settings.SHOP_COUNTRY)
    return strictest(law, Jurisdiction(settings.DELAY_RULES)) if settings.DELAY_RULES else law
