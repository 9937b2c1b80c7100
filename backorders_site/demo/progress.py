"""What became of a visitor's last click."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from notifications.models import Message, MessageState
from orders.models import Event, Order, Product

CLICKED = "demo-click"
FOLLOWED = timedelta(seconds=30)  # beyond settling: what comes later has another cause
WAITING = (MessageState.QUEUED, MessageState.SENDING)


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the last click, if there was one (`clicked`). `settles`: seconds until
    customers are notified of a change; `page`, `email`: seconds from the click until the shown
    order's page had it, and its email was sent; `waiting`: emails still to send."""

    clicked: bool
    settles: int
    checking: bool
    waiting: int
    page: float | None
    email: float | None


def of(order: Order, product: Product) -> Progress:
    at = timezone.now()
    due = product.review_at
    said = cache.get(CLICKED)
    clicked = datetime.fromisoformat(said) if said else None
    changed = _changed_by(clicked, order) if clicked else None
    sent = (
        Message.objects.filter(events=changed, sent_at__isnull=False).order_by("sent_at").first()
        if changed
        else None
    )
    return Progress(
        clicked=clicked is not None,
        settles=max(0, round((due - at).total_seconds())) if due else 0,
        checking=due is not None and due <= at,
        waiting=Message.objects.filter(state__in=WAITING).count()
        + Event.objects.filter(message_due=True).values("order").distinct().count(),
        page=(changed.at - clicked).total_seconds() if clicked and changed else None,
        email=(sent.sent_at - clicked).total_seconds()
        if clicked and sent and sent.sent_at
        else None,
    )


def _changed_by(clicked: datetime, order: Order) -> Event | None:
    until = clicked + timedelta(seconds=settings.SETTLE_SECONDS) + FOLLOWED
    return order.events.filter(at__gte=clicked, at__lt=until).order_by("at").first()
