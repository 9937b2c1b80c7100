"""What customers type, read generously."""

import re

from django import forms

from orders.words.bidi import visible


class AsTyped(forms.Field):
    """Words that others judge; a page may show them again."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: str | None) -> str:
        return value or ""


def number_typed(words: str) -> int | None:
    """A whole number in the digits of any script, with the marks of direction that a reader's
    keyboard may add; None: it is none."""
    words = visible(words)
    return int(words) if re.fullmatch(r"\d{1,9}", words) else None
