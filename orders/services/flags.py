"""Flags: texts on staff's list about an order."""

import re
from collections.abc import Collection, Iterable

from django.db import transaction

from orders.models import Order


@transaction.atomic
def flag(order: Order, texts: Iterable[str], *, instead_of: str = "") -> int:
    """Put an order on staff's list. What was said once is not said again, even if staff have struck
    it off since. `instead_of`: how the texts begin that the new ones replace. Returns how many of
    the texts are new."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    new = [
        text for text in dict.fromkeys(text[:200] for text in texts) if text not in order.flagged
    ]
    if new:
        order.flagged = order.flagged + new
        kept = [
            text for text in order.attention if not (instead_of and text.startswith(instead_of))
        ]
        order.attention = kept + [text for text in new if text not in kept]
        order.save(update_fields=["flagged", "attention"])
    return len(new)


@transaction.atomic(savepoint=False)
def set_flags(order: Order, texts: Collection[str], *, about: re.Pattern[str]) -> int:
    """What an export says about an order goes on staff's list, as by `flag`. If it no longer says
    one of the texts that match `about`, that text leaves the list, and is news should a later
    export say it again."""
    said = {text[:200] for text in texts}
    over = {
        text
        for text in [*order.attention, *order.flagged]
        if about.match(text) and text not in said
    }
    if over:
        order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        order.attention = [text for text in order.attention if text not in over]
        order.flagged = [text for text in order.flagged if text not in over]
        order.save(update_fields=["attention", "flagged"])
    return flag(order, texts) if texts else 0


SENT_BACK = " was sent back, the export doesn't say for which units"


def sent_back_text(amount: str) -> str:
    return f"{amount}{SENT_BACK}: cancel those that aren't still to come"


def sent_back(order: Order) -> list[str]:
    """The texts on staff's list about money whose units nobody has canceled yet."""
    return [text for text in order.attention if SENT_BACK in text]


@transaction.atomic
def clear_flags(order: Order, *texts: str) -> None:
    """What staff's list said about an order is settled."""
    struck = {text[:200] for text in texts}
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    order.attention = [text for text in order.attention if text not in struck]
    order.save(update_fields=["attention"])
