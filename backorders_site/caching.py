"""Django's cache on Valkey, whose client is kept: Django makes one for every command, which was a seventh of a poll."""

from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis


class Client(RedisCacheClient):
    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return self._kept

    @cached_property
    def _kept(self) -> Redis:
        return super().get_client(write=True)


class Cache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client
