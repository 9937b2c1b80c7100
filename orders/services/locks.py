"""Which writer waits for which, and how long.

An import, or its dry run, may lock a product for minutes. Background work waits for nobody: what
somebody else has locked for longer than a moment stays due for the next tick.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum, unique
from time import monotonic
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

log = logging.getLogger(__name__)

MOMENT = 0.3  # seconds; other writers are done sooner
PATIENCE = 2.0  # seconds waited in all; then only what is free at once is done
AT_ONCE = 0.01
MAX_LOCKED_SINGLY = 1000  # orders; PostgreSQL has room for some thousand locks in all

T = TypeVar("T")
R = TypeVar("R")


@unique
class AdvisoryLock(IntEnum):
    """All locks of the database that go by a number: any numbers, and no two the same."""

    ONE_IMPORT = 7_260_412
    ONE_SENDER = 7_260_413
    PASSED_DAYS = 7_260_414
    ALL_ORDERS = 7_260_415


class Locked(Exception):
    """Somebody else has locked a row that is needed. Nothing was written."""


def passing_over(
    parts: Sequence[Sequence[T]], act: Callable[[Sequence[T]], R], *, of: str
) -> Iterator[R]:
    """What `act` returns for each part, each in a transaction of its own. If something of a part is
    locked, the part is split, and what is locked is skipped. `of`: what they are parts of, for the
    log."""
    waited = 0.0
    to_do = deque(parts)
    while to_do:
        part = to_do.popleft()
        started = monotonic()
        try:
            with waiting_at_most(MOMENT if waited < PATIENCE else AT_ONCE):
                done = act(part)
        except Locked:
            waited += monotonic() - started
            if len(part) == 1:
                log.info("%s %s is locked by another process: left for later", of, part[0])
            else:
                to_do.extend([each] for each in part)  # after the others, which may all be free
        else:
            yield done


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """One transaction that waits no longer than this for a lock. Otherwise it is rolled back, and
    Locked raised."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"]
                )
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Locked from error
        raise


def lock_new_order(number: str) -> None:
    """An order entered by hand waits for a writer of the same number, and for no file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [number.upper()])


def lock_orders(numbers: Collection[str]) -> None:
    """What the shop says about these orders is written by one transaction after the other, whether
    they are here already or not. Taken before any other lock; for many orders, one lock for all
    orders there are."""
    upper = sorted({number.upper() for number in numbers})
    with connection.cursor() as cursor:
        if len(upper) > MAX_LOCKED_SINGLY:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.ALL_ORDERS])
            return
        cursor.execute(
            """
            SELECT pg_advisory_xact_lock_shared(%s), pg_advisory_xact_lock(hashtextextended(n, 0))
            FROM unnest(%s::text[]) n
            """,
            [AdvisoryLock.ALL_ORDERS, upper],
        )
