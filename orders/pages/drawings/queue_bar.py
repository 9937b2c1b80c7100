"""The queue bar: how many people were ahead when the line joined, and how many are left. Geometry
in percent of the picture's width, mirrored for languages written from right to left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language_bidi, ngettext

from orders.words.days import in_language, number_words

THINNEST = 3.0  # percent: one person in ten thousand is seen


@dataclass(frozen=True, slots=True)
class Segment:
    state: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class QueueBar:
    """`told`: what it shows, in words."""

    segments: tuple[Segment, ...]
    told: str


def queue_bar(*, place: int, joined_place: int, locale: str) -> QueueBar | None:
    """None for a line that has not come nearer: there is nothing to see."""
    gone = joined_place - place
    if gone <= 0:
        return None
    with in_language(locale) as numbers:
        told = ngettext(
            "You've moved up %(places)s place since you joined the line.",
            "You've moved up %(places)s places since you joined the line.",
            gone,
        )
        parts = [
            (state, n) for state, n in (("gone", gone), ("ahead", place - 1), ("mine", 1)) if n
        ]
        return QueueBar(
            tuple(segments_of(parts, mirrored=get_language_bidi())),
            told % {"places": number_words(gone, locale=numbers)},
        )


def segments_of(parts: Sequence[tuple[str, int]], *, mirrored: bool) -> Iterable[Segment]:
    x = 0.0
    for (state, _), width in zip(parts, shares([n for _, n in parts], least=THINNEST), strict=True):
        yield Segment(state, 100 - x - width if mirrored else x, width)
        x += width


def shares(numbers: Sequence[int], *, least: float) -> list[float]:
    """A hundred divided in proportion to `numbers`, all above 0, but none below `least` (nor below
    an equal share)."""
    least = min(least, 100 / max(len(numbers), 1))
    small: set[int] = set()
    while True:
        room = 100 - least * len(small)
        count = sum(number for n, number in enumerate(numbers) if n not in small)
        more = {
            n
            for n, number in enumerate(numbers)
            if n not in small and number * room < least * count
        }
        if not more:
            break
        small |= more
    return [least if n in small else room * number / count for n, number in enumerate(numbers)]
