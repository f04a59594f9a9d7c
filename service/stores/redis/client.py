"""Commands and scripts for a Redis server, over a bounded number of connections and under one deadline."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.events import Operation
from service.process.dependency_calls import MeasureCall, unmeasured
from service.session.ports import StoreUnavailable
from service.stores.deadline import AnswerDeadline
from service.stores.failures import NoAnswer, Refused, Rejected

_CONNECTIONS = 50
DEADLINE_SECONDS = 2.0
"""Longer than the second after which the kernel repeats a lost connection request."""

_REFUSAL = re.compile("(?:^|-)(OOM|READONLY|MISCONF|NOREPLICAS) ")
"""The codes with which Redis refuses every write: no memory, a replica, a failed snapshot, too few replicas. The error
of a command in a script follows other text."""

Part = str | bytes | int
"""Of a command."""


class Script:
    """A Lua script. It begins with functions that it shares with others."""

    __slots__ = ("digest", "operation", "text")

    def __init__(self, operation: Operation, text: str, *shared: str) -> None:
        self.operation = operation
        self.text = "".join((*shared, text))
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        """The name under which Redis has cached the script after its first call."""


class RedisClient:
    """``url`` is a ``redis://``, ``rediss://`` or ``unix://`` address.

    A call waits for a free connection, in order. From then on it has ``deadline_seconds`` to connect, write and read;
    time in which this process was late is not counted. Then it raises ``NoAnswer``, as do the calls that wait behind
    it. No call is repeated here, as it may have been executed. Strings in answers are bytes.
    """

    def __init__(self, url: str, deadline_seconds: float = DEADLINE_SECONDS, measure: MeasureCall = unmeasured) -> None:
        self._deadline_seconds = deadline_seconds
        self._measure = measure
        # First come, first served: the pool of the library that waits lets later callers overtake.
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._answers = 0
        self._silent = False
        """Whether the latest call to end got no answer."""
        self._pool = ConnectionPool.from_url(
            url,
            # The deadline of the call is the only one: under two of them, Python 3.11 may lose the second. The kernel
            # watches idle connections, with the defaults of the library.
            socket_connect_timeout=None,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 1),  # connecting only, as calls here bypass the client of the library
            # The older protocol: with the newer one the library takes closed connections for open ones.
            protocol=2,
            driver_info=None,
        )

    async def command(self, operation: Operation, *parts: Part) -> Any:  # noqa: ANN401
        """The answer to the command."""
        async with self._call(operation):
            return await self._execute(*parts)

    async def run(self, script: Script, keys: Sequence[str], *arguments: Part) -> Any:  # noqa: ANN401
        """The result of the script."""
        parts = (len(keys), *keys, *arguments)
        async with self._call(script.operation):
            try:
                return await self._execute("EVALSHA", script.digest, *parts)
            except NoScriptError:  # not run since Redis was started
                return await self._execute("EVAL", script.text, *parts)

    async def close(self) -> None:
        with suppress(RedisError, OSError):
            await self._pool.aclose()

    @asynccontextmanager
    async def _call(self, operation: Operation) -> AsyncIterator[None]:
        """Acquire a connection slot, start the deadline, convert errors, and measure all of it."""
        answers = self._answers if self._free.locked() else -1
        with self._measure(operation):
            async with self._free:
                if self._silent and self._answers == answers:  # none was answered while this one was queued
                    raise NoAnswer("Redis did not answer the calls before")
                try:
                    async with AnswerDeadline(self._deadline_seconds):
                        yield
                except (TimeoutError, RedisTimeoutError) as error:
                    self._silent = True
                    raise NoAnswer(f"Redis did not answer within {self._deadline_seconds:g} s") from error
                except (RedisError, OSError) as error:
                    raise _failure(error) from error
                self._answers += 1
                self._silent = False

    async def _execute(self, *command: Part) -> Any:  # noqa: ANN401
        # A connection that was closed while idle is opened again here.
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.send_command(*command)
            return await connection.read_response()
        finally:
            await self._pool.release(connection)


def _failure(error: Exception) -> StoreUnavailable:
    """The kind of the error, in a line, without its message.

    Messages of Redis may quote the command, and so content; those of a connection quote the address, which may contain
    a password in the wrong place.
    """
    if isinstance(error, OSError) or type(error) is RedisConnectionError:
        return StoreUnavailable(f"No connection to Redis: {type(error.__context__ or error).__name__}")
    name = type(error).__name__
    if isinstance(error, (OutOfMemoryError, ReadOnlyError)):
        return Refused(f"Redis refused: {name}")
    if code := _REFUSAL.search(str(error)):
        return Refused(f"Redis refused: {name} {code[1]}")
    return Rejected(f"Redis refused: {name}")
