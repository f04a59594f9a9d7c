"""Messages are written once and counted by type and size."""

from service.protocol.codec import encode
from service.protocol.server_messages import HeartbeatAck, Pong, ServerMessage
from service.websocket.message_writer import MessageWriter
from tests.unit.websocket.test_driver import Socket

TIME = "2026-11-23T21:27:23.612Z"


def test_messages_are_counted_since_the_last_call() -> None:
    writer, socket = MessageWriter(), Socket()
    assert writer.take_counts() is None
    messages: list[ServerMessage] = [Pong(TIME), Pong(TIME), HeartbeatAck(TIME, "s-1")]
    for message in messages:
        writer.send(socket, message)
    counts = writer.take_counts()
    assert counts is not None
    assert (counts.counts, counts.bytes) == ({Pong: 2, HeartbeatAck: 1}, sum(len(encode(one)) for one in messages))
    assert socket.sent == ["pong", "pong", "heartbeat_ack"]
    assert writer.take_counts() is None
