"""What a scrape of the metrics costs the event loop. Runs in a process of its own."""

import asyncio
import time

from fastapi import FastAPI

from service.app import create_app
from service.process.listeners import METRICS_PORTS_STATE
from service.settings import Settings

_PROBE_SECONDS = 0.001


async def scrapes(count: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of each scrape, the largest lag of the event loop in each, and the number of samples."""
    app = create_app(Settings(log_level="ERROR"))
    scrape_ms, lag_ms, text = list[float](), list[float](), b""
    for turn in range(count + 1):
        await asyncio.sleep(10 * _PROBE_SECONDS)
        probe = asyncio.create_task(_probe())
        await asyncio.sleep(2 * _PROBE_SECONDS)
        seconds, text = await _scrape(app)
        await asyncio.sleep(2 * _PROBE_SECONDS)
        probe.cancel()
        if turn:  # the first scrape warms up
            scrape_ms.append(seconds * 1e3)
            lag_ms.append(await probe * 1e3)
    assert text.endswith(b"# EOF\n"), text[-200:]
    return scrape_ms, lag_ms, sum(not line.startswith(b"#") for line in text.splitlines())


async def _probe() -> float:
    """Sleep for a millisecond repeatedly until cancelled; return by how much a sleep was longer at most, in seconds."""
    worst = 0.0
    while True:
        due = time.monotonic() + _PROBE_SECONDS
        try:
            await asyncio.sleep(_PROBE_SECONDS)
        except asyncio.CancelledError:
            return worst
        worst = max(worst, time.monotonic() - due)


async def _scrape(app: FastAPI) -> tuple[float, bytes]:
    """Request /metrics as Prometheus does; return the seconds and the text."""
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
