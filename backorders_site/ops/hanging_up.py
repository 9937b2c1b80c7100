"""A database that is reached and never answers (frozen, or a statement without an end) would hold a
thread for as long, and there are only a few. After a while we hang up: what waits for it fails,
and the database ends what nobody waits for (client_connection_check_interval in settings.py)."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Lock, Thread
from time import sleep

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import OperationalError

_lock = Lock()
_left: dict[BaseDatabaseWrapper, int] = {}  # seconds
_watcher: Thread | None = None


@contextmanager
def hanging_up_after(seconds: int) -> Iterator[None]:
    """One thread counts for all: to start one for each request would cost more than its queries."""
    global _watcher
    database = connections[connection.alias]
    with _lock:
        _left[database] = seconds
        if _watcher is None or not _watcher.is_alive():
            _watcher = Thread(target=_watch, name="hanging up", daemon=True)
            _watcher.start()
    try:
        yield
    finally:
        with _lock:
            del _left[database]


def _watch() -> None:
    while True:
        sleep(1)
        with _lock:
            for database in _left:
                _left[database] -= 1
                if _left[database] <= 0:
                    _hang_up(database)


def _hang_up(database: BaseDatabaseWrapper) -> None:
    """Its own thread finds the connection at its end, and closes it."""
    if database.connection is None:
        return
    try:
        with closing(socket.socket(fileno=os.dup(database.connection.fileno()))) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (OSError, OperationalError):  # it is closed by now
        return
