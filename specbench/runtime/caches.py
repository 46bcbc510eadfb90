"""Where warmed results are kept: in this process, or in Redis for several.

A cache that does not give or take is a miss, no error. One that does not forget says so: what it holds may be stale.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple, Protocol

import anyio

from specbench.core.canonical import spelling
from specbench.core.errors import ConfigError, SpecbenchError
from specbench.core.extras import named_extras
from specbench.core.types import ToolCall

__all__ = ["Cache", "Kept", "RedisCache", "TTLCache"]


class Kept(NamedTuple):
    """A result in a cache, with the call that gave it."""

    call: ToolCall
    value: Any


class Cache(Protocol):
    """Results by key, each with the call that gave it and a time to live. A key is for one call and one caller."""

    async def get(self, key: str) -> Kept | None:
        """Return what is kept; ``None`` when there is nothing, or no more."""
        ...

    async def set(self, key: str, call: ToolCall, value: Any, ttl_s: float) -> None:
        """Keep the result of a call for ``ttl_s`` seconds."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a key; raises where that cannot be."""
        ...

    def calls(self) -> AsyncGenerator[tuple[str, ToolCall], None]:
        """Yield the keys that are kept, with their calls; raises where they cannot be told."""
        ...


class TTLCache:
    """In this process, on the clock of the event loop; the least recently used goes first.

    Parameters
    ----------
    max_entries
        Most results.

    Examples
    --------
    >>> async def main():
    ...     cache = TTLCache()
    ...     await cache.set("look", ToolCall("look"), "seen", ttl_s=60)
    ...     return await cache.get("look"), await cache.get("other")
    >>> anyio.run(main)
    (Kept(call=ToolCall(name='look', arguments={}, id=None, invalid_arguments=None), value='seen'), None)
    """

    def __init__(self, max_entries: int = 1024) -> None:
        from cachetools import TLRUCache

        if max_entries < 1:
            raise ConfigError(f"max_entries is a count, 1 or more; got {max_entries!r}")
        self._kept: Any = TLRUCache(
            max_entries, ttu=lambda _, entry, now: now + entry[1], timer=lambda: anyio.current_time()
        )

    async def get(self, key: str) -> Kept | None:
        """Return what is kept."""
        entry = self._kept.get(key)
        return None if entry is None else entry[0]

    async def set(self, key: str, call: ToolCall, value: Any, ttl_s: float) -> None:
        """Keep a result."""
        self._kept[key] = (Kept(call, value), ttl_s)

    async def delete(self, key: str) -> None:
        """Forget a key."""
        self._kept.pop(key, None)

    async def calls(self) -> AsyncGenerator[tuple[str, ToolCall], None]:
        """Yield the keys that are kept, with their calls."""
        for key, entry in list(self._kept.items()):
            yield key, entry[0].call


class RedisCache:
    """In Redis (asyncio only). Results must be JSON values; others are not kept.

    Parameters
    ----------
    url
        ``redis://host:port/database``; a password in it is never shown.
    prefix
        Of the keys: everything under it belongs to this cache.
    timeout_s
        For connecting and for each answer.
    """

    def __init__(self, url: str, prefix: str = "specbench:", timeout_s: float = 1.0) -> None:
        with named_extras():
            from redis.asyncio import Redis
        try:
            self._redis: Any = Redis.from_url(
                url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, decode_responses=True
            )
        except ValueError as error:
            raise ConfigError(f"no Redis URL ({error}); use redis://host:port/database") from None
        self.prefix = prefix
        self.errors = 0

    async def get(self, key: str) -> Kept | None:
        """Return what is kept; a Redis that does not answer keeps nothing."""
        record = self._read(await self._try(self._redis.get(self.prefix + key)))
        return None if record is None else Kept(ToolCall(record["name"], record["arguments"]), record["value"])

    async def set(self, key: str, call: ToolCall, value: Any, ttl_s: float) -> None:
        """Keep a result, if JSON gives it back as it is."""
        try:
            record = {"name": call.name, "arguments": dict(call.arguments), "value": value}
            text = json.dumps(record)
            if spelling(json.loads(text)) != spelling(record):  # a tuple, a number as a key
                return
        except (TypeError, ValueError, RecursionError):
            return
        await self._try(self._redis.set(self.prefix + key, text, px=max(1, round(1000 * ttl_s))))

    async def delete(self, key: str) -> None:
        """Forget a key.

        Raises
        ------
        SpecbenchError
            When Redis does not answer.
        """
        await self._must(self._redis.delete(self.prefix + key))

    async def calls(self) -> AsyncGenerator[tuple[str, ToolCall], None]:
        """Yield the keys that are kept, with their calls.

        Raises
        ------
        SpecbenchError
            When Redis does not answer.
        """
        for key in await self._must(self._keys()):
            record = self._read(await self._must(self._redis.get(key)))
            if record is not None:
                yield key.removeprefix(self.prefix), ToolCall(record["name"], record["arguments"])

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _read(self, text: str | None) -> dict[str, Any] | None:
        """Return an entry; ``None`` for what this cache has not written."""
        if text is None:
            return None
        try:
            record = json.loads(text)
            if {"name", "arguments", "value"} <= record.keys():
                return dict(record)
        except (ValueError, AttributeError, RecursionError):
            pass
        self.errors += 1
        return None

    async def _keys(self) -> list[str]:
        pattern = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in self.prefix) + "*"
        return [key async for key in self._redis.scan_iter(match=pattern)]

    async def _try(self, answer: Any) -> Any:
        try:
            return await self._must(answer)
        except SpecbenchError:
            return None

    async def _must(self, answer: Any) -> Any:
        from redis.exceptions import RedisError

        try:
            return await answer
        except (RedisError, OSError) as error:
            self.errors += 1
            raise SpecbenchError(f"Redis does not answer ({type(error).__name__})") from None
