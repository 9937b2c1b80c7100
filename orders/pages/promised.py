"""What was promised for a line: the window told last, how such dates were met, and the windows told
before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from orders.domain.facts import ToldBefore
from orders.domain.supply import Window
from orders.models import Event, Forecast, OrderLine, Promise
from orders.words import window_of

MIN_DATES = 5  # dates given for such goods; fewer are no record to speak of


@dataclass(frozen=True, slots=True)
class DatesKept:
    """Of the last `dates` given for goods like this, how many were kept to the day or early."""

    dates: int
    held: int


@dataclass(frozen=True, slots=True)
class Promised:
    """The promise last published for a line. `due`: the day its delivery was expected on when it
    was published, if the promise names a day itself: nobody is shown a delivery that they are told
    we cannot rely on. `record`: how the dates given for such goods had been met until then."""

    window: Window
    on: date
    told_at: datetime | None
    due: date | None
    record: DatesKept | None = None


@dataclass(frozen=True, slots=True)
class WindowTold:
    """A window as it was told on a day."""

    window: Window
    on: date


def promised_of(line: OrderLine) -> Promised | None:
    promise = line.promise
    if promise is None:
        return None
    forecast, window = promise.forecast, window_of(promise)
    return Promised(
        window,
        promise.published_on,
        None if promise.returned_at else promise.told_at,
        forecast.due_days.get(promise.reference) if forecast and window.names_a_day else None,
        _dates_kept(promise, forecast) if forecast else None,
    )


def told_before(newest_first: Iterable[Event], promise: Promise | None) -> tuple[WindowTold, ...]:
    """Every change keeps what was told before it. A window told twice in a row is one, and so is
    one that still holds."""
    told: list[WindowTold] = []
    for event in newest_first:
        before = event.details
        if isinstance(before, ToldBefore) and before.told and before.told_on:
            if told and told[-1].window == before.told:
                told.pop()
            told.append(WindowTold(before.told, before.told_on))
    if told and promise and told[0].window == window_of(promise):
        del told[0]
    return tuple(told)


def _dates_kept(promise: Promise, forecast: Forecast) -> DatesKept | None:
    """None where there are too few to say, or where the window does not rest on them."""
    named = (each for each in forecast.deliveries if each["reference"] == promise.reference)
    supplier = next((each["supplier"] for each in named), None)
    record = forecast.evidence["suppliers"].get(supplier) if supplier else None
    if promise.kind != "dated" or record is None or record["dates"] < MIN_DATES:
        return None
    return DatesKept(record["dates"], record["held"])
