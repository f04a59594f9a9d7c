"""What every session store must do, whatever it keeps its sessions in."""

import asyncio
from abc import ABC, abstractmethod

from service.core.limits import Limits
from service.core.ports import SessionStore

LIMITS = Limits(max_requests=5, max_session_seconds=60)


class SessionStoreContract(ABC):
    """Subclass it for a back end: pytest runs these tests against what ``make`` gives."""

    @abstractmethod
    def make(self) -> SessionStore:
        """An empty store under ``LIMITS``."""

    @abstractmethod
    def pass_seconds(self, seconds: float) -> None:
        """Let the store's clock move on."""

    async def test_a_session_begins_with_its_first_connection(self) -> None:
        lease = await self.make().open("s")
        assert (lease.session_id, lease.requests_used) == ("s", 0)
        assert lease.seconds_left == 60

    async def test_a_reconnect_before_the_deadline_changes_nothing(self) -> None:
        store = self.make()
        first = await store.open("s")
        await store.admit(first)
        self.pass_seconds(59)
        again = await store.open("s")
        assert (again.epoch, again.requests_used, again.seconds_left) == (first.epoch, 1, 1)

    async def test_at_the_deadline_a_new_session_begins_under_the_same_id(self) -> None:
        store = self.make()
        first = await store.open("s")
        await store.admit(first)
        self.pass_seconds(60)
        second = await store.open("s")
        assert second.epoch != first.epoch
        assert (second.requests_used, second.seconds_left) == (0, 60)
        assert not (await store.admit(first)).admitted, "a lease of the session before opens nothing in this one"
        assert (await store.admit(second)).requests_used == 1

    async def test_the_limit_is_exact_whoever_counts(self) -> None:
        store = self.make()
        leases = [await store.open("s") for _ in range(4)]
        admissions = await asyncio.gather(*(store.admit(lease) for lease in leases * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]
        assert {one.requests_used for one in admissions if not one.admitted} == {5}

    async def test_sessions_do_not_share_a_count(self) -> None:
        store = self.make()
        for _ in range(5):
            await store.admit(await store.open("one"))
        assert (await store.admit(await store.open("other"))).admitted
