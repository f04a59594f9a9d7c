"""The door: who is refused, with which code, before which seat, row and charge; and who is admitted in which space."""

import asyncio

import pytest

from service.access.principal import AccessRefusal
from service.access.quota import QuotaOwner
from service.access.revocation import Revocation
from service.access.scope import Grant, Scope, SessionPattern
from service.access.session_key import session_key
from service.events import AttemptOutcome, FaultRaised, FaultSource, QuotaRefused, QuotasUnavailable, TokenCarrier
from service.protocol.quota_kind import QuotaKind
from service.session.ports import StoreUnavailable
from service.session.records import Digest, SessionReserved, SessionSnapshot
from tests.unit.session.conversation import user
from tests.unit.websocket.door import Door, Guest

CONNECTIONS, SESSIONS, REQUESTS = QuotaKind.CONNECTIONS, QuotaKind.SESSIONS, QuotaKind.REQUESTS


@pytest.mark.parametrize(
    ("refusal", "error", "code"),
    [
        (AccessRefusal.INVALID, "UNAUTHENTICATED", 4121),
        (AccessRefusal.EXPIRED, "TOKEN_EXPIRED", 4122),
        (AccessRefusal.REVOKED, "TOKEN_REVOKED", 4123),
        (AccessRefusal.FORBIDDEN, "FORBIDDEN", 4124),
        (AccessRefusal.UNAVAILABLE, "AUTH_UNAVAILABLE", 4125),
    ],
)
async def test_a_refused_token_has_no_seat_no_row_and_no_charge(refusal: AccessRefusal, error: str, code: int) -> None:
    door = Door({"t": refusal}, {CONNECTIONS: 10})
    guest = Guest(door)
    await guest.enter("t")
    [message], close = guest.received()
    assert (message["code"], message["message"], message["fatal"], close) == (error, refusal.sentence, True, code)
    assert (door.hub.connections, door.store.opened, dict(door.access_store.used)) == (0, [], {})
    of_the_service = refusal is AccessRefusal.UNAVAILABLE
    outcome = AttemptOutcome.ERROR if of_the_service else AttemptOutcome.REFUSED_TOKEN
    assert (door.attempts, door.refusals) == ([outcome], [(refusal, TokenCarrier.SUBPROTOCOL)])


async def test_a_token_of_another_session_is_forbidden() -> None:
    door = Door({"t": user(None, grant=Grant(frozenset({Scope.STREAM}), (SessionPattern(None, "mine-*"),)))})
    mine, other = Guest(door, "mine-1"), Guest(door, "yours-1")
    await mine.enter("t")
    await other.enter("t")
    assert (mine.received()[1], other.received()[1]) == (None, 4124)


async def test_the_same_id_is_another_session_in_another_space() -> None:
    door = Door({"a": user(None, "u-1"), "b": user(None, "u-2")})
    for token in ("a", "b"):
        await Guest(door, "draft").enter(token)
    assert door.store.opened == [session_key("u-1", "draft"), session_key("u-2", "draft")]


async def test_without_a_user_the_space_is_empty() -> None:
    door = Door({})
    guest = Guest(door, "draft")
    await door.reception.admit(guest.connection, guest.arrival, None)
    [connected], _ = guest.received()
    assert (door.store.opened, connected["session_id"], "auth_expires_at" in connected) == (["draft"], "draft", False)


async def test_the_secret_of_the_first_connection_reserves_the_session() -> None:
    door = Door({})
    guests = [Guest(door, secret=secret) for secret in (b"a", b"b", None, b"a")]
    for guest in guests:
        await door.reception.admit(guest.connection, guest.arrival, None)
    assert [guest.received()[1] for guest in guests] == [None, 4124, 4124, None]
    assert guests[1].received()[0][0]["code"] == "FORBIDDEN"
    accepted, refused = AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED_SECRET
    assert door.attempts == [accepted, refused, refused, accepted]
    assert door.hub.connections == 2


