"""The leases of all active streams are renewed at once; a connection that has lost its stream closes."""

import asyncio
from collections.abc import Mapping

import pytest

from service.events import Event, FaultRaised
from service.process import clock
from service.protocol.limits import Limits
from service.session.ports import StoreUnavailable
from service.stores.sqlite.store import SqliteSessionStore
from service.websocket.hub import Hub
from service.websocket.lease_renewer import LeaseRenewer


class Member:
    """A connection with one stream, or none."""

    principal = None

    def __init__(self, leased_stream: tuple[str, int] | None) -> None:
        self.leased_stream = leased_stream
        self.lost: list[str] = []

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        assert self.leased_stream == (stream_id, epoch)
        self.lost.append(stream_id)
        self.leased_stream = None

    @property
    def idle(self) -> bool:
        return self.leased_stream is None

    def drain(self, returns_at: float) -> None:
        """Nothing to finish."""

    def shutdown(self, returns_at: float) -> None:
        """Nothing to close."""

    def revoke(self) -> None:
        """There is no token."""


class Store(SqliteSessionStore):
    """Reports ``lost`` streams, or raises ``exception``."""

    def __init__(self) -> None:
        super().__init__(None, Limits(), resume_ttl_seconds=60)
        self.calls: list[dict[str, int]] = []
        self.called_again = asyncio.Event()
        self.lost: frozenset[str] = frozenset()
        self.exception: Exception | None = None

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        if self.calls:
            self.called_again.set()
        self.calls.append(dict(epochs))
        if self.exception is not None:
            raise self.exception
        return self.lost & epochs.keys()


class Process:
    """One process with its connections."""

    def __init__(self, *members: Member) -> None:
        self.events: list[Event] = []
        self.store = Store()
        self.hub = Hub(10, self, clock.now)
        self.renewer = LeaseRenewer(self.hub, self.store, self, lambda: "id")
        self._members = members

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def renew(self, count: int = 1) -> None:
        for member in self._members:
            self.hub.register(member)
        for _ in range(count):
            await self.renewer.renew()
        await self.store.close()


async def test_all_leases_are_renewed_in_one_call_and_lost_ones_are_reported_to_their_connection() -> None:
    members = [Member(("a", 0)), Member(("b", 2)), Member(None)]
    process = Process(*members)
    process.store.lost = frozenset({"b"})
    await process.renew(2)
    assert process.store.calls == [{"a": 0, "b": 2}, {"a": 0}]
    assert [member.lost for member in members] == [[], ["b"], []]


async def test_the_store_is_called_without_leases_too() -> None:
    process = Process(Member(None))
    await process.renew()
    assert process.store.calls == [{}]


@pytest.mark.parametrize("newer_first", [False, True])
async def test_of_two_connections_with_one_stream_the_older_epoch_has_lost_it(newer_first: bool) -> None:
    older, newer = Member(("a", 0)), Member(("a", 1))
    process = Process(*((newer, older) if newer_first else (older, newer)))
    await process.renew()
    assert (older.lost, newer.lost) == (["a"], [])
    assert process.store.calls == [{"a": 1}]


async def test_no_lease_is_lost_while_the_store_is_unavailable() -> None:
    member = Member(("a", 0))
    process = Process(member)
    process.store.exception = StoreUnavailable()
    await process.renew(2)
    assert (member.lost, len(process.store.calls), process.events) == ([], 2, [])


async def test_a_failed_renewal_is_recorded_and_the_next_one_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.websocket.lease_renewer.PERIOD_SECONDS", 0)
    process = Process()
    fault = LookupError()
    process.store.exception = fault
    process.hub.register(Member(("a", 0)))
    async with process.renewer.run():
        await process.store.called_again.wait()
    await process.store.close()
    assert {event.exception for event in process.events if isinstance(event, FaultRaised)} == {fault}
