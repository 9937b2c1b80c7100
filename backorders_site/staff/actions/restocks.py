"""What staff do with deliveries."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime
from functools import partial
from typing import Any

from celery import current_app
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Act, ChooseRow, DayInput, NewRow, StaffReason
from orders import services
from orders.domain import keys
from orders.models import Product, Receipt, Restock, Supplier
from orders.models.keys import is_key

# More than so many times what is still to come, and so many units beyond it, is asked about before
# it is received.
FAR_TIMES = 2
FAR_UNITS = 20
CHOOSE = [("", gettext_lazy("Choose a reason"))]


def reasons() -> list[tuple[str, Any]]:
    return [*CHOOSE, *((reason.value, reason.label) for reason in services.MOVE_REASONS)]


class NewRestock(NewRow):
    permission = "orders.add_restock"
    rehearsed = True

    reference = forms.CharField(
        max_length=keys.MAX_REFERENCE,
        validators=[is_key],
        help_text=gettext_lazy("Your order number at the supplier."),
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


class RestockAct(Act):
    several = True

    @classmethod
    def offered(cls, row: Restock) -> bool:
        return row.open_units > 0

    def facts(self, row: Restock) -> Sequence[object]:
        return [row.arrived, row.cancelled_at]


class MoveDate(RestockAct):
    name = "move-date"
    permission = "orders.move_restock"
    label = gettext_lazy("Move date")
    explanation = gettext_lazy(
        "Customers whose promise is no longer true hear of it once the change has settled. A date "
        "corrected before that "
        "leaves no trace for them."
    )
    impossible = gettext_lazy("This delivery has arrived or was cancelled: its date cannot move.")
    rehearsed = True

    expected_on = forms.DateField(label=gettext_lazy("New date"), widget=DayInput())
    reason = forms.ChoiceField(
        choices=reasons, help_text=gettext_lazy("Customers read it in their own language.")
    )
    posted_on = forms.DateField(
        widget=DayInput(),
        initial=timezone.localdate,
        help_text=gettext_lazy("The day the supplier gave us this date."),
    )
    sure = forms.BooleanField(required=False)

    def __init__(self, rows: Sequence[Restock], data: Mapping[str, Any] | None = None) -> None:
        """The page carries which date of each it showed, so that the service can say who moved it
        meanwhile."""
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
        """A slip of the finger would be told to everybody. Who ticks the box means this day
        alone."""
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
            return _("%(restock)s was already expected on %(day)s.") % named
        settles_at = Product.objects.values_list("review_at", flat=True).get(pk=row.product_id)
        named["at"] = f"{timezone.localtime(settles_at):%H:%M:%S}"
        return (
            _(
                "%(restock)s is now expected on %(day)s. It settles until %(at)s, then customers "
                "hear of it; until then "
                "“Undo the move” leaves no trace for them."
            )
            % named
        )


def implausible(day: date, posted_on: date) -> str:
    """What to ask whoever types this day, if it is one to ask about."""
    if day < timezone.localdate():
        return _("%(day)s has gone by. Did you mean that day?") % {"day": date_format(day)}
    if abs(day - posted_on) > services.MAX_REACH:
        return _("%(day)s is more than two years off. Did you mean that day?") % {
            "day": date_format(day)
        }
    return ""


class UndoMove(RestockAct):
    name = "undo-move"
    permission = "orders.move_restock"
    label = gettext_lazy("Undo the move")
    explanation = gettext_lazy(
        "The date before comes back. Nobody has heard of the move yet, so this leaves no trace "
        "for customers, and the "
        "supplier's record does not count it."
    )
    impossible = gettext_lazy(
        "The move has settled: customers may have heard. Move the date instead."
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

    def facts(self, row: Restock) -> Sequence[object]:
        return [
            row.arrived,
            row.cancelled_at,
            *row.dates.order_by("pk").values_list("pk", flat=True),
        ]

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        again = services.undo_move(row, now=now, actor=actor)
        return _("%(restock)s is expected on %(day)s again, and nobody heard otherwise.") % {
            "restock": row,
            "day": date_format(again.expected_on),
        }


def shown_date(restock: Restock) -> str:
    """The name of the field that carries the id of the date shown."""
    return f"shown_date_{restock.pk}"


class Receive(RestockAct):
    name = "receive"
    permission = "orders.receive_restock"
    label = gettext_lazy("Receive")
    explanation = gettext_lazy(
        "The units are set aside for the front of the line at once, and their customers are told."
    )
    impossible = gettext_lazy("This delivery has arrived in full or was cancelled.")
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

    def facts(self, row: Restock) -> Sequence[object]:
        return [*super().facts(row), shipped_ahead(row.product, row)]

    def clean(self) -> dict[str, Any]:
        """A slip of the finger would set units aside that are not there. Who ticks the box means
        these numbers alone."""
        data = super().clean() or self.cleaned_data
        units = {row.pk: data.get(self.units_of(row)) or 0 for row in self.rows}
        if not self.errors and not any(units.values()):
            self.add_error(None, _("Say of one product at least how many came."))
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
            return _("Nothing of %(restock)s was received.") % {"restock": row}
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


def shipped_ahead(product: Product, restock: Restock | None) -> int:
    return services.shipped_ahead(product, arrived_on=timezone.localdate(), restock=restock)


def already_shipped(shipped: int, rest: int) -> str:
    """What of units that arrive is in parcels that left before they were received."""
    return ngettext(
        "%(shipped)d of these has already shipped: %(rest)d go to the line.",
        "%(shipped)d of these have already shipped: %(rest)d go to the line.",
        shipped,
    ) % {"shipped": shipped, "rest": rest}


def other_units(product: Product | None) -> forms.BooleanField:
    """`product` where several are asked about."""
    label = (
        _("%(product)s: the parcels held other units, all of these go to the line")
        % {"product": product}
        if product
        else _("The parcels held other units: all of these go to the line")
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
        "Far more than the %(still)d unit still to come. Did so many arrive?",
        "Far more than the %(still)d units still to come. Did so many arrive?",
        still,
    ) % {"still": still}


class CancelRest(RestockAct):
    name = "cancel"
    permission = "orders.cancel_restock"
    label = gettext_lazy("Cancel what has not arrived")
    explanation = gettext_lazy(
        "Nothing more is expected of this delivery. Those who wait for it hear of it."
    )
    impossible = gettext_lazy("This delivery has arrived in full or was cancelled.")
    rehearsed = True
    dangerous = True

    reason = StaffReason()

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        units = row.open_units
        services.cancel_restock(row, reason=self.cleaned_data["reason"], now=now, actor=actor)
        return ngettext(
            "%(units)d unit of %(restock)s will not come.",
            "%(units)d units of %(restock)s will not come.",
            units,
        ) % {"units": units, "restock": row}


class ReceiveUnannounced(Act):
    name = "receive"
    permission = "orders.receive_restock"
    label = gettext_lazy("Receive without a restock")
    explanation = gettext_lazy(
        "For units nobody announced, such as returns. They are set aside for the front of the "
        "line at once."
    )
    rehearsed = True

    units = forms.IntegerField(
        label=gettext_lazy("Units that arrived"), min_value=1, max_value=services.MAX_UNITS
    )
    arrived_on = forms.DateField(widget=DayInput(), initial=timezone.localdate)
    reason = forms.CharField(
        max_length=200, help_text=gettext_lazy("Where they come from; customers never read it.")
    )

    def __init__(self, rows: Sequence[Product], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        if shipped := shipped_ahead(rows[0], None):
            self.fields["units"].help_text = ngettext(
                "%(shipped)d unit shipped before it was received: of these, so many go to no line.",
                "%(shipped)d units shipped before they were received: of these, so many go to no "
                "line.",
                shipped,
            ) % {"shipped": shipped}
            self.fields["other_units"] = other_units(None)

    def products(self) -> list[int]:
        return sorted(row.pk for row in self.rows)

    def facts(self, row: Product) -> Sequence[object]:
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


class Discontinue(Act):
    name = "discontinue"
    permission = "orders.discontinue_product"
    label = gettext_lazy("Discontinue")
    explanation = gettext_lazy(
        "Nothing more of it comes and nobody joins its queue. All who wait are cancelled and told "
        "once, with the day their "
        "refund is sent by; the refunds and what to do in your shop stand on the desk. Units set "
        "aside still ship."
    )
    weight = 5
    impossible = gettext_lazy(
        "Nobody waits for this product and nobody can join its queue, or it is being discontinued "
        "already: its page at the "
        "desk says how far that is."
    )
    dangerous = True
    rehearsed = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Product) -> bool:
        return (row.on_backorder or row.lines.filter(waiting__gt=0).exists()) and services.ending(
            row
        ) is None

    def products(self) -> list[int]:
        return sorted(row.pk for row in self.rows)

    def facts(self, row: Product) -> Sequence[object]:
        return [
            row.on_backorder,
            *row.restocks.order_by("pk").values_list("arrived", "cancelled_at"),
        ]

    def perform(self, row: Product, *, now: datetime, actor: str) -> str:
        asked = services.discontinue(row, reason=self.cleaned_data["reason"], now=now, actor=actor)
        hint = partial(current_app.send_task, "orders.tasks.discontinue_parts")
        transaction.on_commit(hint, robust=True)  # without a broker the next tick sees the row
        return ngettext(
            "%(sku)s is discontinued: %(n)s order is cancelled, told and owed a refund. This page "
            "says how far that is.",
            "%(sku)s is discontinued: %(n)s orders are cancelled, told and owed a refund. This "
            "page says how far that "
            "is.",
            asked.lines,
        ) % {"sku": row.sku, "n": number_format(asked.lines, force_grouping=True)}

    def after(self) -> str:
        return reverse("desk:product", args=[self.rows[0].sku])

    def finish(self, row: Product, *, now: datetime) -> None:
        while services.discontinue_part(now=now, product=row):
            pass


class Correct(Act):
    name = "correct"
    permission = "orders.correct_receipt"
    label = gettext_lazy("Correct")
    explanation = gettext_lazy(
        "When fewer had arrived, spare units go first, then those set aside last; these customers "
        "are told once, with "
        "an apology. Units that have shipped cannot be taken back."
    )
    impossible = gettext_lazy(
        "Only units that came into stock are corrected, in the row in which they were received."
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

    def facts(self, row: Receipt) -> Sequence[object]:
        return [counted(row), row.product.receipts.count()]

    def perform(self, row: Receipt, *, now: datetime, actor: str) -> str:
        data = self.cleaned_data
        correction = services.correct_receipt(
            row, data["units"], reason=data["reason"], now=now, actor=actor
        )
        if correction is None:
            return _("%(receipt)s was right: nothing to correct.") % {"receipt": row}
        return _("%(receipt)s corrected: %(units)d arrived.") % {
            "receipt": row,
            "units": data["units"],
        }


class OtherUnits(Act):
    name = "other-units"
    permission = "orders.correct_receipt"
    label = gettext_lazy("They were other units")
    explanation = gettext_lazy(
        "Parcels that left before this was received were taken to hold its units. If they held "
        "others, these go to the line."
    )
    impossible = gettext_lazy("None of these units was taken to have shipped before.")
    rehearsed = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Receipt) -> bool:
        return row.corrects_id is None and services.brought(row) > 0

    def facts(self, row: Receipt) -> Sequence[object]:
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


def counted(receipt: Receipt) -> int:
    """Units of a receipt with its corrections so far."""
    return receipt.quantity + sum(receipt.corrections.values_list("quantity", flat=True))
