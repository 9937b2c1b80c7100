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
        "People who are overtaken see that we moved someone, and the reason you choose here, but "
        "not who."
    )
    impossible = gettext_lazy("No units of this line are waiting.")
    rehearsed = True

    place = forms.IntegerField(min_value=1, max_value=MAX_PLACES)
    why = forms.ChoiceField(
        label=gettext_lazy("Reason customers see"), choices=[("", "---------"), *MoveReason.choices]
    )
    reason = forms.CharField(
        max_length=300,
        label=gettext_lazy("Staff note"),
        help_text=gettext_lazy("In case someone asks. Only staff see this."),
    )

    def __init__(self, rows: Sequence[OrderLine], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        line = rows[0]
        self.fields["place"].help_text = _(
            "It is in place %(place)d now. Enter a place from 1 to %(length)d."
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
        return _("%(line)s is now in place %(place)d.") % {"line": row, "place": place}


class CountHeld(LineAction):
    name = "settle"
    permission = "orders.settle_orderline"
    label = gettext_lazy("Enter units still to come")
    explanation = gettext_lazy(
        "This line is held: it keeps its place and gets no units until you enter how many are "
        "still to come. The rest count as shipped, and we'll email the customer."
    )
    impossible = gettext_lazy("This line isn't held.")

    remaining = forms.IntegerField(
        label=gettext_lazy("Units still to come"), min_value=0, max_value=services.MAX_UNITS
    )

    def __init__(self, rows: Sequence[OrderLine], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        most = rows[0].waiting + rows[0].reserved
        self.fields["remaining"].help_text = _("Enter a number from 0 to %(most)d.") % {
            "most": most
        }

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
    label = gettext_lazy("Reinstate")
    explanation = gettext_lazy(
        "Use this for units canceled by mistake, or because the customer didn't answer. They go "
        "back to their old place in line, the refund is no longer due, and we'll email the "
        "customer. After silence, this counts as the customer's agreement to the new date."
    )
    impossible = gettext_lazy("No units of this line are canceled.")
    rehearsed = True

    units = forms.IntegerField(min_value=1, max_value=services.MAX_UNITS)
    reason = StaffReason()

    def __init__(self, rows: Sequence[OrderLine], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        self.fields["units"].initial = rows[0].cancelled
        self.fields["units"].help_text = (
            ngettext("%d is canceled.", "%d are canceled.", rows[0].cancelled) % rows[0].cancelled
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
            "%(units)d unit of %(line)s is back in line.",
            "%(units)d units of %(line)s are back in line.",
            units,
        ) % {
            "units": units,
            "line": row,
        }


class KeepsPlace(LineAction):
    name = "keeps-place"
    permission = "orders.add_answer"
    label = gettext_lazy("Record that they'll wait")
    explanation = gettext_lazy(
        "Use this when a customer says by phone or email that they want to keep their place. It "
        "counts as if they had pressed the button on their order page, and we'll confirm it by "
        "email. If they don't want to wait, choose “Cancel units” instead."
    )
    impossible = gettext_lazy("This customer has no open question.")
    rehearsed = True

    reason = forms.CharField(
        max_length=200,
        label=gettext_lazy("How and when they told us"),
        help_text=gettext_lazy("In case of a dispute. Only staff see this."),
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
            _("%(line)s: will wait until %(day)s")
            if day
            else _("%(line)s: will wait without a date")
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
        return _("%(line)s keeps its place in line.") % {"line": row}
