"""What a client sends is passed on slice by slice; each end is reported once, with its code."""

import asyncio

import pytest

from service.events import CloseReason
from service.protocol.frames import control_frame
from service.protocol.limits import InputLimit
from service.websocket import connection as connection_module
from service.websocket.connection import CLOSING_BYTES, CONGESTION_BYTES, WebSocketConnection
from service.websocket.connection_monitor import KEEPALIVE_SECONDS
from service.websocket.frame_reader import Opcode
from tests.unit.websocket.client_frames import client_frame, text
from tests.unit.websocket.peer import Peer, Transport


@pytest.fixture
async def peer() -> Peer:
    peer = Peer()
    peer.connection.start(peer)
    return peer


async def test_nothing_is_read_before_the_start() -> None:
    assert not Peer().transport.reading


async def test_a_message_is_passed_on_with_the_size_of_its_payload(peer: Peer) -> None:
    parts = client_frame(Opcode.TEXT, "Grü".encode(), final=False), client_frame(Opcode.CONTINUATION, "ße".encode())
    peer.send(b"".join(parts))
    peer.send(client_frame(Opcode.BINARY, b"\xff"))
    assert peer.received == [("Grüße", 7), (b"\xff", 1)]
    assert peer.transport.reading


async def test_one_message_is_handled_in_a_pass_of_the_loop_and_reading_pauses(peer: Peer) -> None:
    peer.send(text("one") + text("two") + text("three"))
    counts = [(len(peer.received), peer.transport.reading)]
    for _ in range(3):
        await asyncio.sleep(0)
        counts.append((len(peer.received), peer.transport.reading))
    assert counts == [(1, False), (2, False), (3, True), (3, True)]


async def test_a_flood_of_pings_is_answered_in_slices_with_one_write_each(peer: Peer) -> None:
    peer.send(b"".join(client_frame(Opcode.PING, bytes([number])) for number in range(150)))
    pongs = [control_frame(Opcode.PONG, bytes([number])) for number in range(150)]
    assert peer.transport.written == b"".join(pongs[:64])
    assert not peer.transport.reading
    await peer.take_written()
    assert await peer.take_written(2) == b"".join(pongs[128:])
    assert peer.transport.reading


async def test_a_ping_inside_a_message_is_answered_before_the_message_is_handled(peer: Peer) -> None:
    peer.on_message = lambda: peer.connection.write(b"a frame")
    parts = client_frame(Opcode.TEXT, b"x", final=False), client_frame(Opcode.PING), client_frame(Opcode.CONTINUATION)
    peer.send(b"".join(parts))
    assert peer.transport.written == control_frame(Opcode.PONG, b"") + b"a frame"


async def test_nothing_is_read_and_no_pong_written_while_too_much_is_unsent(peer: Peer) -> None:
    peer.connection.pause_writing()
    peer.transport.unsent_bytes = CONGESTION_BYTES + 1
    peer.send(client_frame(Opcode.PING) + text("one") + text("two"))
    assert await peer.take_written(3) == b""
    assert (peer.received, peer.transport.reading, peer.connection.blocked) == ([("one", 3)], False, True)
    peer.transport.unsent_bytes = 0
    peer.connection.resume_writing()
    assert (peer.received[1:], peer.transport.reading, peer.unblocks) == ([("two", 3)], True, 1)


async def test_a_close_is_reported_after_the_caller_has_returned_and_ends_with_the_answer(peer: Peer) -> None:
    def close() -> None:
        peer.connection.close(1012, "restart")
        assert peer.ended == []

    peer.on_message = close
    peer.send(text("one") + text("two"))
    assert await peer.take_written(2) == control_frame(Opcode.CLOSE, b"\x03\xf4restart")
    peer.connection.write(b"late")
    peer.send(client_frame(Opcode.PING) + client_frame(Opcode.CLOSE, b"\x03\xf4"))
    assert (peer.received, peer.ended, peer.transport.written) == ([("one", 3)], [1012], b"")
    assert peer.transport.end == "closed"
    peer.connection.connection_lost(None)
    assert (peer.ended, peer.open_connections, peer.lost) == ([1012], set(), [peer.transport])


