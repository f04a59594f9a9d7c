"""Degraded mode: while the primary is unavailable each process counts locally, and streams cannot be recovered."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest

from service.events import Dependency, DependencyChanged, DependencyFailed, Event
from service.protocol.limits import Limits
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from service.stores.breaker import Breaker
from service.stores.failover import FailoverSessionStore
from service.stores.sqlite.store import SqliteSessionStore
from tests.contract.stores.contract import RECORD
from tests.contract.stores.in_sqlite import InSqlite
from tests.waiting import eventually

LIMITS = Limits(max_requests=5)
FAILED = DependencyFailed(Dependency.SESSION_STORE)
DOWN = DependencyChanged(Dependency.SESSION_STORE, up=False, reason="no route")
UP = DependencyChanged(Dependency.SESSION_STORE, up=True)


class Remote(SqliteSessionStore):
    """A store that the test makes unavailable."""

    def __init__(self) -> None:
        super().__init__(None, LIMITS, 300)
        self.unavailable = False
        self.calls = 0

    def _count(self) -> None:
        self.calls += 1
        if self.unavailable:
            raise StoreUnavailable("no route")

    async def open(self, session_id: str) -> SessionSnapshot:
        self._count()
        return await super().open(session_id)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        self._count()
        return await super().admit(snapshot, stream_id, claim)

    async def put(self, record: StreamRecord) -> None:
        self._count()
        await super().put(record)

    async def get(self, stream_id: str) -> StreamRecord | None:
        self._count()
        return await super().get(stream_id)

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        self._count()
        return await super().acquire(stream_id, epoch, owner)

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        self._count()
        return await super().mark_skip(stream_id, epoch, index, settled=settled)

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        self._count()
        return await super().renew_leases(held)


class Recording:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


class TestWithAnAvailablePrimary(InSqlite):
    def make(self) -> SessionStore:
        return FailoverSessionStore(super().make(), SqliteSessionStore(None, self.limits, 300), Recording())


class Scene:
    """A store whose breaker rests until ``seconds`` are advanced."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.remote = Remote()
        self.recording = Recording()
        self.store = FailoverSessionStore(
            self.remote,
            SqliteSessionStore(None, LIMITS, 300),
            self.recording,
            Breaker(failures=3, rest_seconds=1),
            lambda: self.seconds,
        )

    async def becomes_unavailable(self) -> None:
        self.remote.unavailable = True
        for _ in range(3):
            await self.store.renew_leases({"a-stream": 0})
        assert self.recording.events[-1] == DOWN

    async def becomes_available(self) -> None:
        self.remote.unavailable = False
        self.seconds += 1

        async def is_up() -> bool:
            return self.recording.events[-1] == UP

        await eventually(is_up)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.store.close()


async def test_failures_and_changes_are_recorded(scene: Scene) -> None:
    await scene.becomes_unavailable()
    assert scene.recording.events == [FAILED, FAILED, FAILED, DOWN]
    await scene.becomes_available()
    assert scene.recording.events == [FAILED, FAILED, FAILED, DOWN, UP]


async def test_a_single_failure_does_not_open_the_breaker(scene: Scene) -> None:
    scene.remote.unavailable = True
    assert not (await scene.store.open("s")).shared
    scene.remote.unavailable = False
    assert (await scene.store.open("s")).shared
    assert scene.recording.events == [FAILED]


async def test_an_idle_store_is_probed(scene: Scene) -> None:
    assert await scene.store.renew_leases({}) == frozenset()
    assert scene.remote.calls == 1, "it has not been called yet"
    assert await scene.store.renew_leases({}) == frozenset()
    assert scene.remote.calls == 1, "it has just answered"


async def test_an_idle_store_that_is_unavailable_is_reported(scene: Scene) -> None:
    scene.remote.unavailable = True
    for _ in range(3):
        assert await scene.store.renew_leases({}) == frozenset()
    assert scene.recording.events == [FAILED, FAILED, FAILED, DOWN]


async def test_an_unavailable_store_is_called_by_its_probe_only(scene: Scene) -> None:
    await scene.becomes_unavailable()
    calls = scene.remote.calls
    await scene.store.open("s")
    await asyncio.gather(*(scene.store.renew_leases({"a-stream": 0}) for _ in range(10)))
    assert scene.remote.calls == calls
    scene.seconds += 1

    async def was_probed() -> bool:
        return scene.remote.calls > calls

    await eventually(was_probed)
    assert UP not in scene.recording.events


async def test_a_session_that_begins_in_degraded_mode_stays_local(scene: Scene) -> None:
    await scene.becomes_unavailable()
    snapshot = await scene.store.open("s")
    assert not snapshot.shared
    assert (await scene.store.admit(snapshot, "a-stream", None)).requests_used == 1
    await scene.becomes_available()
    assert (await scene.store.admit(snapshot, "b-stream", None)).requests_used == 2
    assert (await scene.remote.open("s")).requests_used == 0


async def test_a_session_is_counted_on_from_its_latest_count(scene: Scene) -> None:
    snapshot = await scene.store.open("s")
    await scene.store.admit(snapshot, "a-stream", None)
    known = msgspec.structs.replace(snapshot, requests_used=3)
    await scene.becomes_unavailable()
    assert (await scene.store.admit(known, "b-stream", None)).requests_used == 4
    assert (await scene.store.admit(known, "c-stream", None)).requests_used == 5
    assert not (await scene.store.admit(known, "d-stream", None)).admitted
    await scene.becomes_available()
    fresher = msgspec.structs.replace(snapshot, requests_used=5)
    assert not (await scene.store.admit(fresher, "e-stream", None)).admitted, "requests counted locally are charged"


async def test_streams_are_neither_stored_nor_recovered_in_degraded_mode(scene: Scene) -> None:
    await scene.store.put(RECORD)
    await scene.becomes_unavailable()
    store = scene.store
    for call in (
        store.put(RECORD),
        store.get("a-stream"),
        store.acquire("a-stream", 0, b"o" * 32),
        store.mark_skip("a-stream", 0, 1, settled=True),
    ):
        with pytest.raises(StoreUnavailable):
            await call
    assert await store.renew_leases({"a-stream": 9}) == frozenset()
    store.update_status("a-stream", 0, StreamStatus.PAUSED)
    await scene.becomes_available()
    assert await store.get("a-stream") == RECORD
