"""What any process revokes closes the connections of this one, and is refused from then on."""

import pytest

from service.access.principal import Principal
from service.access.revocation import Revocation
from service.events import Event, FaultRaised, FaultSource, RevocationsRead
from service.process import clock
from service.session.ports import StoreUnavailable
from service.websocket.hub import Hub
from service.websocket.revocation_watch import RevocationWatch
from tests.unit.session.conversation import user
from tests.unit.websocket.access_doubles import AccessStore, Tokens, access_control
from tests.unit.websocket.in_memory import Ids


class Member:
    """A connection that waits."""

    idle = True
    leased_stream = None

    def __init__(self, principal: Principal | None) -> None:
        self.principal = principal
        self.revoked = 0

    def revoke(self) -> None:
        self.revoked += 1

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Nothing is leased."""

    def drain(self, returns_at: float) -> None:
        """Nothing to finish."""

    def shutdown(self, returns_at: float) -> None:
        """Nothing to close."""


class Process:
    def __init__(self, *members: Member) -> None:
        self.events: list[Event] = []
        self.store = AccessStore()
        self.hub = Hub(10, self, clock.now)
        self.access = access_control(Tokens({}), revocations_read=False)
        self.watch = RevocationWatch(self.hub, self.store, self.access, self, Ids(), clock=clock.now)
        for member in members:
            self.hub.register(member)

    def record(self, event: Event) -> None:
        self.events.append(event)


async def test_the_connections_of_revoked_tokens_close_and_no_others() -> None:
    token = Member(user(None, token_id="t-1", issued_at=5.0))
    subject = Member(user(None, "u-2", issued_at=5.0))
    later = Member(user(None, "u-2", issued_at=clock.now().wall + 60))
    other = Member(user(None, "u-3", token_id="t-3", issued_at=5.0))
    process = Process(token, subject, later, other, Member(None))
    await process.store.revoke(Revocation(0, "i-1", "t-1", "", clock.now().wall), 3600)
    await process.watch.read()
    await process.store.revoke(Revocation(0, "i-1", "", "u-2", clock.now().wall), 3600)
    await process.watch.read()
    await process.watch.read()
    assert process.store.asked == [0, 1, 2]
    assert [member.revoked for member in (subject, later, other)] == [1, 0, 0]
    assert token.revoked == 2  # a connection that has closed ignores it
    assert user(None, token_id="t-1") in process.access.revoked


async def test_while_the_store_is_unavailable_what_was_read_holds() -> None:
    process = Process()
    await process.store.revoke(Revocation(0, "i-1", "t-1", "", clock.now().wall), 3600)
    await process.watch.read()
    process.store.exception = StoreUnavailable()
    await process.watch.read()
    assert (process.access.revocations_read, process.events) == (True, [RevocationsRead(1)])
    assert user(None, token_id="t-1") in process.access.revoked


async def test_a_store_that_was_never_reached_has_no_answer() -> None:
    process = Process()
    process.store.exception = StoreUnavailable()
    async with process.watch.running():
        assert not process.access.revocations_read
    process.store.exception = None
    async with process.watch.running():
        assert process.access.revocations_read


async def test_a_fault_is_recorded_and_the_next_call_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.websocket.revocation_watch.PERIOD_SECONDS", 0)
    process = Process()
    process.store.exception = LookupError()
    async with process.watch.running():
        await process.store.asked_again.wait()
    assert {event.source for event in process.events if isinstance(event, FaultRaised)} == {FaultSource.ACCESS}
