"""Long statements stand in files, sql/NAME.sql beside the module that reads them."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FILES = sorted(
    path
    for room in ("backorders_site", "notifications", "orders", "benchmarks")
    for path in (ROOT / room).rglob("*.sql")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for_in_lines_of_a_hundred_columns_and_is_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    assert [line for line in text.splitlines() if len(line) > 100 or line != line.rstrip()] == []
    readers = [*path.parent.parent.glob("*.py"), *path.parent.parent.glob("migrations/*.py")]
    assert any(re.search(rf'"{path.stem}"', reader.read_text()) for reader in readers)
