"""Streams are stored, acquired at one epoch, updated and deleted."""

import asyncio

import msgspec
import pytest

from service.session.ports import SessionStore
from service.session.records import StreamRecord, StreamStatus
from tests.contract.stores.contract.records import FIRST, RECORD, RICH_RECORD, SECOND, THIRD
from tests.contract.stores.contract.store_tests import StoreTests


class StreamTests(StoreTests):
    @pytest.mark.parametrize("record", [RECORD, RICH_RECORD])
    async def test_get_returns_the_record_that_was_put(self, store: SessionStore, record: StreamRecord) -> None:
        await store.put(record)
        assert await store.get(record.stream_id) == record

    async def test_operations_on_an_unknown_stream_have_no_effect(self, store: SessionStore) -> None:
        assert await store.get("nothing") is None
        assert not await store.acquire("nothing", 0, SECOND)
        assert not await store.mark_skip("nothing", 0, 1, settled=True)
        store.update_status("nothing", 0, StreamStatus.PAUSED)
        assert await store.renew_leases({"nothing": 0}) == frozenset()
        assert await store.get("nothing") is None

    async def test_acquire_increments_the_epoch(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await store.acquire("a-stream", 0, SECOND)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, owners=(FIRST, SECOND))
        assert await store.acquire("a-stream", 1, SECOND)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=2, owners=(FIRST, SECOND))
        assert not await store.acquire("a-stream", 1, THIRD)
        assert not await store.acquire("a-stream", 3, THIRD)

    async def test_of_concurrent_calls_of_acquire_one_succeeds(self, store: SessionStore) -> None:
        await store.put(RECORD)
        owners = [bytes([number]) * 32 for number in range(20)]
        acquired = await asyncio.gather(*(store.acquire("a-stream", 0, owner) for owner in owners))
        assert sum(acquired) == 1
        found = await store.get("a-stream")
        assert found is not None
        assert (found.epoch, found.owners) == (1, (FIRST, owners[acquired.index(True)]))

    async def test_a_skip_is_stored_at_the_present_epoch_only(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await store.mark_skip("a-stream", 0, 7, settled=False)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, skip_at=7)
        assert await store.mark_skip("a-stream", 0, 7, settled=True)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, skip_at=7, skip_settled=True)
        await store.acquire("a-stream", 0, FIRST)
        assert not await store.mark_skip("a-stream", 0, 9, settled=True)
        assert await store.mark_skip("a-stream", 1, 8, settled=True)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, skip_at=8, skip_settled=True)

    async def test_a_skip_that_is_stored_again_is_not_settled(self, store: SessionStore) -> None:
        await store.put(RICH_RECORD)
        await store.mark_skip("another-stream", 3, 9, settled=False)
        assert await store.get("another-stream") == msgspec.structs.replace(RICH_RECORD, skip_at=9, skip_settled=False)

    async def test_status_updates_are_stored_in_order(self, store: SessionStore) -> None:
        await store.put(RECORD)
        for change in (StreamStatus.PAUSED, StreamStatus.RESUMED, StreamStatus.PAUSED, StreamStatus.ENDED):
            store.update_status("a-stream", 0, change)
        await self.eventually(store, lambda found: found is not None and found.counted)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, paused=True, counted=True)

    async def test_a_status_update_of_another_epoch_has_no_effect(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.acquire("a-stream", 0, FIRST)
        for change in StreamStatus:
            store.update_status("a-stream", 0, change)
        store.update_status("a-stream", 1, StreamStatus.PAUSED)
        await self.eventually(store, lambda found: found is not None and found.paused)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, paused=True)

    async def test_an_acknowledged_stream_is_deleted(self, store: SessionStore) -> None:
        await store.put(RECORD)
        store.update_status("a-stream", 0, StreamStatus.ACKNOWLEDGED)
        await self.eventually(store, lambda found: found is None)
        assert not await store.acquire("a-stream", 0, FIRST)
        await self.vanishes(RECORD.plan)

    async def test_renew_leases_returns_the_streams_acquired_elsewhere(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.put(RICH_RECORD)
        held = {"a-stream": 0, "another-stream": 3, "gone": 0}
        assert await store.renew_leases(held) == frozenset()
        await store.acquire("a-stream", 0, SECOND)
        assert await store.renew_leases(held) == {"a-stream"}
        assert await store.renew_leases(held | {"a-stream": 1}) == frozenset()
        assert await store.renew_leases({}) == frozenset()
