"""What shops call the states of an order: used to sort the words of a file, and to recognize a
column that holds them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orders.imports.csv.table import CsvTable, Unreadable

# English as WooCommerce, Shopify, Magento, Shopware, PrestaShop, Wix, Squarespace, Amazon and eBay
# have it, then German, French, Italian, Spanish, Dutch and Polish.
PHRASES = {
    "cancelled": """cancelled, canceled, cancelled by customer, canceled by customer,
        cancelled by seller, void, voided, trash, deleted, declined, rejected, reversed, storniert,
        abgebrochen, gelöscht, abgelehnt, annulliert, annulé, annulée, annullato, annullata,
        cancelado, cancelada, anulado, anulada, geannuleerd, anulowane, anulowany""",
    "refunded": """refunded, fully refunded, returned, chargeback, charged back, erstattet,
        rückerstattet, zurückerstattet, retourniert, remboursé, remboursée, rimborsato, rimborsata,
        reembolsado, reembolsada, terugbetaald, zwrócone""",
    "shipped": """completed, complete, shipped, fulfilled, delivered, dispatched, picked up,
        abgeschlossen, versendet, versandt, verschickt, geliefert, ausgeliefert, zugestellt,
        abgeholt, terminé, terminée, expédié, expédiée, livré, livrée, completato, completata,
        spedito, spedita, consegnato, completado, completada, enviado, enviada, entregado,
        verzonden, afgerond, voltooid, geleverd, zrealizowane, wysłane, dostarczone""",
    "part_shipped": """partial, partially fulfilled, partially shipped, partial shipped,
        part shipped, teilweise versendet, teilweise versandt, teilweise geliefert, teilgeliefert,
        partiellement expédié, parzialmente spedito, parcialmente enviado,
        gedeeltelijk verzonden""",
    "unpaid": """pending, pending payment, awaiting payment, payment pending, on hold, failed,
        unpaid, not paid, expired, authorized, partially paid, draft, checkout draft, auto draft,
        payment review, unbezahlt, nicht bezahlt, zahlung ausstehend, zahlung offen,
        warten auf zahlung, wartet auf zahlung, in wartestellung, fehlgeschlagen, entwurf,
        en attente, en attente de paiement, en attente paiement, échoué, échouée, in attesa,
        in attesa di pagamento, fallito, pendiente, pendiente de pago, fallido, in de wacht,
        wachtend op betaling, mislukt, oczekujące na płatność, wstrzymane""",
    "waiting": """processing, paid, unfulfilled, not fulfilled, in progress, in process, open, new,
        confirmed, unshipped, not shipped, backorder, backordered, on backorder,
        awaiting fulfillment, awaiting shipment, ready to ship, waiting, in bearbeitung, bezahlt,
        offen, neu, bestätigt, nicht versendet, in vorbereitung, versandbereit, en cours,
        en préparation, en cours de préparation, payé, payée, in lavorazione, pagato, procesando,
        en proceso, pagado, in behandeling, betaald, w trakcie realizacji, opłacone""",
}
GROUPS = tuple(PHRASES)
# Which one decides, if a row says two in two columns: an order that was paid may have been canceled
# since.
CHIEF_FIRST = ("cancelled", "refunded", "part_shipped", "shipped", "unpaid", "waiting")
# What exports of all that belongs to an order call its rows.
LINES = {"line item", "line", "item", "product", "order item"}
OTHER_ROWS = {
    *("fulfillment line", "fulfillment", "shipping line", "shipping", "discount", "transaction"),
    *("refund", "refund line", "refund shipping", "coupon", "fee", "tax", "gift card", "order"),
}
# As programs and spreadsheets write them in these languages.
_YES = "true yes y 1 x wahr ja vrai oui vero sì si verdadero sí verdadeiro sim waar prawda tak"
_NO = "false no n 0 falsch nein faux non falso não onwaar nee fałsz nie"
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
_SHIPS = re.compile(r"\b(requires?|needs?) shipping\b|\bshippable\b")
Words = dict[str, Counter[str]]  # by column: how many rows say each
MAX_WORDS = 40  # a column of more says something else

# What columns are called that are filled once units are gone: with a day, or with a number.
_GONE = re.compile(
    r"\b(shipped|fulfilled|dispatched|delivered|cancell?ed|refunded|returned|voided|"
    r"versandt|versendet|verschickt|geliefert|storniert|erstattet|"
    r"expediee?s?|livree?s?|annulee?s?|remboursee?s?|"
    r"enviad[oa]s?|entregad[oa]s?|cancelad[oa]s?|anulad[oa]s?|reembolsad[oa]s?|"
    r"spedit[oaie]|consegnat[oaie]|annullat[oaie]|rimborsat[oaie]|"
    r"verzonden|geleverd|geannuleerd|terugbetaald|"
    r"wysłan[oye]|dostarczon[oye]|anulowan[oye]|zwrocon[oye])\b"
    r"|\b(fulfillment|cancellation|refund|return)s? (date|time|quantity|qty)\b"
    r"|\b(storno|stornierungs|annulerings)datum\b|\bcompleted (at|on|date)\b|\bdate completed\b"
    r"|\bdate d annulation\b|\bfecha (de )?cancelacion\b|\bdata (di )?annullamento\b"
    r"|\bdata anulowania\b|^(date )?sent( (at|on|date))?$"
)
# Either a day that is planned or one that has come: it has come where it is filled on some rows.
_GONE_OR_PLANNED = re.compile(
    r"\b(ship(ping|ment|ped)?|dispatch|delivery) (date|time)\b|\bdate of (dispatch|shipment)\b"
    r"|\b(versand|liefer|verzend|lever)datum\b|\bdate (d )?(expedition|envoi)\b"
    r"|\bdate (de )?livraison\b|\bfecha (de )?(envio|entrega)\b"
    r"|\bdata (di )?(spedizione|consegna)\b|\bdata (wysyłki|dostawy)\b"
)
_NOT_YET = re.compile(
    r"\b(not|un|to be|nicht|non|no|niet|nie|by|until|amount|price|total|cost|tax)\b"
)
NOTHING = re.compile(r"[0:.,/\- ]*|no|false|n|nein|non|none|null|n/?a", re.IGNORECASE)


def plain(word: str) -> str:
    """`wc-On_Hold` and `on hold` are the same."""
    words = (
        unicodedata.normalize("NFC", word).casefold().replace("_", " ").replace("-", " ").split()
    )
    return " ".join(words[1:] if words[:1] == ["wc"] else words)


KNOWN = {
    plain(phrase): group for group, phrases in PHRASES.items() for phrase in phrases.split(",")
}


def guess(*words: str) -> str:
    """The group that these words, one of each status column, put an order in; empty: a person has
    to say."""
    groups = {KNOWN.get(plain(word), "") for word in words if word}
    return "" if "" in groups else next((group for group in CHIEF_FIRST if group in groups), "")


def looks_like_status(words: Collection[str]) -> bool:
    """Most of what it says is known, and some of it is that an order does not wait."""
    groups = [guess(word) for word in words]
    known = list(filter(None, groups))
    return len(known) * 2 > len(groups) and any(group != "waiting" for group in known)


def says_gone(name: str) -> bool:
    """Whether a column of this name tells which units are not waited for any more."""
    called = _called(name)
    return bool(_GONE.search(called)) and not _NOT_YET.search(called)


def gone_columns(table: CsvTable, *, but: Collection[str] = ()) -> dict[str, int]:
    """The columns that are filled where units are gone, with the number of rows on which they
    are."""
    passed_over = {name.casefold() for name in but}
    names = [name for name in table.header if name and name.casefold() not in passed_over]
    sure = {name for name in names if says_gone(name)}
    asked = sure | {name for name in names if _GONE_OR_PLANNED.search(_called(name))}
    if not asked:
        return {}
    filled = dict.fromkeys(filter(asked.__contains__, names), 0)
    rows = 0
    for _, fields in table.records():
        rows += any(map(str.strip, fields))
        for name, text in zip(table.header, fields, strict=False):
            if name in filled and not NOTHING.fullmatch(text.strip()):
                filled[name] += 1
    return {
        name: number
        for name, number in filled.items()
        if number and (name in sure or number < rows)
    }


def _called(name: str) -> str:
    """`Date - Shipped_Date` and `shipped date`, `Expédié le` and `expedie le` read the same."""
    letters = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).casefold()
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def few_words(table: CsvTable, *, but: Collection[str] = ()) -> Words:
    """The columns that say few different things, with each word and the number of rows that have
    it."""
    passed_over = {name.casefold() for name in but}
    counts = {
        place: Counter[str]()
        for place, name in enumerate(table.header)
        if name and name.casefold() not in passed_over
    }
    if not counts:
        return {}
    for _, fields in table.records():
        if not counts:
            return {}
        for place, found in list(counts.items()):
            if place < len(fields) and (word := fields[place].strip()):
                found[word] += 1
                if len(found) > MAX_WORDS:
                    del counts[place]
    return {table.header[place]: found for place, found in counts.items() if found}


def status_columns(words: Words) -> Words:
    """Those that look as if they said what became of an order."""
    return {name: found for name, found in words.items() if looks_like_status(found)}


def rows_of_lines(words: Words) -> dict[str, str]:
    """Those that tell rows of lines to ship from others, with the word for these."""
    shipping = {
        name: next((word for word in found if word.casefold() in YES), "true")
        for name, found in words.items()
        if _SHIPS.search(_called(name)) and any(word.casefold() in NO for word in found)
    }
    kinds = {name: {plain(word): word for word in found} for name, found in words.items()}
    return shipping | {
        name: found[line]
        for name, found in kinds.items()
        if found.keys() & OTHER_ROWS and found.keys() <= LINES | OTHER_ROWS
        for line in found.keys() & LINES
    }


@dataclass(slots=True)
class StatusWord:
    """A word as the file writes it first, or the words of several columns with a space between; on
    how many rows."""

    word: str
    guess: str
    rows: int = 0


def words_of(table: CsvTable, columns: Sequence[str], *, head: str = "") -> list[StatusWord]:
    """What these columns say, most frequent first. `head`: a column filled only on the rows that
    describe their order. There an empty cell counts as a word, too."""
    found: dict[str, StatusWord] = {}
    for row in table.rows(columns, [head] if head and head not in columns else []):
        words = list(filter(None, (row.cells[column] for column in columns)))
        if row.problem or not (words or (head and row.cells[head])):
            continue
        word = " ".join(words)
        found.setdefault(word.casefold(), StatusWord(word, guess(*words))).rows += 1
    return sorted(found.values(), key=lambda said: -said.rows)


def expect_all_read(
    table: CsvTable, read: Collection[str], *, mapped: bool, expected: str
) -> list[str]:
    """Unreadable if a column that nobody reads says which orders do not wait, and nothing else does
    (`expected`), or if rows that are no lines would count as lines. Else the columns that a person
    who mapped the file has overlooked, in sentences."""
    words = few_words(table, but=read)
    for column, word in rows_of_lines(words).items() if mapped else ():
        raise Unreadable(
            f"{table.name}:1: by the column {column} not every row is a line of an order; expected "
            f'only = {{"{column}" = ["{word}"]}} in the column map'
        )
    said = []
    for column, found in status_columns(words).items():
        shown = ", ".join(f"{word!r} ({rows:,})" for word, rows in found.most_common(5))
        said.append(f"column {column} says {shown}")
    for column, rows in gone_columns(table, but=read).items():
        said.append(f"column {column} is filled on {'1 row' if rows == 1 else f'{rows:,} rows'}")
    if said and expected:
        raise Unreadable(
            f"{table.name}:1: {'; '.join(said)}: it isn't known which of these orders are waiting, "
            f"shipped, canceled or not paid; expected {expected}"
        )
    return said if mapped else []
