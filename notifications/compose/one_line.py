"""What people typed, made fit for one line of an email and its headers."""

from orders.words.bidi import visible

MAX_NUMBER_LENGTH = 60
MAX_NAME_LENGTH = 100
MAX_PRODUCT_LENGTH = 160


def plain(words: str, longest: int) -> str:
    """visible, and nothing that an email program would decode."""
    return shortened(visible(words.replace("=?", "= ?")), longest)


def shortened(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
