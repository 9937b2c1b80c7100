"""Amounts as a reader's country writes them."""

from babel import Locale
from babel.numbers import format_currency

from orders.domain.money import Money
from orders.words.bidi import isolated
from orders.words.days import in_language


def money_words(money: Money, *, locale: str) -> str:
    """ "$59.00", "59,00 €": in Latin digits, as all numbers here."""
    with in_language(locale) as numbers:
        return money_in(money, numbers)


def money_in(money: Money, numbers: Locale) -> str:
    """Without the mark that some locales begin with: inside the isolate it would turn "US$" into
    "$US"."""
    words = format_currency(
        money.amount, money.currency, locale=numbers, numbering_system="latn"
    ).lstrip("\u200e\u200f")
    return isolated(words)
