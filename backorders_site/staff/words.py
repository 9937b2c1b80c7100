"""Words of the staff's own that several rooms use."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from orders.domain.delay_rules import Silence
from orders.domain.money import Money
from orders.words import money_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    Text = StrOrPromise
else:
    Text = str | Promise


def in_money(money: Money | None) -> str:
    """In the staff's own language; empty where it is not known."""
    return money_words(money, locale=get_language() or settings.LANGUAGE_CODE) if money else ""


SILENCE_WORDS: Mapping[str, Text] = {
    Silence.CONSENT: gettext_lazy("silence agrees"),
    Silence.CANCEL: gettext_lazy("silence cancels"),
    Silence.KEEPS_PLACE: gettext_lazy("silence keeps the place"),
}
