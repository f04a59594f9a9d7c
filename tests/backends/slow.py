"""A slow network: a TCP proxy that delays what clients send."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class SlowProxy:
    """Forwards connections to ``target`` (``host:port``), in a thread of its own. Use it as a context.

    What a client sends is forwarded ``delay_seconds`` later, in order; answers are forwarded at once. ``address`` is
    its own ``host:port``.
    """

    def __init__(self, target: str) -> None:
        self.delay_seconds = 0.0
        self._host, _, self._port = target.partition(":")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.start_server(self._forward, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.address = "{}:{}".format(*self._server.sockets[0].getsockname())
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _forward(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        with suppress(OSError, asyncio.CancelledError):
            from_target, to_target = await asyncio.open_connection(self._host, int(self._port))
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._copy(group, from_client, to_target, lambda: self.delay_seconds))
                    group.create_task(self._copy(group, from_target, to_client, lambda: 0))
            except* ConnectionError:
                pass
            finally:
                to_target.transport.abort()
        to_client.transport.abort()
        self._connections.discard(task)

    async def _copy(
        self,
        group: asyncio.TaskGroup,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        delay_seconds: Callable[[], float],
    ) -> None:
        """Until the source ends; then raise, which ends the other direction too."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                due_at, data = await waiting.get()
                await asyncio.sleep(due_at - self._loop.time())
                sink.write(data)
                await sink.drain()

        group.create_task(write())
        while data := await source.read(65_536):
            waiting.put_nowait((self._loop.time() + delay_seconds(), data))
        raise ConnectionResetError
