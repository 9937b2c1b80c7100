"""An uploaded file is tried in a dry run, and imported once somebody confirms it. Its row says what
is to be done (services.uploads)."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from redis import RedisError

from backorders_site.staff import example_emails, import_words
from backorders_site.staff.preview import rehearse_import
from orders import services
from orders.imports import summaries
from orders.imports.csv import rejected, restocks, shipments
from orders.imports.csv.order_rows import Dialect
from orders.imports.csv.orders import import_orders
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.statuses import few_words, status_columns
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.products import ProductSelection
from orders.imports.run import ImportRun, NothingWritten
from orders.imports.sources import HEADERS, dialect_of
from orders.imports.sources.column_map import ColumnMap
from orders.imports.sources.mapped_columns import MappedColumns
from orders.imports.sources.named_columns import KINDS, guessed, kind_of_map, named, recognized
from orders.imports.sources.our_columns import OurColumns
from orders.models import Import, Upload

log = logging.getLogger(__name__)

Kind = Upload.Kind
CACHED_SECONDS = 3600
PARCEL = ("order_number", "tracking_number", "shipped_at")


@contextmanager
def as_table(
    name: str, content: bytes, *, column_map: dict[str, Any] | None = None, encoding: str = ""
) -> Iterator[CsvTable]:
    """The file on this machine's disk while it is read. Unreadable: it holds no table."""
    mapped = map_of(_("column map"), column_map) if column_map else None
    with TemporaryDirectory() as directory:
        path = Path(directory) / "file.csv"
        path.write_bytes(content)
        yield CsvTable(
            path,
            name=name,
            encoding=encoding,
            delimiter=mapped.delimiter if mapped else "",
            known=mapped.headers if mapped else HEADERS,
        )


def table_of(row: Upload) -> AbstractContextManager[CsvTable]:
    return as_table(
        row.file_name, bytes(row.content), column_map=row.column_map, encoding=row.encoding
    )


def kind_of(table: CsvTable) -> Kind | None:
    """What a file holds, by its header; None: only somebody who knows the file can say."""
    if all(table.has(column) for column in restocks.REQUIRED):
        return Kind.RESTOCKS
    if all(table.has(column) for column in shipments.COLUMNS):
        return Kind.SHIPMENTS
    dialect = dialect_of(table)
    if not isinstance(dialect, OurColumns) or all(table.has(column) for column in dialect.required):
        return Kind.ORDERS
    return next(
        (
            Kind(kind)
            for kind in KINDS
            if recognized(kind, table.header) and not status_columns(few_words(table))
        ),
        None,
    )


def likely_kind(table: CsvTable) -> Kind:
    """Of a file whose header nobody knows."""
    own = {Kind.SHIPMENTS: "tracking_number", Kind.RESTOCKS: "expected_on"}
    return next(
        (kind for kind, ours in own.items() if ours in guessed(kind, table.header)), Kind.ORDERS
    )


def work_off() -> int:
    """Check and import what waits, oldest first, each in one transaction with what its row says of
    it. Returns how many."""
    done = 0
    while _one():
        done += 1
    return done


@transaction.atomic
def _one() -> bool:
    """False: nothing waits, or another import is running."""
    row = services.next_upload()
    if row is None:
        return False
    now = timezone.now()
    try:
        with transaction.atomic():
            outcome, record = _run(row, now=now)
            if row.state == Upload.State.TO_CHECK:
                transaction.set_rollback(True)
    except (Unreadable, NothingWritten) as error:
        services.was_refused(
            row,
            str(error) or _("Some of its rows are no longer valid. Upload it again to see which."),
            now=now,
        )
    except services.Refused:
        return False  # another import runs: the next tick tries again
    except Exception as error:
        log.exception("upload %s cannot be imported", row.pk)
        services.was_refused(row, f"{type(error).__name__}: {error}"[:300], now=now)
    else:
        if row.state == Upload.State.TO_CHECK:
            services.was_checked(row, outcome)
        else:
            services.was_imported(row, outcome, record, now=timezone.now())
    return True


