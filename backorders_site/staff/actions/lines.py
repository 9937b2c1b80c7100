"""Move a line, count a held one, put back what was canceled, keep the place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Action, StaffReason
from orders import queue, services
from orders.domain.delay_rules import Sentence
from orders.models import Choice, MoveReason, OrderLine, Outcome

MAX_PLACES = 100_000_000  # no line is longer; what a database can count to is more


class LineAction(Action):
    def rests_on(self, row: OrderLine) -> Sequence[object]:
        return [row.queued_at, row.quantity, row.allocated, row.shipped, row.cancelled, row.held]


class MoveInLine(LineAction):
    name = "move"
    permission = "orders.move_orderline"
    label = gettext_lazy("Move in line")
    explanation = gettext_lazy(
        "People who are overtaken read that we moved someone and why, as you choose it here, but "
        "not who."
    )
    impossible = gettext_lazy("No units of this line wait.")
    rehearsed = True

    place = forms.IntegerField(min_value=1, max_value=MAX_PLACES)
    why = forms.ChoiceField(
        label=gettext_lazy("Why, for customers"), choices=[("", "---------"), *MoveReason.choices]
    )
    reason = forms.CharField(
        max_length=300,
        label=gettext_lazy("Note for us"),
        help_text=gettext_lazy("In case somebody asks; customers never read it."),
    )

    def __init__(self, rows: Sequence[OrderLine], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        line = rows[0]
        self.fields["place"].help_text = _(
            "It has place %(place)d; the line has places 1 to %(length)d."
        ) % {
            "place": queue.position(line.product_id, line.queued_at, line.pk).place,
            "length": queue.length(line.product_id).lines,
        }

    @classmethod
    def offered(cls, row: OrderLine) -> bool:
        return bool(row.waiting)

    def perform(self, row: OrderLine, *, now: datetime, actor: str) -> str:
        place = services.move_in_queue(
            row,
            self.cleaned_data["place"],
            why=MoveReason(self.cleaned_data["why"]),
            reason=self.cleaned_data["reason"],
            now=now,
            actor=actor,
        )
        return _("%(line)s has place %(place)d now.") % {"line": row, "place": place}


class CountHeld(LineAction):
    name = "settle"
    permission = "orders.settle_orderline"
    label = gettext_lazy("Say how many are to come")
    explanation = gettext_lazy(
        "Nobody knew how many units of this line are still to come, so it kept its place and got "
        "none. The others count "
        "as shipped, and the customer is told."
    )
    impossible = gettext_lazy("This line is not held.")

    remaining = forms.IntegerField(
        label=gettext_lazy("Units still to come"), min_value=0, max_value=services.MAX_UNITS
    )

    def __init__(self, rows: Sequence[OrderLine], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        most = rows[0].waiting + rows[0].reserved
        self.fields["remaining"].help_text = _("0 to %(most)d.") % {"most": most}

    @classmethod
    def offered(cls, row: OrderLine) -> bool:
        return row.held

    def perform(self, row: OrderLine, *, now: datetime, actor: str) -> str:
        remaining = self.cleaned_data["remaining"]
        services.count_held(row, remaining, now=now, actor=actor)
        return ngettext(
            "%(units)d unit of %(line)s is still to come.",
            "%(units)d units of %(line)s are still to come.",
            remaining,
        ) % {"units": remaining, "line": row}


class PutBack(LineAction):
    name = "put-back"
    permission = "orders.restore_orderline"
    label = gettext_lazy("Put back")
    explanation = gettext_lazy(
        "For units cancelled by mistake, or as nobody had answered: they wait again at their old "
        "place, the refund is no "
        "longer due, and the customer is told. After silence it counts as the customer's "
        "agreement to the new date."
    )
    impossible = gettext_lazy("No units of this line are cancelled.")
    rehearsed = True

    units = forms.IntegerField(min_value=1, max_value=services.MAX_UNITS)
    reason = StaffReason()

    def __init__(self, rows: Sequence[OrderLine], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        self.fields["units"].initial = rows[0].cancelled
        self.fields["units"].help_text = (
            ngettext("%d is cancelled.", "%d are cancelled.", rows[0].cancelled) % rows[0].cancelled
        )

    @classmethod
    def offered(cls, row: OrderLine) -> bool:
        return row.cancelled > 0

    def perform(self, row: OrderLine, *, now: datetime, actor: str) -> str:
        units = self.cleaned_data["units"]
        services.put_back_by_staff(
            row, units, reason=self.cleaned_data["reason"], now=now, actor=actor
        )
        return ngettext(
            "%(units)d unit of %(line)s waits again.",
            "%(units)d units of %(line)s wait again.",
            units,
        ) % {
            "units": units,
            "line": row,
        }


class KeepsPlace(LineAction):
    name = "keeps-place"
    permission = "orders.add_answer"
    label = gettext_lazy("They keep their place")
    explanation = gettext_lazy(
        "For a customer who said so by telephone or in a mail. It counts as if they had pressed "
        "the button on their page, "
        "and a mail confirms it. Who wants out is cancelled with “Cancel units”."
    )
    impossible = gettext_lazy("Nothing is asked of this customer.")
    rehearsed = True

    reason = forms.CharField(
        max_length=200,
        label=gettext_lazy("How and when they said it"),
        help_text=gettext_lazy("Should they dispute it; customers never read it."),
    )

    @classmethod
    def offered(cls, row: OrderLine) -> bool:
        return row.open_units > 0 and any(
            notice.still_asks(row) and Sentence.CHOICE in notice.sentences
            for notice in row.notices.all()
        )

    def subjects(self) -> list[str]:
        """With what they agree to."""
        newest = next(
            (
                each
                for each in self.rows[0].notices.order_by("-pk")
                if each.outcome != Outcome.SUPERSEDED
            ),
            None,
        )
        day = date_format(newest.consent_to) if newest and newest.consent_to else ""
        agrees = (
            _("%(line)s: agrees to wait until %(day)s")
            if day
            else _("%(line)s: agrees to wait without a day")
        )
        return [agrees % {"line": self.rows[0], "day": day}]

    def products(self) -> list[int]:
        """No queue changes."""
        return []

    def rests_on(self, row: OrderLine) -> Sequence[object]:
        return [*super().rests_on(row), *row.notices.order_by("pk").values_list("pk", "outcome")]

    def perform(self, row: OrderLine, *, now: datetime, actor: str) -> str:
        reason = self.cleaned_data["reason"]
        done = services.answer(
            row.order, row.pk, Choice.KEEP, channel="staff", reason=reason, now=now, actor=actor
        )
        if done.done != "kept":
            raise services.Refused(str(self.impossible))
        return _("%(line)s: they keep their place.") % {"line": row}
