"""Degraded mode: while the primary is unavailable each process counts locally, and streams cannot be recovered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import TypeVar

import msgspec
import pytest

from service.events import (
    Dependency,
    DependencyChanged,
    DependencyFailed,
    Event,
    StoreLimit,
    StoreLimitReached,
    StoreMeasured,
)
from service.protocol.limits import Limits
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from service.stores.breaker import Breaker
from service.stores.failover import FailoverSessionStore
from service.stores.failures import Damaged, NoAnswer, Refused, Rejected, StoreFull
from service.stores.sqlite.store import SqliteSessionStore
from service.stores.store_limits import StoreSize
from tests.contract.stores.contract.records import RECORD
from tests.contract.stores.in_sqlite import InSqlite
from tests.waiting import eventually

LIMITS = Limits(max_requests=5)
Answer = TypeVar("Answer")
FAILED = DependencyFailed(Dependency.SESSION_STORE)
DOWN = DependencyChanged(Dependency.SESSION_STORE, up=False, reason="no route")
UP = DependencyChanged(Dependency.SESSION_STORE, up=True)


class Remote(SqliteSessionStore):
    """A store that the test makes unavailable."""

    def __init__(self) -> None:
        super().__init__(None, LIMITS, 300)
        self.unavailable = False
        self.failures: list[StoreUnavailable] = []
        """Of the next calls."""
        self.refuses_writes = False
        self.calls = 0

    def _count(self, *, writes: bool = False) -> None:
        self.calls += 1
        if self.unavailable:
            raise StoreUnavailable("no route")
        if self.failures:
            raise self.failures.pop(0)
        if writes and self.refuses_writes:
            raise Refused("disk full")

    async def open(self, session_id: str) -> SessionSnapshot:
        self._count()
        return await super().open(session_id)

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        self._count()
        return await super().join(snapshot)

    async def measure(self) -> StoreSize:
        self._count()
        return await super().measure()

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        self._count()
        return await super().admit(snapshot, stream_id, claim)

    async def put(self, record: StreamRecord) -> None:
        self._count(writes=True)
        await super().put(record)

    async def get(self, stream_id: str) -> StreamRecord | None:
        self._count()
        return await super().get(stream_id)

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        self._count(writes=True)
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
        self.sizes: list[StoreMeasured] = []

    def record(self, event: Event) -> None:
        if isinstance(event, StoreMeasured):
            self.sizes.append(event)
        else:
            self.events.append(event)


class TestWithAnAvailablePrimary(InSqlite):
    def make(self) -> SessionStore:
        super().make()
        return FailoverSessionStore(self.sqlite, SqliteSessionStore(None, self.limits, 300), Recording())


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
            lambda: Breaker(failures=3, rest_seconds=1),
            lambda: self.seconds,
        )

    async def becomes_unavailable(self) -> None:
        self.remote.unavailable = True
        await self.store.renew_leases({"a-stream": 0})
        assert self.recording.events[-1] == DOWN

    async def becomes_available(self) -> None:
        self.remote.unavailable = False
        self.seconds += 1

        await self.records(UP)

    async def records(self, event: Event) -> None:
        """Return when the event is the last one recorded."""

        async def is_last() -> bool:
            return self.recording.events[-1] == event

        await eventually(is_last)


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


@pytest.mark.parametrize("failure", [StoreUnavailable("connection reset"), NoAnswer("no answer")])
async def test_a_call_that_failed_is_repeated_while_the_store_is_available(
    scene: Scene, failure: StoreUnavailable
) -> None:
    await scene.store.put(RECORD)
    snapshot = await scene.store.open("s")

    async def fail_during_another_call(call: Awaitable[Answer]) -> Answer:
        scene.remote.failures = [failure]
        answer, _ = await asyncio.gather(call, scene.store.get("a-stream"))
        return answer

    assert (await fail_during_another_call(scene.store.open("s"))).shared
    assert (await fail_during_another_call(scene.store.admit(snapshot, "a-stream", None))).requests_used == 1
    assert (await scene.remote.open("s")).requests_used == 1, "it is counted there, not in this process"
    assert scene.recording.events[:1] == [FAILED]


async def test_streams_that_cannot_be_written_are_reported_apart_from_sessions_and_reading(scene: Scene) -> None:
    await scene.store.put(RECORD)
    scene.remote.refuses_writes = True
    with pytest.raises(Refused):
        await scene.store.put(RECORD)
    down = DependencyChanged(Dependency.STREAM_WRITES, up=False, reason="disk full")
    assert scene.recording.events == [DependencyFailed(Dependency.STREAM_WRITES), down]
    snapshot = await scene.store.open("s")
    assert snapshot.shared
    assert (await scene.store.admit(snapshot, "a-stream", None)).requests_used == 1
    assert await scene.store.get("a-stream") == RECORD
    with pytest.raises(StoreUnavailable, match="breaker"):
        await scene.store.put(RECORD)
    scene.remote.refuses_writes = False
    scene.seconds += 1
    up = DependencyChanged(Dependency.STREAM_WRITES, up=True)
    await scene.records(up)
    await scene.store.put(RECORD)


async def test_a_damaged_store_is_reported_once_and_what_is_sound_in_it_is_used(scene: Scene) -> None:
    await scene.store.put(RECORD)
    for _ in range(2):
        scene.remote.failures = [Damaged("malformed")]
        with pytest.raises(Damaged):
            await scene.store.get("another")
        assert await scene.store.get("a-stream") == RECORD
    failed = DependencyFailed(Dependency.STREAM_READS)
    down = DependencyChanged(Dependency.STREAM_READS, up=False, reason="malformed")
    assert scene.recording.events == [failed, down, failed]


async def test_work_that_fails_without_a_caller_is_reported(scene: Scene) -> None:
    assert scene.remote.on_failure is not None
    scene.remote.on_failure(Damaged("malformed"))
    assert scene.recording.events[-1] == DependencyChanged(Dependency.STREAM_WRITES, up=False, reason="malformed")


async def test_sessions_are_opened_a_few_at_a_time(scene: Scene) -> None:
    opening = most = 0
    gate = asyncio.Event()
    open_session = scene.remote.open

    async def opens(session_id: str) -> SessionSnapshot:
        nonlocal opening, most
        opening += 1
        most = max(most, opening)
        await gate.wait()
        opening -= 1
        return await open_session(session_id)

    scene.remote.open = opens  # type: ignore[method-assign]
    waiting = [asyncio.ensure_future(scene.store.open(f"s{number}")) for number in range(200)]
    for _ in range(10):
        await asyncio.sleep(0)
    snapshot = SessionSnapshot("open", "1", 0, 60)
    assert (await scene.store.admit(snapshot, "a-stream", None)).admitted, "other calls do not wait for them"
    gate.set()
    assert all(snapshot.shared for snapshot in await asyncio.gather(*waiting))
    assert most == 20


async def test_an_idle_store_is_probed(scene: Scene) -> None:
    assert await scene.store.renew_leases({}) == frozenset()
    assert scene.remote.calls == 4, "sessions, writing and reading have not been used yet, and the size is measured"
    assert await scene.store.renew_leases({}) == frozenset()
    assert scene.remote.calls == 4, "they have just answered"


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


async def test_a_session_that_begins_in_degraded_mode_joins_the_store_with_its_count(scene: Scene) -> None:
    present = await scene.store.open("s")
    await scene.store.admit(present, "a-stream", None)
    await scene.becomes_unavailable()
    first, second = await scene.store.open("s"), await scene.store.open("s")
    assert not first.shared
    for snapshot in (first, second):
        await scene.store.admit(snapshot, "a-stream", None)
    with pytest.raises(StoreUnavailable):
        await scene.store.join(first)
    await scene.becomes_available()
    joined = await scene.store.join(first)
    assert (joined.shared, joined.incarnation, joined.requests_used) == (True, present.incarnation, 3)
    assert (await scene.store.join(second)).requests_used == 3, "the count of the process is added once"
    assert (await scene.store.admit(joined, "b-stream", None)).requests_used == 4


async def test_a_count_that_did_not_reach_the_store_is_added_later(scene: Scene) -> None:
    await scene.becomes_unavailable()
    snapshot = await scene.store.open("s")
    await scene.store.admit(snapshot, "a-stream", None)
    await scene.becomes_available()
    scene.remote.failures = [Rejected("an error")]
    with pytest.raises(Rejected):
        await scene.store.join(snapshot)
    assert (await scene.store.open("s")).requests_used == 1, "a new connection brings it too"
    assert (await scene.store.open("s")).requests_used == 1


async def test_a_count_of_a_session_that_has_ended_is_dropped(scene: Scene) -> None:
    await scene.becomes_unavailable()
    snapshot = await scene.store.open("s")
    await scene.store.admit(snapshot, "a-stream", None)
    await scene.becomes_available()
    scene.seconds += LIMITS.max_session_seconds
    assert (await scene.store.open("s")).requests_used == 0


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


async def test_what_the_store_does_not_keep_is_recorded_and_is_no_failure(scene: Scene) -> None:
    scene.remote.failures = [StoreFull(StoreLimit.SESSIONS), StoreFull(StoreLimit.BYTES)]
    snapshot = await scene.store.open("s")
    assert not snapshot.shared, "the session is counted in this process"
    with pytest.raises(StoreFull):
        await scene.store.put(RECORD)
    assert scene.recording.events == [
        StoreLimitReached(StoreLimit.SESSIONS, "s"),
        StoreLimitReached(StoreLimit.BYTES, RECORD.session_id),
    ]
    assert (await scene.store.join(snapshot)).shared, "as soon as there is room"


async def test_a_full_store_that_was_unavailable_is_available_again(scene: Scene) -> None:
    await scene.becomes_unavailable()
    scene.remote.failures = [StoreFull(StoreLimit.SESSIONS)]
    await scene.becomes_available()


async def test_the_size_of_the_store_is_measured_now_and_then(scene: Scene) -> None:
    await scene.store.open("s")
    await scene.store.renew_leases({})
    await scene.store.renew_leases({})
    assert [size.sessions for size in scene.recording.sizes] == [1]
    scene.seconds += 5
    await scene.store.renew_leases({})
    assert len(scene.recording.sizes) == 2
