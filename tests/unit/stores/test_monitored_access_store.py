"""The access store behind a breaker, with a primary that fails."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from service.access.api_key import ApiKey
from service.access.quota import Charge, QuotaExceeded
from service.events import Dependency, DependencyChanged, DependencyFailed
from service.session.ports import StoreUnavailable
from service.stores.failures import Damaged, NoAnswer, Refused
from service.stores.monitored_access_store import MonitoredAccessStore
from service.stores.sqlite.access_store import SqliteAccessStore
from tests.contract.access.samples import KEY, charge, revocation
from tests.unit.stores.unreliable_store import Recording
from tests.waiting import eventually

FAILED = DependencyFailed(Dependency.ACCESS_STORE)


class Remote(SqliteAccessStore):
    """A store that the test makes unavailable."""

    def __init__(self) -> None:
        super().__init__(None)
        self.failure: StoreUnavailable | None = None
        self.refusal: StoreUnavailable | None = None
        """Of writes."""
        self.calls = 0

    def _count(self, *, writes: bool = False) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        if writes and self.refusal is not None:
            raise self.refusal

    async def find_key(self, digest: bytes) -> ApiKey | None:
        self._count()
        return await super().find_key(digest)

    async def add_key(self, key: ApiKey) -> None:
        self._count(writes=True)
        await super().add_key(key)

    async def charge(self, charges: Any) -> QuotaExceeded | None:  # noqa: ANN401 - that of the store
        self._count(writes=True)
        return await super().charge(charges)


class Scene:
    def __init__(self) -> None:
        self.remote = Remote()
        self.recording = Recording()
        self.store = MonitoredAccessStore(self.remote, self.recording)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.store.close()


async def test_calls_reach_the_primary(scene: Scene) -> None:
    store = scene.store
    await store.add_key(KEY)
    assert await store.find_key(KEY.digest) == KEY
    assert list(await store.keys()) == [KEY]
    sequence = await store.revoke(revocation(1), 60)
    assert await store.revoke_key(KEY.key_id, 1.0)
    assert [one.token_id for one in await store.revocations(sequence)] == [KEY.key_id]
    await store.debit([charge(60)])
    assert await store.charge([charge()]) is not None
    assert scene.recording.events == []


async def test_an_unavailable_store_is_probed_and_calls_fail_at_once(scene: Scene) -> None:
    scene.remote.failure = NoAnswer("silent")
    with pytest.raises(NoAnswer):
        await scene.store.charge([charge()])
    down = DependencyChanged(Dependency.ACCESS_STORE, up=False, reason="silent")
    assert scene.recording.events[:2] == [FAILED, down]
    before = scene.remote.calls
    calls: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: scene.store.find_key(KEY.digest),
        lambda: scene.store.charge([charge()]),
        lambda: scene.store.revocations(0),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable, match="breaker"):
            await call()
    assert scene.remote.calls == before
    scene.remote.failure = None

    async def is_up() -> bool:
        return scene.recording.events[-1] == DependencyChanged(Dependency.ACCESS_STORE, up=True)

    await eventually(is_up)
    assert await scene.store.charge([charge()]) is None


async def test_a_store_that_refuses_writes_still_finds_keys(scene: Scene) -> None:
    await scene.store.add_key(KEY)
    scene.remote.refusal = Refused("disk full")
    refused = await asyncio.gather(*(scene.store.charge([charge()]) for _ in range(10)), return_exceptions=True)
    assert {type(one) for one in refused} == {Refused}
    assert await scene.store.find_key(KEY.digest) == KEY
    assert scene.recording.events == [FAILED] * 10, "each is counted; the store is not unavailable"


async def test_a_damaged_store_is_reported(scene: Scene) -> None:
    await scene.store.add_key(KEY)
    scene.remote.refusal = Damaged("malformed")
    charges: list[Charge] = [charge()]
    with pytest.raises(Damaged):
        await scene.store.charge(charges)
    assert scene.recording.events == [
        FAILED,
        DependencyChanged(Dependency.ACCESS_STORE, up=False, reason="malformed"),
    ]
    assert await scene.store.find_key(KEY.digest) == KEY
