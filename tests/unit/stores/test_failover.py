"""While a store is away, streams go on: each process counts by itself, and nothing is recovered."""

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
AWAY = DependencyChanged(Dependency.SESSION_STORE, up=False, reason="no route")
BACK = DependencyChanged(Dependency.SESSION_STORE, up=True)


class Remote(SqliteSessionStore):
    """A store that goes away when told to."""

    def __init__(self) -> None:
        super().__init__(None, LIMITS, 300)
        self.away = False
        self.asked = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("no route")

    async def open(self, session_id: str) -> SessionSnapshot:
        self._ask()
        return await super().open(session_id)

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        self._ask()
        return await super().admit(snapshot, stream_id, claim)

    async def put(self, record: StreamRecord) -> None:
        self._ask()
        await super().put(record)

    async def get(self, stream_id: str) -> StreamRecord | None:
        self._ask()
        return await super().get(stream_id)

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        self._ask()
        return await super().acquire(stream_id, epoch, owner)

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        self._ask()
        return await super().mark_skip(stream_id, epoch, index, settled=settled)

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        self._ask()
        return await super().renew_leases(held)


class Recording:
    """Fulfils ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)


class TestOverAStoreThatIsThere(InSqlite):
    def make(self) -> SessionStore:
        return FailoverSessionStore(super().make(), SqliteSessionStore(None, self.limits, 300), Recording())


class Scene:
    """A guarded store whose breaker rests until ``seconds`` move on."""

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

    async def goes_away(self) -> None:
        self.remote.away = True
        for _ in range(3):
            await self.store.renew_leases({"a-stream": 0})
        assert self.recording.events[-1] == AWAY

    async def comes_back(self) -> None:
        self.remote.away = False
        self.seconds += 1

        async def is_up() -> bool:
            return self.recording.events[-1] == BACK

        await eventually(is_up)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.store.close()


async def test_a_failure_is_told_and_so_is_a_change(scene: Scene) -> None:
    await scene.goes_away()
    assert scene.recording.events == [FAILED, FAILED, FAILED, AWAY]
    await scene.comes_back()
    assert scene.recording.events == [FAILED, FAILED, FAILED, AWAY, BACK]


async def test_one_failure_is_not_the_end(scene: Scene) -> None:
    scene.remote.away = True
    assert not (await scene.store.open("s")).shared
    scene.remote.away = False
    assert (await scene.store.open("s")).shared
    assert scene.recording.events == [FAILED]


async def test_whether_an_idle_store_is_there_is_asked_before_anybody_needs_it(scene: Scene) -> None:
    assert await scene.store.renew_leases({}) == frozenset()
    assert scene.remote.asked == 1, "nobody has heard of it yet"
    assert await scene.store.renew_leases({}) == frozenset()
    assert scene.remote.asked == 1, "it has just answered"


async def test_an_idle_store_that_is_away_is_told_of(scene: Scene) -> None:
    scene.remote.away = True
    for _ in range(3):
        assert await scene.store.renew_leases({}) == frozenset()
    assert scene.recording.events == [FAILED, FAILED, FAILED, AWAY]


async def test_a_store_that_is_away_is_not_asked_but_by_its_probe(scene: Scene) -> None:
    await scene.goes_away()
    asked = scene.remote.asked
    await scene.store.open("s")
    await asyncio.gather(*(scene.store.renew_leases({"a-stream": 0}) for _ in range(10)))
    assert scene.remote.asked == asked
    scene.seconds += 1

    async def was_probed() -> bool:
        return scene.remote.asked > asked

    await eventually(was_probed)
    assert BACK not in scene.recording.events


async def test_a_session_that_begins_meanwhile_stays_where_it_is(scene: Scene) -> None:
    await scene.goes_away()
    snapshot = await scene.store.open("s")
    assert not snapshot.shared
    assert (await scene.store.admit(snapshot, "a-stream", None)).requests_used == 1
    await scene.comes_back()
    assert (await scene.store.admit(snapshot, "b-stream", None)).requests_used == 2
    assert (await scene.remote.open("s")).requests_used == 0


async def test_a_session_is_counted_on_from_what_was_last_known(scene: Scene) -> None:
    snapshot = await scene.store.open("s")
    await scene.store.admit(snapshot, "a-stream", None)
    known = msgspec.structs.replace(snapshot, requests_used=3)
    await scene.goes_away()
    assert (await scene.store.admit(known, "b-stream", None)).requests_used == 4
    assert (await scene.store.admit(known, "c-stream", None)).requests_used == 5
    assert not (await scene.store.admit(known, "d-stream", None)).admitted
    await scene.comes_back()
    fresher = msgspec.structs.replace(snapshot, requests_used=5)
    assert not (await scene.store.admit(fresher, "e-stream", None)).admitted, "what was counted meanwhile, counts"


async def test_nothing_is_kept_or_recovered_meanwhile(scene: Scene) -> None:
    await scene.store.put(RECORD)
    await scene.goes_away()
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
    await scene.comes_back()
    assert await store.get("a-stream") == RECORD
