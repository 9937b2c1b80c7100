"""The release of orders after a first import: from then on their customers hear of them."""

import math
from datetime import datetime, timedelta

from django.db import transaction

from orders.models import Order, Release
from orders.services.deadlines import say_day_passed
from orders.services.email_results import make_news_due

MAX_PER_HOUR = 1_000_000  # orders released


@transaction.atomic
def start_release(per_hour: int, *, now: datetime, actor: str = "") -> Release:
    """From now on orders that came with a first import are released, oldest first, so many an
    hour."""
    return Release.objects.create(started_at=now, per_hour=per_hour, actor=actor)


@transaction.atomic
def release_orders(*, now: datetime) -> int:
    """Release the share of unreleased orders whose turn it is. What their page says now becomes due
    as their first email."""
    release = Release.objects.order_by("-id").first()
    if release is None:
        return 0
    hours = max((now - release.started_at) / timedelta(hours=1), 0)
    turn = math.ceil(release.per_hour * (hours + 1 / 60))
    # Orders imported since then are told from the start, and take nobody's turn.
    released = Order.objects.filter(
        released_at__gte=release.started_at, created_at__lte=release.started_at
    ).count()
    ids = list(
        Order.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(released_at__isnull=True)
        .order_by("pk")
        .values_list("pk", flat=True)[: max(turn - released, 0)]
    )
    Order.objects.filter(pk__in=ids).update(released_at=now)
    make_news_due(ids, now=now)
    if ids:
        say_day_passed(now=now, orders=ids)
    return len(ids)
