"""Sessions begin, are joined and end; a snapshot restores one that the store has lost."""

import asyncio

import msgspec
import pytest

from service.access.session_key import session_key
from service.session.ports import SessionStore
from service.session.records import SessionSnapshot
from tests.contract.stores.contract.records import FIRST, SECOND, claim, opened
from tests.contract.stores.contract.store_tests import StoreTests


class SessionTests(StoreTests):
    async def test_the_first_connection_creates_the_session(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        assert (snapshot.session_key, snapshot.requests_used, snapshot.shared) == ("s", 0, True)
        assert snapshot.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)

    async def test_a_reconnect_before_the_end_joins_the_session(self, store: SessionStore) -> None:
        first = await opened(store, "s")
        await store.admit(first, "a-stream", None)
        await self.pass_session(0.8)
        again = await opened(store, "s")
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        assert again.seconds_left == pytest.approx(self.limits.max_session_seconds * 0.2, abs=self.slack_seconds)

    async def test_after_the_end_a_new_session_begins_with_the_same_id(self, store: SessionStore) -> None:
        first = await opened(store, "s")
        await store.admit(first, "a-stream", None)
        await self.pass_session(1)
        second = await opened(store, "s")
        assert second.incarnation != first.incarnation
        assert second.requests_used == 0
        assert second.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)
        assert (await store.admit(second, "a-stream", None)).requests_used == 1

    async def test_one_of_several_connections_has_created_the_session(self, store: SessionStore) -> None:
        snapshots = await asyncio.gather(*(opened(store, "s") for _ in range(5)))
        assert [snapshot.created for snapshot in snapshots].count(True) == 1
        await self.pass_session(1)
        assert [(await opened(store, "s")).created for _ in range(2)] == [True, False]

    async def test_sessions_do_not_share_a_count(self, store: SessionStore) -> None:
        for _ in range(5):
            await store.admit(await opened(store, "one"), "a-stream", None)
        assert (await store.admit(await opened(store, "other"), "a-stream", None)).admitted

    async def test_sessions_of_two_spaces_do_not_share_anything(self, store: SessionStore) -> None:
        keys = [session_key(space, "s") for space in ("", "one", "other")]
        snapshots = [await opened(store, key) for key in keys]
        assert len({snapshot.incarnation for snapshot in snapshots}) == len(keys)
        for snapshot in snapshots:
            admission = await store.admit(snapshot, f"in-{snapshot.session_key}", claim())
            assert (admission.requests_used, admission.repeats) == (1, None)
            again = await store.admit(snapshot, "again", claim(owner=SECOND, presented=FIRST))
            assert (again.requests_used, again.repeats) == (1, f"in-{snapshot.session_key}")

    async def test_the_limit_is_exact_under_concurrent_calls(self, store: SessionStore) -> None:
        snapshots = [await opened(store, "s") for _ in range(4)]
        admissions = await asyncio.gather(*(store.admit(snapshot, "a-stream", None) for snapshot in snapshots * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]
        assert {one.requests_used for one in admissions if not one.admitted} == {5}

    # Snapshots

    async def test_a_snapshot_without_time_left_admits_nothing(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        for seconds_left in (0.0, -1.0):
            over = msgspec.structs.replace(snapshot, seconds_left=seconds_left)
            assert not (await store.admit(over, "a-stream", None)).admitted
        assert (await opened(store, "s")).requests_used == 0

    async def test_a_lost_session_is_created_again_from_a_snapshot(self, store: SessionStore) -> None:
        seconds_left = self.limits.max_session_seconds / 2
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 3, seconds_left)
        admission = await store.admit(snapshot, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (True, 4)
        again = await opened(store, "s")
        assert (again.incarnation, again.requests_used) == (snapshot.incarnation, 4)
        assert again.seconds_left == pytest.approx(seconds_left, abs=self.slack_seconds)

    async def test_a_session_created_again_keeps_its_limit(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 5, self.limits.max_session_seconds / 2)
        admission = await store.admit(snapshot, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (False, 5)
        assert (await opened(store, "s")).requests_used == 5

    async def test_of_two_snapshots_of_a_lost_session_the_higher_count_applies(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 1, self.limits.max_session_seconds / 2)
        assert (await store.admit(snapshot, "a-stream", None)).requests_used == 2
        fresher = msgspec.structs.replace(snapshot, requests_used=4)
        assert (await store.admit(fresher, "a-stream", None)).requests_used == 5
        assert not (await store.admit(snapshot, "a-stream", None)).admitted

    async def test_a_snapshot_of_another_incarnation_counts_in_the_present_session(self, store: SessionStore) -> None:
        present = await opened(store, "s")
        other = SessionSnapshot("s", "of-a-store-that-was-wiped", 4, self.limits.max_session_seconds / 2)
        admission = await store.admit(other, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (True, 1)
        assert (await opened(store, "s")).incarnation == present.incarnation
