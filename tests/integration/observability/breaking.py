"""The service with parts that fail on request: ``python -m tests.integration.observability.breaking serve``.

It serves with ``WORKERS`` processes, whatever ``MAX_WORKERS`` allows.
"""

import logging
import os
import sys
import time
from importlib import import_module
from threading import Event
from typing import NoReturn

from fastapi import FastAPI, Request

from observability.metrics.worker_group import WorkerContext
from observability.telemetry import Telemetry
from service.app import create_app as create_service
from service.app import ready_for_workers
from service.content.chunking.chunk import split_text
from service.content.chunks import Chunks
from service.content.plan import Plan
from service.events import UsageDropped
from service.preparation.cached_engine import CachedContentEngine
from service.preparation.engine import ThreadedContentEngine
from service.preparation.work_limits import WorkLimits
from service.process.server import run
from service.protocol.messages import ChunkBy, StreamRequest
from service.session.ports import ContentEngine, Preparation
from service.session.records import Digest, SessionReserved, SessionSnapshot
from service.settings import Settings, load_settings
from service.stores.failover import FailoverSessionStore
from service.stores.plan_cache import MemoryPlanCache

BREAK = "break on this: "
"""The engine fails for content that starts with this."""
HANG = "hang on this: "
"""The event loop never continues after content that starts with this."""
UNCUTTABLE = "cut this: "
"""Splitting fails for text that starts with this."""
HOLD = "hold this: "
"""Splitting waits for ``/break/hold`` for text that starts with this."""
BROKEN_SESSION = "broken"
"""This session cannot be opened."""
_HOLD_SECONDS = 120

_released = Event()


class BreakingEngine:
    """Implements ``ContentEngine``; its exceptions contain the content as text and in a local variable."""

    def __init__(self, engine: ContentEngine) -> None:
        self._engine = engine

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        content = request.content
        if content.startswith(BREAK):
            raise ValueError(f"cannot cut {content!r}")
        if content.startswith(HANG):
            _hang()
        return await self._engine.prepare(request, seconds_left, client)

    async def find(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation | None:
        return await self._engine.find(request, seconds_left, client)

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        return await self._engine.unpack_plan(plan, client)

    def close(self) -> None:
        self._engine.close()


def _hang() -> NoReturn:
    while True:
        pass


def _text_chunks(text: str, chunk_by: ChunkBy, max_characters: int) -> Chunks:
    if text.startswith(UNCUTTABLE):
        raise ValueError(f"cannot cut {text!r}")
    if text.startswith(HOLD):
        assert _released.wait(_HOLD_SECONDS)
    return split_text(text, chunk_by, max_characters)


class BreakingStore(FailoverSessionStore):
    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        if session_key == BROKEN_SESSION:
            raise LookupError(session_key)
        return await super().open(session_key, secret)


def create_app(worker: WorkerContext | None = None) -> FastAPI:
    import_module("service.stores.factory").FailoverSessionStore = BreakingStore  # type: ignore[attr-defined]
    import_module("service.content.prepare").split_text = _text_chunks  # type: ignore[attr-defined]
    settings = _settings()
    telemetry = Telemetry(settings, worker)
    cache = MemoryPlanCache(settings.cache_size)
    limits = WorkLimits(settings.content_queue_size, settings.content_wait_timeout, settings.content_cpu_limit)
    threaded = ThreadedContentEngine(settings.limits, telemetry.recorder, packs=True, work_limits=limits)
    engine = CachedContentEngine(threaded, cache, telemetry.recorder)
    app = create_service(settings, engine=BreakingEngine(engine), telemetry=telemetry)

    @app.get("/break/route")
    async def break_route(request: Request) -> None:
        raise LookupError(f"nothing for {request.url.query!r} and {request.headers!r}")

    @app.get("/break/loop")
    async def break_loop() -> None:
        time.sleep(0.5)  # noqa: ASYNC251 - it blocks the event loop for two intervals of its monitor

    @app.get("/break/library")
    async def break_library() -> None:
        error = ConnectionResetError(104, "Connection reset by peer")
        logging.getLogger("library").error("A library met an error.", exc_info=error)

    @app.get("/break/usage")
    async def break_usage() -> None:
        telemetry.recorder.record(UsageDropped(1))

    @app.get("/break/hold")
    async def break_hold() -> None:
        _released.set()

    @app.get("/break/sinks")
    async def break_sinks() -> None:
        telemetry.recorder.record(None)  # type: ignore[arg-type]

    return app


def _settings() -> Settings:
    return load_settings().model_copy(update={"max_workers": int(os.environ.get("WORKERS", "1"))})


if __name__ == "__main__":
    with ready_for_workers(_settings()) as group:
        sys.exit(run("tests.integration.observability.breaking:create_app", _settings(), group))
