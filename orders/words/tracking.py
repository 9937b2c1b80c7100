"""Where a parcel can be followed."""

from collections.abc import Mapping
from urllib.parse import quote

from django.conf import settings

# Carriers' own pages, by the name shops write, without spaces and case. A shop adds its own
# (TRACKING_LINKS).
PAGES = {
    "ups": "https://www.ups.com/track?tracknum={number}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    "dhlexpress": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{number}",
    "gls": "https://gls-group.eu/track/{number}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
}
NUMBER = "{number}"


def tracking_link(carrier: str, number: str) -> str:
    """The carrier's page for this parcel; empty for a carrier we don't know."""
    page = pages().get(_name(carrier))
    return page.replace(NUMBER, quote(number.strip(), safe="")) if page and number.strip() else ""


def pages() -> dict[str, str]:
    own: Mapping[str, str] = settings.TRACKING_LINKS
    return PAGES | {_name(carrier): page for carrier, page in own.items()}


def _name(carrier: str) -> str:
    return "".join(carrier.lower().split())
