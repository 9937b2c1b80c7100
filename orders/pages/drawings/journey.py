"""The way of a line from the order to the customer's door, in the stages that are known."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from babel import Locale
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from orders.pages.line_status import LineStatus
from orders.pages.standing import mine_by_restock
from orders.words import day_words, in_language, number_words


@dataclass(frozen=True, slots=True)
class Stage:
    """`when` may be empty; `is_now`: the first that is not done."""

    name: str
    when: str
    is_done: bool = False
    is_now: bool = False


def journey(line: LineStatus, *, placed_at: datetime, today: date, locale: str) -> list[Stage]:
    with in_language(locale) as dates:
        stages = list(_Way(line, today, dates).stages(timezone.localtime(placed_at).date()))
    now = next((n for n, stage in enumerate(stages) if not stage.is_done), None)
    return [replace(stage, is_now=n == now) for n, stage in enumerate(stages)]


@dataclass(frozen=True, slots=True)
class _Way:
    line: LineStatus
    today: date
    dates: Locale

    def stages(self, placed_on: date) -> Iterable[Stage]:
        line = self.line
        yield Stage(gettext("Ordered"), self._day(placed_on), is_done=True)
        if line.waiting:
            yield from self._deliveries()
        else:
            yield Stage(gettext("Reserved for you"), self._day(line.here_on), is_done=True)
        if line.open_units:
            late = line.promised.window.late if line.promised and line.names_a_day else None
            yield Stage(
                gettext("Ships"),
                self._by(late, gettext("by %(day)s"), gettext("was due by %(day)s")),
            )
        else:
            yield Stage(gettext("Shipped"), self._day(line.shipped_on), is_done=True)
        # Never done: nobody tells us that it has arrived.
        yield Stage(gettext("With you"), self._by(line.arrives_by, gettext("by about %(day)s"), ""))

    def _deliveries(self) -> Iterable[Stage]:
        """One for each that brings some of what waits, if these are known."""
        line, due, overdue = self.line, gettext("due %(day)s"), gettext("was due %(day)s")
        several = mine_by_restock(line.standing) if line.standing else []
        if len(several) < 2:
            day = line.promised.due if line.promised else None
            yield Stage(gettext("Delivery to us"), self._by(day, due, overdue))
            return
        for restock, units in several:
            name = ngettext("Delivery of %(units)s", "Delivery of %(units)s", units)
            yield Stage(
                name % {"units": number_words(units, locale=self.dates)},
                self._by(restock.due, due, overdue),
            )

    def _day(self, day: date | None) -> str:
        return day_words(day, today=self.today, locale=self.dates) if day else ""

    def _by(self, day: date | None, words: str, past: str) -> str:
        if day is None:
            return ""
        return (past if day < self.today else words) % {"day": self._day(day)}
