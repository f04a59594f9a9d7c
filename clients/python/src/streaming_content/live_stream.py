"""A live stream, as a reader of this client has received it."""

from dataclasses import dataclass
from typing import Self

from streaming_content.stream import Chunk, Message, Stream

_PRODUCERS = {"stream_stalled": "stalled", "stream_interrupted": "interrupted", "stream_continued": "writing"}


@dataclass(frozen=True, slots=True)
class LiveChunk(Chunk):
    """One piece of a live stream. Offsets count UTF-16 code units, as on the wire."""

    start: int | None = None
    """What the data replaces begins here; ``None`` if it is appended."""
    settled: int | None = None
    """What is before it will not change."""


class LiveStream(Stream):
    """Content that is still being written; else as ``Stream``.

    A chunk may replace what was shown of the open end, so ``data`` is what all chunks amount to, not what they have in
    sequence. On another connection ``Connection.resume`` watches it again from ``settled`` on.
    """

    def __init__(self, stream_id: str, settled: int = 0, **fields: object) -> None:
        """``settled`` is what the reader has of the content; ``fields`` are those of ``watch``."""
        super().__init__("", **fields)
        del self.request["content"]
        self.request |= {"stream_id": stream_id}
        self.settled = settled
        """What is before it will not change, in UTF-16 code units."""
        self.producer = "writing"
        """Or ``stalled``: silent for some seconds; or ``interrupted``: lost, but another one may go on."""
        self._kept = ""
        """What was received after ``_kept_from``."""
        self._kept_from = settled

    @classmethod
    def begun(cls, start: Message) -> Self:
        """Return the stream of a ``stream_start`` without a request."""
        stream = cls(str(start["stream_id"]))
        stream.request.pop("request_id")
        return stream

    @property
    def request_id(self) -> str:
        return str(self.request.get("request_id", ""))

    @property
    def stream_id(self) -> str | None:
        return str(self.request["stream_id"])

    @property
    def data(self) -> str:
        """The content so far, after the ``settled`` that it was watched from."""
        return self._kept

    def watch_message(self) -> Message:
        """The fields of the ``watch`` that continues it."""
        return {**self.request, "settled": self.settled}

    def take(self, message: Message, at: float) -> None:
        match message["type"]:
            case "stream_start":
                super().take(message, at)
                self.producer = "writing"
                self._replace(message.get("settled", 0))
            case "chunk":
                start, settled = message.get("from"), message.get("settled")
                if start is not None:
                    self._replace(start)
                self._kept += message["data"]
                self.settled = self.settled if settled is None else settled
                chunk = LiveChunk(message["index"], message["data"], message.get("close"), at, start, settled)
                self.chunks.append(chunk)
            case "stream_left":
                self.end, self.ended_at = message, at
            case type_ if type_ in _PRODUCERS:
                self.producer = _PRODUCERS[type_]
            case _:
                super().take(message, at)

    def _replace(self, start: int) -> None:
        """Drop what is after ``start``."""
        self._kept = _first_units(self._kept, max(0, start - self._kept_from))

    # Controls

    async def leave(self) -> None:
        """End the reading; the stream goes on for others. ``cancel`` ends it for all."""
        await self._control("leave", "stream_left")


def _first_units(text: str, units: int) -> str:
    """Return the part of ``text`` that has this number of UTF-16 code units."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return text[:units]
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le")
