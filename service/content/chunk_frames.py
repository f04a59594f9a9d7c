"""The frames of the chunks of a plan, without the timestamps.

A frame depends on its stream only by the timestamp, which has a fixed length. All streams of a plan share the rest, in
blocks that exist as long as a stream is in them: all frames of a plan would take many times the memory of its text.
"""

from collections.abc import Iterator
from weakref import WeakValueDictionary

from msgspec import UNSET

from service.content.chunks import Chunks, CloseTexts
from service.protocol.codec import encode_chunks
from service.protocol.frames import text_frame_header
from service.protocol.instant import JSON_TIMESTAMP_BYTES

BLOCK_CHUNKS = 32

ChunkFrame = tuple[bytes, bytes, int]
"""What comes before the JSON of the timestamp, what comes after it, and the bytes of the payload with the timestamp."""


class _Block(list[ChunkFrame]):
    """A list that can be referenced weakly."""


class ChunkFrames:
    """Made at their first use. Not thread-safe."""

    __slots__ = ("_blocks", "_chunks", "_closes")

    def __init__(self, chunks: Chunks, closes: CloseTexts | None) -> None:
        self._chunks = chunks
        self._closes = closes
        self._blocks: WeakValueDictionary[int, _Block] = WeakValueDictionary()

    @property
    def blocks(self) -> int:
        """The number of blocks in use."""
        return len(self._blocks)

    def between(self, start: int, end: int) -> Iterator[ChunkFrame]:
        """Yield the frames of the chunks in ``[start, end)``."""
        for first in range(start - start % BLOCK_CHUNKS, end, BLOCK_CHUNKS):
            block = self._block(first)
            yield from block[max(0, start - first) : end - first]

    def _block(self, first: int) -> _Block:
        block = self._blocks.get(first)
        if block is None:
            block = self._blocks[first] = self._encode(first)
        return block

    def _encode(self, first: int) -> _Block:
        data = self._chunks[first : first + BLOCK_CHUNKS]
        closes = [UNSET] * len(data) if self._closes is None else self._closes[first : first + BLOCK_CHUNKS]
        block = _Block()
        for before, after in encode_chunks(first, data, closes):
            size = len(before) + JSON_TIMESTAMP_BYTES + len(after)
            block.append((text_frame_header(size) + before, after, size))
        return block
