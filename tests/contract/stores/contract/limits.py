"""A store holds a bounded number of sessions and bytes, divided fairly."""

from contextlib import suppress

import pytest

from service.events import StoreLimit
from service.session.ports import SessionStore
from service.session.records import StreamStatus
from service.stores.failures import StoreFull
from tests.contract.stores.contract.records import LARGE, SECOND, opened, stream_of
from tests.contract.stores.contract.store_tests import StoreTests
from tests.waiting import eventually


class LimitTests(StoreTests):
    async def test_the_session_that_uses_most_of_the_bytes_is_refused_first(self, store: SessionStore) -> None:
        refused: set[str] = set()
        for number in range(60):
            for session in ("large", "a-space/larger"):
                try:
                    await store.put(stream_of(session, number, LARGE * (1 + (session != "large"))))
                except StoreFull:
                    refused.add(f"{session}-{number}")
        assert "a-space/larger-0" not in refused
        assert {"large-59", "a-space/larger-59"} <= refused
        size = await self.size(store)
        assert size.bytes <= self.store_limits.max_bytes
        with pytest.raises(StoreFull) as full:
            await store.put(stream_of("large", 60, LARGE))
        assert full.value.limit is StoreLimit.BYTES
        small = stream_of("small", 0, LARGE)
        await store.put(small)
        assert await store.get(small.stream_id) == small, "another session is not affected"

    async def test_bytes_are_free_again_when_streams_have_ended(self, store: SessionStore) -> None:
        async def fill(session: str) -> int:
            for number in range(1000):
                try:
                    await store.put(stream_of(session, number, LARGE))
                except StoreFull:
                    return number
            raise AssertionError("the store has no limit")

        first = await fill("one")
        store.update_status("one-0", 0, StreamStatus.ACKNOWLEDGED)
        store.update_status("one-1", 0, StreamStatus.ACKNOWLEDGED)

        async def has_room() -> bool:
            try:
                await store.put(stream_of("one", first, LARGE))
            except StoreFull:
                return False
            return True

        await eventually(has_room)
        await store.acquire("one-2", 0, SECOND)
        await self.pass_ttl(1.3)

        async def is_empty() -> bool:
            with suppress(StoreFull):
                await store.put(stream_of("another", 0, LARGE))
            return (await self.size(store)).bytes < 10 * LARGE

        await eventually(is_empty)
        assert await fill("one") >= first - 1

    async def test_a_stream_that_is_put_again_is_counted_once(self, store: SessionStore) -> None:
        for _ in range(100):
            await store.put(stream_of("s", 0, LARGE))
        assert (await self.size(store)).bytes < 10 * LARGE

    async def test_sessions_without_a_request_make_room_and_their_connections_restore_them(
        self, store: SessionStore
    ) -> None:
        first = await opened(store, "first")
        for number in range(2 * self.store_limits.max_sessions):
            await opened(store, f"s{number}")
        assert (await self.size(store)).sessions <= self.store_limits.max_sessions
        assert (await store.admit(first, "a-stream", None)).requests_used == 1
        assert (await opened(store, "first")).incarnation == first.incarnation

    async def test_sessions_end_and_make_room(self, store: SessionStore) -> None:
        for number in range(self.store_limits.max_sessions):
            await store.admit(await opened(store, f"s{number}"), "a-stream", None)
        await self.pass_session(1)
        assert (await opened(store, "new")).requests_used == 0

        async def one_is_left() -> bool:
            return (await self.size(store)).sessions == 1

        await eventually(one_is_left)
