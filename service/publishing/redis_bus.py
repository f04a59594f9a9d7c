"""Notices between the processes of all machines, over Redis."""

import asyncio
import os
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.live.ports import LiveNotice, StreamCreated
from service.publishing.notice_codec import decode_notices, encode_notices

_PREFIX = "streaming:live:notices:"
_CREATED = f"{_PREFIX}created"
"""The channel of created streams. The others are named after their stream."""
_MOST_BYTES = 262_144
"""Of a message."""
_QUEUED_BYTES = 4_194_304
"""While Redis does not answer. What exceeds it is dropped."""
_ORIGIN_BYTES = 8
_PING_SECONDS = 5.0
_SILENT_SECONDS = 12.0
"""A connection on which nothing arrives for this time, though it is pinged, is opened again."""
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0
"""Between two attempts to connect."""


class RedisBus:
    """One connection sends and one receives. While Redis is unavailable, notices are lost."""

    def __init__(self, url: str, on_error: Callable[[Exception], object] = lambda _error: None) -> None:
        """``on_error`` is called with what is no failure of Redis or of the network."""
        self._on_error = on_error
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=2.0,
            socket_timeout=None,  # a subscriber waits as long as it takes
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self._origin = os.urandom(_ORIGIN_BYTES)
        self._followed: Counter[str] = Counter()
        self._changed = asyncio.Event()
        """Set when the followed streams have changed."""
        self._queue: deque[tuple[str, bytes]] = deque()
        self._queued_bytes = 0
        self._queued = asyncio.Event()
        self._empty = asyncio.Event()
        """One of the two is set."""

    def publish(self, notices: Sequence[LiveNotice]) -> None:
        """Send to all other processes. Never blocks, never raises."""
        by_channel: defaultdict[str, list[LiveNotice]] = defaultdict(list)
        for notice in notices:
            channel = _CREATED if isinstance(notice, StreamCreated) else _PREFIX + notice.stream_id
            by_channel[channel].append(notice)
        for channel, same in by_channel.items():
            for message in encode_notices(same, _MOST_BYTES):
                if self._queued_bytes + len(message) <= _QUEUED_BYTES:
                    self._queue.append((channel, self._origin + message))
                    self._queued_bytes += len(message)
        self._empty.clear()
        self._queued.set()

    def follow(self, stream_id: str) -> None:
        """Receive the notices of this stream; as many calls of ``unfollow`` end it."""
        self._followed[stream_id] += 1
        self._changed.set()

    def unfollow(self, stream_id: str) -> None:
        """Receive them no longer."""
        self._followed[stream_id] -= 1
        if not self._followed[stream_id]:
            del self._followed[stream_id]
            self._changed.set()

    @asynccontextmanager
    async def running(self, receive: Callable[[LiveNotice], None]) -> AsyncIterator[None]:
        """Receive the notices of other processes while the context lasts. Then what is queued is sent."""
        receiving = asyncio.create_task(self._keep_connected(lambda one: self._receive(one, receive)))
        sending = asyncio.create_task(self._keep_connected(self._send))
        try:
            yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._sent()
            for task in (receiving, sending):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self._pool.aclose()

    async def _keep_connected(self, use: Callable[[AbstractConnection], Awaitable[None]]) -> None:
        """Use one connection after the other."""
        loop = asyncio.get_running_loop()
        wait = _FIRST_WAIT_SECONDS
        while True:
            began = loop.time()
            try:
                await self._connected(use)
            except (RedisError, OSError):
                pass  # the live store has the same server, and its monitor records that it is unavailable
            except Exception as error:  # noqa: BLE001 - without a bus, readers of other processes wait a second
                self._on_error(error)
            if loop.time() - began > _LONGEST_WAIT_SECONDS:
                wait = _FIRST_WAIT_SECONDS
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT_SECONDS, 2 * wait)

    async def _connected(self, use: Callable[[AbstractConnection], Awaitable[None]]) -> None:
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            await use(connection)
        finally:
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)

    async def _send(self, connection: AbstractConnection) -> None:
        while True:
            while self._queue:
                batch = list(self._queue)
                commands = [("PUBLISH", channel, message) for channel, message in batch]
                await connection.send_packed_command(connection.pack_commands(commands))
                async with asyncio.timeout(_PING_SECONDS):  # then another connection is opened, and this one not reused
                    for _ in batch:
                        await connection.read_response()
                        self._queued_bytes -= len(self._queue.popleft()[1]) - _ORIGIN_BYTES
            self._queued.clear()
            self._empty.set()
            await self._queued.wait()

    async def _sent(self) -> None:
        """Return when all that is queued was sent."""
        await self._empty.wait()

    async def _receive(self, connection: AbstractConnection, receive: Callable[[LiveNotice], None]) -> None:
        loop = asyncio.get_running_loop()
        heard_at = [loop.time()]
        await connection.send_command("SUBSCRIBE", _CREATED)
        helpers = [
            asyncio.create_task(self._subscribe(connection)),
            asyncio.create_task(_ping(connection, heard_at)),
        ]
        try:
            while True:
                answer = await connection.read_response()
                heard_at[0] = loop.time()
                if answer[0] == b"message":
                    self._pass(answer[2], receive)
        finally:
            for helper in helpers:
                helper.cancel()
                with suppress(asyncio.CancelledError, RedisError, OSError):
                    await helper

    async def _subscribe(self, connection: AbstractConnection) -> None:
        """Subscribe to the streams that are followed, and to no others."""
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            followed = set(self._followed)
            for command, streams in (("SUBSCRIBE", followed - subscribed), ("UNSUBSCRIBE", subscribed - followed)):
                if streams:
                    await connection.send_command(command, *(_PREFIX + stream_id for stream_id in streams))
            subscribed = followed
            await self._changed.wait()

    def _pass(self, message: bytes, receive: Callable[[LiveNotice], None]) -> None:
        if not message.startswith(self._origin):
            for notice in decode_notices(message[_ORIGIN_BYTES:]):
                receive(notice)


async def _ping(connection: AbstractConnection, heard_at: list[float]) -> None:
    """Notice that the other end is gone: then the connection is closed, and reading from it raises."""
    while True:
        await asyncio.sleep(_PING_SECONDS)
        if asyncio.get_running_loop().time() - heard_at[0] > _SILENT_SECONDS:
            await connection.disconnect(nowait=True)
            return
        await connection.send_command("PING")
