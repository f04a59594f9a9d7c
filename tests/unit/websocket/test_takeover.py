"""What is taken over from a store is one stream, wherever it stands, and a clear refusal if it cannot be."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import pytest
from msgspec.structs import replace

from service.content import pack_plan, unpack_plan
from service.preparation.engine import ThreadedContentEngine
from service.process.ids import RandomIds
from service.protocol.limits import Limits
from service.protocol.messages import RefusalReason
from service.session.effects import Recovery, TakeOver
from service.session.ports import StoreUnavailable
from service.session.records import Digest, SessionSnapshot, StreamStatus
from service.stores.sqlite.store import SqliteSessionStore
from service.websocket.takeover import take_over
from tests.contract.stores.contract import LATER, MINE, RECORD, THEIRS
from tests.unit.session.conversation import plan_of

KEPT = replace(RECORD, plan=pack_plan(plan_of([f"{k} " for k in range(20)], max_chunk_characters=9)))


class Store(SqliteSessionStore):
    """Others take the stream ``ahead`` times, each just before we do; or it goes away."""

    ahead = 0
    away = False
    changes: Sequence[Callable[[], None]] = ()
    skips_at: int | None = None
    """Both come between our look and our take."""

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        if self.away:
            raise StoreUnavailable
        for change in self.changes:
            change()
        if self.skips_at is not None:
            await self.mark_skip(stream_id, epoch, self.skips_at, settled=False)
        if self.ahead:
            self.ahead -= 1
            await super().acquire(stream_id, epoch, LATER)
        return await super().acquire(stream_id, epoch, owner)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = Store(None, Limits(), 60)
    await store.put(KEPT)
    yield store
    await store.close()


async def taken_from(store: Store, last_index: int = 3) -> Recovery | RefusalReason:
    engine, ids = ThreadedContentEngine(Limits()), RandomIds(lambda _trace_id, _parent: True)
    snapshot = SessionSnapshot(KEPT.session_id, KEPT.session_incarnation, 1, 60)
    try:
        return await take_over(TakeOver(1, KEPT.stream_id, last_index, MINE, THEIRS, snapshot), store, engine, ids)
    finally:
        engine.close()


@pytest.mark.parametrize("ahead", [0, 1, 4])
async def test_however_many_take_it_at_the_same_moment_the_last_has_it(store: Store, ahead: int) -> None:
    store.ahead = ahead
    taken = await taken_from(store)
    assert isinstance(taken, Recovery)
    assert taken.record.epoch == ahead + 1
    assert taken.plan == unpack_plan(KEPT.plan)
    assert await store.renew_leases({KEPT.stream_id: taken.record.epoch}) == frozenset()


async def test_a_skip_that_met_a_crash_is_settled_by_whoever_goes_on(store: Store) -> None:
    await store.mark_skip(KEPT.stream_id, 0, 5, settled=False)
    assert await taken_from(store, last_index=5) is RefusalReason.POSITION, "it may have been cut either way"
    taken = await taken_from(store, last_index=4)
    assert isinstance(taken, Recovery)
    found = await store.get(KEPT.stream_id)
    assert found is not None
    assert (found.skip_at, found.skip_settled) == (5, True)
    assert isinstance(await taken_from(store, last_index=5), Recovery)


async def test_what_its_holder_changes_until_it_is_taken_counts(store: Store) -> None:
    store.changes = [partial(store.update_status, KEPT.stream_id, 0, StreamStatus.ENDED)]
    taken = await taken_from(store)
    assert isinstance(taken, Recovery)
    assert taken.record.counted


async def test_a_skip_that_comes_before_the_take_is_seen(store: Store) -> None:
    store.skips_at = 2
    assert await taken_from(store, last_index=3) is RefusalReason.POSITION


async def test_what_another_version_has_stored_is_refused_and_left_to_it(store: Store) -> None:
    other = replace(KEPT, plan=b"of another version")
    await store.put(other)
    assert await taken_from(store) is RefusalReason.VERSION
    assert await store.get(KEPT.stream_id) == other


async def test_a_store_that_goes_away_refuses(store: Store) -> None:
    store.away = True
    assert await taken_from(store) is RefusalReason.UNAVAILABLE
