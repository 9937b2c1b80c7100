"""What staff do with orders and their lines."""

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
    Act,
    ChooseRow,
    DayInput,
    NewRow,
    StaffReason,
    TimeInput,
)
from orders import queue, services
from orders.domain import keys
from orders.domain.delay_rules import Sentence
from orders.models import (
    Choice,
    Order,
    OrderLine,
    Outcome,
    Product,
    Refund,
    Shipment,
    ShopTask,
    Word,
)

MAX_PLACES = 100_000_000  # no line is longer; what a database can count to is more


class NewOrder(NewRow):
    permission = "orders.add_order"

    number = forms.CharField(max_length=keys.MAX_ORDER_NUMBER)
    placed_at = forms.DateTimeField(widget=TimeInput(), initial=timezone.localtime)
    paid_at = forms.DateTimeField(
        widget=TimeInput(),
        required=False,
        help_text=gettext_lazy("Its place in line is by this time, else by the one above."),
    )
    email = forms.EmailField(
        required=False, help_text=gettext_lazy("Empty: this customer can't be reached.")
    )
    customer_name = forms.CharField(max_length=300, required=False)
    country = forms.CharField(
        required=False,
        validators=[
            RegexValidator("^[A-Za-z]{2}$", gettext_lazy("Two letters, such as US or DE."))
        ],
        help_text=gettext_lazy("Two letters, such as US or DE."),
        widget=forms.TextInput({"size": 4}),
    )
    product = forms.ModelChoiceField(
        Product.objects.all(), widget=ChooseRow(OrderLine._meta.get_field("product"))
    )
    quantity = forms.IntegerField(min_value=1, max_value=services.MAX_UNITS, initial=1)
    promised_by = forms.DateField(
        widget=DayInput(),
        required=False,
        help_text=gettext_lazy("The ship day you stated when they ordered, if you did."),
    )

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_number(self) -> str:
        try:
            number = keys.order_number(self.cleaned_data["number"])
        except keys.BadKey as error:
            raise forms.ValidationError(_("The number %(why)s.") % {"why": error}) from None
        if Order.objects.filter(number__iexact=number).exists():
            raise forms.ValidationError(_("There is an order with this number."))
        return number

    def create(self, *, now: datetime, actor: str) -> Order:
        data = dict(self.cleaned_data)
        line = services.NewLine(
            data.pop("product"), data.pop("quantity"), promised_by=data.pop("promised_by")
        )
        return services.place_order(services.NewOrder(lines=[line], **data), now=now)


