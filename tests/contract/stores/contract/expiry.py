"""Streams are kept for their time to live, which leases renew."""

from service.session.ports import SessionStore
from service.session.records import StreamStatus
from tests.contract.stores.contract.records import FIRST, RECORD, SECOND
from tests.contract.stores.contract.store_tests import StoreTests


class ExpiryTests(StoreTests):
    async def test_without_renewal_a_stream_is_kept_for_1_25_times_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(1.1)
        assert await store.get("a-stream") == RECORD
        await self.pass_ttl(0.2)
        assert await store.get("a-stream") is None
        assert not await store.acquire("a-stream", 0, FIRST)
        assert not await store.mark_skip("a-stream", 0, 1, settled=True)
        assert await store.renew_leases({"a-stream": 0}) == frozenset()

    async def test_after_a_renewal_a_stream_is_kept_for_its_whole_time_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        for _ in range(4):
            await self.pass_ttl(0.4)
            await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(0.95)
        assert await store.get("a-stream") == RECORD
        await self.pass_ttl(0.35)
        assert await store.get("a-stream") is None

    async def test_a_renewal_writes_only_when_less_than_the_time_to_live_is_left(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.15)
        await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(1.15)
        assert await store.get("a-stream") is None

    async def test_a_renewal_at_an_old_epoch_has_no_effect(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.acquire("a-stream", 0, SECOND)
        await self.pass_ttl(0.7)
        await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(0.6)
        assert await store.get("a-stream") is None
        assert await store.renew_leases({"a-stream": 0}) == frozenset()

    async def test_acquire_renews_the_time_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.7)
        await store.acquire("a-stream", 0, SECOND)
        await self.pass_ttl(1.1)
        assert await store.get("a-stream") is not None
        await self.pass_ttl(0.2)
        assert await store.get("a-stream") is None

    async def test_an_ended_stream_is_kept_for_its_time_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.7)
        store.update_status("a-stream", 0, StreamStatus.ENDED)
        await self.eventually(store, lambda found: found is not None and found.counted)
        await self.pass_ttl(0.9)
        assert await store.get("a-stream") is not None
        await self.pass_ttl(0.15)
        assert await store.get("a-stream") is None

    async def test_expired_content_is_deleted_without_a_call(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await self.holds(RECORD.plan)
        await self.pass_ttl(1.3)
        await self.vanishes(RECORD.plan)
