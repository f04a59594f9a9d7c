"""The reader returns what a client sent, however it is cut, and refuses what RFC 6455 forbids."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import frames as reference_frames
from websockets.protocol import OPEN, Protocol, Side

from service.websocket.frame_reader import Frame, FrameError, FrameReader, Opcode, close_code, decode_text
from tests.unit.websocket.client_frames import client_frame

LIMIT = 1000

PAYLOADS = st.binary(max_size=300)
MASKS = st.binary(min_size=4, max_size=4)
CONTROLS = st.builds(client_frame, st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125), mask=MASKS)
CUTS = st.lists(st.integers(0, 4000), max_size=8)


def message(opcode: int, payload: bytes) -> Frame:
    return Frame(opcode, payload, len(payload))


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, list[Frame]]:
    """A message in parts with control frames between them: its bytes, and what the reader returns."""
    opcode = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
    parts = draw(st.lists(PAYLOADS, min_size=1, max_size=3))
    sent, frames = b"", []
    for number, part in enumerate(parts):
        final = number == len(parts) - 1
        sent += client_frame(opcode if number == 0 else Opcode.CONTINUATION, part, final=final, mask=draw(MASKS))
        frames.append(message(opcode, b"".join(parts)) if final else Frame(Opcode.CONTINUATION))
        if draw(st.booleans()):
            control = draw(st.sampled_from([Opcode.PING, Opcode.PONG]))
            payload = draw(st.binary(max_size=125))
            sent += client_frame(control, payload, mask=draw(MASKS))
            frames.append(Frame(control, payload))
    return sent, frames


def read(sent: bytes, cuts: list[int], limit: int = LIMIT, kept: int = 10**9) -> tuple[list[Frame], FrameError | None]:
    """Feed the bytes in portions; return all frames, and the error that ended them."""
    reader = FrameReader(limit, kept)
    frames: list[Frame] = []
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    try:
        for start, end in pairwise(edges):
            reader.feed(sent[start:end])
            while (frame := reader.read()) is not None:
                frames.append(frame)
    except FrameError as error:
        return frames, error
    assert not reader.has_unread or reader.unfinished
    return frames, None


@given(st.lists(messages(), max_size=4), CUTS)
def test_messages_in_any_parts_and_portions_arrive_whole_and_in_order(
    sent: list[tuple[bytes, list[Frame]]], cuts: list[int]
) -> None:
    frames, error = read(b"".join(data for data, _ in sent), cuts)
    assert error is None
    assert frames == [frame for _, expected in sent for frame in expected]


@given(
    st.lists(
        st.builds(
            client_frame,
            st.sampled_from([0, 1, 2, 3, 7, 9, 10, 11, 15]),
            st.binary(max_size=200),
            final=st.booleans(),
            mask=st.sampled_from([b"abcd", b"abcd", b"abcd", None]),
            reserved=st.sampled_from([0, 0, 0, 0, 0, 1, 2, 4]),
        ),
        max_size=6,
    ),
    CUTS,
)
def test_any_frames_are_accepted_and_refused_as_by_the_reference(sent: list[bytes], cuts: list[int]) -> None:
    reference = Protocol(Side.SERVER, state=OPEN, max_size=LIMIT)
    reference.receive_data(b"".join(sent))
    events = [event for event in reference.events_received() if isinstance(event, reference_frames.Frame)]
    refused = None if reference.close_sent is None else reference.close_sent.code
    frames, error = read(b"".join(sent), cuts)
    assert (None if error is None else error.code) == refused
    assert len(frames) == len(events)
    assert [frame for frame in frames if frame.opcode >= Opcode.CLOSE] == [
        Frame(event.opcode, bytes(event.data)) for event in events if event.opcode >= Opcode.CLOSE
    ]


@pytest.mark.parametrize("length", [125, 126, 65_535, 65_536, 200_000])
def test_a_message_of_any_length_arrives(length: int) -> None:
    payload = bytes(range(256)) * (length // 256) + bytes(length % 256)
    sent = client_frame(Opcode.BINARY, payload)
    assert read(sent, [7, 100, 70_001], limit=length) == ([message(Opcode.BINARY, payload)], None)


@pytest.mark.parametrize(
    "sent",
    [
        client_frame(Opcode.TEXT, b"x" * (LIMIT + 1)),
        client_frame(Opcode.TEXT, b"x" * LIMIT, final=False) + client_frame(Opcode.CONTINUATION, b"y"),
    ],
    ids=["one frame", "two frames"],
)
def test_a_message_over_the_limit_is_refused_when_it_is_announced(sent: bytes) -> None:
    _, error = read(sent[:-1], [])
    assert error is not None
    assert error.code == 1009


@given(messages(), CUTS)
def test_a_message_that_is_too_large_to_be_kept_is_measured_and_not_held(
    sent: tuple[bytes, list[Frame]], cuts: list[int]
) -> None:
    data, expected = sent
    size = expected[-1].size_bytes if expected[-1].opcode < Opcode.CLOSE else expected[-2].size_bytes
    frames, error = read(data, cuts, kept=max(0, size - 1))
    assert error is None
    [found] = [frame for frame in frames if frame.opcode in {Opcode.TEXT, Opcode.BINARY}]
    assert (found.data, found.size_bytes, found.kept) == (b"", size, size == 0)


def test_a_frame_of_2_to_the_63_bytes_is_refused() -> None:
    _, error = read(b"\x81\xff" + b"\xff" * 12, [])
    assert error is not None
    assert error.code == 1009


def test_a_close_frame_inside_a_fragmented_message_is_read_with_its_code() -> None:
    sent = client_frame(Opcode.TEXT, b"begin", final=False) + client_frame(Opcode.CLOSE, b"\x03\xe9bye")
    frames, error = read(sent, [])
    assert (frames[1], error) == (Frame(Opcode.CLOSE, b"\x03\xe9bye"), None)
    assert close_code(frames[1].data) == 1001


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", 1005)] + [(code.to_bytes(2) + b"\xc3\xa9", code) for code in (1000, 1003, 1007, 1014, 3000, 4999)],
)
def test_a_valid_close_frame_has_a_code(payload: bytes, code: int) -> None:
    assert close_code(payload) == code


@pytest.mark.parametrize(
    ("payload", "refused_with"),
    [(b"\x03", 1002), (b"\x03\xe8\xff", 1007)]
    + [(code.to_bytes(2), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)],
)
def test_an_invalid_close_frame_is_refused(payload: bytes, refused_with: int) -> None:
    with pytest.raises(FrameError) as raised:
        close_code(payload)
    assert raised.value.code == refused_with


def test_text_that_is_not_utf8_is_refused() -> None:
    assert decode_text("Grüße".encode()) == "Grüße"
    with pytest.raises(FrameError) as raised:
        decode_text(b"\xed\xa0\x80")
    assert raised.value.code == 1007


def test_an_unfinished_message_is_measured_and_a_finished_one_leaves_nothing() -> None:
    reader = FrameReader(LIMIT, LIMIT)
    sent = client_frame(Opcode.TEXT, b"x" * 500, final=False) + client_frame(Opcode.CONTINUATION, b"y" * 300)
    reader.feed(sent[:-100])
    assert reader.read() == Frame(Opcode.CONTINUATION)
    assert reader.read() is None
    assert (reader.unfinished, reader.message_bytes, reader.held_bytes) == (True, 700, 700)
    reader.feed(sent[-100:])
    assert reader.read() == message(Opcode.TEXT, b"x" * 500 + b"y" * 300)
    assert reader.read() is None
    assert (reader.unfinished, reader.message_bytes, reader.held_bytes) == (False, 0, 0)
