"""The queue bar: who is ahead, where mine are, and the deliveries that will serve us, as the
promise last published has it. Geometry in percent of the picture's width, mirrored for who reads
from right to left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Any

from babel import Locale
from django.utils.translation import get_language_bidi, ngettext

from orders.words.days import day_words, in_language, number_words

MOST_DELIVERIES = 5
THINNEST = 2.0  # percent: one unit in ten thousand is seen
GAP = 0.8  # percent between deliveries


@dataclass(frozen=True, slots=True)
class Delivery:
    """Units that a delivery brings to the line. `due` is None for several taken together."""

    due: date | None
    units: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a line stands in its queue, counted in units: `gone` were ahead when the promise was
    published and are not any more, `ahead` are now, `mine` wait. `deliveries` come in this order
    and end with the one that brings my last unit; none where no delivery covers them."""

    gone: int
    ahead: int
    mine: int
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one delivery in one state: gone, ahead, mine, behind."""

    state: str
    units: int
    delivery: int


@dataclass(frozen=True, slots=True)
class Segment:
    state: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Served:
    """A delivery in words."""

    words: str
    has_mine: bool


@dataclass(frozen=True, slots=True)
class Key:
    """What the colour of a state means, with its units."""

    state: str
    words: str


@dataclass(frozen=True, slots=True)
class QueueBar:
    """`told`: all of it in words, for who does not see it. `deliveries`: empty for a single one,
    which the sentence on the place names already."""

    segments: tuple[Segment, ...]
    told: str
    key: tuple[Key, ...]
    deliveries: tuple[Served, ...]


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
        serving.append(Delivery(due.get(name), units))
        if (
            name == reference
            and sum(each.units for each in serving) >= gone + served + ahead + mine
        ):
            return Standing(gone, ahead, mine, _few(_without(serving, served, after=gone)))
    return Standing(gone, ahead, mine, ())


def _without(deliveries: Iterable[Delivery], units: int, *, after: int) -> list[Delivery]:
    """What they bring but for `units` of it, which stand behind the first `after`."""
    left = []
    for each in deliveries:
        before = min(after, each.units)
        taken = min(units, each.units - before)
        after, units = after - before, units - taken
        if each.units > taken:
            left.append(Delivery(each.due, each.units - taken))
    return left


def _few(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """The earliest taken together where there are many."""
    spare = len(deliveries) - MOST_DELIVERIES
    if spare <= 0:
        return tuple(deliveries)
    first, rest = deliveries[: spare + 1], deliveries[spare + 1 :]
    return Delivery(None, sum(each.units for each in first)), *rest


def queue_bar(stands: Standing, *, today: date, locale: str) -> QueueBar:
    with in_language(locale) as dates:
        parts = list(parts_of(stands))
        served = tuple(_served(stands, parts, today=today, dates=dates))
        return QueueBar(
            tuple(segments_of(parts, mirrored=get_language_bidi())),
            _in_words(stands, dates),
            tuple(_key(parts, dates)),
            served if len(served) > 1 else (),
        )


def parts_of(stands: Standing) -> Iterable[Part]:
    """In the order of the line; units of one delivery stand together, and what it has left for
    those behind at its end."""
    runs = [("gone", stands.gone), ("ahead", stands.ahead), ("mine", stands.mine)]
    holds = [each.units for each in stands.deliveries] or [sum(units for _, units in runs)]
    for delivery, units in enumerate(holds):
        room = units
        for at, (state, left) in enumerate(runs):
            taken = min(room, left)
            if taken:
                runs[at] = (state, left - taken)
                room -= taken
                yield Part(state, taken, delivery)
        if room:
            yield Part("behind", room, delivery)


def deliveries_of_mine(stands: Standing) -> int:
    """How many deliveries bring what waits; 0 where that is not known."""
    if not stands.deliveries:
        return 0
    return len({part.delivery for part in parts_of(stands) if part.state == "mine"})


def segments_of(parts: Sequence[Part], *, mirrored: bool) -> Iterable[Segment]:
    gaps = sum(1 for one, other in pairwise(parts) if one.delivery != other.delivery)
    widths = shares([part.units for part in parts], total=100 - gaps * GAP, least=THINNEST)
    x = 0.0
    for n, (part, width) in enumerate(zip(parts, widths, strict=True)):
        if n and parts[n - 1].delivery != part.delivery:
            x += GAP
        yield Segment(part.state, 100 - x - width if mirrored else x, width)
        x += width


def shares(numbers: Sequence[int], *, total: float, least: float) -> list[float]:
    """`total` divided in proportion to `numbers`, all above 0, but none below `least` (nor below an
    equal share)."""
    least = min(least, total / max(len(numbers), 1))
    small = {n for n, number in enumerate(numbers) if number * total < least * sum(numbers)}
    while True:
        room, count = (
            total - least * len(small),
            sum(number for n, number in enumerate(numbers) if n not in small),
        )
        more = {
            n
            for n, number in enumerate(numbers)
            if n not in small and number * room < least * count
        }
        if not more:
            break
        small |= more
    return [least if n in small else room * number / count for n, number in enumerate(numbers)]


def _in_words(stands: Standing, dates: Locale) -> str:
    ahead = ngettext(
        "%(units)s unit for people ahead of you, then yours.",
        "%(units)s units for people ahead of you, then yours.",
        stands.ahead,
    )
    said = [ahead % {"units": number_words(stands.ahead, locale=dates)}]
    if stands.gone:
        gone = ngettext(
            "%(units)s unit that was ahead of you is not any more.",
            "%(units)s units that were ahead of you are not any more.",
            stands.gone,
        )
        said.append(gone % {"units": number_words(stands.gone, locale=dates)})
    return " ".join(said)


def _key(parts: Sequence[Part], dates: Locale) -> Iterable[Key]:
    for state in ("gone", "ahead", "mine", "behind"):
        units = sum(part.units for part in parts if part.state == state)
        if units:
            yield Key(state, _meaning(state, units) % {"units": number_words(units, locale=dates)})


def _meaning(state: str, units: int) -> str:
    match state:
        case "gone":
            return ngettext("%(units)s no longer ahead", "%(units)s no longer ahead", units)
        case "ahead":
            return ngettext("%(units)s unit ahead of you", "%(units)s units ahead of you", units)
        case "mine":
            return ngettext("%(units)s yours", "%(units)s yours", units)
    return ngettext("room for %(units)s more", "room for %(units)s more", units)


def _served(
    stands: Standing, parts: Sequence[Part], *, today: date, dates: Locale
) -> Iterable[Served]:
    """Those that still bring something for who waits here."""
    for n, delivery in enumerate(stands.deliveries):
        if all(part.state == "gone" for part in parts if part.delivery == n):
            continue
        mine = sum(part.units for part in parts if part.delivery == n and part.state == "mine")
        words = {
            "units": number_words(delivery.units, locale=dates),
            "mine": number_words(mine, locale=dates),
            "day": day_words(delivery.due, today=today, locale=dates) if delivery.due else "",
        }
        overdue = delivery.due is not None and delivery.due < today
        yield Served(_delivery(delivery, mine, overdue=overdue) % words, bool(mine))


def _delivery(delivery: Delivery, mine: int, *, overdue: bool) -> str:
    units = delivery.units
    if delivery.due is None:
        return ngettext(
            "Earlier deliveries: %(units)s unit", "Earlier deliveries: %(units)s units", units
        )
    if overdue and mine:
        return ngettext(
            "Was due %(day)s: %(units)s unit, %(mine)s of them yours",
            "Was due %(day)s: %(units)s units, %(mine)s of them yours",
            units,
        )
    if overdue:
        return ngettext(
            "Was due %(day)s: %(units)s unit, for people ahead of you",
            "Was due %(day)s: %(units)s units, for people ahead of you",
            units,
        )
    if mine:
        return ngettext(
            "Due %(day)s: %(units)s unit, %(mine)s of them yours",
            "Due %(day)s: %(units)s units, %(mine)s of them yours",
            units,
        )
    return ngettext(
        "Due %(day)s: %(units)s unit, for people ahead of you",
        "Due %(day)s: %(units)s units, for people ahead of you",
        units,
    )
