"""A driver executes the steps of its machine; whatever fails, everything that was opened is closed and recorded."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashboards.rules import RECORDINGS
from observability.metrics.metrics_sink import Metrics
from observability.recorder import FanOut
from service.events import (
    ConnectionOpened,
    ErrorSent,
    Event,
    FaultRaised,
    FaultSource,
    StreamEnded,
    StreamStarted,
)
from service.live.records import LiveState
from service.preparation.engine import ThreadedContentEngine
from service.process import clock
from service.process.ids import RandomIds
from service.protocol.instant import Instant
from service.protocol.server_messages import Chunk, Connected, ErrorMessage, ServerMessage, StreamComplete, StreamStart
from service.session.live_ports import LiveReading, WatchTarget
from service.session.machine import SessionMachine
from service.session.options import DEFAULT_OPTIONS
from service.session.ports import Connection, Receiver
from service.session.records import Admission, Claim, SessionSnapshot
from service.settings import Settings
from service.stores.sqlite.store import SqliteSessionStore
from service.websocket.driver import Driver
from service.websocket.effect_handler import Services
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.ticker import Ticker
from tests.ops.alerts.promql import parse
from tests.unit.session.live_stream import LIVE, Stream
from tests.waiting import LIMIT_SECONDS

SESSION_SECONDS = 3600.0


def message_in(frame: bytes) -> dict[str, Any]:
    """The message in a text frame of the service."""
    message: dict[str, Any] = json.loads(frame[{126: 4, 127: 10}.get(frame[1], 2) :])
    return message


class Socket:
    """A connection whose peer reads everything."""

    blocked = False
    undelivered_bytes = 0
    fails_at = -1
    """The number of the message that cannot be written."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.sent: list[str] = []
        self.close_code: int | None = None
        self._receiver: Receiver | None = None

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def write(self, frame: bytes) -> None:
        self.sent.append(message_in(frame)["type"])
        if len(self.sent) == self.fails_at:
            raise RuntimeError

    def close(self, code: int, reason: str) -> None:
        self._end(code)

    def abort(self) -> None:
        self._end(1006)

    def receive(self, **message: object) -> None:
        assert self._receiver is not None
        text = json.dumps(message)
        self._receiver.message_received(text, len(text))

    def _end(self, code: int) -> None:
        if self.close_code is None:
            self.close_code = code
            asyncio.get_running_loop().call_soon(self._report_end, code)

    def _report_end(self, code: int) -> None:
        assert self._receiver is not None
        self._receiver.connection_ended(code, None)


