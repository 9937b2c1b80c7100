"""A page without the white space of its template."""

import re


def flat(page: str) -> str:
    """White space inside a tag and between words is one space, and none begins or ends an
    element."""
    page = re.sub(r"\s+", " ", page)
    page = re.sub(r"(<[^/!][^>]*>) ", r"\1", page)
    return re.sub(r" (</|>)", r"\1", page)


def spaced(words: str) -> str:
    """Words as they are read, where the test is not about where they break."""
    return words.replace("\N{NO-BREAK SPACE}", " ")