@pytest.mark.parametrize(("payload", "code"), [(b"", 1005), (b"\x0f\xa1bye", 4001)])
async def test_a_close_frame_of_the_client_is_answered_alike(peer: Peer, payload: bytes, code: int) -> None:
    peer.send(client_frame(Opcode.TEXT, b"x", final=False) + client_frame(Opcode.CLOSE, payload))
    assert peer.transport.written == control_frame(Opcode.CLOSE, payload)
    assert (peer.transport.end, peer.ended, peer.failures) == ("closed", [code], [None])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (client_frame(Opcode.TEXT, b"x", mask=None), 1002),
        (client_frame(Opcode.TEXT, b"\xff"), 1007),
        (client_frame(Opcode.CLOSE, b"\x03"), 1002),
        (client_frame(Opcode.TEXT, b"x" * 1_000_001)[:20], 1009),
    ],
)
async def test_a_violation_is_answered_with_a_close_frame_and_the_rest_discarded(
    peer: Peer, sent: bytes, code: int
) -> None:
    peer.send(sent)
    assert code.to_bytes(2) in peer.transport.written
    peer.send(text("late"))
    assert (peer.received, peer.ended, peer.failures) == ([], [code], [CloseReason.PROTOCOL_ERROR])
    assert (peer.transport.end, peer.transport.reading) == ("eof", True)


async def test_each_ping_is_sent_after_the_answer_to_the_last_one(peer: Peer) -> None:
    for _ in range(3):
        peer.connection.ping()
        assert await peer.take_written() == control_frame(Opcode.PING, b"")
        peer.send(client_frame(Opcode.PONG))
    peer.connection.ping()
    await peer.take_written()
    peer.connection.ping()
    assert await peer.take_written() == control_frame(Opcode.CLOSE, b"\x03\xf3keepalive ping timeout")
    assert (peer.ended, peer.failures) == ([1011], [CloseReason.KEEPALIVE_TIMEOUT])


@pytest.mark.parametrize(
    ("flood", "limit"),
    [
        (client_frame(Opcode.PING) * 201, InputLimit.FRAMES),
        (
            client_frame(Opcode.TEXT, final=False) + client_frame(Opcode.CONTINUATION, final=False) * 200,
            InputLimit.FRAMES,
        ),
        (text("{}") * 51, InputLimit.FRAMES),
        (client_frame(Opcode.BINARY, bytes(250_000)) * 9, InputLimit.BYTES),
    ],
    ids=["pings", "empty continuations", "messages", "bytes"],
)
async def test_a_flood_ends_the_connection(peer: Peer, flood: bytes, limit: InputLimit) -> None:
    peer.send(flood)
    for _ in range(300):
        await asyncio.sleep(0)
    assert (peer.exceeded, peer.ended) == ([limit], [4104])


async def test_what_the_rate_allows_does_not(peer: Peer) -> None:
    for _ in range(1000):
        peer.send(text("{}"))
        peer.seconds += 0.1
    assert (len(peer.received), peer.exceeded) == (1000, [])


async def test_a_message_that_is_too_large_is_reported_without_its_data(peer: Peer) -> None:
    peer.send(client_frame(Opcode.TEXT, b"\xff" * 300_001))
    assert (peer.received, peer.connection.held_bytes, peer.transport.end) == ([(None, 300_001)], 0, "")


async def test_of_a_peer_that_goes_on_sending_after_a_close_frame_nothing_more_is_read(peer: Peer) -> None:
    peer.connection.close(1012, "restart")
    peer.send(client_frame(Opcode.BINARY, bytes(CLOSING_BYTES - 100)))
    assert peer.transport.reading
    peer.send(bytes(101))
    assert (peer.transport.reading, peer.transport.end) == (False, "")


async def test_after_a_close_frame_no_message_is_held(peer: Peer) -> None:
    begun = client_frame(Opcode.TEXT, b"x" * 100_000)
    peer.send(begun[:60_000])
    peer.connection.close(1012, "restart")
    peer.send(begun[60_000:-1])
    assert peer.connection.held_bytes == 0
    peer.send(begun[-1:] + client_frame(Opcode.CLOSE, b"\x03\xf4"))
    await asyncio.sleep(0)
    assert (peer.received, peer.transport.end) == ([], "closed")


async def test_a_blocked_connection_is_not_pinged_and_owes_no_answer(peer: Peer) -> None:
    peer.connection.ping()
    peer.connection.pause_writing()
    await peer.take_written()
    for _ in range(3):
        peer.connection.ping()
    assert (peer.transport.written, peer.ended) == (b"", [])


async def test_the_receiver_learns_that_a_control_frame_blocked_the_connection(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer.transport, "write", lambda _data: peer.connection.pause_writing())
    peer.send(client_frame(Opcode.PING))
    assert peer.control_blocks == 1
    peer.connection.resume_writing()
    peer.connection.ping()
    assert peer.control_blocks == 2


async def examine(peer: Peer, seconds: float) -> None:
    peer.seconds += seconds
    peer.connection.wait_for_message(late=False)


