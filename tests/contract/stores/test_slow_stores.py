"""A slow store makes requests wait, and the limit of a session stays exact; an unavailable one starts degraded mode."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from service.events import Dependency, DependencyChanged, DependencyFailed, Event
from service.protocol.limits import Limits
from service.stores.failover import FailoverSessionStore, SharedStore
from service.stores.redis.store import RedisSessionStore
from service.stores.sqlite.store import SqliteSessionStore
from tests.backends.redis import Redis
from tests.contract.stores.contract.records import opened

LIMITS = Limits(max_requests=100)
PROCESSES = 3
REQUESTS_OF_EACH = 100
SLOW_SECONDS = 1.5
"""More than any call took before it failed when limits gave way under load."""


class Recording:
    """Fulfils ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


class Processes:
    """The stores of several processes that share a primary, and what they recorded."""

    def __init__(self, make: Callable[[], SharedStore]) -> None:
        self._recording = Recording()
        self.stores = [
            FailoverSessionStore(make(), SqliteSessionStore(None, LIMITS, 300), self._recording)
            for _ in range(PROCESSES)
        ]

    @property
    def events(self) -> list[Event]:
        return self._recording.events

    async def admitted(self, during: Callable[[], object] | None = None) -> int:
        """Requests admitted of all that are made at once; ``during`` is called when they are made."""
        snapshots = [await opened(store, "s") for store in self.stores]
        async with self._slow():
            calls = [
                asyncio.ensure_future(store.admit(snapshot, "a-stream", None))
                for store, snapshot in zip(self.stores, snapshots, strict=True)
                for _ in range(REQUESTS_OF_EACH)
            ]
            await asyncio.sleep(0)
            if during is not None:
                during()
        return sum(one.admitted for one in await asyncio.gather(*calls))

    @asynccontextmanager
    async def _slow(self) -> AsyncIterator[None]:
        yield

    async def close(self) -> None:
        for store in self.stores:
            await store.close()


class LockedFile(Processes):
    """Another program holds the lock of the file while the requests are made."""

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: SqliteSessionStore(path, LIMITS, 300))
        self._path = path

    @asynccontextmanager
    async def _slow(self) -> AsyncIterator[None]:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            await asyncio.sleep(SLOW_SECONDS)


async def test_a_locked_file_makes_requests_wait(tmp_path: Path) -> None:
    processes = LockedFile(tmp_path / "sessions.sqlite3")
    assert await processes.admitted() == LIMITS.max_requests
    assert processes.events == []
    await processes.close()


async def test_a_paused_redis_makes_requests_wait(redis: Redis) -> None:
    processes = Processes(lambda: RedisSessionStore(redis.url, LIMITS, 300))
    with redis.client() as client:
        assert await processes.admitted(lambda: client.client_pause(round(SLOW_SECONDS * 1000))) == LIMITS.max_requests
    assert processes.events == []
    await processes.close()


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
async def test_a_blocked_event_loop_is_no_failure_of_the_store(tmp_path: Path, redis: Redis, kind: str) -> None:
    def make() -> SharedStore:
        if kind == "redis":
            return RedisSessionStore(redis.url, LIMITS, 300, deadline_seconds=0.2)
        return SqliteSessionStore(tmp_path / "sessions.sqlite3", LIMITS, 300, deadline_seconds=0.2)

    processes = Processes(make)
    assert await processes.admitted(lambda: time.sleep(SLOW_SECONDS)) == LIMITS.max_requests
    assert processes.events == []
    await processes.close()


async def test_a_file_that_stays_locked_starts_degraded_mode(tmp_path: Path) -> None:
    path, recording = tmp_path / "sessions.sqlite3", Recording()
    primary = SqliteSessionStore(path, LIMITS, 300, deadline_seconds=0.2)
    store = FailoverSessionStore(primary, SqliteSessionStore(None, LIMITS, 300), recording)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not (await opened(store, "s")).shared
    await store.close()
    locked, starved = "The file was locked for 0.2 s", "No progress within 0.2 s"  # the second on a busy machine
    failed, changed = recording.events[:2]
    assert failed == DependencyFailed(Dependency.SESSION_STORE)
    assert changed in [DependencyChanged(Dependency.SESSION_STORE, up=False, reason=one) for one in (locked, starved)]


async def test_a_frozen_redis_starts_degraded_mode(redis: Redis) -> None:
    recording = Recording()
    primary = RedisSessionStore(redis.url, LIMITS, 300, deadline_seconds=0.2)
    store = FailoverSessionStore(primary, SqliteSessionStore(None, LIMITS, 300), recording)
    snapshot = await opened(store, "s")
    with redis.frozen():
        assert (await store.admit(snapshot, "a-stream", None)).admitted
        assert recording.events == [
            DependencyFailed(Dependency.SESSION_STORE),
            DependencyChanged(Dependency.SESSION_STORE, up=False, reason="Redis did not answer within 0.2 s"),
        ]
    await store.close()
