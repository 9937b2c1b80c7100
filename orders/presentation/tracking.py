"""Where a parcel can be followed."""

from urllib.parse import quote

# Carriers' own pages, by the name shops write, without spaces and case.
PAGES = {
    "ups": "https://www.ups.com/track?tracknum={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "dhlexpress": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "gls": "https://gls-group.eu/track/{}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
}


def tracking_link(carrier: str, number: str) -> str:
    """The carrier's page for this parcel; empty for a carrier we don't know."""
    page = PAGES.get("".join(carrier.lower().split()))
    return page.format(quote(number.strip(), safe="")) if page and number.strip() else ""
