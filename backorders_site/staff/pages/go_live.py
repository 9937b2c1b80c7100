"""Go-live: who of a first import would hear what, an example of each email, and the release of so
many orders an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backorders_site.staff.admin.base import actor_of
from backorders_site.staff.example_emails import kept, mail_due
from backorders_site.staff.pages.base import page, shows_mails, staff_page
from backorders_site.staff.preview import undone
from notifications.compose import Composed
from notifications.outbox.mail_mode import mail_mode
from notifications.outbox.pause import current_pause
from orders import services
from orders.models import EventKind, Order, Release
from orders.unreleased import (
    TOTAL,
    news_of_unreleased,
    unreleased_orders,
    who_would_hear_what,
    with_agreed_date,
)
from orders.words import language_for

PERMISSION = "orders.add_release"
NAMED = 10


class ReleaseForm(forms.Form):
    per_hour = forms.IntegerField(
        min_value=1,
        max_value=services.MAX_PER_HOUR,
        initial=200,
        label=gettext_lazy("Orders an hour"),
        help_text=gettext_lazy(
            "Choose a pace at which you can answer everyone who writes back. The oldest import "
            "goes first."
        ),
    )


@dataclass(frozen=True, slots=True)
class FirstEmail:
    """`number`: the order whose first email it would be, as things are."""

    kind: str
    language: str
    number: str
    mail: Composed
    html_url: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A row per country, a column per news."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]


@staff_page(PERMISSION)
@shows_mails
@require_http_methods(["GET", "HEAD", "POST"])
def go_live(request: HttpRequest) -> HttpResponse:
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _start(request, form.cleaned_data["per_hour"])
        return redirect("desk:go_live")
    now = timezone.now()
    quiet, release = unreleased_orders(), Release.objects.first()
    left = quiet.count()
    return page(
        request,
        "go_live.html",
        title=_("Go live"),
        form=form,
        left=left,
        release=release,
        released=Order.objects.filter(
            released_at__gte=release.started_at, created_at__lte=release.started_at
        ).count()
        if release
        else 0,
        done_by=now + timedelta(minutes=ceil(60 * left / release.per_hour))
        if release and left
        else None,
        heard=_heard(now) if left else None,
        late=with_agreed_date(quiet, now=now, most=NAMED),
        unreachable=[
            *quiet.filter(email="").order_by("pk").values_list("number", flat=True)[:NAMED]
        ],
        examples=examples(now) if left else [],
        mode=mail_mode().name,
        pause=current_pause(),
    )


def _start(request: HttpRequest, per_hour: int) -> None:
    services.start_release(per_hour, now=timezone.now(), actor=actor_of(request, PERMISSION))
    released = services.release_orders(now=timezone.now())
    said = ngettext(
        "The release has started: %(n)d order is released, and the others follow.",
        "The release has started: %(n)d orders are released, and the others follow.",
        released,
    )
    messages.success(request, said % {"n": released})


def _heard(now: datetime) -> Heard:
    columns = who_would_hear_what(unreleased_orders(), now=now)
    kinds = {
        f"told: {kind}": _("Told: %(news)s") % {"news": label.lower()}
        for kind, label in EventKind.choices
    }
    countries = [*sorted(code for code in columns["orders"] if code != TOTAL), TOTAL]
    return Heard(
        [kinds.get(name, name.capitalize()) for name in columns],
        [
            (
                country if country != TOTAL else _("All"),
                [by_country[country] for by_country in columns.values()],
            )
            for country in countries
        ],
    )


def examples(now: datetime) -> list[FirstEmail]:
    """The first email of one order for each kind of news and language, the shop's own language
    first. It is written as it would be if the order were released now, and nothing of it stays."""
    by_locale = (
        news_of_unreleased().select_related("order").order_by("hears", "order__locale", "-pk")
    )
    one_of_each: dict[tuple[str, str], int] = {}
    for event in by_locale.distinct("hears", "order__locale"):
        one_of_each.setdefault((event.hears, language_for(event.order.locale)), event.order_id)
    ours, found = language_for(settings.LANGUAGE_CODE), []
    for (kind, language), order_id in sorted(
        one_of_each.items(), key=lambda each: (each[0][1] != ours, each[0])
    ):
        order, mail = _written(order_id, now)
        if mail:
            name = get_language_info(language)["name"]
            found.append(
                FirstEmail(str(EventKind(kind).label), name, order.number, mail, kept(mail.html))
            )
    return found


def _written(order_id: int, now: datetime) -> tuple[Order, Composed | None]:
    with undone():
        Order.objects.filter(pk=order_id).update(released_at=now)
        services.make_news_due([order_id], now=now)
        return mail_due(order_id, now=now)
