"""Words of the staff's own that several rooms use."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from orders.domain.delay_rules import Silence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    Text = StrOrPromise
else:
    Text = str | Promise

SILENCE_WORDS: Mapping[str, Text] = {
    Silence.CONSENT: gettext_lazy("silence agrees"),
    Silence.CANCEL: gettext_lazy("silence cancels"),
    Silence.KEEPS_PLACE: gettext_lazy("silence keeps the place"),
}
