"""The catalogs of translations in locale/: collected from the sources, brought up to date,
compiled; all with Babel.

They hold what customers read. Staff's pages stay in English and are left out (FOR_STAFF).
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

SOURCES = (
    "backorders_site/**/*.py",
    "notifications/**/*.py",
    "orders/**/*.py",
    "templates/**/*.html",
    "templates/**/*.txt",
)
FOR_STAFF = re.compile(
    r"/(admin|staff|demo|simulation|imports|management|migrations|models)/"
    r"|/(admin_sections|models|checks)\.py$"
)
WORDED_IN = "en"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...]] = {
    "gettext": (1,),
    "gettext_lazy": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "_": (1,),  # what templatize makes of {{ _("...") }}
}
TRANSLATORS = "Translators:"
LEGAL = "LEGAL: needs review by a lawyer"
# every sentence there is one that a rule asks for
LEGAL_SOURCES = ("orders/words/agreements.py", "orders/words/notices.py")
LEGAL_WORDS = re.compile(r"withdraw|refund", re.IGNORECASE)

LEGAL_PAGE_PATH = Path(settings.BASE_DIR) / "docs" / "legal-words.md"
LEGAL_PAGE = """# Words that the law asks for

Every sentence a customer reads about a delay's rules, withdrawal or refunds, in each language.
**The translations were made without a lawyer; one who practises in that language should read them
before a shop relies on them.** What each sentence is for: [delay-rules.md](delay-rules.md). Of
sentences that count, the form for many is shown. Written by `make messages`.

"""


def languages() -> list[str]:
    """Those that are translated into."""
    return [code for code, _ in settings.LANGUAGES if code != WORDED_IN]


def path_of(language: str, suffix: str = "po") -> Path:
    return Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


def sources() -> list[Path]:
    """The files whose words customers read."""
    root = Path(settings.BASE_DIR)
    found = {path for pattern in SOURCES for path in root.glob(pattern)}
    return sorted(
        path for path in found if not FOR_STAFF.search("/" + path.relative_to(root).as_posix())
    )


def collected() -> Catalog:
    """All that customers read, as the sources have it now."""
    template = Catalog(project="backorders", charset="utf-8", domain="django")
    for path in sources():
        name = path.relative_to(settings.BASE_DIR).as_posix()
        for ids, comments, context in _messages_in(path):
            template.add(ids, locations=[(name, 0)], auto_comments=comments, context=context)
    for message in template:
        if message.id and _is_legal(message):
            message.auto_comments = [LEGAL, *message.auto_comments]
    return template


def read(language: str) -> Catalog:
    """Empty if there is no catalog yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(
            locale=language, project="backorders", charset="utf-8", domain="django", fuzzy=False
        )
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def brought_up_to_date(language: str) -> Catalog:
    """Translations kept; what is new is empty; what resembles an older text offers its translation,
    marked fuzzy."""
    catalogue, template = read(language), collected()
    template.creation_date = catalogue.creation_date  # a date alone is not a change
    for message in catalogue:
        message.auto_comments, message.locations = [], []
    catalogue.update(template, update_header_comment=False)
    return catalogue


def po_of(catalogue: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue()


def mo_of(catalogue: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def legal_words() -> str:
    """What a lawyer is to read, in all languages beside each other; a page of Markdown."""
    translated = {language: read(language) for language in languages()}
    rows = [
        [ids_of(message)[-1], *(_last_form(translated[code], message) for code in translated)]
        for message in collected()
        if message.id and LEGAL in message.auto_comments
    ]
    names = dict(settings.LANGUAGES)
    table = [
        [names[WORDED_IN], *(names[code] for code in translated)],
        ["---"] * (len(translated) + 1),
        *rows,
    ]
    return LEGAL_PAGE + "".join(f"| {' | '.join(row)} |\n" for row in table)


def _last_form(catalogue: Catalog, message: Message) -> str:
    found = catalogue.get(message.id, message.context)
    return strings_of(found)[-1] if found else ""


def ids_of(message: Message) -> tuple[str, ...]:
    """One, or singular and plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings_of(message: Message) -> tuple[str, ...]:
    """One, or one for each plural form; empty where nothing is translated."""
    return (
        (message.string or "",)
        if not isinstance(message.string, list | tuple)
        else tuple(message.string)
    )


def _is_legal(message: Message) -> bool:
    from_rules = any(name in LEGAL_SOURCES for name, _ in message.locations)
    return from_rules or any(LEGAL_WORDS.search(words) for words in ids_of(message))


def _messages_in(path: Path) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    source = path.read_text()
    if path.suffix != ".py":
        # Django turns template tags into Python. What is not a tag becomes X, whose indentation
        # Python would not accept.
        source = "\n".join(line.lstrip() for line in templatize(source).splitlines())
    found = extract(
        "python", BytesIO(source.encode()), KEYWORDS, (TRANSLATORS,), {"encoding": "utf-8"}, True
    )
    for _, ids, comments, context in found:
        yield ids, comments, context
