"""A frame with its timestamp is that of the message, and the streams of a plan share what they use at one time."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from service.content.chunk_frames import BLOCK_CHUNKS, ChunkFrames
from service.content.chunks import Chunks, CloseTexts
from service.protocol.codec import encode
from service.protocol.frames import text_frame_header
from service.protocol.instant import Instant
from service.protocol.server_messages import Chunk

NOW = Instant(0, 1_700_000_000)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(data=st.data(), chunks=st.lists(texts, min_size=1, max_size=3 * BLOCK_CHUNKS), incremental=st.booleans())
def test_a_frame_with_its_timestamp_is_that_of_the_message(
    data: st.DataObject, chunks: list[str], incremental: bool
) -> None:
    count = len(chunks)
    closes = data.draw(st.lists(texts, min_size=count, max_size=count)) if incremental else None
    start = data.draw(st.integers(0, count))
    end = data.draw(st.integers(start, count))
    frames = ChunkFrames(Chunks.of(chunks), None if closes is None else CloseTexts.of(closes))
    expected = []
    for index in range(start, end):
        message = Chunk(chunks[index], index, NOW.timestamp)
        if closes is not None:
            message = Chunk(chunks[index], index, NOW.timestamp, closes[index])
        payload = encode(message)
        expected.append((text_frame_header(len(payload)) + payload, len(payload)))
    assert [
        (before + NOW.json_timestamp + after, payload_bytes)
        for before, after, payload_bytes in frames.between(start, end)
    ] == expected


def test_streams_in_one_block_share_it_and_none_is_kept_for_no_stream() -> None:
    frames = ChunkFrames(Chunks.of(["a "] * 3 * BLOCK_CHUNKS), None)
    one, other = frames.between(1, 2 * BLOCK_CHUNKS), frames.between(1, 2 * BLOCK_CHUNKS)
    first = next(one)
    assert next(other) is first
    for _ in range(BLOCK_CHUNKS):
        next(one)
        next(other)
    assert frames.blocks == 1
    del one, other
    gc.collect()
    assert frames.blocks == 0
