"""When customers hear from support, as far as the shop has said so in its settings."""

from django.conf import settings
from django.utils.translation import ngettext

from orders.words.bidi import isolated


def reply_within_sentence() -> str:
    """Empty where the shop promises nothing."""
    hours: int = settings.SUPPORT_REPLY_HOURS
    words = ngettext(
        "We usually reply within %(hours)s hour.", "We usually reply within %(hours)s hours.", hours
    )
    return words % {"hours": hours} if hours else ""


def support_times() -> str:
    """The opening hours in the shop's own words, and how soon it replies."""
    opens = isolated(settings.SUPPORT_HOURS.rstrip("."))
    return " ".join(filter(None, (opens and f"{opens}.", reply_within_sentence())))