async def test_an_unfinished_message_ends_the_connection_unless_it_goes_on(peer: Peer) -> None:
    peer.send(client_frame(Opcode.TEXT, b"x", final=False))
    for _ in range(7):
        await examine(peer, 8)
        peer.send(client_frame(Opcode.PONG) + client_frame(Opcode.CONTINUATION, b"x", final=False))
    assert peer.exceeded == []
    await examine(peer, 4)
    assert peer.exceeded == [InputLimit.MESSAGE]


@pytest.mark.parametrize("beginning", [b"\x81", text("{}")[:-1]], ids=["half a header", "half a message"])
async def test_pings_and_empty_parts_are_no_progress_of_a_message(peer: Peer, beginning: bytes) -> None:
    peer.send(text("{}") + beginning)
    await asyncio.sleep(0)
    await examine(peer, 9)
    assert peer.exceeded == []
    await examine(peer, 1)
    assert peer.exceeded == [InputLimit.MESSAGE]


@pytest.mark.parametrize(
    ("fragments", "exceeded"), [(64, [InputLimit.MESSAGE]), (0, [])], ids=["unfinished", "finished"]
)
async def test_a_slice_that_ends_with_what_has_arrived_is_watched_alike(
    monkeypatch: pytest.MonkeyPatch, peer: Peer, fragments: int, exceeded: list[InputLimit]
) -> None:
    monkeypatch.setattr("service.websocket.connection_monitor._INTERVAL_SECONDS", 0)
    ping, part = client_frame(Opcode.PING), client_frame(Opcode.CONTINUATION, final=False)
    if fragments:
        peer.send(client_frame(Opcode.TEXT, b"x", final=False) + part * (fragments - 1))
    else:
        peer.send(ping[:1])
        peer.send(ping[1:] + ping * 63)
    peer.seconds += 20
    with peer.monitor.running():
        for _ in range(5):
            await asyncio.sleep(0)
    assert peer.exceeded == exceeded


async def test_time_in_which_nothing_is_read_does_not_count_as_a_stall(peer: Peer) -> None:
    peer.send(client_frame(Opcode.TEXT, b"x", final=False))
    peer.transport.pause_reading()
    await examine(peer, 20)
    peer.transport.resume_reading()
    await examine(peer, 5)
    assert peer.exceeded == []


async def test_a_finished_message_has_no_time(monkeypatch: pytest.MonkeyPatch, peer: Peer) -> None:
    monkeypatch.setattr("service.websocket.connection_monitor._INTERVAL_SECONDS", 0)
    peer.send(client_frame(Opcode.TEXT, b"{", final=False) + client_frame(Opcode.CONTINUATION, b"}"))
    peer.seconds += 1000
    with peer.monitor.running():
        for _ in range(5):
            await asyncio.sleep(0)
    assert peer.exceeded == []


async def test_the_connection_that_holds_most_ends_when_all_hold_too_much(peer: Peer) -> None:
    small = WebSocketConnection(Transport(), peer.monitor, set(), peer.lost.append)
    peer.held_bytes = 900_000
    begun = client_frame(Opcode.TEXT, b"x" * 200_000)[:-1]
    for start in range(0, len(begun), 50_000):
        small.data_received(begun[start : start + 50_000])
    assert peer.exceeded == []
    peer.held_bytes = 1_100_000
    peer.monitor.receive(1_000_000)
    assert peer.exceeded == [InputLimit.MEMORY]
    assert small.held_bytes > 190_000


async def test_a_connection_that_is_lost_before_its_start_is_reported() -> None:
    peer = Peer()
    peer.transport.end = "closed"
    peer.connection.connection_lost(None)
    peer.connection.start(peer)
    assert peer.ended == []
    await asyncio.sleep(0)
    assert peer.ended == [1006]


async def test_a_client_that_does_not_answer_a_close_frame_is_disconnected(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "CLOSING_SECONDS", 0)
    peer.connection.close(1012, "restart")
    while peer.transport.end != "aborted":  # noqa: ASYNC110 - a timer of the connection
        await asyncio.sleep(0)


async def test_a_connection_is_pinged_once_in_a_round_until_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.websocket.connection_monitor._INTERVAL_SECONDS", 0)
    peer = Peer()
    pings = asyncio.Queue[None]()
    monkeypatch.setattr(peer.transport, "write", lambda _data: pings.put_nowait(None))
    with peer.monitor.running():
        await pings.get()
        peer.send(client_frame(Opcode.PONG))
        await pings.get()
        peer.connection.connection_lost(None)
        for _ in range(3 * KEEPALIVE_SECONDS):
            await asyncio.sleep(0)
    assert pings.empty()
