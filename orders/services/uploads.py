"""What becomes of a file that staff uploaded: checked, confirmed, imported, refused or
discarded."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q
from django.db.models.functions import Coalesce

from orders.models import Import, Upload
from orders.services.refusal import Refused

FILES_KEPT_FOR = timedelta(days=30)  # a file holds names and addresses of people

State = Upload.State


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What a run of a file did, or would do: in sentences, with examples, and the rows that are
    wrong by number. `told`: what customers would hear of it, `told_worse` of them worse news.
    `words_found`: words of which the shop may say what they mean, with what they mean now and in
    how many orders they are."""

    summary: Sequence[str]
    changes: bool
    bad_rows: int
    rejected: Mapping[int, str]
    examples: Sequence[str] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    told_worse: int = 0
    words_found: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@transaction.atomic
def upload(
    kind: str,
    file_name: str,
    content: bytes,
    *,
    all_products: bool,
    by_name: bool = False,
    column_map: Mapping[str, Any] | None = None,
    encoding: str = "",
    known: bool = True,
    now: datetime,
    actor: str,
) -> Upload:
    """`known`: what its columns hold is known; else somebody has to say so first (map_columns)."""
    return Upload.objects.create(
        kind=kind,
        file_name=file_name[-255:],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        column_map=column_map,
        encoding=encoding,
        all_products=all_products,
        by_name=by_name,
        state=State.TO_CHECK if known else State.UNKNOWN_COLUMNS,
        uploaded_at=now,
        waits_since=now if known else None,
        uploaded_by=actor,
    )


@transaction.atomic
def await_approval(
    kind: str,
    file_name: str,
    content: bytes,
    *,
    told_worse: int,
    column_map: Mapping[str, Any] | None = None,
    all_products: bool = False,
    by_name: bool = False,
    words: Mapping[str, str] | None = None,
    skus: Sequence[str] = (),
    remaining: bytes = b"",
    skip_bad: bool = False,
    encoding: str = "",
    now: datetime,
    actor: str,
) -> Upload:
    """A file that a command was given and nobody has agreed to: it is checked, and waits for a
    person. The same file given again does not wait twice."""
    row, _ = Upload.objects.select_for_update(no_key=True).get_or_create(
        kind=kind,
        sha256=hashlib.sha256(content).hexdigest(),
        is_held=True,
        state__in=[State.TO_CHECK, State.CHECKED],
        defaults={
            "file_name": file_name[-255:],
            "content": content,
            "uploaded_at": now,
            "uploaded_by": actor,
            "state": State.TO_CHECK,
        },
    )
    row.column_map = dict(column_map) if column_map else None
    row.all_products, row.by_name, row.words = all_products, by_name, dict(words or {})
    row.skus, row.remaining, row.skip_bad = sorted(skus), remaining, skip_bad
    row.encoding = encoding
    row.told_worse, row.state, row.waits_since = told_worse, State.TO_CHECK, now
    row.save(
        update_fields=[
            *("column_map", "all_products", "by_name", "words", "skus", "remaining", "skip_bad"),
            *("encoding", "told_worse", "state", "waits_since"),
        ]
    )
    return row


@transaction.atomic
def say_kind(row: Upload, kind: str) -> None:
    """Somebody knows what a file holds."""
    if not Upload.objects.filter(pk=row.pk, state=State.UNKNOWN_COLUMNS).update(kind=kind):
        raise Refused("the columns of this file are already known")


@transaction.atomic
def say_words(row: Upload, words: Mapping[str, str], *, now: datetime) -> None:
    """What words of a checked file mean. It holds once the file is imported."""
    row = Upload.objects.select_for_update().get(pk=row.pk)
    if row.state != State.CHECKED or not row.content:
        raise Refused("only a file that is waiting for you can be checked again")
    row.words, row.state, row.waits_since = row.words | dict(words), State.TO_CHECK, now
    row.save(update_fields=["words", "state", "waits_since"])


@transaction.atomic
def map_columns(row: Upload, column_map: Mapping[str, Any], *, now: datetime) -> None:
    waits = Upload.objects.filter(pk=row.pk, state=State.UNKNOWN_COLUMNS)
    if not waits.update(column_map=column_map, state=State.TO_CHECK, waits_since=now):
        raise Refused("the columns of this file are already known")