class Live:
    """One open live stream; ``change`` is called when it has changed."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.change: Callable[[], None] = lambda: None
        self.attached: list[LiveReading] = []
        self.detached: list[LiveReading] = []

    async def attach(self, target: WatchTarget, on_change: Callable[[], None]) -> LiveReading | None:
        self.change = on_change
        self.attached.append(self.stream.read(target))
        return self.attached[-1]

    def detach(self, reading: LiveReading) -> None:
        self.detached.append(reading)

    async def cancel(self, stream_id: str) -> None:
        assert stream_id == "live-1"
        self.stream.end(LiveState.CANCELLED)
        self.change()

    async def open_streams(self, session_key: str) -> Sequence[str]:
        return ["live-1"]


class FailingStore(SqliteSessionStore):
    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        raise ConnectionResetError(104, "Connection reset by peer")


class ObservedWriter(MessageWriter):
    """Fails on messages of one type. ``events_before``: those recorded before the last message of each type."""

    def __init__(self, fails_on: type[ServerMessage] | None, events: Sequence[Event]) -> None:
        super().__init__()
        self._fails_on = fails_on
        self._events = events
        self.events_before: dict[type[ServerMessage], Sequence[Event]] = {}

    def send(self, connection: Connection, message: ServerMessage) -> None:
        self.events_before[type(message)] = list(self._events)
        if type(message) is self._fails_on:
            raise RuntimeError
        super().send(connection, message)


class Served:
    """One connection with its driver and its events."""

    def __init__(
        self,
        fails_on: type[ServerMessage] | None = None,
        *,
        failing_store: bool = False,
        live: "Live | None" = None,
    ) -> None:
        settings = Settings()
        self.socket = Socket()
        self.events: list[Event] = []
        self._metrics = Metrics(settings)
        self._store = (FailingStore if failing_store else SqliteSessionStore)(None, settings.limits, SESSION_SECONDS)
        recorder = FanOut([self._metrics, self], on_failure=_refuse)
        self.writer = writer = ObservedWriter(fails_on, self.events)
        ticker = Ticker(clock.now)
        self._services = Services(
            store=self._store,
            engine=ThreadedContentEngine(settings.limits, recorder),
            ids=RandomIds(lambda _trace_id, _parent: True),
            recorder=recorder,
            ticker=ticker,
            pacer=Pacer(ticker, writer),
            writer=writer,
            clock=clock.now,
            live=live,
        )
        snapshot = SessionSnapshot("s-1", "1", 0, SESSION_SECONDS)
        options = DEFAULT_OPTIONS if live is None else LIVE
        machine = SessionMachine(snapshot, "s-1", "c-1", settings.limits, clock.now(), options=options)
        self.driver = Driver(self.socket, machine, self._services, lambda _driver: self.socket.ended.set(), "a")

    def record(self, event: Event) -> None:
        self.events.append(event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Leave the context when the connection has ended."""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                self.driver.start()
                yield
                await self.socket.ended.wait()
        finally:
            self._services.engine.close()
            await self._store.close()

    async def wait_for(self, kind: type[Event]) -> Any:  # noqa: ANN401 - an event of that kind
        """Return the first event of a kind."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while not (found := [event for event in self.events if isinstance(event, kind)]):  # noqa: ASYNC110
                await asyncio.sleep(0)
        return found[0]

    def samples(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the samples of a metric that are not 0, by the values of their labels."""
        families = text_string_to_metric_families(self._metrics.exposition("")[0].decode())
        return {
            tuple(sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and sample.value
        }


def _refuse(_sink: object, exception: Exception) -> None:
    raise exception


@pytest.mark.parametrize("fails_on", [Connected, StreamStart, Chunk, StreamComplete])
async def test_a_message_that_cannot_be_sent_ends_the_connection_and_its_stream(
    fails_on: type[ServerMessage],
) -> None:
    served = Served(fails_on)
    async with served.running():
        served.socket.receive(type="stream_request", content="word")
    assert served.socket.close_code == 1011
    assert served.socket.sent[-1] == "error"
    assert served.samples("stream_connections_active") == {}
    assert served.samples("stream_active_streams") == {}
    assert served.samples("stream_connection_closes_total") == {("error",): 1}
    [fault] = [event for event in served.events if isinstance(event, FaultRaised)]
    assert fault.source is FaultSource.CONNECTION


async def test_a_chunk_in_the_middle_of_a_stream_that_cannot_be_sent_ends_the_connection() -> None:
    served = Served()
    served.socket.fails_at = 5
    async with served.running():
        served.socket.receive(type="stream_request", content="word " * 10, speed="superfast")
    assert served.socket.sent == ["connected", "stream_start", "chunk", "chunk", "chunk", "error"]
    assert served.socket.close_code == 1011
    [ended] = [event for event in served.events if isinstance(event, StreamEnded)]
    assert ended.chunks == 2
    assert [event.source for event in served.events if isinstance(event, FaultRaised)] == [FaultSource.CONNECTION]


async def test_what_a_client_receives_was_recorded_before() -> None:
    """So that a process that is killed has counted it."""
    served = Served()
    async with served.running():
        served.socket.receive(type="stream_request", content="word")
        await served.wait_for(StreamEnded)
        served.socket.close(1000, "")
    for message, kind in ((Connected, ConnectionOpened), (StreamStart, StreamStarted), (StreamComplete, StreamEnded)):
        assert kind in map(type, served.writer.events_before[message]), message


async def test_an_error_that_cannot_be_sent_aborts_the_connection() -> None:
    served = Served(ErrorMessage)
    async with served.running():
        await asyncio.sleep(0)
        now = clock.now()
        served.driver.wake(Instant(now.seconds + SESSION_SECONDS, now.wall + SESSION_SECONDS))
    assert served.socket.close_code == 1006
    assert served.samples("stream_connections_active") == {}
    assert served.samples("stream_connection_closes_total") == {("session_timeout",): 1}


async def test_a_fault_of_the_store_fails_the_request_and_counts_for_the_alert_on_failed_requests() -> None:
    served = Served(failing_store=True)
    async with served.running():
        served.socket.receive(type="stream_request", content="word")
        fault = await served.wait_for(FaultRaised)
        await served.wait_for(ErrorSent)
        assert (fault.source, served.socket.close_code) == (FaultSource.ADMISSION, None)
        served.socket.close(1000, "")
    assert served.socket.sent == ["connected", "error"]
    assert served.samples("stream_requests_total") == {("text", "error"): 1}
    selected = [
        selector
        for rule in RECORDINGS.values()
        if rule.record.startswith("instance:stream_requests_errors:")
        for selector in parse(rule.expr).selectors
    ]
    assert {(selector.metric, selector.matchers) for selector in selected} == {
        ("stream_requests_total", (("outcome", "error"),))
    }


async def test_a_failed_preparation_is_timed() -> None:
    served = Served()
    async with served.running():
        served.socket.receive(type="stream_request", content="<script></script>", content_type="html")
        ended = await served.wait_for(StreamEnded)
        served.socket.close(1000, "")
    assert ended.processing_seconds > 0
    assert served.samples("stream_requests_total") == {("html", "rejected"): 1}
    assert served.samples("stream_processing_duration_seconds_count") == {("html",): 1}
    assert served.samples("stream_stage_duration_seconds_count") == {("sanitise",): 1, ("analyse",): 1}


async def test_a_connection_that_is_drained_before_it_is_open_only_closes() -> None:
    served = Served()
    served.driver.shutdown(0.0)
    async with served.running():
        pass
    assert served.socket.sent == []
    assert served.socket.close_code == 1012
    assert served.samples("stream_connections_active") == {}
    assert served.samples("stream_connection_closes_total") == {("shutdown",): 1}
