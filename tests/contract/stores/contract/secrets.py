"""A session that was created with a secret is joined with the same secret only."""

import msgspec

from service.session.ports import SessionStore
from service.session.records import Admission, SessionReserved, SessionSnapshot
from tests.contract.stores.contract.records import FIRST, SECOND, claim, opened
from tests.contract.stores.contract.store_tests import StoreTests


class SecretTests(StoreTests):
    async def test_the_secret_of_the_first_connection_reserves_the_session(self, store: SessionStore) -> None:
        first = await opened(store, "s", FIRST)
        assert (first.secret, first.created) == (FIRST, True)
        for secret in (SECOND, None):
            assert await store.open("s", secret) == SessionReserved()
        await store.admit(first, "a-stream", None)
        again = await opened(store, "s", FIRST)
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        assert (again.secret, again.created) == (FIRST, False)

    async def test_a_session_without_a_secret_is_joined_without_one(self, store: SessionStore) -> None:
        assert (await opened(store, "s")).created
        assert await store.open("s", FIRST) == SessionReserved(), "its creator would take it for reserved"
        again = await opened(store, "s")
        assert (again.secret, again.created) == (None, False)

    async def test_after_the_end_any_secret_reserves_the_id(self, store: SessionStore) -> None:
        await opened(store, "s", FIRST)
        await self.pass_session(1)
        assert (await opened(store, "s")).created
        assert await store.open("s", FIRST) == SessionReserved()
        await self.pass_session(1)
        assert (await opened(store, "s", SECOND)).created
        assert await store.open("s") == SessionReserved()

    async def test_a_lost_session_is_created_again_with_its_secret(self, store: SessionStore) -> None:
        for session_key, secret in (("reserved", FIRST), ("free", None)):
            lost = SessionSnapshot(session_key, "of-a-store-that-was-wiped", 0, 30, secret=secret)
            await store.admit(lost, "a-stream", claim())
            assert (await opened(store, session_key, secret)).incarnation == lost.incarnation
            assert await store.open(session_key, SECOND) == SessionReserved()

    async def test_a_lost_session_that_another_secret_reserves_is_not_used(self, store: SessionStore) -> None:
        present = await opened(store, "s", FIRST)
        await store.admit(present, "a-stream", claim())
        for secret in (SECOND, None):
            lost = SessionSnapshot("s", present.incarnation, 4, 30, secret=secret)
            for used, admitted in ((5, True), (5, False)):
                charged = await store.charge_repetition(lost, "a-stream")
                again = await store.admit(lost, "b-stream", claim(owner=SECOND, presented=FIRST))
                assert charged == again == Admission(admitted, used), "it is counted alone, and repeats no other"
                lost = msgspec.structs.replace(lost, requests_used=again.requests_used)
        assert (await opened(store, "s", FIRST)).requests_used == 1

    async def test_a_session_is_joined_and_created_with_the_secret_of_the_snapshot(self, store: SessionStore) -> None:
        local = SessionSnapshot("s", "of-one-process", 2, 30, shared=False, secret=FIRST)
        assert (await store.join(local)).secret == FIRST
        assert await store.open("s") == SessionReserved()
        joined = await store.join(local)
        assert (joined.incarnation, joined.secret, joined.shared) == (local.incarnation, FIRST, True)

    async def test_a_connection_does_not_join_a_session_of_another_secret(self, store: SessionStore) -> None:
        present = await opened(store, "s", FIRST)
        local = SessionSnapshot("s", "of-one-process", 2, 30, secret=SECOND)
        assert await store.join(local) == msgspec.structs.replace(local, shared=False)
        assert (await opened(store, "s", FIRST)).requests_used == present.requests_used == 0
