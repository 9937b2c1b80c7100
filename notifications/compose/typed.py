"""What people typed, fit for one line of a mail and its headers."""

import unicodedata

LONGEST_NUMBER = 60
LONGEST_NAME = 100
LONGEST_PRODUCT = 160
JOINERS = "\u200c\u200d"  # invisible, and letters in some scripts


def plain(words: str, longest: int) -> str:
    """No control characters, no marks that turn the direction of what follows, nothing that a mail program would
    decode."""
    visible = "".join(
        ch if ch in JOINERS or unicodedata.category(ch) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for ch in words
    )
    return shortened(" ".join(visible.replace("=?", "= ?").split()), longest)


def shortened(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
