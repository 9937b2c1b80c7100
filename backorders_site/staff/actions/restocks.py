"""Expect a restock, move its date, undo the move, cancel the rest."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Action, ChooseRow, DayInput, NewRow, StaffReason
from orders import services
from orders.domain import keys
from orders.models import Product, Restock, Supplier
from orders.models.keys import is_key

CHOOSE = [("", gettext_lazy("Choose a reason"))]


def reasons() -> list[tuple[str, Any]]:
    return [*CHOOSE, *((reason.value, reason.label) for reason in services.MOVE_REASONS)]


class NewRestock(NewRow):
    permission = "orders.add_restock"
    rehearsed = True

    reference = forms.CharField(
        max_length=keys.MAX_REFERENCE,
        validators=[is_key],
        help_text=gettext_lazy("Your order number with the supplier."),
    )
    product = forms.ModelChoiceField(
        Product.objects.all(), widget=ChooseRow(Restock._meta.get_field("product"))
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.all(), widget=ChooseRow(Restock._meta.get_field("supplier"))
    )
    quantity = forms.IntegerField(min_value=1, max_value=services.MAX_UNITS)
    expected_on = forms.DateField(widget=DayInput())
    posted_on = forms.DateField(
        widget=DayInput(),
        initial=timezone.localdate,
        help_text=gettext_lazy("The day the supplier gave us this date."),
    )
    reason = forms.ChoiceField(
        choices=[("", gettext_lazy("A new order")), *reasons()[1:]], required=False
    )

    def products(self) -> list[int]:
        return [self.cleaned_data["product"].pk]

    def create(self, *, now: datetime, actor: str) -> Restock:
        return services.expect_restock(**self.cleaned_data, now=now, actor=actor)


class RestockAction(Action):
    several = True

    @classmethod
    def offered(cls, row: Restock) -> bool:
        return row.open_units > 0

    def rests_on(self, row: Restock) -> Sequence[object]:
        return [row.arrived, row.cancelled_at]


class MoveDate(RestockAction):
    name = "move-date"
    permission = "orders.move_restock"
    label = gettext_lazy("Move date")
    explanation = gettext_lazy(
        "Customers whose date no longer holds are notified once the change takes effect. Correct "
        "it before then and they never see it."
    )
    impossible = gettext_lazy(
        "This restock has arrived or was canceled, so its date can't be moved."
    )
    rehearsed = True

    expected_on = forms.DateField(label=gettext_lazy("New date"), widget=DayInput())
    reason = forms.ChoiceField(
        choices=reasons, help_text=gettext_lazy("Customers see this in their own language.")
    )
    posted_on = forms.DateField(
        widget=DayInput(),
        initial=timezone.localdate,
        help_text=gettext_lazy("The day the supplier gave us this date."),
    )
    sure = forms.BooleanField(required=False)

    def __init__(self, rows: Sequence[Restock], data: Mapping[str, Any] | None = None) -> None:
        """The page carries which date of each restock it showed, so that the service can say who
        has moved it since."""
        super().__init__(rows, data)
        self.ask_again = self.fields.pop("sure")  # shown beside the error alone
        for row in rows:
            newest = row.dates.order_by("-posted_on", "-pk").first()
            self.fields[shown_date(row)] = forms.IntegerField(
                widget=forms.HiddenInput(), initial=newest and newest.pk, required=False
            )

    def subjects(self) -> list[str]:
        days = {row.pk: row.dates.order_by("-posted_on", "-pk").first() for row in self.rows}
        return [
            _("%(restock)s, expected on %(day)s")
            % {"restock": row, "day": date_format(newest.expected_on)}
            if (newest := days[row.pk])
            else str(row)
            for row in self.rows
        ]

    def clean(self) -> dict[str, Any]:
        """A typing mistake would be told to everybody. The ticked box confirms this day only."""
        data = super().clean() or self.cleaned_data
        day, posted_on = data.get("expected_on"), data.get("posted_on")
        doubt = implausible(day, posted_on) if day and posted_on else ""
        if not day or not doubt:
            return data
        self.ask_again.label = _("Yes, I mean %(day)s") % {"day": date_format(day)}
        self.ask_again.widget.attrs["value"] = day.isoformat()
        self.fields["sure"] = self.ask_again
        if self.data.get("sure") != day.isoformat():
            self.add_error("expected_on", doubt)
        return data

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        data = self.cleaned_data
        named = {"restock": row, "day": date_format(data["expected_on"])}
        moved = services.move_restock_date(
            row,
            data["expected_on"],
            posted_on=data["posted_on"],
            reason=data["reason"],
            seen=data[shown_date(row)],
            now=now,
            actor=actor,
            meant="sure" in self.fields,
        )
        if moved is None:
            return _("%(restock)s was already expected on %(day)s. Nothing was changed.") % named
        settles_at = Product.objects.values_list("review_at", flat=True).get(pk=row.product_id)
        named["at"] = f"{timezone.localtime(settles_at):%H:%M:%S}"
        return (
            _(
                "%(restock)s is now expected on %(day)s. The change takes effect at %(at)s, and "
                "customers are notified then. Until then you can choose “Undo the move”, and they "
                "never see it."
            )
            % named
        )


def implausible(day: date, posted_on: date) -> str:
    """What to ask a person who types this day, if it is doubtful."""
    if day < timezone.localdate():
        return _("%(day)s is in the past. Is that the date you mean?") % {"day": date_format(day)}
    if abs(day - posted_on) > services.MAX_REACH:
        return _("%(day)s is more than two years away. Is that the date you mean?") % {
            "day": date_format(day)
        }
    return ""


class UndoMove(RestockAction):
    name = "undo-move"
    permission = "orders.move_restock"
    label = gettext_lazy("Undo the move")
    explanation = gettext_lazy(
        "This restores the date before. No customers have been notified, so they never see the "
        "move, and it doesn't count in the supplier's record."
    )
    impossible = gettext_lazy(
        "The move has taken effect, and customers may have been notified. Move the date instead."
    )
    several = False

    @classmethod
    def offered(cls, row: Restock) -> bool:
        return services.date_before_move(row, now=timezone.now()) is not None

    def subjects(self) -> list[str]:
        before = services.date_before_move(self.rows[0], now=timezone.now())
        if before is None:
            return super().subjects()
        return [
            _("%(restock)s, back to %(day)s")
            % {"restock": self.rows[0], "day": date_format(before.expected_on)}
        ]

    def rests_on(self, row: Restock) -> Sequence[object]:
        return [
            row.arrived,
            row.cancelled_at,
            *row.dates.order_by("pk").values_list("pk", flat=True),
        ]

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        again = services.undo_move(row, now=now, actor=actor)
        return _("%(restock)s is expected on %(day)s again. No customers were notified.") % {
            "restock": row,
            "day": date_format(again.expected_on),
        }


def shown_date(restock: Restock) -> str:
    """The name of the field that carries the id of the date shown."""
    return f"shown_date_{restock.pk}"


class CancelRest(RestockAction):
    name = "cancel"
    permission = "orders.cancel_restock"
    label = gettext_lazy("Cancel the rest")
    explanation = gettext_lazy(
        "No more units will come from this restock. Customers who are waiting for them are "
        "notified."
    )
    impossible = gettext_lazy("This restock has arrived in full or was canceled.")
    rehearsed = True
    dangerous = True

    reason = StaffReason()

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        units = row.open_units
        services.cancel_restock(row, reason=self.cleaned_data["reason"], now=now, actor=actor)
        return ngettext(
            "%(units)d unit of %(restock)s won't come.",
            "%(units)d units of %(restock)s won't come.",
            units,
        ) % {"units": units, "restock": row}