async def test_a_token_that_is_revoked_while_its_session_is_opened_does_not_stay() -> None:
    door = Door({"t": user(None, token_id="t-1")})
    guest = Guest(door)

    async def open_slowly(session_key: str, secret: Digest | None = None) -> SessionSnapshot:
        door.access.revoked.add([Revocation(1, "i-1", "t-1", "", 1.0)], 1.0)
        return SessionSnapshot(session_key, "1", 0, 60, secret=secret)

    door.store.open = open_slowly  # type: ignore[method-assign]
    await guest.enter("t")
    messages, code = guest.received()
    assert ([message["type"] for message in messages], messages[-1]["code"]) == (
        ["connected", "error"],
        "TOKEN_REVOKED",
    )
    assert code == 4123
    guest.answer_close()
    await asyncio.sleep(0)
    assert door.hub.connections == 0


async def test_a_fault_of_the_authenticator_refuses_and_may_be_tried_again() -> None:
    door = Door({})

    async def fail(*_: object) -> AccessRefusal:
        raise LookupError

    door.tokens.authenticate = fail  # type: ignore[method-assign, assignment]
    guest = Guest(door)
    await guest.enter("t")
    assert guest.received()[1] == 4125
    [fault] = [event for event in door.events if isinstance(event, FaultRaised)]
    assert (fault.source, fault.session_id) == (FaultSource.ACCESS, "s-1")
    assert door.attempts == [AttemptOutcome.ERROR]


async def test_connections_over_the_quota_close_with_the_time_to_wait_before_they_have_a_seat() -> None:
    door = Door({"t": user(None)}, {CONNECTIONS: 1, SESSIONS: 100})
    first, second = Guest(door), Guest(door)
    await first.enter("t")
    await second.enter("t")
    [error], code = second.received()
    assert (error["code"], error["scope"], error["retry_after_ms"], error["fatal"], code) == (
        "RATE_LIMIT_EXCEEDED",
        "connections",
        1235,
        True,
        4126,
    )
    assert b"quota used up; retry_after_ms=1235" in second.transport.written
    assert (first.received()[1], door.hub.connections, len(door.store.opened)) == (None, 1, 1)
    assert door.attempts == [AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED_QUOTA]
    refused = [event for event in door.events if isinstance(event, QuotaRefused)]
    assert refused == [QuotaRefused(CONNECTIONS, QuotaOwner.PRINCIPAL, "s-1", "u-1")]


async def test_a_session_is_charged_when_it_is_created_and_not_when_it_is_joined() -> None:
    door = Door({"t": user(None)}, {SESSIONS: 3})
    for session_id in ("a", "a", "b", "a"):
        guest = Guest(door, session_id)
        await guest.enter("t")
        assert guest.received()[1] is None
    assert set(door.access_store.used.values()) == {2}


async def test_no_session_is_created_over_the_quota() -> None:
    door = Door({"t": user(None)}, {SESSIONS: 1})
    await Guest(door, "a").enter("t")
    refused = Guest(door, "b")
    await refused.enter("t")
    assert (refused.received()[0][0]["scope"], refused.received()[1]) == ("sessions", 4126)
    assert len(door.store.opened) == 1


