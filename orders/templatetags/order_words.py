"""What orders.words words, for templates; `locale` and `today` come with the page."""

from datetime import date, datetime
from urllib.parse import quote, urlencode

from django import template
from django.conf import settings
from django.http import QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.translation import gettext

from orders.domain.money import Money
from orders.pages.drawings.journey import Stage
from orders.pages.drawings.journey import journey as stages_of
from orders.pages.drawings.queue_bar import QueueBar, queue_bar
from orders.pages.drawings.window_strip import Strip, window_strip
from orders.pages.language import PARAMETER
from orders.pages.line_status import LineStatus
from orders.pages.parcels import Parcel
from orders.pages.promised import DatesKept, WindowTold
from orders.pages.timeline import Happened
from orders.transit import arrives_by
from orders.words import (
    WindowWords,
    arrival_sentence,
    checking_sentence,
    clock_words,
    dates_kept_sentence,
    day_words,
    in_language,
    isolated,
    meanwhile_sentence,
    moment_words,
    money_words,
    next_word_sentence,
    number_words,
    place_sentence,
    share_words,
    shop_days_sentence,
    split_sentence,
    support_times,
    tracking_link,
    units_of,
    why_chances_sentence,
    window_parts,
)

register = template.Library()
register.filter("isolated", isolated)


@register.simple_tag(takes_context=True)
def window(context: Context, line: LineStatus) -> WindowWords | None:
    """`lead_html`, `range` and `certainty` of the window that a line was promised."""
    promised = line.promised
    if promised is None:
        return None
    return window_parts(
        promised.window,
        since=promised.on,
        locale=context["locale"],
        today=context["today"],
        withdrawn=line.withdrawn,
        changed=line.change is not None and line.told_day is not None,
        reserved=line.is_here,
        last=line.is_split and line.open_units > 1,
    )


@register.simple_tag(takes_context=True)
def split(context: Context, line: LineStatus) -> str:
    """What has left of a line and what has not."""
    return split_sentence(
        shipped=line.shipped,
        shipped_on=line.shipped_on,
        still=line.open_units,
        quantity=line.quantity,
        today=context["today"],
        locale=context["locale"],
    )


@register.simple_tag(takes_context=True)
def amount(context: Context, units: int, quantity: int) -> str:
    return units_of(units, quantity, locale=context["locale"])


@register.simple_tag(takes_context=True)
def checking(context: Context) -> str:
    """What is done where reserved goods should have shipped, or have no day to."""
    return checking_sentence(locale=context["locale"])


@register.simple_tag(takes_context=True)
def why_chances(context: Context) -> str:
    return why_chances_sentence(locale=context["locale"])


@register.simple_tag(takes_context=True)
def next_word(context: Context, by: date) -> str:
    """The one day by which the reader hears from us."""
    return next_word_sentence(
        by, today=context["today"], mailed=context["mailed"], locale=context["locale"]
    )


@register.simple_tag(takes_context=True)
def meanwhile(context: Context, line: LineStatus) -> str:
    """What we do while no day stands; nothing where one does."""
    promised = line.promised
    if promised is None:
        return ""
    return meanwhile_sentence(
        promised.window,
        today=context["today"],
        reserved=line.is_here,
        mailed=context["mailed"],
        locale=context["locale"],
    )


@register.simple_tag(takes_context=True)
def arrival(context: Context, line: LineStatus) -> str:
    """By when all of it should be with the customer; nothing where no day is known."""
    if line.arrives_by is None:
        return ""
    return arrival_sentence(line.arrives_by, today=context["today"], locale=context["locale"])


@register.simple_tag(takes_context=True)
def parcel_arrival(context: Context, parcel: Parcel) -> str:
    """Of a part that is on its way while the rest is still to ship; nothing where nobody knows when
    it left."""
    if parcel.shipped_at is None:
        return ""
    by = arrives_by(timezone.localtime(parcel.shipped_at).date(), context["order"].country)
    return arrival_sentence(by, today=context["today"], locale=context["locale"])


@register.simple_tag(takes_context=True)
def money(context: Context, value: Money) -> str:
    return money_words(value, locale=context["locale"])


@register.simple_tag(takes_context=True)
def place(context: Context, line: LineStatus) -> str:
    """Beside it, the journey names the delivery."""
    return place_sentence(line.place or 1, locale=context["locale"])


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | datetime) -> str:
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    with in_language(context["locale"]) as dates:
        return day_words(value, today=context["today"], locale=dates)


