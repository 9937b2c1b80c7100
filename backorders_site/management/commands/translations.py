from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from django.core.management.base import BaseCommand, CommandError

from backorders_site.ops import catalogs


class Command(BaseCommand):
    help = """Brings locale/ and docs/legal-words.md up to date with the sources, and compiles what
is translated.

Example: manage.py translations
         manage.py translations --check   changes nothing; exit code 1 where something is missing,
                                          fuzzy or out of date"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("--check", action="store_true", help="only say what is to be done")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        left = 0
        for language in catalogs.languages():
            catalogue = catalogs.brought_up_to_date(language)
            left += self._say_what_is_left(language, catalogue)
            left += self._write(catalogs.path_of(language), catalogs.po_of(catalogue), check=check)
            left += self._write(
                catalogs.path_of(language, "mo"), catalogs.mo_of(catalogue), check=check
            )
        left += self._write(catalogs.LEGAL_PAGE_PATH, catalogs.legal_words().encode(), check=check)
        if check and left:
            raise CommandError(
                "Run make messages, translate what is empty or fuzzy in locale/, then run it again."
            )

    def _say_what_is_left(self, language: str, catalogue: Catalog) -> int:
        missing = [
            message for message in catalogue if message.id and not all(catalogs.strings_of(message))
        ]
        fuzzy = [message for message in catalogue if message.id and message.fuzzy]
        self.stdout.write(
            f"{language}: {len(catalogue)} texts, {len(missing)} missing, {len(fuzzy)} fuzzy"
        )
        for message in [*missing, *fuzzy]:
            self.stdout.write(f"  {catalogs.ids_of(message)[0]}")
        return len(missing) + len(fuzzy)

    def _write(self, path: Path, content: bytes, *, check: bool) -> int:
        """1 where the file was another."""
        if path.exists() and path.read_bytes() == content:
            return 0
        if check:
            self.stdout.write(f"{path} is out of date")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return 1
