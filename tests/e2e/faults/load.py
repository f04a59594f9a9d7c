"""The load of the fault matrix: clients in a thread of their own, whose experience is counted."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

from streaming_content import ConnectFailed, Connection, ConnectionClosed, ServerError, StreamingError, connect
from tests.e2e.faults.tally import Tally
from tests.waiting import LIMIT_SECONDS

_RETRY_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 30
"""For which a client waits for a message."""

Options = Callable[[str], dict[str, Any]]
"""Options of ``connect`` for a connection to this address."""


class Client:
    """One of the clients of a load, over all its connections."""

    def __init__(self, number: int, tally: Tally, over: asyncio.Event, minute_seconds: float) -> None:
        self.number = number
        self.tally = tally
        self.over = over
        """Set when the client should finish what it does and leave."""
        self._minute_seconds = minute_seconds

    async def stream(self, connection: Connection, content: str, **fields: object) -> None:
        """Request a stream, receive all of it and count it. Raises ``ConnectionClosed`` and ``ReceiveTimeout``."""
        self.tally.requested += 1
        stream = await connection.request(content, **fields)
        try:
            await stream.wait_ended()
        finally:
            self.tally.add(stream)

    async def retry(self) -> None:
        """Return when something may be tried again."""
        await asyncio.sleep(_RETRY_SECONDS)

    async def pause(self, minutes: float) -> None:
        """Return after this time, or when the client should leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(minutes * self._minute_seconds):
                await self.over.wait()


Visit = Callable[[Client, Connection], Awaitable[None]]
"""What a client does on one connection."""


class Load:
    """Clients of the services at these addresses (``host:port``), in turn. Use it as a context.

    A minute of the clients' pauses is one of the rules, which are shortened.
    """

    def __init__(self, addresses: Sequence[str], minute_seconds: float, options: Options = lambda _: {}) -> None:
        """``options`` are those of all clients, unless they have others."""
        self.tally = Tally()
        self._options = options
        self._addresses = addresses
        self._minute_seconds = minute_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._sessions = count()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def clients(self, number: int, visit: Visit, options: Options = lambda _: {}) -> Iterator[None]:
        """Clients that connect, do this and connect again while the context lasts. Each finishes what it does."""
        over = asyncio.Event()
        running = asyncio.run_coroutine_threadsafe(self._all(number, visit, options, over), self._loop)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(over.set)
            running.result(LIMIT_SECONDS)

    async def _all(self, number: int, visit: Visit, options: Options, over: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for one in range(number):
                client = Client(one, self.tally, over, self._minute_seconds)
                group.create_task(self._repeat(client, visit, options))

    async def _repeat(self, client: Client, visit: Visit, options: Options) -> None:
        while not client.over.is_set():
            try:
                await self._connect(client, visit, options)
            except ConnectFailed as failed:
                self.tally.refused[str(failed.status or "none")] += 1
            except ServerError as refusal:
                self.tally.refused[refusal.code] += 1
            except ConnectionClosed as closed:
                self.tally.closed[closed.code] += 1
            except StreamingError:  # it waited for too long
                pass
            await client.retry()

    async def _connect(self, client: Client, visit: Visit, options: Options) -> None:
        session = next(self._sessions)
        address = self._addresses[session % len(self._addresses)]
        default: dict[str, Any] = {
            "timeout": _PATIENCE_SECONDS,
            "open_timeout": _PATIENCE_SECONDS,
            "close_timeout": 1,
            "ping_interval": None,
            "clock": time.monotonic,
        }
        async with connect(
            f"ws://{address}", f"load-{session}", **default | self._options(address) | options(address)
        ) as connection:
            self.tally.connected += 1
            await visit(client, connection)
