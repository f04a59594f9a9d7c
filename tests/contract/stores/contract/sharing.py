"""Several processes share a store: a session, its count and its streams are the same through each of them."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from service.events import StoreLimit
from service.session.ports import SessionStore
from service.session.records import SessionReserved, SessionSnapshot, StreamStatus
from service.stores.failures import StoreFull
from tests.contract.stores.contract.records import FIRST, RECORD, SECOND, claim, opened
from tests.contract.stores.contract.store_tests import StoreTests


class SharingTests(StoreTests):
    @pytest.fixture
    async def other(self) -> AsyncIterator[SessionStore]:
        other = self.make()
        yield other
        await other.close()

    async def test_a_session_can_be_joined_through_another_store(
        self, store: SessionStore, other: SessionStore
    ) -> None:
        first = await opened(store, "s")
        await store.admit(first, "a-stream", claim())
        again = await opened(other, "s")
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        repeated = await other.admit(again, "b-stream", claim(owner=SECOND, presented=FIRST))
        assert repeated.repeats == "a-stream"

    async def test_a_connection_joins_a_session_with_the_requests_that_were_counted_without_it(
        self, store: SessionStore
    ) -> None:
        present = await opened(store, "s")
        await store.admit(present, "a-stream", None)
        joined = await store.join(SessionSnapshot("s", "of-one-process", 2, self.limits.max_session_seconds / 2))
        assert (joined.incarnation, joined.requests_used, joined.shared) == (present.incarnation, 3, True)
        assert joined.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)
        admissions = [await store.admit(joined, "a-stream", None) for _ in range(3)]
        assert [one.requests_used for one in admissions if one.admitted] == [4, 5]

    async def test_a_connection_creates_the_session_that_it_joins_if_there_is_none(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-one-process", 2, self.limits.max_session_seconds / 2, shared=False)
        joined = await store.join(snapshot)
        assert (joined.incarnation, joined.requests_used, joined.shared) == (snapshot.incarnation, 2, True)
        again = await opened(store, "s")
        assert (again.incarnation, again.requests_used) == (snapshot.incarnation, 2)
        assert again.seconds_left == pytest.approx(snapshot.seconds_left, abs=self.slack_seconds)

    async def test_a_new_session_is_refused_if_every_session_has_requests(self, store: SessionStore) -> None:
        snapshots = [await opened(store, f"s{number}") for number in range(self.store_limits.max_sessions)]
        for snapshot in snapshots:
            await store.admit(snapshot, "a-stream", None)
        local = SessionSnapshot("new", "of-one-process", 1, self.limits.max_session_seconds)
        for call in (opened(store, "new"), store.join(local)):
            with pytest.raises(StoreFull) as full:
                await call
            assert full.value.limit is StoreLimit.SESSIONS
        assert (await opened(store, "s0")).incarnation == snapshots[0].incarnation

    async def test_of_concurrent_secrets_one_reserves_the_session(
        self, store: SessionStore, other: SessionStore
    ) -> None:
        secrets = [bytes([number]) * 32 for number in range(10)]
        results = await asyncio.gather(*(one.open("s", secret) for secret in secrets for one in (store, other)))
        [secret] = {one.secret for one in results if isinstance(one, SessionSnapshot)}
        assert secret in secrets
        assert results.count(SessionReserved()) == 18
        assert sum(isinstance(one, SessionSnapshot) and one.created for one in results) == 1

    async def test_concurrent_calls_of_open_create_one_session(self, store: SessionStore, other: SessionStore) -> None:
        snapshots = await asyncio.gather(*(opened(one, "s") for one in (store, other) * 10))
        assert len({snapshot.incarnation for snapshot in snapshots}) == 1

    async def test_the_limit_is_exact_across_stores(self, store: SessionStore, other: SessionStore) -> None:
        snapshot = await opened(store, "s")
        admissions = await asyncio.gather(*(one.admit(snapshot, "a-stream", None) for one in (store, other) * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]

    async def test_a_stream_can_be_acquired_in_another_store(self, store: SessionStore, other: SessionStore) -> None:
        await store.put(RECORD)
        assert await other.get("a-stream") == RECORD
        acquired = await asyncio.gather(*(one.acquire("a-stream", 0, SECOND) for one in (store, other) * 10))
        assert sum(acquired) == 1
        assert await store.renew_leases({"a-stream": 0}) == await other.renew_leases({"a-stream": 0}) == {"a-stream"}
        assert not await store.mark_skip("a-stream", 0, 7, settled=True)

    async def test_close_stores_queued_status_updates(self, store: SessionStore, other: SessionStore) -> None:
        await other.put(RECORD)
        closing = self.make()
        closing.update_status("a-stream", 0, StreamStatus.PAUSED)
        await closing.close()
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, paused=True)
