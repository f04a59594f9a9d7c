"""One reader by server-sent events, in virtual time."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from msgspec import UNSET

from service.access.principal import Principal
from service.access.scope import Grant
from service.events import (
    Event,
    LiveFirstChunkSent,
    LiveMeter,
    LiveReaderAttached,
    LiveReaderDetached,
    ReadingEnd,
    ReadingWay,
)
from service.protocol.instant import Instant
from service.protocol.messages import ChunkBy, HtmlMode
from service.publishing.event_reader import HEARTBEAT_SECONDS, EventReader
from service.session.live_ports import WatchTarget
from service.session.live_reader import LiveReader, Watcher
from service.websocket.effect_handler import Services
from tests.unit.session.live_stream import Stream
from tests.virtual_time import run_virtually

_WALL = 1_700_000_000.0


class _Client:
    """Reads the events of a stream in a task."""

    def __init__(self, stream: Stream, *, settled: int = 0, token_seconds: float | None = None) -> None:
        self.stream = stream
        self.recorded: list[Event] = []
        self.received = b""
        self.times: list[float] = []
        self._changed = asyncio.Event()
        principal = Principal("issuer", "user", "", Grant(frozenset()), expires_at=_WALL + (token_seconds or 0.0))
        reading = stream.read(WatchTarget("live-1", "s-1", HtmlMode.FRAGMENT, ChunkBy.WORD, settled))
        watcher = Watcher("c-1", "s-1", ReadingWay.EVENTS, HtmlMode.FRAGMENT, UNSET, UNSET)
        reader = LiveReader(reading, watcher, 1000, 300.0, _now())
        services = SimpleNamespace(clock=_now, live_meter=LiveMeter(), recorder=self)
        self.reader = EventReader(
            reader, self._changed, principal if token_seconds else None, "", cast("Services", services)
        )
        self._task = asyncio.create_task(self._read())

    def record(self, event: Event) -> None:
        self.recorded.append(event)

    async def _read(self) -> None:
        async for data in self.reader.events():
            self.received += data
            self.times.append(_now().seconds)
        self.reader.ended()

    async def append(self, text: str) -> None:
        self.stream.append(text)
        self._changed.set()
        await asyncio.sleep(0.5)

    async def end(self) -> None:
        self.stream.end()
        self._changed.set()
        await asyncio.sleep(0.5)

    @property
    def ended(self) -> bool:
        return self._task.done()

    @property
    def lines(self) -> list[str]:
        """The fields of events, without their data."""
        return [line for line in self.received.decode().split("\n") if line and not line.startswith("data")]


def _now() -> Instant:
    seconds = asyncio.get_running_loop().time()
    return Instant(seconds, _WALL + seconds)


def _kinds(client: _Client) -> list[type[Any]]:
    return [type(event) for event in client.recorded]


def test_the_ids_are_what_the_reader_must_remember() -> None:
    async def main() -> None:
        stream = Stream()
        stream.append("One two ")
        client = _Client(stream, settled=4)
        await asyncio.sleep(0.5)
        await client.append("three ")
        await client.end()
        assert client.ended
        assert client.lines == [
            *("event: stream_start", "id: 4"),
            *("event: chunk", "id: 8"),
            *("event: chunk", "id: 14"),
            *("event: stream_complete", "id: 14"),
        ]
        assert _kinds(client) == [LiveReaderAttached, LiveReaderDetached]

    run_virtually(main())


def test_what_happens_is_recorded() -> None:
    async def main() -> None:
        client = _Client(Stream())
        await client.append("One ")
        client.reader.close()
        await asyncio.sleep(0)
        assert _kinds(client) == [LiveReaderAttached, LiveFirstChunkSent, LiveReaderDetached]
        last = client.recorded[-1]
        assert isinstance(last, LiveReaderDetached)
        assert (last.end, last.chunks, last.way) == (ReadingEnd.DISCONNECTED, 1, ReadingWay.EVENTS)

    run_virtually(main())


def test_a_comment_is_sent_when_nothing_else_is() -> None:
    async def main() -> None:
        client = _Client(Stream())
        await asyncio.sleep(2.5 * HEARTBEAT_SECONDS)
        assert client.received.endswith(b"\n\n:\n\n:\n\n")
        await client.append("One ")
        await asyncio.sleep(HEARTBEAT_SECONDS - 1)
        assert client.received.endswith(b"}\n\n")

    run_virtually(main())


def test_it_ends_with_the_token() -> None:
    async def main() -> None:
        client = _Client(Stream(), token_seconds=20)
        await asyncio.sleep(19.9)
        assert not client.ended
        await asyncio.sleep(0.2)
        assert client.ended

    run_virtually(main())


def test_it_ends_when_the_token_is_revoked() -> None:
    async def main() -> None:
        client = _Client(Stream(), token_seconds=20)
        await asyncio.sleep(1)
        client.reader.revoke()
        await asyncio.sleep(0)
        assert client.ended

    run_virtually(main())


def test_a_drain_has_the_time_to_come_back() -> None:
    async def main() -> None:
        client = _Client(Stream())
        await asyncio.sleep(1)
        client.reader.drain(5.0)
        await asyncio.sleep(1)
        assert not client.ended
        client.reader.shutdown(_now().seconds + 2.5)
        await asyncio.sleep(0)
        assert client.ended
        assert client.lines[-1] in {"retry: 2500", "retry: 2501"}

    run_virtually(main())
