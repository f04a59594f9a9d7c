"""The streams of a connection, and which message belongs to which."""

from collections.abc import Iterator

from streaming_content.live_stream import LiveStream
from streaming_content.stream import Message, Stream, StreamConnection


class ActiveStreams:
    """The streams that were requested on a connection, or began on it, and have not ended, in order."""

    def __init__(self, connection: StreamConnection) -> None:
        self.begun: list[LiveStream] = []
        """Live streams that began without a request, until they are taken."""
        self._connection = connection
        self._streams: list[Stream] = []
        self._active: Stream | None = None
        """The one that chunks belong to."""
        self._unanswered: list[LiveStream] = []
        """Those that were watched and have not begun: until then, messages are of a reading that began unasked."""

    def attach(self, stream: Stream) -> None:
        """Add a stream that is requested. Raises ``ValueError`` if it has been."""
        if stream in self._streams:
            raise ValueError("The stream is already active or waiting on this connection.")
        if isinstance(stream, LiveStream):
            self._replace(stream)
            self._unanswered.append(stream)
        stream.end = {}
        stream.connection = self._connection
        self._streams.append(stream)

    def end(self, stream: Stream) -> None:
        """Remove a stream that has ended."""
        self._streams.remove(stream)
        self._answer(stream)
        if self._active is stream:
            self._active = None

    def of(self, message: Message) -> Stream | None:
        """The stream that a message belongs to. Chunks carry no id: they are of the active stream."""
        match message["type"]:
            case "stream_start":
                self._active = self._started(message)
                return self._active
            case "stream_recovered":
                stream = self._find("stream_id", message)
                if message["recovered"]:
                    self._active = stream
                return stream
            case "chunk" | "stream_complete":
                return self._active
            case "stream_cancelled" if "stream_id" not in message:  # also of a request that has not started
                return self._active or self._first
            case "error":
                return self._find("request_id", message) or self._begun(message)
            case _:
                return self._begun(message)

    def _started(self, message: Message) -> Stream | None:
        """The stream that begins; ``None`` for a live one that a ``watch`` of the same stream will replace."""
        stream = self._find("request_id", message)
        if stream is not None:
            self._answer(stream)
            return stream
        if not message.get("live"):
            return None if "request_id" in message else self._first
        if self._find("stream_id", message) is not None:
            return self._begun(message)
        begun = LiveStream.begun(message)
        self.attach(begun)
        self._answer(begun)
        self.begun.append(begun)
        return begun

    def _replace(self, stream: LiveStream) -> None:
        """A second reading of a stream replaces the first, for which nothing more arrives."""
        for earlier in tuple(self._streams):
            if isinstance(earlier, LiveStream) and earlier.stream_id == stream.stream_id:
                earlier.end = {"type": "stream_left", "stream_id": stream.stream_id}
                self.end(earlier)
                if earlier in self.begun:
                    self.begun.remove(earlier)

    def _answer(self, stream: Stream) -> None:
        self._unanswered = [one for one in self._unanswered if one is not stream]

    def _begun(self, message: Message) -> Stream | None:
        """The stream with the id in a message, unless the message is of a reading that it replaces."""
        stream = self._find("stream_id", message)
        return None if stream in self._unanswered else stream

    def _find(self, name: str, message: Message) -> Stream | None:
        return next((one for one in self if name in message and getattr(one, name) == message[name]), None)

    @property
    def _first(self) -> Stream | None:
        return self._streams[0] if self._streams else None

    def __iter__(self) -> Iterator[Stream]:
        return iter(self._streams)
