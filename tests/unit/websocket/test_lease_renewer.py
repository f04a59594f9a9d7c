"""Who holds a stream keeps it alive in the store, and learns when another has taken it."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack

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

    def __init__(self, held: tuple[str, int] | None) -> None:
        self.held = held
        self.lost: list[str] = []

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        assert self.held == (stream_id, epoch)
        self.lost.append(stream_id)
        self.held = None

    def drain(self) -> None:
        """Nothing to finish."""

    def shutdown(self) -> None:
        """Nothing to close."""


class Store(SqliteSessionStore):
    """Says that ``taken`` was, or what went wrong."""

    def __init__(self) -> None:
        super().__init__(None, Limits(), resume_ttl_seconds=60)
        self.asked: list[dict[str, int]] = []
        self.asked_again = asyncio.Event()
        self.taken: frozenset[str] = frozenset()
        self.wrong: Exception | None = None

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        if self.asked:
            self.asked_again.set()
        self.asked.append(dict(held))
        if self.wrong is not None:
            raise self.wrong
        return self.taken & held.keys()


class Process:
    """One process with its members."""

    def __init__(self, *members: Member) -> None:
        self.events: list[Event] = []
        self.store = Store()
        self.hub = Hub(10, self, clock.now)
        self.custody = LeaseRenewer(self.hub, self.store, self, lambda: "id")
        self._members = members

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def rounds(self, count: int = 1) -> None:
        with ExitStack() as connected:
            for member in self._members:
                connected.enter_context(self.hub.member(member))
            for _ in range(count):
                await self.custody.renew()
        await self.store.close()


async def test_all_streams_under_way_are_asked_for_at_once_and_the_lost_are_told() -> None:
    members = [Member(("a", 0)), Member(("b", 2)), Member(None)]
    process = Process(*members)
    process.store.taken = frozenset({"b"})
    await process.rounds(2)
    assert process.store.asked == [{"a": 0, "b": 2}, {"a": 0}]
    assert [member.lost for member in members] == [[], ["b"], []]


async def test_a_store_is_asked_where_nothing_is_held_too_lest_an_idle_process_believes_that_it_is_there() -> None:
    process = Process(Member(None))
    await process.rounds()
    assert process.store.asked == [{}]


@pytest.mark.parametrize("newer_first", [False, True])
async def test_of_two_in_one_process_the_older_has_lost_it(newer_first: bool) -> None:
    older, newer = Member(("a", 0)), Member(("a", 1))
    process = Process(*((newer, older) if newer_first else (older, newer)))
    await process.rounds()
    assert (older.lost, newer.lost) == (["a"], [])
    assert process.store.asked == [{"a": 1}]


async def test_a_store_that_is_away_takes_nothing_from_anybody() -> None:
    member = Member(("a", 0))
    process = Process(member)
    process.store.wrong = StoreUnavailable()
    await process.rounds(2)
    assert (member.lost, len(process.store.asked), process.events) == ([], 2, [])


async def test_a_round_that_breaks_is_recorded_and_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.websocket.lease_renewer.PERIOD_SECONDS", 0)
    process = Process()
    fault = LookupError("ours")
    process.store.wrong = fault
    with process.hub.member(Member(("a", 0))):
        async with process.custody.kept():
            await process.store.asked_again.wait()
    await process.store.close()
    assert {event.exception for event in process.events if isinstance(event, FaultRaised)} == {fault}
