"""Units that were canceled, and the money for them."""

from django.utils.translation import gettext, ngettext

from orders.domain.facts import CancellationUndone, Cancelled, Crossed, Unsaid
from orders.models import Choice
from orders.words.money import money_in
from orders.words.promised import agreed, ready
from orders.words.reader import Reader


def cancelled(facts: Cancelled, reader: Reader) -> list[str]:
    numbers = {"units": reader.number(facts.units), "of": reader.number(facts.of)}
    if facts.answer_by:
        numbers["day"] = reader.day(facts.answer_by)
    if facts.by == Choice.WITHDRAW:
        numbers |= reader.date_and_time()
    cancelled = _cancelled_by(facts) % numbers
    return [
        cancelled,
        _refund(facts, reader),
        reader.still_to_come(facts.still),
        *ready(facts.window, reader),
    ]


def _refund(facts: Cancelled | Crossed, reader: Reader, *, still: bool = False) -> str:
    """How much, how and by when, as far as the shop has told us. `still`: it might seem lost."""
    if facts.refund is None:
        if facts.refund_sent:
            return gettext("Your refund has been sent.")
        if facts.refund_due_on is None:
            return ""
        words = (
            gettext("We'll still send your refund by %(day)s.")
            if still
            else gettext("We'll send your refund by %(day)s.")
        )
        return words % {"day": reader.day(facts.refund_due_on)}
    amount = {"amount": money_in(facts.refund, reader.dates)}
    if facts.refund_sent:
        return gettext("We've refunded %(amount)s to your original payment method.") % amount
    if facts.refund_due_on is None:
        return ""
    words = (
        gettext("We'll still refund %(amount)s to your original payment method by %(day)s.")
        if still
        else gettext("We'll refund %(amount)s to your original payment method by %(day)s.")
    )
    return words % {**amount, "day": reader.day(facts.refund_due_on)}


def _cancelled_by(facts: Cancelled) -> str:
    if facts.units == facts.of and facts.by != Choice.WITHDRAW:
        return _all_cancelled_by(facts)
    match facts.by:
        case "customer" | Choice.CANCEL:
            return ngettext(
                "%(units)s of %(of)s items canceled, as you asked.",
                "%(units)s of %(of)s items canceled, as you asked.",
                facts.units,
            )
        case Choice.WITHDRAW:
            return _withdrawn(facts)
        case "silence":
            return _silenced(facts)
        case "discontinued":
            return ngettext(
                "%(units)s of %(of)s items canceled: we can no longer get them. We're sorry.",
                "%(units)s of %(of)s items canceled: we can no longer get them. We're sorry.",
                facts.units,
            )
        case "staff":
            return ngettext(
                "We've canceled %(units)s of %(of)s items, and we're sorry.",
                "We've canceled %(units)s of %(of)s items, and we're sorry.",
                facts.units,
            )
    return ngettext(
        "%(units)s of %(of)s items canceled.", "%(units)s of %(of)s items canceled.", facts.units
    )


def _silenced(facts: Cancelled) -> str:
    if facts.answer_by:
        return ngettext(
            "%(units)s of %(of)s items canceled, because we didn't hear from you by %(day)s.",
            "%(units)s of %(of)s items canceled, because we didn't hear from you by %(day)s.",
            facts.units,
        )
    return ngettext(
        "%(units)s of %(of)s items canceled, because we didn't hear from you.",
        "%(units)s of %(of)s items canceled, because we didn't hear from you.",
        facts.units,
    )


def _withdrawn(facts: Cancelled) -> str:
    if facts.units < facts.of:
        return ngettext(
            "You have withdrawn from the contract for %(units)s of %(of)s items, on %(date)s at "
            "%(time)s (%(zone)s).",
            "You have withdrawn from the contract for %(units)s of %(of)s items, on %(date)s at "
            "%(time)s (%(zone)s).",
            facts.units,
        )
    return ngettext(
        "You have withdrawn from the contract for %(units)s item, on %(date)s at %(time)s "
        "(%(zone)s).",
        "You have withdrawn from the contract for %(units)s items, on %(date)s at %(time)s "
        "(%(zone)s).",
        facts.units,
    )


def _all_cancelled_by(facts: Cancelled) -> str:
    match facts.by:
        case "customer" | Choice.CANCEL:
            return gettext("Canceled, as you asked.")
        case "silence" if facts.answer_by:
            return gettext("Canceled, because we didn't hear from you by %(day)s.")
        case "silence":
            return gettext("Canceled, because we didn't hear from you.")
        case "discontinued":
            return gettext("Canceled: we can no longer get this product. We're sorry.")
        case "staff":
            return gettext("We've canceled this, and we're sorry.")
    return gettext("Canceled.")


def crossing(crossed: Crossed, reader: Reader) -> list[str]:
    """A parcel and a cancellation crossed: which of them counts, and what becomes of the refund."""
    asked = crossed.by in ("customer", Choice.CANCEL)
    first = (
        gettext("It had already shipped when you canceled.")
        if asked
        else gettext("It had already shipped when it was canceled.")
    )
    if not crossed.kept:
        return [
            first,
            gettext("So the cancellation no longer applies, and there's no refund for it."),
            gettext("If you no longer want it, please contact us."),
        ]
    if crossed.by == Choice.WITHDRAW:
        said = gettext("Your withdrawal from the contract still stands.")
    elif crossed.left_first:
        said = first
    else:
        said = (
            gettext("It shipped although you had canceled it.")
            if asked
            else gettext("It shipped although it had been canceled.")
        )
    return [
        said,
        _refund(crossed, reader, still=True),
        gettext("We'll be in touch about what to do with the parcel."),
    ]


def cancellation_undone(facts: CancellationUndone, reader: Reader) -> list[str]:
    return [
        ngettext(
            "You're back in line, in your old place: we've reversed the cancellation of %(units)s "
            "item.",
            "You're back in line, in your old place: we've reversed the cancellation of %(units)s "
            "items.",
            facts.units,
        )
        % {"units": reader.number(facts.units)},
        gettext("We won't send the refund."),
        *([] if isinstance(facts.agreed_by, Unsaid) else agreed(facts.agreed_by, reader)),
    ]
