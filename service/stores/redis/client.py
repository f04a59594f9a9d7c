"""A Redis server, asked over a few connections, each question once and under one deadline."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.session.ports import StoreUnavailable
from service.stores.redis.scripts import Script

_CONNECTIONS = 50
_CONNECT_SECONDS = 0.25
"""Then once more: the kernel alone would wait for a second before it tries again."""
_CALL_SECONDS = 0.5

Part = str | bytes | int
"""Of a command."""


class RedisClient:
    """``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    A call takes ``call_seconds`` at most, for all of it: the wait for a connection, to connect, to write and to read.
    Then it raises ``StoreUnavailable``. A call is never retried, as it may have been executed. Strings are bytes.
    """

    def __init__(self, url: str, call_seconds: float = _CALL_SECONDS) -> None:
        self._call_seconds = call_seconds
        # Whoever waits gets the next that is free, in turn: the library's pool that waits lets later ones pass.
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=_CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 1),  # of connecting alone, as nothing here goes through the library's client
            # Ours is the one deadline: under two of them, Python 3.11 may lose the one that comes second. Idle
            # connections are watched by the kernel, with the library's defaults for that.
            socket_timeout=None,
            # The older protocol: under the newer one the library takes connections that were closed for whole ones.
            protocol=2,
            driver_info=None,
        )

    async def command(self, *parts: Part) -> Any:  # noqa: ANN401
        """What the command gives."""
        async with self._call():
            return await self._ask(*parts)

    async def run(self, script: Script, keys: Sequence[str], *arguments: Part) -> Any:  # noqa: ANN401
        """What the script gives."""
        parts = (len(keys), *keys, *arguments)
        async with self._call():
            try:
                return await self._ask("EVALSHA", script.digest, *parts)
            except NoScriptError:  # not run since Redis was started
                return await self._ask("EVAL", script.text, *parts)

    async def close(self) -> None:
        with suppress(RedisError, OSError):
            await self._pool.aclose()

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        """Within a place and the deadline."""
        try:
            async with asyncio.timeout(self._call_seconds), self._free:
                yield
        except (TimeoutError, RedisTimeoutError) as error:
            raise StoreUnavailable(f"Redis did not answer within {self._call_seconds:g} s") from error
        except (RedisError, OSError) as error:
            raise StoreUnavailable(_reason(error)) from error

    async def _ask(self, *command: Part) -> Any:  # noqa: ANN401
        # One that was closed while idle is made anew here.
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.send_command(*command)
            return await connection.read_response()
        finally:
            await self._pool.release(connection)


def _reason(error: Exception) -> str:
    """In a line, of what kind it is and in nobody's words.

    Those of Redis may quote the command, and so content; those of a connection the address, where a password may stand
    in the wrong place.
    """
    if isinstance(error, OSError) or type(error) is RedisConnectionError:
        return f"No connection to Redis: {type(error.__context__ or error).__name__}"
    return f"Redis refused: {type(error).__name__}"
