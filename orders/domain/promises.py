"""What would the customer notice? Today's forecast against the promise they were told."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from orders.domain.supply import NO_WINDOW, SOON, Window

Change = Literal["later", "earlier", "no_date"]

CHANCES_HOLD = timedelta(days=30)  # the furthest day the chances speak of


def holds_until(window: Window, told_on: date) -> date | None:
    """The last day until which what was told holds without another word. None: it names no day."""
    return told_on + CHANCES_HOLD if window.kind == "chances" else window.late


def change(told: Window, told_on: date, now: Window, today: date) -> Change | None:
    """How what was told on `told_on` has stopped being true, or None: no news, as is jitter inside
    the window told.

    The first row that applies decides:

    | told           | now            | and                                             |         |
    | -------------- | -------------- | ----------------------------------------------- | ------- |
    | none           | none           |                                                 | None    |
    | any            | none           |                                                 | no_date |
    | none           | any            |                                                 | earlier |
    | any            | any            | told.late known; now.likely None or > told.late | later   |
    | dated, unrated | dated, unrated | now.late < told.early                           | earlier |
    | chances, open  | dated, unrated | (a latest day can be named now)                 | earlier |
    | chances        | chances, open  | today >= told_on + 30 days (chances told ended) | later   |
    | any            | any            |                                                 | None    |
    """
    if now.kind == "none":
        return None if told.kind == "none" else "no_date"
    if told.kind == "none":
        return "earlier"
    if told.late is not None and (now.likely is None or now.likely > told.late):
        return "later"
    if now.names_a_day:
        return "earlier" if told.kind in ("chances", "open") or _wholly_before(now, told) else None
    if told.kind == "chances" and today >= told_on + CHANCES_HOLD:
        return "later"
    return None


def offered(window: Window, forecast_on: date, today: date) -> Window:
    """A forecast's window as a promise made `today`, however old the forecast is: from today on, or
    no date. Chances are of days after `forecast_on`, so they end with the first of these days."""
    if window.late is not None and window.late < today:
        return NO_WINDOW
    if not window.names_a_day and window.within_14 is not None and forecast_on + SOON < today:
        return NO_WINDOW
    return replace(
        window,
        early=window.early and max(window.early, today),
        likely=window.likely and max(window.likely, today),
    )


def _wholly_before(now: Window, told: Window) -> bool:
    return now.late is not None and told.early is not None and now.late < told.early
