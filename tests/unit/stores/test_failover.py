"""Degraded mode: while the primary is unavailable each process counts locally, and streams cannot be recovered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import msgspec
import pytest

from service.access.session_key import session_key
from service.events import Dependency, DependencyChanged, DependencyFailed, StoreLimit, StoreLimitReached
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import Digest, SessionReserved, SessionSnapshot, StreamStatus
from service.stores.failover import FailoverSessionStore
from service.stores.failures import Damaged, NoAnswer, Refused, Rejected, StoreFull
from service.stores.sqlite.store import SqliteSessionStore
from tests.contract.stores.contract.records import FIRST, RECORD, SECOND, opened
from tests.contract.stores.in_sqlite import InSqlite
from tests.unit.stores.unreliable_store import DOWN, FAILED, LIMITS, UP, Recording, Scene
from tests.waiting import eventually

Answer = TypeVar("Answer")


class TestWithAnAvailablePrimary(InSqlite):
    def make(self) -> SessionStore:
        super().make()
        return FailoverSessionStore(self.sqlite, SqliteSessionStore(None, self.limits, 300), Recording())


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
    snapshot = await opened(scene.store, "s")

    async def fail_during_another_call(call: Awaitable[Answer]) -> Answer:
        scene.remote.failures = [failure]
        answer, _ = await asyncio.gather(call, scene.store.get("a-stream"))
        return answer

    assert (await fail_during_another_call(opened(scene.store, "s"))).shared
    assert (await fail_during_another_call(scene.store.admit(snapshot, "a-stream", None))).requests_used == 1
    assert (await opened(scene.remote, "s")).requests_used == 1, "it is counted there, not in this process"
    assert scene.recording.events[:1] == [FAILED]


async def test_streams_that_cannot_be_written_are_reported_apart_from_sessions_and_reading(scene: Scene) -> None:
    await scene.store.put(RECORD)
    scene.remote.refuses_writes = True
    with pytest.raises(Refused):
        await scene.store.put(RECORD)
    down = DependencyChanged(Dependency.STREAM_WRITES, up=False, reason="disk full")
    assert scene.recording.events == [DependencyFailed(Dependency.STREAM_WRITES), down]
    snapshot = await opened(scene.store, "s")
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

    async def opens(session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        nonlocal opening, most
        opening += 1
        most = max(most, opening)
        await gate.wait()
        opening -= 1
        return await open_session(session_key, secret)

    scene.remote.open = opens  # type: ignore[method-assign]
    waiting = [asyncio.ensure_future(opened(scene.store, f"s{number}")) for number in range(200)]
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
    await opened(scene.store, "s")
    await asyncio.gather(*(scene.store.renew_leases({"a-stream": 0}) for _ in range(10)))
    assert scene.remote.calls == calls
    scene.seconds += 1

    async def was_probed() -> bool:
        return scene.remote.calls > calls

    await eventually(was_probed)
    assert UP not in scene.recording.events


async def test_a_session_that_begins_in_degraded_mode_joins_the_store_with_its_count(scene: Scene) -> None:
    present = await opened(scene.store, "s")
    await scene.store.admit(present, "a-stream", None)
    await scene.becomes_unavailable()
    first, second = await opened(scene.store, "s"), await opened(scene.store, "s")
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
    snapshot = await opened(scene.store, "s")
    await scene.store.admit(snapshot, "a-stream", None)
    await scene.becomes_available()
    scene.remote.failures = [Rejected("an error")]
    with pytest.raises(Rejected):
        await scene.store.join(snapshot)
    assert (await opened(scene.store, "s")).requests_used == 1, "a new connection brings it too"
    assert (await opened(scene.store, "s")).requests_used == 1


async def test_a_count_of_a_session_that_has_ended_is_dropped(scene: Scene) -> None:
    await scene.becomes_unavailable()
    snapshot = await opened(scene.store, "s")
    await scene.store.admit(snapshot, "a-stream", None)
    await scene.becomes_available()
    scene.seconds += LIMITS.max_session_seconds
    assert (await opened(scene.store, "s")).requests_used == 0


async def test_a_session_is_counted_on_from_its_latest_count(scene: Scene) -> None:
    snapshot = await opened(scene.store, "s")
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
    snapshot = await opened(scene.store, session_key("a space", "s"))
    assert not snapshot.shared, "the session is counted in this process"
    with pytest.raises(StoreFull):
        await scene.store.put(RECORD)
    assert scene.recording.events == [
        StoreLimitReached(StoreLimit.SESSIONS, "s"),
        StoreLimitReached(StoreLimit.BYTES, "s"),
    ]
    assert (await scene.store.join(snapshot)).shared, "as soon as there is room"


async def test_a_reserved_session_is_refused_whether_the_store_is_available_or_not(scene: Scene) -> None:
    await opened(scene.store, "s", FIRST)
    assert await scene.store.open("s", SECOND) == SessionReserved()
    assert scene.recording.events == [], "it is no failure"
    await scene.becomes_unavailable()
    assert not (await opened(scene.store, "s", FIRST)).shared
    assert await scene.store.open("s", SECOND) == SessionReserved()


async def test_a_connection_stays_in_this_process_if_the_session_was_reserved_before(scene: Scene) -> None:
    await scene.becomes_unavailable()
    local = await opened(scene.store, "s", FIRST)
    await scene.store.admit(local, "a-stream", None)
    await scene.becomes_available()
    await opened(scene.remote, "s", SECOND)
    joined = await scene.store.join(local)
    assert not joined.shared
    assert (await scene.store.admit(joined, "b-stream", None)).requests_used == 2
    assert (await opened(scene.store, "s", SECOND)).requests_used == 0
    assert await scene.store.open("s", FIRST) == SessionReserved()


async def test_a_full_store_that_was_unavailable_is_available_again(scene: Scene) -> None:
    await scene.becomes_unavailable()
    scene.remote.failures = [StoreFull(StoreLimit.SESSIONS)]
    await scene.becomes_available()


async def test_the_size_of_the_store_is_measured_now_and_then(scene: Scene) -> None:
    await opened(scene.store, "s")
    await scene.store.renew_leases({})
    await scene.store.renew_leases({})
    assert [size.sessions for size in scene.recording.sizes] == [1]
    scene.seconds += 5
    await scene.store.renew_leases({})
    assert len(scene.recording.sizes) == 2
