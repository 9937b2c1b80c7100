"""Receive goods, with or without a restock; correct a receipt."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Action, DayInput, StaffReason
from backorders_site.staff.actions.restocks import RestockAction
from orders import services
from orders.models import Product, Receipt, Restock

# More than so many times what is still to come, and so many units beyond it, is asked about before
# it is received.
FAR_TIMES = 2
FAR_UNITS = 20


class Receive(RestockAction):
    name = "receive"
    permission = "orders.receive_restock"
    label = gettext_lazy("Receive units")
    explanation = gettext_lazy(
        "Units are reserved at once for the front of the line. Those customers get an email once "
        "the count has settled, so there is time to correct a typo."
    )
    impossible = gettext_lazy("This restock has arrived in full or was canceled.")
    rehearsed = True

    units = forms.IntegerField(
        label=gettext_lazy("Units that arrived"), min_value=1, max_value=services.MAX_UNITS
    )
    arrived_on = forms.DateField(widget=DayInput(), initial=timezone.localdate)
    sure = forms.BooleanField(required=False)

    def __init__(self, rows: Sequence[Restock], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        self.ask_again = self.fields.pop("sure")  # shown beside the error alone
        units, asked = self.fields.pop("units"), {}
        for row in rows:
            field = asked[self.units_of(row)] = deepcopy(units)
            still = field.initial = row.open_units
            if len(rows) > 1:
                field.label, field.validators = (
                    str(row.product),
                    [MinValueValidator(0), MaxValueValidator(services.MAX_UNITS)],
                )
                field.widget.attrs["min"] = 0
            field.widget.attrs["inputmode"] = "numeric"
            field.help_text = ngettext(
                "%(still)d of %(all)d is still to come.",
                "%(still)d of %(all)d are still to come.",
                still,
            ) % {"still": still, "all": row.quantity}
            if shipped := min(shipped_ahead(row.product, row), still):
                field.help_text += " " + already_shipped(shipped, still - shipped)
                asked[self.others_of(row)] = other_units(row.product if len(rows) > 1 else None)
        self.fields = asked | self.fields

    def units_of(self, row: Restock) -> str:
        """The name of its field."""
        return "units" if len(self.rows) == 1 else f"units_{row.pk}"

    def others_of(self, row: Restock) -> str:
        """The name of the field that says its units are others than those that have shipped."""
        return "other_units" if len(self.rows) == 1 else f"other_units_{row.pk}"

    def rests_on(self, row: Restock) -> Sequence[object]:
        return [*super().rests_on(row), shipped_ahead(row.product, row)]

    def clean(self) -> dict[str, Any]:
        """A typing mistake would reserve units that are not there. The ticked box confirms these
        numbers only."""
        data = super().clean() or self.cleaned_data
        units = {row.pk: data.get(self.units_of(row)) or 0 for row in self.rows}
        if not self.errors and not any(units.values()):
            self.add_error(None, _("Enter how many arrived for at least one product."))
        many = [
            row
            for row in self.rows
            if units[row.pk] > max(row.open_units * FAR_TIMES, row.open_units + FAR_UNITS)
        ]
        if not many:
            return data
        numbers = ", ".join(str(units[row.pk]) for row in many)
        self.ask_again.label = _("Yes, %(units)s units really arrived") % {"units": numbers}
        self.ask_again.widget.attrs["value"] = numbers
        self.fields["sure"] = self.ask_again
        if self.data.get("sure") != numbers:
            for row in many:
                self.add_error(self.units_of(row), far_more(row.open_units))
        return data

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        units = self.cleaned_data[self.units_of(row)]
        if not units:
            return _("No units of %(restock)s were received.") % {"restock": row}
        receipt = services.receive(
            row.product,
            units,
            restock=row,
            arrived_on=self.cleaned_data["arrived_on"],
            other_units=self.cleaned_data.get(self.others_of(row), False),
            now=now,
            actor=actor,
        )
        said = ngettext(
            "%(units)d unit of %(restock)s received.",
            "%(units)d units of %(restock)s received.",
            units,
        ) % {
            "units": units,
            "restock": row,
        }
        return with_shipped(said, receipt)

    def after(self) -> str:
        skus = urlencode([("sku", row.product.sku) for row in self.rows])
        return f"{reverse('desk:picking')}?{skus}"


class ReceiveUnannounced(Action):
    name = "receive"
    permission = "orders.receive_restock"
    label = gettext_lazy("Receive without a restock")
    explanation = gettext_lazy(
        "Use this for units that no restock announced, such as returns. They are reserved at once "
        "for the front of the line."
    )
    rehearsed = True

    units = forms.IntegerField(
        label=gettext_lazy("Units that arrived"), min_value=1, max_value=services.MAX_UNITS
    )
    arrived_on = forms.DateField(widget=DayInput(), initial=timezone.localdate)
    reason = forms.CharField(
        max_length=200, help_text=gettext_lazy("Where the units come from. Only staff see this.")
    )

    def __init__(self, rows: Sequence[Product], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        if shipped := shipped_ahead(rows[0], None):
            self.fields["units"].help_text = ngettext(
                "%(shipped)d unit shipped before it was received, so that many of these go to no "
                "one in line.",
                "%(shipped)d units shipped before they were received, so that many of these go to "
                "no one in line.",
                shipped,
            ) % {"shipped": shipped}
            self.fields["other_units"] = other_units(None)

    def products(self) -> list[int]:
        return sorted(row.pk for row in self.rows)

    def rests_on(self, row: Product) -> Sequence[object]:
        return [row.receipts.count()]

    def perform(self, row: Product, *, now: datetime, actor: str) -> str:
        data = self.cleaned_data
        receipt = services.receive(
            row,
            data["units"],
            arrived_on=data["arrived_on"],
            reason=data["reason"],
            other_units=data.get("other_units", False),
            now=now,
            actor=actor,
        )
        said = ngettext(
            "%(units)d unit of %(sku)s received.",
            "%(units)d units of %(sku)s received.",
            data["units"],
        ) % {
            "units": data["units"],
            "sku": row.sku,
        }
        return with_shipped(said, receipt)


class Correct(Action):
    name = "correct"
    permission = "orders.correct_receipt"
    label = gettext_lazy("Correct")
    explanation = gettext_lazy(
        "While the count settles, a correction tells no one. After that, if fewer arrived, we take "
        "spare units first, then the ones reserved last. Those customers get one email with an "
        "apology. Units that have shipped can't be taken back."
    )
    impossible = gettext_lazy(
        "You can only correct units that came into stock, on the receipt that recorded them."
    )
    rehearsed = True

    units = forms.IntegerField(
        label=gettext_lazy("Units that really arrived"), min_value=0, max_value=services.MAX_UNITS
    )
    reason = StaffReason()

    def __init__(self, rows: Sequence[Receipt], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        self.fields["units"].initial = counted(rows[0])

    @classmethod
    def offered(cls, row: Receipt) -> bool:
        return row.corrects_id is None and row.stocked

    def rests_on(self, row: Receipt) -> Sequence[object]:
        return [counted(row), row.product.receipts.count()]

    def perform(self, row: Receipt, *, now: datetime, actor: str) -> str:
        data = self.cleaned_data
        correction = services.correct_receipt(
            row, data["units"], reason=data["reason"], now=now, actor=actor
        )
        if correction is None:
            return _("%(receipt)s already says that. Nothing was changed.") % {"receipt": row}
        return _("%(receipt)s corrected: %(units)d arrived.") % {
            "receipt": row,
            "units": data["units"],
        }


class OtherUnits(Action):
    name = "other-units"
    permission = "orders.correct_receipt"
    label = gettext_lazy("Give these units to the line")
    explanation = gettext_lazy(
        "We assumed that parcels shipped before this receipt held these units. If they held other "
        "units, give these to the line."
    )
    impossible = gettext_lazy("None of these units were assumed to have shipped before.")
    rehearsed = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Receipt) -> bool:
        return row.corrects_id is None and services.brought(row) > 0

    def rests_on(self, row: Receipt) -> Sequence[object]:
        return [services.brought(row), row.product.receipts.count()]

    def perform(self, row: Receipt, *, now: datetime, actor: str) -> str:
        units = services.were_other_units(
            row, reason=self.cleaned_data["reason"], now=now, actor=actor
        )
        return ngettext(
            "%(units)d unit of %(receipt)s goes to the line.",
            "%(units)d units of %(receipt)s go to the line.",
            units,
        ) % {"units": units, "receipt": row}


def shipped_ahead(product: Product, restock: Restock | None) -> int:
    return services.shipped_ahead(product, arrived_on=timezone.localdate(), restock=restock)


def already_shipped(shipped: int, rest: int) -> str:
    """What of units that arrive is in parcels that left before they were received."""
    return ngettext(
        "%(shipped)d of these has already shipped, so %(rest)d go to the line.",
        "%(shipped)d of these have already shipped, so %(rest)d go to the line.",
        shipped,
    ) % {"shipped": shipped, "rest": rest}


def other_units(product: Product | None) -> forms.BooleanField:
    """`product` where several are asked about."""
    label = (
        _("%(product)s: those parcels held other units. Give all of these to the line.")
        % {"product": product}
        if product
        else _("Those parcels held other units. Give all of these to the line.")
    )
    return forms.BooleanField(label=label, required=False)


def with_shipped(said: str, receipt: Receipt) -> str:
    shipped = services.brought(receipt)
    if not shipped:
        return said
    words = ngettext(
        "%(shipped)d of them had already shipped.",
        "%(shipped)d of them had already shipped.",
        shipped,
    ) % {"shipped": shipped}
    return f"{said} {words}"


def far_more(still: int) -> str:
    return ngettext(
        "That's far more than the %(still)d unit expected. Did that many really arrive?",
        "That's far more than the %(still)d units expected. Did that many really arrive?",
        still,
    ) % {"still": still}


def counted(receipt: Receipt) -> int:
    """Units of a receipt with its corrections so far."""
    return receipt.quantity + sum(receipt.corrections.values_list("quantity", flat=True))
