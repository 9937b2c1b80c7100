"""Asking the site in a way that shows what went wrong, and undoing what it wrote."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from orders import queue

TABLES = """
    SELECT string_agg(
        format('SELECT %L AS name, count(*) FROM %I', relname, relname), ' UNION ALL ')
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'django_session'
"""


@dataclass
class Verdict:
    """What the inputs of a test came to; `wrong` says how to see each fault again."""

    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def say(self, what: str, asked: object) -> None:
        self.wrong.append(f"{what}: {asked!r}"[:1500])

    def holds(self, expected: int) -> None:
        assert not self.wrong, f"{len(self.wrong)} faults\n" + "\n".join(self.wrong[:40])
        assert self.asked == expected, self.asked


def counted() -> dict[str, int]:
    """Rows by table; of sessions none, for they are the visitor's own."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute(cursor.fetchone()[0])
        return dict(cursor.fetchall())


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(
    client: Client, verdict: Verdict, method: str, path: str, *, body: Any = None, **environ: Any
) -> Any:
    """One request in a transaction that is rolled back. `path`: as a server hands it on, which need
    not be a good one. A 500 is a fault, and so is a refusal that has written something, or counts
    of the queue that it broke."""
    cache.clear()
    verdict.asked += 1
    told = (
        method,
        path,
        {name: value for name, value in environ.items() if name != "HTTP_COOKIE"},
        body,
    )
    with undone():
        before = counted()
        try:
            response = _send(client, method, path, body, environ)
        except Exception as error:  # noqa: BLE001 - any is a 500 to whoever asks
            verdict.say(f"{type(error).__name__} {error}"[:300], told)
            return None
        if response.status_code >= 500:
            verdict.say(str(response.status_code), told)
        elif response.status_code >= 400 and counted() != before:
            verdict.say(f"{response.status_code}, and something is written", told)
        elif response.status_code < 400 and method == "POST" and list(queue.differences()):
            verdict.say("the queue is counted wrong", told)
        return response


def _send(client: Client, method: str, path: str, body: Any, environ: dict[str, Any]) -> Any:
    environ = {"PATH_INFO": path.encode("utf-8", "surrogatepass").decode("latin-1"), **environ}
    if isinstance(body, dict):
        body, environ["CONTENT_TYPE"] = encoded(body), "application/x-www-form-urlencoded"
    content_type = environ.pop("CONTENT_TYPE", "application/octet-stream")
    response: Any = client.generic(method, "/", body or b"", content_type=content_type, **environ)
    response.getvalue()  # a sheet is written while it is sent
    return response


def encoded(fields: dict[str, list[str]]) -> bytes:
    return urlencode(
        [(name, value) for name, values in fields.items() for value in values],
        encoding="utf-8",
        errors="surrogatepass",
    ).encode()