def _run(row: Upload, *, now: datetime) -> tuple[services.UploadResult, Import | None]:
    """A dry run leaves out what is wrong, so as to say what the rest would do."""
    dry = row.state == Upload.State.TO_CHECK
    with table_of(row) as table:
        run = ImportRun(
            table.name,
            now,
            skip_bad=dry or row.skip_bad,
            progress=lambda done, of: _keep_progress(row.pk, done, of),
        )
        counts = _import(row, run, table)
        changes = summaries.changes_anything(row.kind, counts)
        told, worse = _told(row, run) if dry else ({}, services.Worse())
        outcome = services.UploadResult(
            summary=[
                *(import_words.nothing_to_import(counts, run) if dry and not changes else ()),
                *import_words.summary_of(row, counts),
                *table.remarks.words(),
            ],
            changes=changes,
            bad_rows=run.faults.total,
            rejected=rejected.faults_by_row(run.file, run.faults.kept),
            examples=import_words.examples_of(run) if dry else (),
            told=told,
            told_worse=worse.orders,
            words_found={} if row.column_map else summaries.words_found(counts),
        )
    return outcome, run.row


def _import(row: Upload, run: ImportRun, table: CsvTable) -> dict[str, Any]:
    match row.kind:
        case Kind.RESTOCKS:
            return restocks.import_restocks(run, named(run, row.kind, table, _map_of(row)))
        case Kind.SHIPMENTS:
            return shipments.import_shipments(run, named(run, row.kind, table, _map_of(row)))
    dialect = dialect_for(row, table)
    selection = ProductSelection(frozenset(row.skus), row.all_products)
    if not row.remaining:
        return import_orders(run, table, dialect, selection)
    with as_table("remaining.csv", bytes(row.remaining)) as remaining:
        return import_orders(run, table, dialect, selection, remaining=remaining)


def map_of(name: str, settings: dict[str, Any]) -> ColumnMap:
    """Unreadable: it is no column map."""
    kind = kind_of_map(settings)
    return KINDS[kind](name, settings) if kind in KINDS else MappedColumns(name, settings)


def _map_of(row: Upload) -> ColumnMap | None:
    return map_of(_("column map"), row.column_map) if row.column_map else None


def _told(row: Upload, run: ImportRun) -> tuple[dict[str, Any], services.Worse]:
    """What customers would hear, in sentences. The example emails are kept for a while only,
    because they name people."""
    if run.row is None:
        return {}, services.Worse()
    it, worse = rehearse_import(run, run.row)
    example_emails.keep_of_upload(row.pk, it.examples)
    told = {
        "first_words": it.first_words if it.quiet or it.heard else _("No one is notified."),
        "groups": it.groups,
        "kinds": [[str(kind), count] for kind, count in it.kinds],
        "refunds": it.refund_words,
        "worse": worse.as_json(),
    }
    return told, worse


def dialect_for(row: Upload, table: CsvTable) -> Dialect:
    sayings = Sayings(row.by_name, row.words)
    if row.column_map is None:
        return dialect_of(table, sayings)
    mapped = MappedColumns(_("column map"), row.column_map, sayings)
    mapped.check(table.header, table.name)
    return mapped


def together(row: Upload, table: CsvTable) -> dict[int, object]:
    """What each row of the file belongs to: with one row wrong, all of it was left out."""
    if row.kind == Kind.ORDERS:
        return rejected.orders_of_rows(table, dialect_for(row, table))
    columns = PARCEL if row.kind == Kind.SHIPMENTS else ("reference", "sku")
    run = ImportRun(table.name, row.uploaded_at)
    return rejected.keys_of_rows(named(run, row.kind, table, _map_of(row)), columns)


def progress(row: Upload) -> int | None:
    """In per cent, as far as is known."""
    try:
        done, of = cache.get(_progress_key(row.pk)) or (0, 0)
    except RedisError:
        return None
    return round(100 * done / of) if of else None


def _keep_progress(pk: int, done: int, of: int) -> None:
    key = _progress_key(pk)
    try:
        cache.set(key, (done, of), CACHED_SECONDS)
    except RedisError:
        log.warning("%s is not kept", key)


def _progress_key(pk: int) -> str:
    return f"upload:{pk}"