@register.simple_tag(takes_context=True)
def told_on(context: Context, event: Happened) -> str:
    """When an email told of an event; the day is named if it is another one."""
    at, told = (
        timezone.localtime(moment).date() for moment in (event.at, event.told_at or event.at)
    )
    with in_language(context["locale"]) as dates:
        if told == at:
            return gettext("emailed")
        return gettext("emailed on %(day)s") % {
            "day": day_words(told, today=context["today"], locale=dates)
        }


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime) -> str:
    return moment_words(at, today=context["today"], locale=context["locale"])


@register.simple_tag(takes_context=True)
def clock(context: Context, at: datetime, named: bool = False) -> str:
    """In the shop's zone, as all days and times; `named` with it, and so where the reader's clock
    shows another time."""
    zone = context.get("zone")
    away = zone and at.astimezone(zone).utcoffset() != timezone.localtime(at).utcoffset()
    return clock_words(at, locale=context["locale"], named=named or bool(away))


@register.simple_tag(takes_context=True)
def shop_days(context: Context) -> str:
    """Whose days and times the page writes."""
    return shop_days_sentence(locale=context["locale"])


@register.simple_tag(takes_context=True)
def share(context: Context, value: float) -> str:
    return share_words(value, locale=context["locale"])


@register.simple_tag(takes_context=True)
def whole_percent(context: Context, value: int) -> str:
    """A whole percent, which share_words would round again."""
    return share_words(value / 100, locale=context["locale"])


@register.simple_tag(takes_context=True)
def number(context: Context, value: int) -> str:
    with in_language(context["locale"]) as numbers:
        return number_words(value, locale=numbers)


@register.filter
def tracked_at(parcel: Parcel) -> str:
    """The carrier's page for a parcel, or nothing."""
    return tracking_link(parcel.carrier, parcel.tracking_number)


@register.inclusion_tag("orders/drawings/window_strip.html", takes_context=True)
def strip(context: Context, line: LineStatus) -> dict[str, Strip | None]:
    """The windows told for a line, as a picture; nothing where no day was ever told."""
    promised = line.promised
    if promised is None:
        return {"strip": None}
    present = WindowTold(promised.window, promised.on)
    return {
        "strip": window_strip(
            present, line.former, today=context["today"], locale=context["locale"]
        )
    }


@register.inclusion_tag("orders/drawings/queue_bar.html", takes_context=True)
def queuebar(context: Context, line: LineStatus) -> dict[str, QueueBar | None]:
    """How far a line has come since it joined, as a picture; nothing where it has not."""
    place, joined = line.place, line.joined_place
    bar = (
        queue_bar(place=place, joined_place=joined, locale=context["locale"])
        if place and joined
        else None
    )
    return {"bar": bar}


@register.inclusion_tag("orders/drawings/journey.html", takes_context=True)
def journey(context: Context, line: LineStatus) -> dict[str, list[Stage]]:
    return {
        "stages": stages_of(
            line,
            placed_at=context["order"].placed_at,
            today=context["today"],
            locale=context["locale"],
        )
    }


@register.simple_tag(takes_context=True)
def dates_kept(context: Context, record: DatesKept) -> str:
    return dates_kept_sentence(record.dates, record.held, locale=context["locale"])


@register.filter
def percent(value: float) -> str:
    """A length in an SVG, in any language: a comma would be read as two lengths."""
    return f"{value:.2f}%"


@register.filter
def masked(email: str) -> str:
    """a•••@example.com: enough for its owner to recognize."""
    name, _, host = email.rpartition("@")
    return isolated(f"{name[:1]}•••@{host}") if host else ""


@register.filter
def besides_language(query: QueryDict) -> str:
    """The parameters of an address to which `lang=` is added: "line=1&choice=keep&"."""
    kept = [(name, values) for name, values in query.lists() if name != PARAMETER]
    return f"{urlencode(kept, doseq=True)}&" if kept else ""


@register.simple_tag
def help_mailto(order_number: str = "") -> str:
    """An email to a person, with the order's number in the subject."""
    return _mailto(
        gettext("Order %(number)s") % {"number": isolated(order_number)} if order_number else ""
    )


@register.simple_tag
def moved_mailto(order_number: str) -> str:
    return _mailto(gettext("Order %(number)s: new address") % {"number": isolated(order_number)})


def _mailto(subject: str) -> str:
    return f"mailto:{settings.SUPPORT_EMAIL}" + (f"?subject={quote(subject)}" if subject else "")


register.simple_tag(support_times)


@register.simple_tag
def support_address() -> str:
    """For the page of last resort, which is rendered without a request."""
    return str(settings.SUPPORT_EMAIL)
