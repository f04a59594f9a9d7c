"""The store of live streams behind a breaker, with a primary that fails."""

from collections.abc import AsyncIterator, Sequence

import pytest

from service.events import Dependency, DependencyChanged, DependencyFailed, StoreLimit
from service.live.ports import Appended, AppendResult, Expiry
from service.live.records import Append, LiveRecord, LiveStatus
from service.session.ports import StoreUnavailable
from service.stores.failures import NoAnswer, Refused, StoreFull
from service.stores.monitored_live_store import MonitoredLiveStore
from service.stores.sqlite.live_store import SqliteLiveStore
from service.stores.store_limits import LiveLimits
from tests.contract.live.samples import RECORD
from tests.unit.stores.unreliable_store import Recording
from tests.waiting import eventually

FAILED = DependencyFailed(Dependency.LIVE_STORE)
APPENDS = [Append(RECORD.stream_id, 0, 0, b"abc")]


class Remote(SqliteLiveStore):
    """A store that the test makes unavailable."""

    def __init__(self) -> None:
        super().__init__(None, LiveLimits(), 300)
        self.failure: StoreUnavailable | None = None
        self.refusal: StoreUnavailable | None = None
        """Of writes."""
        self.calls = 0

    async def get(self, stream_id: str) -> LiveRecord | None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        return await super().get(stream_id)

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        self.calls += 1
        if failure := self.failure or self.refusal:
            raise failure
        return await super().append(appends)

    async def create(self, record: LiveRecord) -> LiveRecord:
        if self.refusal is not None:
            raise self.refusal
        return await super().create(record)


class Scene:
    def __init__(self) -> None:
        self.remote = Remote()
        self.recording = Recording()
        self.store = MonitoredLiveStore(self.remote, self.recording)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.store.close()


async def test_calls_reach_the_primary(scene: Scene) -> None:
    store, stream_id = scene.store, RECORD.stream_id
    assert await store.create(RECORD) == RECORD
    assert list(await store.append(APPENDS)) == [Appended(3, b"abc", LiveStatus.OPEN)]
    adopted, found = await store.adopt(stream_id), await store.get(stream_id)
    assert adopted is not None
    assert found is not None
    assert (adopted.epoch, found.epoch) == (1, 1)
    assert await store.read(stream_id, 1) == b"bc"
    assert [one.stream_id for one in await store.open_streams(RECORD.session_key)] == [stream_id]
    assert await store.expire() == Expiry([], [], 1, 0, 0)
    cancelled = await store.cancel(stream_id)
    assert cancelled is not None
    assert cancelled.status is LiveStatus.CANCELLED
    assert scene.recording.events == []


async def test_while_it_is_silent_calls_fail_at_once_until_it_answers(scene: Scene) -> None:
    await scene.store.create(RECORD)
    scene.remote.failure = NoAnswer("silent")
    with pytest.raises(StoreUnavailable):
        await scene.store.append(APPENDS)
    calls = scene.remote.calls
    with pytest.raises(StoreUnavailable, match="breaker"):
        await scene.store.append(APPENDS)
    assert scene.remote.calls == calls
    assert scene.recording.events == [FAILED, DependencyChanged(Dependency.LIVE_STORE, up=False, reason="silent")]
    scene.remote.failure = None

    async def stored() -> bool:
        try:
            await scene.store.append(APPENDS)
        except StoreUnavailable:
            return False
        return True

    await eventually(stored)
    assert scene.recording.events[-1] == DependencyChanged(Dependency.LIVE_STORE, up=True)


async def test_a_write_that_is_refused_is_no_outage(scene: Scene) -> None:
    await scene.store.create(RECORD)
    scene.remote.refusal = Refused("disk full")
    for _ in range(20):
        with pytest.raises(Refused):
            await scene.store.append(APPENDS)
    assert await scene.store.get(RECORD.stream_id) is not None
    assert scene.recording.events == [FAILED] * 20


async def test_a_full_store_is_no_failure(scene: Scene) -> None:
    scene.remote.refusal = StoreFull(StoreLimit.BYTES)
    with pytest.raises(StoreFull):
        await scene.store.create(RECORD)
    assert scene.recording.events == []
