"""What each signal of telemetry adds to a stream, and what a scrape does to the event loop: without a server.

A program of its own, so that a core can be given to it: reads a ``Task``, writes ``SignalFigures``, both JSON. The
events are those of a real session machine; what leaves the process goes to real back ends.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
import uvloop
from fastapi import FastAPI
from msgspec import Struct
from pydantic import SecretStr

from observability.logs.logbook import Logbook
from observability.logs.sink import LogSink
from observability.metrics.sink import Metrics
from observability.recorder import FanOut, Sink
from observability.sentry.sink import SentrySink
from observability.traces.otlp import Otlp
from service.app import create_app
from service.events import AttemptOutcome, ConnectionAttempted, Event, StreamEnded
from service.preparation.engine import ThreadedContentEngine
from service.process.listeners import METRICS_PORTS_STATE
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import Speed, StreamRequest
from service.protocol.trace import Trace
from service.session.effects import Admit, Admittance, Effect, Prepare
from service.session.machine import SessionMachine
from service.session.ports import Preparation
from service.session.records import Admission, SessionSnapshot
from service.session.step import Step
from service.settings import Settings

SINKS = ("metrics", "logs", "traces", "traces, not sampled", "Sentry")
_REST_SECONDS = 0.5
"""For the threads that send."""
_PROBE_SECONDS = 0.001


class Task(Struct, frozen=True):
    streams: int
    chunks: int
    """Of each."""
    rounds: int
    scrapes: int
    collector: str
    """Where spans go: ``http://host:port``."""
    sentry_dsn: str


class SignalFigures(Struct, frozen=True):
    stream_us: dict[str, list[float]]
    """CPU that a signal adds to a stream, of all threads; one figure a round."""
    scrape_ms: list[float]
    """From the question for all metrics to the whole answer."""
    lag_ms: list[float]
    """The latest that the event loop was during each scrape."""
    series: int


class _Machine:
    """A session machine in a world that answers at once."""

    def __init__(self, chunks: int, *, sampled: bool) -> None:
        self.now = 0.0
        self.events: list[Event] = [ConnectionAttempted(AttemptOutcome.ACCEPTED, "benchmark")]
        self._trace = Trace("5" * 32, "7" * 16, sampled)
        snapshot = SessionSnapshot("benchmark", "1", 0, 3600)
        self._machine = SessionMachine(snapshot, "c" * 32, Limits(), self._instant())
        self._take(self._machine.open(self._instant()))
        words = " ".join(f"{number:x}".rjust(59, "w") for number in range(chunks))
        request = {"type": "stream_request", "content": words, "content_type": "text", "speed": Speed.SUPERFAST}
        step = self._take(self._machine.receive(msgspec.json.encode(request).decode(), self._instant()))
        while not isinstance(self.events[-1], StreamEnded):
            assert step.wake_at is not None
            self.now = max(self.now, step.wake_at)
            step = self._take(self._machine.tick(self._instant()))
        self._take(self._machine.closed(1000, self._instant()))

    def _instant(self) -> Instant:
        return Instant(self.now, 1_800_000_000 + self.now)

    def _take(self, step: Step) -> Step:
        self.events += step.events
        for effect in step.effects:
            step = self._answer(effect)
        return step

    def _answer(self, effect: Effect) -> Step:
        match effect:
            case Admit():
                admittance = Admittance(Admission(admitted=True, requests_used=1), "d" * 32, self._trace, self.now)
                return self._take(self._machine.admitted(effect.ticket, admittance, self._instant()))
            case Prepare():
                return self._take(self._machine.prepared(effect.ticket, _prepared(effect.request), self._instant()))
            case _:
                raise AssertionError(effect)


def _prepared(request: StreamRequest) -> Preparation:
    with closing(ThreadedContentEngine(Limits())) as engine:
        return asyncio.run(engine.prepare(request, seconds_left=60))


