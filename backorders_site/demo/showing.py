"""What the demo page shows: the customers as they are now, one of them with their emails, and what
is under way."""

import os
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone, translation

from backorders_site.demo import customers, progress, worker
from backorders_site.demo import shop as demo_shop
from backorders_site.demo.customers import Customer
from backorders_site.demo.goods import lamp as the_lamp
from backorders_site.demo.mailbox import Mailbox
from orders.models import Order, Product
from orders.pages.language import read_as
from orders.words import language_for

SHOWN = 30  # emails of one person


@dataclass(frozen=True, slots=True)
class Button:
    """`to`: the name of its address; `shows`: what to look for; `order`: its number, where the
    button is about that one alone."""

    to: str
    words: str
    shows: str
    order: str = ""


def opened(request: HttpRequest) -> dict[str, Any]:
    """As the visitor opens the page or presses a button. What asks by itself turns nobody to its
    language: pages may be open in several."""
    customers.speak(_language(request), [each.order for each in offered()])
    return stage(request)


def stage(request: HttpRequest) -> dict[str, Any]:
    on_stage = offered()
    shown = chosen(request, on_stage)
    emails = mailbox()
    return {
        "customers": on_stage if shown in on_stage else [*on_stage, shown],
        "shown": shown,
        # base.html's `language` is that of the demo's own words
        "spoken": _language(request),
        "buttons": _buttons(shown, on_stage),
        "mails": list(emails.newest_first(shown.order.email))[:SHOWN] if emails else [],
        "progress": progress.of(shown.order, shown.line.product),
        "worker": worker.after_a_kill(),
    }


def offered() -> list[Customer]:
    lamp()
    with transaction.atomic():
        demo_shop.restock_the_stage(timezone.now())
    return customers.introduced()


def chosen(request: HttpRequest, on_stage: list[Customer]) -> Customer:
    """Also one who was used up meanwhile: what the visitor did is to be seen."""
    who = request.GET.get("who", "")
    known = next((each for each in on_stage if each.order.number == who), None)
    if known is None and (order := Order.objects.filter(number=who).first()):
        return customers.introduce(order)
    return known or on_stage[0]


def mailbox() -> Mailbox | None:
    """None where emails go to a real mail server."""
    directory = worker.run_directory()
    if directory is None or not os.environ.get("MAIL_INBOX_URL"):
        return None
    return Mailbox(directory.with_name("mail"))


def lamp() -> Product:
    try:
        return the_lamp()
    except Product.DoesNotExist:
        raise Http404("The demo shop is not loaded: run manage.py demo.") from None


def _language(request: HttpRequest) -> str:
    """The visitor's, for what customers read; the demo's own words are English."""
    with translation.override("en"):
        return language_for(read_as(request))


def _buttons(shown: Customer, on_stage: list[Customer]) -> list[Button]:
    """The parcel is that of the customer one looks at, or of whoever has one."""
    parcels = (each.order for each in (shown, *on_stage) if each.line.reserved)
    ship = [
        Button(
            "demo-ship", f"Ship {order.first_name}'s order", "with a tracking link", order.number
        )
        for order in islice(parcels, 1)
    ]
    return [
        Button("demo-slip", "Supplier slips three weeks", "a new date, and why"),
        Button("demo-arrive", "30 units arrive", "the line moves up"),
        Button("demo-write", "Write a note", "to all who wait for the delivery"),
        *ship,
        Button("demo-kill-worker", "Kill the worker", "no email is lost"),
    ]
