"""Frames of the service are read by a second implementation."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from service.protocol.frames import text_frame_header


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_frame_of_any_length_is_valid(length: int) -> None:
    reader = StreamReader()
    reader.feed_data(text_frame_header(length) + b"x" * length)
    reader.feed_eof()
    parser = Frame.parse(reader.read_exact, mask=False)
    try:
        while True:
            next(parser)
    except StopIteration as parsed:
        frame: Frame = parsed.value
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, b"x" * length)
