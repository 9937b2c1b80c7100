"""What moved somebody in line."""

from babel import Locale
from django.utils.translation import gettext, ngettext

from orders.models import EventKind, Reason
from orders.words.days import in_language, number_words, ordinal
from orders.words.reasons import why_moved


def queue_change_sentence(
    kind: str,
    reason: str,
    *,
    why: str = "",
    lines: int,
    units: int,
    locale: str,
    places: tuple[int, int] | None = None,
    people: int = 1,
) -> str:
    """Why a place fell (moved_up) or rose (passed_by), without names. `lines` left or came in
    ahead; 0: only units of `people` whose orders stay, so that the place is the same. `places`:
    before and after, where both are known. `why`: the code of staff who moved someone."""
    with in_language(locale) as dates:
        moved = _moved_up(lines) if kind == EventKind.MOVED_UP else _passed_by(lines)
        table = moved if lines else _same_place(units, people)
        words = table.get(Reason(reason)) or _place_changed(kind)
        said = words % {
            "lines": number_words(lines, locale=dates),
            "units": number_words(units, locale=dates),
        }
        passed = kind == EventKind.PASSED_BY
        parts = (
            said,
            why_moved(why) if passed else "",
            _places(*places, dates) if passed and places else "",
        )
        return " ".join(filter(None, parts))


def _places(before: int, after: int, dates: Locale) -> str:
    return gettext("You moved from %(before)s to %(place)s in line.") % {
        "before": ordinal(before, locale=dates),
        "place": ordinal(after, locale=dates),
    }


def _moved_up(lines: int) -> dict[Reason, str]:
    return {
        Reason.ARRIVED: ngettext(
            "You moved up %(lines)s place: a delivery arrived.",
            "You moved up %(lines)s places: a delivery arrived.",
            lines,
        ),
        Reason.CANCELLATION: ngettext(
            "You moved up %(lines)s place: someone ahead of you canceled.",
            "You moved up %(lines)s places: people ahead of you canceled.",
            lines,
        ),
        Reason.MOVED: gettext("You moved up: we moved an order further back."),
        Reason.CLERICAL: ngettext(
            "You moved up: an order ahead of you had been entered by mistake.",
            "You moved up: orders ahead of you had been entered by mistake.",
            lines,
        ),
    }


def _passed_by(lines: int) -> dict[Reason, str]:
    return {
        # If several came at once, not all of them need be ahead of this reader.
        Reason.LATE_JOIN: ngettext(
            "An older order reached us late. It was paid before yours, so it's ahead of you.",
            "Older orders reached us late. They were paid before yours, so they're ahead of you.",
            lines,
        ),
        Reason.MOVED: gettext("We moved an order ahead of yours."),
        Reason.RECEIPT_CORRECTED: ngettext(
            "Fewer items had arrived than we counted, so %(lines)s person ahead of you is waiting "
            "again.",
            "Fewer items had arrived than we counted, so %(lines)s people ahead of you are waiting "
            "again.",
            lines,
        ),
        Reason.RESTORED: gettext("A canceled order is back in its old place, ahead of you."),
    }


def _same_place(units: int, people: int) -> dict[Reason, str]:
    return {
        Reason.CANCELLATION: ngettext(
            "People ahead of you canceled parts of their orders, so %(units)s fewer item is needed "
            "before it's your turn.",
            "People ahead of you canceled parts of their orders, so %(units)s fewer items are "
            "needed before it's your turn.",
            units,
        )
        if people > 1
        else ngettext(
            "Someone ahead of you canceled part of their order, so %(units)s fewer item is needed "
            "before it's your turn.",
            "Someone ahead of you canceled part of their order, so %(units)s fewer items are "
            "needed before it's your turn.",
            units,
        ),
        Reason.RESTORED: ngettext(
            "A canceled part of an order ahead of you is back in line, so %(units)s more item is "
            "needed before it's your turn.",
            "A canceled part of an order ahead of you is back in line, so %(units)s more items are "
            "needed before it's your turn.",
            units,
        ),
    }


def _place_changed(kind: str) -> str:
    return (
        gettext("The line ahead of you got shorter.")
        if kind == EventKind.MOVED_UP
        else gettext("The line ahead of you got longer.")
    )
