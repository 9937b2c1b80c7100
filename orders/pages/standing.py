"""Where a line is in its queue, and which deliveries will serve it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from orders import queue
from orders.domain.facts import Reserved
from orders.domain.supply import NAMES_A_DAY
from orders.models import Event, OrderLine

MAX_RESTOCKS = 5


@dataclass(frozen=True, slots=True)
class ComingUnits:
    """Units that a delivery brings to the line. `due` is None for several taken together."""

    due: date | None
    units: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a line is in its queue, counted in units: `gone` were ahead when the promise was
    published and are not any more, `ahead` are now, `mine` wait. `restocks` come in this order
    and end with the one that brings my last unit; there are none if no delivery covers them."""

    gone: int
    ahead: int
    mine: int
    restocks: tuple[ComingUnits, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one delivery in one state: gone, ahead, mine, behind."""

    state: str
    units: int
    restock: int


def standing_of(
    line: OrderLine, position: queue.Position | None, own: Iterable[Event]
) -> Standing | None:
    if position is None:
        return None
    promise = line.promise
    forecast = promise.forecast if promise else None
    served = (
        event.details.units
        for event in own
        if isinstance(event.details, Reserved) and promise and event.at > promise.published_at
    )
    return standing(
        bands=forecast.bands if forecast else (),
        due=forecast.due_days if forecast else {},
        reference=promise.reference if promise and promise.kind in NAMES_A_DAY else "",
        promised_ahead=promise.units_ahead if promise else None,
        ahead=position.units_ahead,
        mine=line.waiting,
        served=sum(served),
    )


def standing(
    *,
    bands: Iterable[Mapping[str, Any]],
    due: Mapping[str, date],
    reference: str,
    promised_ahead: int | None,
    ahead: int,
    mine: int,
    served: int = 0,
) -> Standing:
    """From the forecast a promise rests on. Its `bands` say which delivery brings which unit;
    `reference` is the one the promise names; `served` units of mine have arrived since. Where the
    line has grown past what it covers, the deliveries are left out rather than another named."""
    gone = max((promised_ahead or 0) - ahead, 0)
    brought = [
        (name, sum(band["up_to"] - band["over"] for band in run))
        for name, run in groupby(bands, key=lambda band: band["reference"])
        if name
    ]
    serving = []
    for name, units in brought:
        serving.append(ComingUnits(due.get(name), units))
        if (
            name == reference
            and sum(each.units for each in serving) >= gone + served + ahead + mine
        ):
            return Standing(gone, ahead, mine, _few(_without(serving, served, after=gone)))
    return Standing(gone, ahead, mine, ())


def _without(restocks: Iterable[ComingUnits], units: int, *, after: int) -> list[ComingUnits]:
    """What they bring, except for `units` that are behind the first `after`."""
    left = []
    for each in restocks:
        before = min(after, each.units)
        taken = min(units, each.units - before)
        after, units = after - before, units - taken
        if each.units > taken:
            left.append(ComingUnits(each.due, each.units - taken))
    return left


def _few(restocks: Sequence[ComingUnits]) -> tuple[ComingUnits, ...]:
    """The earliest taken together where there are many."""
    spare = len(restocks) - MAX_RESTOCKS
    if spare <= 0:
        return tuple(restocks)
    first, rest = restocks[: spare + 1], restocks[spare + 1 :]
    return ComingUnits(None, sum(each.units for each in first)), *rest


def parts_of(stands: Standing) -> Iterable[Part]:
    """In the order of the line. Units of one delivery are together, and what it has left for those
    behind is at its end."""
    runs = [("gone", stands.gone), ("ahead", stands.ahead), ("mine", stands.mine)]
    holds = [each.units for each in stands.restocks] or [sum(units for _, units in runs)]
    for restock, units in enumerate(holds):
        room = units
        for at, (state, left) in enumerate(runs):
            taken = min(room, left)
            if taken:
                runs[at] = (state, left - taken)
                room -= taken
                yield Part(state, taken, restock)
        if room:
            yield Part("behind", room, restock)


def mine_by_restock(stands: Standing) -> list[tuple[ComingUnits, int]]:
    """The deliveries that bring what waits, with how much of it; none where that is not known."""
    if not stands.restocks:
        return []
    return [
        (stands.restocks[part.restock], part.units)
        for part in parts_of(stands)
        if part.state == "mine"
    ]


def restocks_of_mine(stands: Standing) -> int:
    """How many deliveries bring what waits; 0 where that is not known."""
    return len(mine_by_restock(stands))