@transaction.atomic
def confirm_upload(row: Upload, *, skip_bad: bool, now: datetime, actor: str) -> None:
    """Somebody has read what the file would do, and wants it. Refused while rows are wrong that are
    not to be left out."""
    row = Upload.objects.select_for_update().get(pk=row.pk)
    if row.state != State.CHECKED:
        raise Refused("only a checked file can be imported, and only once")
    if not row.content:
        raise Refused("the file is no longer kept: upload it again")
    if row.bad_rows and not skip_bad:
        raise Refused(
            "some rows are wrong: fix them and upload the file again, or choose to leave them out"
        )
    row.state, row.skip_bad, row.confirmed_by, row.waits_since = (
        State.TO_IMPORT,
        skip_bad,
        actor,
        now,
    )
    row.save(update_fields=["state", "skip_bad", "confirmed_by", "waits_since"])


@transaction.atomic
def discard_upload(row: Upload, *, now: datetime, actor: str) -> None:
    """Somebody has read what the file would do, and does not want it."""
    waits = Upload.objects.filter(pk=row.pk, state__in=[State.CHECKED, State.UNKNOWN_COLUMNS])
    if not waits.update(state=State.DISCARDED, confirmed_by=actor, finished_at=now):
        raise Refused("only a file that is waiting for you can be discarded")


@transaction.atomic
def check_again(row: Upload, *, now: datetime) -> None:
    """What it would do may be another thing by now."""
    checked = Upload.objects.filter(pk=row.pk, state=State.CHECKED).exclude(content=b"")
    if not checked.update(state=State.TO_CHECK, waits_since=now):
        raise Refused("only a file that is waiting for you can be checked again")


@transaction.atomic
def forget_files(*, now: datetime) -> int:
    """Files older than FILES_KEPT_FOR are emptied, with what was said about their rows, which
    quotes them. One under way stays until it is done. Returns how many."""
    under_way = Q(state__in=[State.TO_CHECK, State.TO_IMPORT])
    old = Upload.objects.filter(~under_way, uploaded_at__lt=now - FILES_KEPT_FOR)
    gone = old.exclude(content=b"", rejected={}, examples=[]).update(
        content=b"", remaining=b"", rejected={}, examples=[]
    )
    Import.objects.filter(started_at__lt=now - FILES_KEPT_FOR).exclude(rejected=[]).update(
        rejected=[]
    )
    return gone


def oldest_upload() -> datetime | None:
    """Since when a file waits to be checked or imported, or is; None: none does."""
    waiting = Upload.objects.filter(state__in=[State.TO_CHECK, State.TO_IMPORT])
    since: datetime | None = waiting.aggregate(since=Min(Coalesce("waits_since", "uploaded_at")))[
        "since"
    ]
    return since


def next_upload() -> Upload | None:
    """The oldest that waits to be checked or imported, locked, for a caller that does it in the
    same transaction."""
    waiting = Upload.objects.filter(state__in=[State.TO_CHECK, State.TO_IMPORT])
    return waiting.select_for_update(skip_locked=True, no_key=True).order_by("pk").first()


def was_checked(row: Upload, outcome: UploadResult) -> None:
    row.state = State.CHECKED
    row.examples, row.told, row.told_worse = (
        list(outcome.examples),
        dict(outcome.told),
        outcome.told_worse,
    )
    row.words_found = dict(outcome.words_found)
    _save(row, outcome)


def was_imported(
    row: Upload, outcome: UploadResult, record: Import | None, *, now: datetime
) -> None:
    row.state, row.record, row.finished_at = State.DONE, record, now
    _save(row, outcome)


def was_refused(row: Upload, why: str, *, now: datetime) -> None:
    """It cannot be read as a whole, or not be written; nothing of it was."""
    row.state, row.summary, row.finished_at = State.REFUSED, [why], now
    row.save(update_fields=["state", "summary", "finished_at"])


def _save(row: Upload, outcome: UploadResult) -> None:
    row.summary, row.changes = list(outcome.summary), outcome.changes
    row.bad_rows, row.rejected = (
        outcome.bad_rows,
        {str(number): what for number, what in outcome.rejected.items()},
    )
    row.save(
        update_fields=[
            "state",
            "summary",
            "changes",
            "bad_rows",
            "rejected",
            "examples",
            "told",
            "told_worse",
            "words_found",
            "record",
            "finished_at",
        ]
    )