async def test_two_sessions_at_once_over_the_quota_are_both_charged_and_one_is_refused() -> None:
    door = Door({"t": user(None)}, {SESSIONS: 1})
    guests = [Guest(door, session_id) for session_id in "ab"]
    held = asyncio.Event()
    opens = door.store.open

    async def open_together(session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        await held.wait()
        return await opens(session_key, secret)

    door.store.open = open_together  # type: ignore[method-assign]
    entering = [asyncio.create_task(guest.enter("t")) for guest in guests]
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(*entering)
    await asyncio.sleep(0)
    assert sorted(guest.received()[1] or 0 for guest in guests) == [0, 4126]
    assert (set(door.access_store.used.values()), door.hub.connections) == ({2}, 1)


async def test_each_owner_has_its_quota() -> None:
    door = Door({"a": user(None, "u-1"), "b": user(None, "u-2")}, {CONNECTIONS: 1}, by_address=True)
    one, other_user, other_address = (
        Guest(door, address="192.0.2.1"),
        Guest(door, address="192.0.2.1"),
        Guest(door, address="192.0.2.2"),
    )
    await one.enter("a")
    await other_user.enter("b")
    await other_address.enter("b")
    assert [guest.received()[1] for guest in (one, other_user, other_address)] == [None, 4126, None]
    assert [event.owner for event in door.events if isinstance(event, QuotaRefused)] == [QuotaOwner.ADDRESS]


async def test_without_a_user_and_without_quotas_by_address_nothing_is_charged() -> None:
    door = Door({}, {CONNECTIONS: 1})
    for _ in range(2):
        guest = Guest(door)
        await door.reception.admit(guest.connection, guest.arrival, None)
        assert guest.received()[1] is None
    assert dict(door.access_store.used) == {}


@pytest.mark.parametrize("exception", [StoreUnavailable(), LookupError()])
async def test_while_the_store_of_quotas_is_unavailable_everyone_is_admitted(exception: Exception) -> None:
    door = Door({"t": user(None)}, {CONNECTIONS: 1, SESSIONS: 1, REQUESTS: 1})
    door.access_store.exception = exception
    guest = Guest(door)
    await guest.enter("t")
    guest.send({"type": "stream_request", "content": "word"})
    for _ in range(8):
        await asyncio.sleep(0)
    messages, code = guest.received()
    assert ([message["type"] for message in messages][-1], code) == ("stream_complete", None)
    assert len([event for event in door.events if isinstance(event, QuotasUnavailable)]) == 3
    faults = [event.exception for event in door.events if isinstance(event, FaultRaised)]
    assert faults == ([exception] * 3 if isinstance(exception, LookupError) else [])


async def test_requests_over_the_quota_are_refused_before_they_are_counted_and_the_connection_stays() -> None:
    door = Door({"t": user(None)}, {REQUESTS: 1})
    guest = Guest(door)
    await guest.enter("t")
    guest.send({"type": "stream_request", "content": "one"})
    for _ in range(8):
        await asyncio.sleep(0)
    guest.send({"type": "stream_request", "content": "two", "request_id": "r-2"})
    for _ in range(8):
        await asyncio.sleep(0)
    messages, code = guest.received()
    error = messages[-1]
    assert (error["code"], error["scope"], error["retry_after_ms"], error["request_id"]) == (
        "RATE_LIMIT_EXCEEDED",
        "requests",
        1235,
        "r-2",
    )
    assert (error["fatal"], error["retryable"], code) == (False, True, None)
    assert "stream_complete" in [message["type"] for message in messages]


async def test_content_is_charged_when_it_is_prepared_and_refuses_the_next_request() -> None:
    door = Door({"t": user(None)}, {QuotaKind.CONTENT_TIME: 2})
    guest = Guest(door)
    await guest.enter("t")
    for content in ("one", "two"):  # each takes 2 ms
        guest.send({"type": "stream_request", "content": content})
        for _ in range(8):
            await asyncio.sleep(0)
    messages, _ = guest.received()
    assert [message.get("scope") for message in messages if message["type"] == "error"] == ["content_time"]
    assert set(door.access_store.used.values()) == {2}


async def test_a_full_server_refuses_after_the_token_and_before_the_store() -> None:
    door = Door({"t": user(None)}, max_connections=0)
    guest = Guest(door)
    await guest.enter("t")
    assert (guest.received()[1], door.store.opened, door.attempts) == (4101, [], [AttemptOutcome.REFUSED_CAPACITY])


async def test_a_refresh_is_checked_by_the_same_rules_and_the_driver_has_the_new_token() -> None:
    door = Door({"t": user(1e6), "next": user(2e6, token_id="t-2"), "old": AccessRefusal.EXPIRED})
    guest = Guest(door)
    await guest.enter("t")
    for token in ("old", "next"):
        guest.send({"type": "auth_refresh", "token": token})
        for _ in range(3):
            await asyncio.sleep(0)
    messages, code = guest.received()
    assert [message["type"] for message in messages] == ["connected", "error", "auth_refreshed"]
    assert (messages[1]["message"], code) == (AccessRefusal.EXPIRED.sentence, None)
    [member] = door.hub
    assert member.principal == user(2e6, token_id="t-2")
    door.access.revoked.add([Revocation(1, "i-1", "t-2", "", 1.0)], 1.0)
    member.revoke()
    assert guest.received()[1] == 4123
