"""Names and numbers that may run in the other direction than the sentence around them."""

import unicodedata

from django.utils.translation import get_language_bidi

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

JOINERS = "\u200c\u200d"  # invisible, and letters in some scripts
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(words: str) -> str:
    """What somebody typed, in one line: no control characters, no marks that turn the direction of
    what follows."""
    seen = (ch if ch in JOINERS or unicodedata.category(ch) not in UNSEEN else " " for ch in words)
    return " ".join("".join(seen).split())


def isolated(words: str) -> str:
    """Set apart within a sentence that runs right to left: product names, numbers of orders and
    parcels, carriers, email addresses, zones. Invisible characters and not <bdi>, because one
    sentence serves the page, its attributes, the subject, the text of an email and JSON. Browsers
    and email programs treat them alike."""
    return f"{FIRST_STRONG_ISOLATE}{words}{POP_ISOLATE}" if words and get_language_bidi() else words
