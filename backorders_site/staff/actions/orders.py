"""Enter an order, ship, cancel, write a note, tell the customer, correct the address."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import (
    Action,
    ChooseRow,
    DayInput,
    NewRow,
    StaffReason,
    TimeInput,
)
from notifications.outbox import staff_actions
from orders import services
from orders.domain import keys
from orders.models import Order, OrderLine, Product, Word


class EnterOrder(NewRow):
    permission = "orders.add_order"

    number = forms.CharField(max_length=keys.MAX_ORDER_NUMBER)
    placed_at = forms.DateTimeField(widget=TimeInput(), initial=timezone.localtime)
    paid_at = forms.DateTimeField(
        widget=TimeInput(),
        required=False,
        help_text=gettext_lazy("This time sets its place in line. If empty, the time above does."),
    )
    email = forms.EmailField(
        required=False, help_text=gettext_lazy("If empty, we can't reach this customer.")
    )
    customer_name = forms.CharField(max_length=300, required=False)
    country = forms.CharField(
        required=False,
        validators=[
            RegexValidator("^[A-Za-z]{2}$", gettext_lazy("Enter two letters, such as US or DE."))
        ],
        help_text=gettext_lazy("Enter two letters, such as US or DE."),
        widget=forms.TextInput({"size": 4}),
    )
    product = forms.ModelChoiceField(
        Product.objects.all(), widget=ChooseRow(OrderLine._meta.get_field("product"))
    )
    quantity = forms.IntegerField(min_value=1, max_value=services.MAX_UNITS, initial=1)
    promised_by = forms.DateField(
        widget=DayInput(),
        required=False,
        help_text=gettext_lazy("The ship date you gave when they ordered, if any."),
    )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_number(self) -> str:
        try:
            number = keys.order_number(self.cleaned_data["number"])
        except keys.BadKey as error:
            raise forms.ValidationError(_("The number %(why)s.") % {"why": error}) from None
        if Order.objects.filter(number__iexact=number).exists():
            raise forms.ValidationError(
                _("An order with this number already exists. Enter another number.")
            )
        return number

    def create(self, *, now: datetime, actor: str) -> Order:
        data = dict(self.cleaned_data)
        line = services.NewLine(
            data.pop("product"), data.pop("quantity"), promised_by=data.pop("promised_by")
        )
        return services.place_order(services.NewOrder(lines=[line], **data), now=now)


class UnitsOfLines(Action):
    """An action on an order that asks for units of each of its lines, at most `most` of them."""

    def __init__(self, rows: Sequence[Order], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        asked = {}
        for line in rows[0].lines.select_related("product"):
            if most := self.most(line):
                asked[f"line_{line.pk}"] = forms.IntegerField(
                    label=f"{line.product.name} ({line.product.sku})",
                    min_value=0,
                    max_value=most,
                    initial=most,
                    help_text=self.help(line, most),
                )
        self.fields = asked | self.fields

    def subjects(self) -> list[str]:
        return [" · ".join(filter(None, [row.number, row.customer_name])) for row in self.rows]

    def products(self) -> list[int]:
        return sorted(
            set(OrderLine.objects.filter(pk__in=self.units()).values_list("product", flat=True))
        )

    @staticmethod
    def most(line: OrderLine) -> int:
        raise NotImplementedError

    @staticmethod
    def help(line: OrderLine, most: int) -> str:
        raise NotImplementedError

    @classmethod
    def offered(cls, row: Order) -> bool:
        return any(cls.most(line) for line in row.lines.all())

    def rests_on(self, row: Order) -> Sequence[object]:
        return list(row.lines.order_by("pk").values_list("pk", "allocated", "shipped", "cancelled"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not self.units():
            raise forms.ValidationError(_("Enter a quantity for at least one line."))
        return data

    def units(self) -> dict[int, int]:
        return {
            int(name.removeprefix("line_")): number
            for name, number in self.cleaned_data.items()
            if name.startswith("line_") and number
        }


class Ship(UnitsOfLines):
    name = "ship"
    permission = "orders.ship_order"
    label = gettext_lazy("Ship")
    explanation = gettext_lazy(
        "Use this for units the carrier has picked up. We'll email the customer the tracking "
        "number."
    )
    impossible = gettext_lazy("No units are reserved for this order, so there is nothing to ship.")

    rehearsed = True

    carrier = forms.CharField(max_length=keys.MAX_CARRIER, required=False)
    tracking_number = forms.CharField(max_length=keys.MAX_TRACKING_NUMBER, required=False)

    def products(self) -> list[int]:
        """Nobody behind is affected, so no queue is counted again."""
        return []

    @staticmethod
    def most(line: OrderLine) -> int:
        return line.reserved

    @staticmethod
    def help(line: OrderLine, most: int) -> str:
        return ngettext(
            "%(reserved)d of %(all)d is reserved.", "%(reserved)d of %(all)d are reserved.", most
        ) % {
            "reserved": most,
            "all": line.quantity,
        }

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        units = self.units()
        services.ship(
            row,
            units,
            carrier=self.cleaned_data["carrier"],
            tracking_number=self.cleaned_data["tracking_number"],
            now=now,
            actor=actor,
        )
        count = sum(units.values())
        return ngettext(
            "%(units)d unit of order %(number)s shipped.",
            "%(units)d units of order %(number)s shipped.",
            count,
        ) % {"units": count, "number": row.number}


class Cancel(UnitsOfLines):
    name = "cancel"
    permission = "orders.cancel_order"
    label = gettext_lazy("Cancel units")
    explanation = gettext_lazy(
        "Waiting units are canceled first, then reserved ones, which go to the next in line. "
        "We'll email the customer when to expect the refund. This doesn't send the refund or "
        "change the shop: both stay on staff's lists until someone does them."
    )
    impossible = gettext_lazy("Everything in this order has shipped or is canceled.")
    dangerous = True
    rehearsed = True

    by = forms.ChoiceField(
        label=gettext_lazy("Who is canceling"),
        choices=[
            ("customer", gettext_lazy("The customer asked")),
            ("discontinued", gettext_lazy("We can no longer get the product")),
            ("staff", gettext_lazy("We decided for another reason")),
        ],
    )
    refunded = forms.BooleanField(
        label=gettext_lazy("The refund was already sent"),
        required=False,
        help_text=gettext_lazy("The customer reads that, and no refund is put on the list."),
    )
    reason = StaffReason()

    def __init__(self, rows: Sequence[Order], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        self.fields["refunded"].initial = bool(services.sent_back(rows[0]))

    @staticmethod
    def most(line: OrderLine) -> int:
        return int(line.waiting) + line.reserved

    @staticmethod
    def help(line: OrderLine, most: int) -> str:
        return ngettext(
            "%(open)d of %(all)d hasn't shipped.", "%(open)d of %(all)d haven't shipped.", most
        ) % {
            "open": most,
            "all": line.quantity,
        }

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        units = self.units()
        data = self.cleaned_data
        refunds = services.cancel(
            row,
            units=units,
            by=data["by"],
            reason=data["reason"],
            refunded=data["refunded"],
            now=now,
            actor=actor,
        )
        count = sum(units.values())
        if data["refunded"]:
            return ngettext(
                "%(units)d unit of order %(number)s canceled.",
                "%(units)d units of order %(number)s canceled.",
                count,
            ) % {"units": count, "number": row.number}
        return ngettext(
            "%(units)d unit of order %(number)s canceled. Send the refund by %(day)s, then mark "
            "it sent.",
            "%(units)d units of order %(number)s canceled. Send the refund by %(day)s, then mark "
            "it sent.",
            count,
        ) % {
            "units": count,
            "number": row.number,
            "day": date_format(min(refund.due_on for refund in refunds)),
        }


class WriteNote(Action):
    name = "write-note"
    permission = "orders.add_note"
    label = gettext_lazy("Write a note")
    explanation = gettext_lazy(
        "Only staff see this. A note can't be changed later; write another to correct it."
    )

    text = forms.CharField(
        label=gettext_lazy("Note"), max_length=2000, widget=forms.Textarea({"rows": 4})
    )

    def rests_on(self, row: Order) -> Sequence[object]:
        return list(row.notes.values_list("pk", flat=True))

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        services.write_note(row, self.cleaned_data["text"], now=now, actor=actor)
        return _("Note added to order %(number)s.") % {"number": row.number}


class TellCustomer(Action):
    name = "tell"
    permission = "orders.change_order"
    label = gettext_lazy("Tell the customer")
    explanation = gettext_lazy(
        "The customer sees this on their order page at once and gets it by email, in their "
        "language. You can only choose one of our sentences. Write your own email about anything "
        "special to their case."
    )
    rehearsed = True

    word = forms.ChoiceField(
        label=gettext_lazy("Message"), choices=Word.choices, widget=forms.RadioSelect
    )
    reason = StaffReason()

    def products(self) -> list[int]:
        """No queue changes."""
        return []

    def rests_on(self, row: Order) -> Sequence[object]:
        return list(row.events.filter(kind="note").values_list("pk", flat=True))

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        word = Word(self.cleaned_data["word"])
        services.tell_customer(row, word, reason=self.cleaned_data["reason"], now=now, actor=actor)
        if row.released_at is None:
            return _(
                "Order %(number)s isn't released yet: its page shows the message, and no "
                "email goes out."
            ) % {"number": row.number}
        return _("The customer of order %(number)s will get an email.") % {"number": row.number}


class CorrectAddress(Action):
    name = "correct-address"
    permission = "orders.change_order"
    label = gettext_lazy("Correct the email address")
    explanation = gettext_lazy(
        "Emails that bounced or couldn't be sent go to the new address, brought up to date. Only "
        "this order's address changes."
    )

    email = forms.EmailField(label=gettext_lazy("Email address"))
    revoke = forms.BooleanField(
        required=False,
        label=gettext_lazy("Revoke every link sent so far"),
        help_text=gettext_lazy(
            "Choose this if someone else may have a link: anyone with one can cancel the order."
        ),
    )
    reason = StaffReason()

    def __init__(self, rows: Sequence[Order], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows, data)
        self.fields["email"].initial = rows[0].email

    def rests_on(self, row: Order) -> Sequence[object]:
        return [row.email, row.link_version]

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        data = self.cleaned_data
        words = {"number": row.number}
        if staff_actions.correct_address(
            row, data["email"], revoke=data["revoke"], reason=data["reason"], now=now, actor=actor
        ):
            return (
                _(
                    "Email address of order %(number)s corrected. Emails that didn't arrive will "
                    "be sent there."
                )
                % words
            )
        return _("Email address of order %(number)s corrected. There is nothing to resend.") % words
