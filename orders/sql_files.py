"""SQL that is long, or that the database itself keeps, has a file of its own: sql/NAME.sql beside
the module or the migrations that use it."""

from functools import cache
from pathlib import Path
from string import Template


@cache
def sql(module: str, name: str, **parts: str) -> str:
    """The statement `name` of a module, which gives its `__file__`. `parts` are texts of ours that
    several statements share, `$name` in the file; values go to the database apart, as always."""
    text = (Path(module).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return Template(text).substitute(parts) if parts else text
