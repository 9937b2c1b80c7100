"""No text of the product uses a word that docs/wording.md rules out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("orders", "notifications", "backorders_site")
# Words of shops and calendars, which are read and written as they are.
NOT_OURS = ("orders/imports/csv/statuses.py", "orders/imports/sources/shopify_export.py")
OTHERS_WORDS = ("CANCELLED",)
TECHNICAL = "(?:server|program|provider)s?\\b"
# What a template shows: words of {% translate %}, attributes that are read, and text.
COMMENT = re.compile(r"{#.*?#}|<!--.*?-->|<(style|script)\b.*?</\1>", re.DOTALL)
TRANSLATED = re.compile(r"""{%\s*translate\s+("[^"]*"|'[^']*')[^%]*%}""")
READ = re.compile(r"""\b(?:title|alt|placeholder|aria-label)="([^"]*)\"""")
TAG = re.compile(r"{%.*?%}|{{.*?}}|<[^>]*>", re.DOTALL)


def ruled_out() -> list[str]:
    """The phrases in the left column of the table, in backticks."""
    rows = (ROOT / "docs" / "wording.md").read_text().splitlines()
    return [
        phrase
        for row in rows
        for phrase in re.findall("`([^`]+)`", row.partition(" | ")[0])
        if row.startswith("| `")
    ]


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Each text with the file it is in."""
    return tuple(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = str(path.relative_to(ROOT))
            if "migrations" not in path.parts and where not in NOT_OURS:
                yield from ((where, words) for words in _of_python(path.read_text()))
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.is_file():
            yield str(path.relative_to(ROOT)), _of_template(path.read_text())


def _of_python(source: str) -> Iterator[str]:
    """Every string of several words or with a capital: what staff and customers read."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_text = " " in node.value.strip() or node.value[:1].isupper()
            is_names = "__" in node.value or node.value in OTHERS_WORDS
            if is_text and not is_names and id(node) not in docstrings:
                yield node.value


def _of_template(source: str) -> str:
    source = TRANSLATED.sub(lambda found: found[1][1:-1], COMMENT.sub(" ", source))
    read = READ.findall(source)
    return " ".join(" ".join([*read, TAG.sub(" ", source)]).split())


@pytest.mark.parametrize("phrase", ruled_out())
def test_no_text_uses_a_word_that_is_ruled_out(phrase: str) -> None:
    used = re.compile(rf"(?<![\w(/-]){re.escape(phrase)}(?![\w)/-]| {TECHNICAL})", re.IGNORECASE)
    assert [f"{where}: {words}" for where, words in texts() if used.search(words)] == []


def test_the_table_is_read() -> None:
    assert {"leaves us", "perhaps", "cancelled"} <= set(ruled_out())
