"""The queue bar: who is ahead, where mine are, and the deliveries that will serve us, as the
promise last published has it. Geometry in percent of the picture's width, mirrored for languages
written from right to left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from babel import Locale
from django.utils.translation import get_language_bidi, ngettext

from orders.pages.standing import ComingUnits, Part, Standing, parts_of
from orders.words.days import day_words, in_language, number_words

THINNEST = 2.0  # percent: one unit in ten thousand is seen
GAP = 0.8  # percent between deliveries


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
    """What the color of a state means, with its units."""

    state: str
    words: str


@dataclass(frozen=True, slots=True)
class QueueBar:
    """`told`: all of it in words, for readers who cannot see it. `deliveries`: empty for a single
    one, which the sentence on the place names already."""

    segments: tuple[Segment, ...]
    told: str
    key: tuple[Key, ...]
    deliveries: tuple[Served, ...]


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


def segments_of(parts: Sequence[Part], *, mirrored: bool) -> Iterable[Segment]:
    gaps = sum(1 for one, other in pairwise(parts) if one.restock != other.restock)
    widths = shares([part.units for part in parts], total=100 - gaps * GAP, least=THINNEST)
    x = 0.0
    for n, (part, width) in enumerate(zip(parts, widths, strict=True)):
        if n and parts[n - 1].restock != part.restock:
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
    """Those that still bring something for a line that waits here."""
    for n, restock in enumerate(stands.restocks):
        if all(part.state == "gone" for part in parts if part.restock == n):
            continue
        mine = sum(part.units for part in parts if part.restock == n and part.state == "mine")
        words = {
            "units": number_words(restock.units, locale=dates),
            "mine": number_words(mine, locale=dates),
            "day": day_words(restock.due, today=today, locale=dates) if restock.due else "",
        }
        overdue = restock.due is not None and restock.due < today
        yield Served(_restock(restock, mine, overdue=overdue) % words, bool(mine))


def _restock(restock: ComingUnits, mine: int, *, overdue: bool) -> str:
    units = restock.units
    if restock.due is None:
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
