"""A page without the white space of its template."""

import re


def flat(page: str) -> str:
    """White space inside a tag and between words is one space, and none begins or ends an
    element."""
    page = re.sub(r"\s+", " ", page)
    page = re.sub(r"(<[^/!][^>]*>) ", r"\1", page)
    return re.sub(r" (</|>)", r"\1", page)
