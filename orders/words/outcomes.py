"""What an answer of a customer did, in words."""

from datetime import date

from django.utils.translation import gettext, ngettext

from orders.domain.money import Money
from orders.words.days import day_words, in_language, number_words
from orders.words.money import money_in


def outcome_sentence(
    done: str,
    *,
    units: int,
    refund_by: date | None,
    refund: Money | None,
    withdrawn: bool,
    mailed: bool,
    locale: str,
    today: date,
) -> str:
    """What a customer's answer did (orders.services.Answered), for the page that follows it.
    `refund`: None where no amount is known."""
    with in_language(locale) as dates:
        words = {
            "units": number_words(units, locale=dates),
            "day": day_words(refund_by, today=today, locale=dates) if refund_by else "",
            "amount": money_in(refund, dates) if refund else "",
        }
        outcomes = _outcomes(units, withdrawn=withdrawn, amount_known=refund is not None)
        said = outcomes[done] % words
        confirmed = done == "cancelled" and mailed
        return " ".join((said, gettext("We'll confirm by email."))) if confirmed else said


def _canceled(units: int, *, withdrawn: bool) -> str:
    if withdrawn:
        return ngettext(
            "You have withdrawn from the contract for %(units)s item. We'll send your refund by "
            "%(day)s.",
            "You have withdrawn from the contract for %(units)s items. We'll send your refund by "
            "%(day)s.",
            units,
        )
    return ngettext(
        "%(units)s item is canceled. We'll send your refund by %(day)s.",
        "%(units)s items are canceled. We'll send your refund by %(day)s.",
        units,
    )


def _canceled_for(units: int, *, withdrawn: bool) -> str:
    """The same where the amount is known."""
    if withdrawn:
        return ngettext(
            "You have withdrawn from the contract for %(units)s item. We'll refund %(amount)s to "
            "your original payment method by %(day)s.",
            "You have withdrawn from the contract for %(units)s items. We'll refund %(amount)s to "
            "your original payment method by %(day)s.",
            units,
        )
    return ngettext(
        "%(units)s item is canceled. We'll refund %(amount)s to your original payment method by "
        "%(day)s.",
        "%(units)s items are canceled. We'll refund %(amount)s to your original payment method by "
        "%(day)s.",
        units,
    )


def _outcomes(units: int, *, withdrawn: bool, amount_known: bool) -> dict[str, str]:
    canceled = (_canceled_for if amount_known else _canceled)(units, withdrawn=withdrawn)
    return {
        "kept": gettext("Thank you. You're keeping your place in line."),
        "already_kept": gettext("You'd already told us: you're keeping your place in line."),
        "nothing_asked": gettext("There was nothing to answer: you're keeping your place in line."),
        "cancelled": canceled,
        "already_cancelled": gettext("This was already canceled, so nothing more has changed."),
        "put_back": gettext("Welcome back: you're in your old place in line."),
    }
