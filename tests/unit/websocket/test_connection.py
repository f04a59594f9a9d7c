"""Text frames of the service are read by a second implementation; frames of a client are decoded and measured once."""

import asyncio
from typing import Literal

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.streams import StreamReader

from service.websocket.connection import WebSocketConnection, text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_frame_of_any_length_is_valid(length: int) -> None:
    reader = StreamReader()
    reader.feed_data(text_frame(b"x" * length))
    reader.feed_eof()
    parser = Frame.parse(reader.read_exact, mask=False)
    try:
        while True:
            next(parser)
    except StopIteration as parsed:
        frame: Frame = parsed.value
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, b"x" * length)


class Transport(asyncio.Transport):
    """A connection to no peer."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing arrives."""


async def receive(frames: list[bytes], data_type: Literal["text", "bytes"]) -> tuple[object, bytes]:
    """Return the ASGI event of a message in ``frames``, and what was written."""
    config = Config(app="none", interface="asgi3", lifespan="off", log_config=None)
    config.loaded, config.loaded_app = True, None
    connection = WebSocketConnection(config, ServerState(), {})
    connection.transport = transport = Transport()
    connection.conn.state = State.OPEN
    connection.frames, connection.curr_msg_data_type = frames, data_type
    connection.send_receive_event_to_app()
    if connection.close_timer is not None:
        connection.close_timer.cancel()
    return connection.queue.get_nowait(), transport.written


async def test_a_text_message_is_passed_on_with_the_size_of_its_payload() -> None:
    event, _ = await receive(["Grü".encode(), "ße".encode()], "text")
    assert event == {"type": "websocket.receive", "text": "Grüße", "size_bytes": 7}


async def test_a_binary_message_is_passed_on_as_it_is() -> None:
    event, _ = await receive([b"\xff"], "bytes")
    assert event == {"type": "websocket.receive", "bytes": b"\xff", "size_bytes": 1}


async def test_text_that_is_not_utf8_closes_the_connection_with_1007() -> None:
    event, written = await receive([b"\xff"], "text")
    assert event == {"type": "websocket.disconnect", "code": 1007, "reason": "text that is not UTF-8"}
    assert (1007).to_bytes(2) in written
