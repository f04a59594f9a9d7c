"""The service with faults that a client triggers: ``python -m tests.ops.alerts.faulty serve``."""

import asyncio
import sys
import time

import msgspec
from fastapi import FastAPI

from observability.telemetry import Telemetry
from service.app import create_app as create_service
from service.preparation.engine import ThreadedContentEngine
from service.process.server import run
from service.protocol.messages import StreamRequest
from service.session.ports import Preparation
from service.session.records import Digest, SessionReserved, SessionSnapshot
from service.settings import load_settings
from service.stores.sqlite.store import SqliteSessionStore

SLOW = "slow: "
"""The beginning of content whose preparation takes ``SLOW_SECONDS``."""
SLOW_SECONDS = 0.7
BROKEN = "broken: "
"""The beginning of content whose preparation fails."""
LOST = "lost-"
"""The beginning of the id of a session that the store cannot open."""


class FaultyEngine(ThreadedContentEngine):
    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        if request.content.startswith(BROKEN):
            raise ArithmeticError("the engine is broken")
        if not request.content.startswith(SLOW):
            return await super().prepare(request, seconds_left, client)
        began = time.perf_counter()
        await asyncio.sleep(SLOW_SECONDS)
        preparation = await super().prepare(request, seconds_left, client)
        return msgspec.structs.replace(preparation, seconds=time.perf_counter() - began)


class FaultyStore(SqliteSessionStore):
    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        if session_key.startswith(LOST):
            raise ConnectionError("the store cannot be reached")
        return await super().open(session_key, secret)


def create_app() -> FastAPI:
    settings = load_settings()
    store = FaultyStore(None, settings.limits, settings.resume_ttl)
    telemetry = Telemetry(settings)
    engine = FaultyEngine(settings.limits, telemetry.recorder, packs=True)
    return create_service(settings, engine=engine, store=store, telemetry=telemetry)


if __name__ == "__main__":
    sys.exit(run("tests.ops.alerts.faulty:create_app", load_settings()))
