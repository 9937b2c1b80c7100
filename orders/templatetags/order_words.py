"""What orders.presentation words, for templates; `locale` and `today` come with the page."""

from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from babel.numbers import format_percent
from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from orders.presentation import (
    day_words,
    in_language,
    moment_words,
    next_word_sentence,
    place_sentence,
    tracking_link,
    window_html,
)
from orders.queries import LineStatus, Parcel, Promised

register = template.Library()
STEPS = {"waiting": 1, "part_reserved": 1, "reserved": 2, "part_shipped": 2, "shipped": 3}


@register.simple_tag(takes_context=True)
def lead(context: Context, promised: Promised) -> SafeString:
    return window_html(promised.window, since=promised.on, locale=context["locale"], today=context["today"])


@register.simple_tag(takes_context=True)
def next_word(context: Context, promised: Promised) -> str:
    return next_word_sentence(
        promised.window,
        since=promised.on,
        today=context["today"],
        mailed=context["mailed"],
        locale=context["locale"],
    )


@register.simple_tag(takes_context=True)
def place(context: Context, line: LineStatus) -> str:
    due = line.promised.due if line.promised else None
    return place_sentence(line.place or 1, locale=context["locale"], due=due, today=context["today"])


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | datetime) -> str:
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    with in_language(context["locale"]) as dates:
        return day_words(value, today=context["today"], locale=dates)


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime) -> str:
    return moment_words(at, locale=context["locale"])


@register.simple_tag(takes_context=True)
def share(context: Context, value: float) -> str:
    """0 to 1, in percent."""
    with in_language(context["locale"]) as numbers:
        return str(format_percent(value, locale=numbers))


@register.filter
def tracked_at(parcel: Parcel) -> str:
    """The carrier's page for a parcel, or nothing."""
    return tracking_link(parcel.carrier, parcel.tracking_number)


@register.filter
def step(line: LineStatus) -> int:
    """How far a line has come: 0 ordered, 1 in line, 2 set aside, 3 shipped."""
    return STEPS.get(line.state, 0)


@register.filter
def moved_up(line: LineStatus) -> dict[str, Any]:
    """From the place when it joined to the front: how far, in places. Empty when it has not come nearer."""
    if not line.place or not line.joined_place or line.joined_place <= line.place:
        return {}
    return {"by": line.joined_place - line.place, "of": line.joined_place - 1}


@register.filter
def masked(email: str) -> str:
    """a•••@example.com: enough for its owner to recognise."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}" if host else ""


@register.simple_tag
def help_mailto(order_number: str = "") -> str:
    """A mail to a person, with the order's number in the subject."""
    subject = gettext("Order %(number)s") % {"number": order_number} if order_number else ""
    return f"mailto:{settings.SUPPORT_EMAIL}" + (f"?subject={quote(subject)}" if subject else "")


@register.simple_tag
def support_address() -> str:
    """For the page of last resort, which is rendered without a request."""
    return str(settings.SUPPORT_EMAIL)