class UnitsOfLines(Act):
    """An act on an order that asks for units of each of its lines, at most `most` of them."""

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

    def facts(self, row: Order) -> Sequence[object]:
        return list(row.lines.order_by("pk").values_list("pk", "allocated", "shipped", "cancelled"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not self.units():
            raise forms.ValidationError(_("Name the units of one line at least."))
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
        "For units that were handed to the carrier. The customer is told, with the tracking number."
    )
    impossible = gettext_lazy("No units are set aside for this order: there is nothing to ship.")

    rehearsed = True

    carrier = forms.CharField(max_length=keys.MAX_CARRIER, required=False)
    tracking_number = forms.CharField(max_length=keys.MAX_TRACKING_NUMBER, required=False)

    def products(self) -> list[int]:
        """Whoever waits behind does not feel it: no queue is counted anew."""
        return []

    @staticmethod
    def most(line: OrderLine) -> int:
        return line.reserved

    @staticmethod
    def help(line: OrderLine, most: int) -> str:
        return ngettext(
            "%(reserved)d of %(all)d is set aside.", "%(reserved)d of %(all)d are set aside.", most
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
        "Units that wait go first, then those set aside, which go to the next in line. The "
        "customer is told when the "
        "refund will be sent. This moves no money and changes nothing in the shop: both stand on "
        "staff's lists until done."
    )
    impossible = gettext_lazy("All of this order has shipped or is cancelled.")
    dangerous = True
    rehearsed = True

    by = forms.ChoiceField(
        label=gettext_lazy("Who wants it"),
        choices=[
            ("customer", gettext_lazy("The customer asked for it")),
            ("shop", gettext_lazy("We decided it")),
        ],
    )
    reason = StaffReason()

    @staticmethod
    def most(line: OrderLine) -> int:
        return int(line.waiting) + line.reserved

    @staticmethod
    def help(line: OrderLine, most: int) -> str:
        return ngettext(
            "%(open)d of %(all)d has not shipped.", "%(open)d of %(all)d have not shipped.", most
        ) % {
            "open": most,
            "all": line.quantity,
        }

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        units = self.units()
        data = self.cleaned_data
        refunds = services.cancel(
            row, units=units, by=data["by"], reason=data["reason"], now=now, actor=actor
        )
        count = sum(units.values())
        return ngettext(
            "%(units)d unit of order %(number)s cancelled. Send the refund by %(day)s and mark it "
            "sent.",
            "%(units)d units of order %(number)s cancelled. Send the refund by %(day)s and mark "
            "it sent.",
            count,
        ) % {
            "units": count,
            "number": row.number,
            "day": date_format(min(refund.due_on for refund in refunds)),
        }


class WriteNote(Act):
    name = "write-note"
    permission = "orders.add_note"
    label = gettext_lazy("Write a note")
    explanation = gettext_lazy(
        "For us alone: the customer never reads it. It stays as it is; write another to put it "
        "right."
    )

    text = forms.CharField(
        label=gettext_lazy("Note"), max_length=2000, widget=forms.Textarea({"rows": 4})
    )

    def facts(self, row: Order) -> Sequence[object]:
        return list(row.notes.values_list("pk", flat=True))

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        services.write_note(row, self.cleaned_data["text"], now=now, actor=actor)
        return _("Noted at order %(number)s.") % {"number": row.number}


class TellCustomer(Act):
    name = "tell"
    permission = "orders.change_order"
    label = gettext_lazy("Tell the customer")
    explanation = gettext_lazy(
        "On their page at once and by mail, in their language. Customers read our own words only; "
        "what is special about "
        "their case is better said in a mail of yours."
    )
    rehearsed = True

    word = forms.ChoiceField(
        label=gettext_lazy("What we tell"), choices=Word.choices, widget=forms.RadioSelect
    )
    reason = StaffReason()

    def products(self) -> list[int]:
        """No queue changes."""
        return []

    def facts(self, row: Order) -> Sequence[object]:
        return list(row.events.filter(kind="note").values_list("pk", flat=True))

    def perform(self, row: Order, *, now: datetime, actor: str) -> str:
        word = Word(self.cleaned_data["word"])
        services.tell_customer(row, word, reason=self.cleaned_data["reason"], now=now, actor=actor)
        if row.released_at is None:
            return _("Order %(number)s is quiet: its page says so, and no mail goes out.") % {
                "number": row.number
            }
        return _("The customer of order %(number)s is told.") % {"number": row.number}


class LineAct(Act):
    def facts(self, row: OrderLine) -> Sequence[object]:
        return [row.queued_at, row.quantity, row.allocated, row.shipped, row.cancelled, row.held]


class MoveInLine(LineAct):
    name = "move"
    permission = "orders.move_orderline"
    label = gettext_lazy("Move in line")
    explanation = gettext_lazy(
        "Those who are passed by can read that we moved someone, not whom and not why."
    )
    impossible = gettext_lazy("No units of this line wait.")
    rehearsed = True

    place = forms.IntegerField(min_value=1, max_value=MAX_PLACES)
    reason = forms.CharField(
        max_length=300,
        help_text=gettext_lazy("For us, should somebody ask; customers never read it."),
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
            reason=self.cleaned_data["reason"],
            now=now,
            actor=actor,
        )
        return _("%(line)s has place %(place)d now.") % {"line": row, "place": place}


class Settle(LineAct):
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
        services.settle(row, remaining, now=now, actor=actor)
        return ngettext(
            "%(units)d unit of %(line)s is still to come.",
            "%(units)d units of %(line)s are still to come.",
            remaining,
        ) % {"units": remaining, "line": row}


class PutBack(LineAct):
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
        services.put_back(row, units, reason=self.cleaned_data["reason"], now=now, actor=actor)
        return ngettext(
            "%(units)d unit of %(line)s waits again.",
            "%(units)d units of %(line)s wait again.",
            units,
        ) % {
            "units": units,
            "line": row,
        }


class KeepsPlace(LineAct):
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
        return bool(row.waiting + row.reserved) and any(
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

    def facts(self, row: OrderLine) -> Sequence[object]:
        return [*super().facts(row), *row.notices.order_by("pk").values_list("pk", "outcome")]

    def perform(self, row: OrderLine, *, now: datetime, actor: str) -> str:
        reason = self.cleaned_data["reason"]
        done = services.answer(
            row.order, row.pk, Choice.KEEP, channel="staff", reason=reason, now=now, actor=actor
        )
        if done.done != "kept":
            raise services.Refused(str(self.impossible))
        return _("%(line)s: they keep their place.") % {"line": row}


class DidNotLeave(Act):
    name = "take-back"
    permission = "orders.correct_shipment"
    label = gettext_lazy("This did not leave")
    explanation = gettext_lazy(
        "For a shipment recorded by mistake: its units are set aside again and the customer is "
        "told, with an apology."
    )
    impossible = gettext_lazy("This shipment has been corrected already.")
    dangerous = True
    rehearsed = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Shipment) -> bool:
        return row.corrects_id is None and bool(row.standing())

    def products(self) -> list[int]:
        lines = OrderLine.objects.filter(shipment_lines__shipment__in=self.rows)
        return sorted(set(lines.values_list("product", flat=True)))

    def facts(self, row: Shipment) -> Sequence[object]:
        return [row.corrections.count()]

    def perform(self, row: Shipment, *, now: datetime, actor: str) -> str:
        services.correct_shipment(row, reason=self.cleaned_data["reason"], now=now, actor=actor)
        return _("The shipment of order %(number)s is taken back.") % {"number": row.order.number}


class MarkSent(Act):
    name = "mark-sent"
    permission = "orders.send_refund"
    label = gettext_lazy("Mark sent")
    explanation = gettext_lazy(
        "For refunds you have sent. Their units can no longer be put back in line."
    )
    impossible = gettext_lazy("This refund was marked sent before.")
    several = True

    @classmethod
    def offered(cls, row: Refund) -> bool:
        return row.sent_at is None

    def facts(self, row: Refund) -> Sequence[object]:
        return [row.units, row.sent_at]

    def perform(self, row: Refund, *, now: datetime, actor: str) -> str:
        services.mark_refund_sent(row, now=now, actor=actor)
        return _("The refund for %(refund)s is marked sent.") % {"refund": row}


class Confirm(Act):
    name = "confirm"
    permission = "orders.confirm_shoptask"
    label = gettext_lazy("Done in the shop")
    explanation = gettext_lazy(
        "For what you have done in the shop's own system. Nothing else happens here."
    )
    impossible = gettext_lazy("This was confirmed before.")
    several = True

    @classmethod
    def offered(cls, row: ShopTask) -> bool:
        return row.confirmed_at is None

    def facts(self, row: ShopTask) -> Sequence[object]:
        return [row.units, row.confirmed_at]

    def perform(self, row: ShopTask, *, now: datetime, actor: str) -> str:
        services.confirm_in_shop(row, now=now, actor=actor)
        return _("Done: %(task)s.") % {"task": row}