@contextmanager
def _sinks(task: Task) -> Iterator[dict[str, Sink]]:
    """A sink of each kind, sending what it has to send."""

    def on_lost(count: int) -> None:
        raise SystemExit(f"{count} lost: the back end is too slow")

    settings = Settings(sentry_dsn=SecretStr(task.sentry_dsn))
    os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": task.collector, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with subprocess.Popen(("/bin/cat",), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
        assert reader.stdin is not None
        logbook = Logbook("INFO", "json", lambda _level: None, on_lost, descriptor=reader.stdin.fileno())
        logbook.open()
        otlp = Otlp("", on_lost)
        sentry = SentrySink(settings, on_lost)
        yield {
            "metrics": Metrics(settings),
            "logs": LogSink(logbook),
            "traces": otlp.sink,
            "traces, not sampled": otlp.sink,
            "Sentry": sentry,
        }
        for part in (sentry, otlp, logbook):
            part.close(1)
        reader.stdin.close()


def _cpu_seconds(sinks: list[Sink], events: list[Event], streams: int) -> float:
    """Of this process, for so many streams with these sinks, until all has left."""

    def on_failure(sink: Sink, exception: Exception) -> None:
        raise SystemExit(f"{type(sink).__name__} fails") from exception

    recorder = FanOut(sinks, on_failure)
    before = time.process_time()
    for _ in range(streams):
        for event in events:
            recorder.record(event)
    time.sleep(_REST_SECONDS)
    return time.process_time() - before


def _stream_us(task: Task) -> dict[str, list[float]]:
    sampled, unsampled = (_Machine(task.chunks, sampled=yes).events for yes in (True, False))
    figures: dict[str, list[float]] = {name: [] for name in SINKS}
    with _sinks(task) as sinks:
        for turn in range(task.rounds + 1):
            nothing = _cpu_seconds([], sampled, task.streams)
            for name, sink in sinks.items():
                events = unsampled if name == "traces, not sampled" else sampled
                added = _cpu_seconds([sink], events, task.streams) - nothing
                if turn:  # the first one warms up
                    figures[name].append(added / task.streams * 1e6)
    return figures


async def _scrape(app: FastAPI) -> tuple[float, bytes]:
    """GET /metrics as Prometheus asks for it: how long it took, and the text."""
    body = bytearray()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        part = message.get("body", b"")
        assert isinstance(part, bytes)
        body.extend(part)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/metrics",
        "raw_path": b"/metrics",
        "query_string": b"",
        "headers": [(b"host", b"benchmark"), (b"accept", b"application/openmetrics-text; version=1.0.0")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {METRICS_PORTS_STATE: frozenset[int]()},
    }
    began = time.perf_counter()
    await app(scope, receive, send)  # type: ignore[arg-type]
    return time.perf_counter() - began, bytes(body)


class _Probe:
    """Wants to run every millisecond, and keeps how late it was at worst."""

    def __init__(self) -> None:
        self.worst_seconds = 0.0
        self._loop = asyncio.get_running_loop()
        self._wait()

    def close(self) -> None:
        self._timer.cancel()

    def _wait(self) -> None:
        self._due_at = time.monotonic() + _PROBE_SECONDS  # uvloop's own clock counts milliseconds
        self._timer = self._loop.call_later(_PROBE_SECONDS, self._run)

    def _run(self) -> None:
        self.worst_seconds = max(self.worst_seconds, time.monotonic() - self._due_at)
        self._wait()


async def _scrapes(count: int) -> tuple[list[float], list[float], int]:
    app = create_app(Settings(log_level="ERROR"))
    scrape_ms, lag_ms, text = [], [], b""
    for turn in range(count + 1):
        await asyncio.sleep(10 * _PROBE_SECONDS)
        with closing(_Probe()) as probe:
            await asyncio.sleep(2 * _PROBE_SECONDS)
            seconds, text = await _scrape(app)
            await asyncio.sleep(2 * _PROBE_SECONDS)
        if turn:  # the first one warms up
            scrape_ms.append(seconds * 1e3)
            lag_ms.append(probe.worst_seconds * 1e3)
    assert text.endswith(b"# EOF\n"), text[-200:]
    return scrape_ms, lag_ms, sum(not line.startswith(b"#") for line in text.splitlines())


def main() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    scrape_ms, lag_ms, series = uvloop.run(_scrapes(task.scrapes))
    figures = SignalFigures(_stream_us(task), scrape_ms, lag_ms, series)
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
