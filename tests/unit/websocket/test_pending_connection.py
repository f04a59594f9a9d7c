"""A connection without a token: one small message within a time, and no session, seat or row until it is accepted."""

import asyncio
import gc
import tracemalloc

import pytest

from service.access.principal import AccessRefusal
from service.events import AttemptOutcome, TokenCarrier
from service.protocol.limits import InputLimit
from service.websocket.frame_reader import Opcode
from service.websocket.pending_connection import AUTH_MESSAGE_BYTES
from tests.unit.session.conversation import user
from tests.unit.websocket.client_frames import client_frame
from tests.unit.websocket.door import TIMEOUT_SECONDS, Door, Guest
from tests.virtual_time import run_virtually

AUTH = {"type": "auth", "token": "good"}


def door_of_one_user() -> Door:
    return Door({"good": user(1e6), "old": AccessRefusal.EXPIRED})


def refused(guest: Guest) -> tuple[str, str, bool, int | None]:
    [error], code = guest.received()
    return error["type"], error["code"], error["fatal"], code


async def test_it_has_nothing_until_its_token_is_accepted() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    assert (door.hub.connections, door.store.opened, door.tokens.calls, guest.received()) == (
        0,
        [],
        [],
        ([], None),
    )
    assert [socket.address for socket in door.waiting] == [""]  # it counts as a WebSocket of its address
    guest.send(AUTH)
    assert len(door.waiting) == 1, "until its token is checked it makes room for others"
    await asyncio.sleep(0)
    assert door.waiting == []
    messages, code = guest.received()
    assert [message["type"] for message in messages] == ["connected"]
    assert (door.hub.connections, code, door.attempts) == (1, None, [AttemptOutcome.ACCEPTED])


async def test_what_follows_the_token_at_once_is_answered_after_connected() -> None:
    guest = Guest(door_of_one_user())
    guest.wait()
    guest.send(AUTH, {"type": "ping"}, {"type": "heartbeat"})
    for _ in range(6):
        await asyncio.sleep(0)
    messages, _ = guest.received()
    assert [message["type"] for message in messages] == ["connected", "pong", "heartbeat_ack"]


async def test_a_token_that_is_refused_closes_with_its_code() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.send({"type": "auth", "token": "old"})
    await asyncio.sleep(0)
    assert refused(guest) == ("error", "TOKEN_EXPIRED", True, 4122)
    assert door.refusals == [(AccessRefusal.EXPIRED, TokenCarrier.MESSAGE)]
    assert (door.hub.connections, door.store.opened) == (0, [])


@pytest.mark.parametrize(
    "first",
    [
        b'{"type": "ping"}',
        b'{"type": "auth_refresh", "token": "good"}',
        b'{"type": "auth"}',
        b'{"type": "auth", "token": 7}',
        b"good",
        b"",
        b'{"type": "auth", "token": "good", "rest": "' + b"x" * AUTH_MESSAGE_BYTES + b'"}',
    ],
)
async def test_anything_else_first_closes_and_no_token_is_checked(first: bytes) -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.connection.data_received(client_frame(Opcode.TEXT, first))
    assert refused(guest) == ("error", "UNAUTHENTICATED", True, 4121)
    guest.send(AUTH)
    await asyncio.sleep(0)
    assert (door.tokens.calls, door.attempts) == ([], [AttemptOutcome.REFUSED_TOKEN])
    assert (door.waiting, door.refusals) == ([], [(AccessRefusal.MISSING, TokenCarrier.MESSAGE)])


async def test_binary_data_is_no_token() -> None:
    guest = Guest(door_of_one_user())
    guest.wait()
    guest.connection.data_received(client_frame(Opcode.BINARY, b'{"type": "auth", "token": "good"}'))
    assert refused(guest)[1] == "UNAUTHENTICATED"


async def test_a_large_message_is_not_kept_while_it_arrives() -> None:
    guest = Guest(door_of_one_user())
    guest.wait()
    guest.connection.data_received(client_frame(Opcode.TEXT, b"x" * 200_000)[:100_000])
    assert guest.connection.held_bytes == 0


async def test_a_limit_of_the_input_closes() -> None:
    guest = Guest(door_of_one_user())
    guest.wait()
    guest.connection.exceed(InputLimit.FRAMES)
    assert refused(guest)[1] == "UNAUTHENTICATED"


async def test_a_limit_that_is_reached_with_the_token_decides_nothing_twice() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.send(AUTH)
    guest.connection.exceed(InputLimit.FRAMES)
    for _ in range(4):
        await asyncio.sleep(0)
    messages, code = guest.received()
    assert ([message["type"] for message in messages], code) == (["connected"], None)
    assert (door.attempts, door.refusals) == ([AttemptOutcome.ACCEPTED], [])


async def test_one_that_holds_too_much_is_dropped_while_its_token_is_checked() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.send(AUTH, "x" * 50_000)
    guest.connection.exceed(InputLimit.MEMORY)
    assert (guest.transport.is_closing(), door.waiting) == (True, [])
    for _ in range(4):
        await asyncio.sleep(0)
    guest.connection.connection_lost(None)
    assert (guest.received(), door.hub.connections) == (([], None), 0)


def test_without_a_token_it_closes_after_the_timeout() -> None:
    async def main() -> None:
        door = door_of_one_user()
        guest = Guest(door)
        guest.wait()
        guest.connection.data_received(client_frame(Opcode.PING))
        await door.pass_time(TIMEOUT_SECONDS - 0.01)
        assert guest.received() == ([], None)
        await door.pass_time(0.02)
        assert refused(guest) == ("error", "UNAUTHENTICATED", True, 4121)
        assert door.waiting == []

    run_virtually(main())


async def test_a_lost_one_leaves_nothing() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.connection.connection_lost(None)
    assert (door.waiting, guest.received(), door.attempts) == ([], ([], None), [])
    await door.hub.drain(0, 0, lambda: True)


async def test_one_that_is_lost_while_its_token_is_checked_frees_its_place() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.send(AUTH)
    guest.transport.abort()
    guest.connection.connection_lost(None)
    for _ in range(4):
        await asyncio.sleep(0)
    assert door.hub.connections == 0


async def test_it_makes_room_for_another_socket_at_once() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    [socket] = door.waiting
    socket.evict()
    assert (guest.sockets, guest.transport.end, door.waiting) == (set(), "aborted", [])


async def test_it_makes_room_while_its_token_is_checked() -> None:
    door = door_of_one_user()
    guest = Guest(door)
    guest.wait()
    guest.send(AUTH)
    [socket] = door.waiting
    socket.evict()
    guest.connection.connection_lost(None)
    for _ in range(4):
        await asyncio.sleep(0)
    assert (guest.sockets, door.waiting, door.hub.connections) == (set(), [], 0)


async def test_a_drain_closes_it_and_those_that_come_later() -> None:
    door = door_of_one_user()
    before, after = Guest(door), Guest(door)
    before.wait()
    await door.hub.drain(0, 3, lambda: True)
    after.wait()
    assert [guest.received() for guest in (before, after)] == [([], 1012)] * 2
    assert door.waiting == []


async def test_it_holds_less_than_an_idle_connection() -> None:
    door = door_of_one_user()
    rounds = 200

    def held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    waiting = [Guest(door) for _ in range(rounds)]
    idle = [Guest(door) for _ in range(rounds)]
    tracemalloc.start()
    try:
        for guest in waiting:
            guest.wait()
        pending = held()
        for guest in idle:
            await guest.enter("good")
        connected = held() - pending
    finally:
        tracemalloc.stop()
    assert 0 < pending < connected / 2
