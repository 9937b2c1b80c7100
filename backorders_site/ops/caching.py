"""Django's cache on Valkey. It keeps its client (Django makes one for every command, which took a
seventh of a poll), and does not wait again and again for a server that hangs. Values are JSON:
Django's pickles would run what anybody wrote there who reached Valkey."""

import json
from functools import cached_property
from time import monotonic
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis, RedisError
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as Unanswered

REST_SECONDS = 5


class Valkey(Redis):
    """After a command without an answer the next ones fail at once, for a while: each would wait as
    long, and a page with it."""

    _rests_until = 0.0

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if monotonic() < self._rests_until:
            raise Unreachable("Valkey did not answer a moment ago")
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except (Unreachable, Unanswered):
            self._rests_until = monotonic() + REST_SECONDS
            raise


class NotOurs(RedisError):
    """What stands there was not written here: as if Valkey were away."""


class Json:
    """Numbers stay numbers, which Valkey can count."""

    def dumps(self, value: Any) -> str | int:
        return value if type(value) is int else json.dumps(value)

    def loads(self, written: bytes) -> Any:
        try:
            return json.loads(written)
        except (ValueError, RecursionError):
            raise NotOurs from None


class Client(RedisCacheClient):
    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return self._kept

    @cached_property
    def _kept(self) -> Redis:
        return Valkey(connection_pool=super().get_client(write=True).connection_pool)

    def delete_beginning(self, beginning: str) -> None:
        for key in self._kept.scan_iter(match=f"{beginning}*", count=1000):
            self._kept.delete(key)


class Cache(RedisCache):
    _cache: Client

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

    def delete_beginning(self, beginning: str) -> None:
        """All keys that begin so."""
        self._cache.delete_beginning(self.make_key(beginning))
