"""A live stream in memory, and conversations that read it."""

from typing import Any

from service.content.live.document import Change
from service.content.live.live_content import LiveContent
from service.content.live.piece import LiveCursor
from service.live.records import LiveRecord, LiveState
from service.protocol.errors import StreamingError
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.trace import Trace
from service.session.effects import Admit, ChargeRepetition, StoreFailed
from service.session.live_effects import AttachLive, ListLive, LiveAttached, LiveListed, LiveUnknown
from service.session.live_ports import LiveReading, WatchTarget
from service.session.options import SessionOptions
from tests.unit.session.conversation import Conversation, Message, at
from tests.unit.session.memory_store import StoreEffect

LiveEffect = ListLive | AttachLive

LIVE = SessionOptions(resume_seconds=300.0)
LIVE_TRACE = Trace("a" * 32, "b" * 16, sampled=True)


class Stream:
    """The source of a live text, with the session key of a conversation."""

    def __init__(
        self, stream_id: str = "live-1", session_key: str = "s-1", speed: Speed = Speed.ADAPTIVE, **fields: str
    ) -> None:
        self.record = LiveRecord(
            stream_id,
            session_key,
            session_key,
            "",
            ContentType.TEXT,
            speed,
            ChunkBy.WORD,
            LIVE_TRACE,
            request_id=fields.get("request_id"),
        )
        self.text = ""
        self.state = LiveState.OPEN
        self.epoch = 0
        self._content = LiveContent(is_text=True, max_chunk_characters=1000)

    def append(self, text: str) -> None:
        start = len(self.text)
        self.text += text
        self._content.apply(Change(start, text, len(self.text)))

    def end(self, state: LiveState = LiveState.COMPLETE) -> None:
        if state is not LiveState.CANCELLED:
            self._content.finish()
        self.state = state

    def read(self, target: WatchTarget) -> "Reading":
        start = min(target.settled, self._content.settled)
        cursor = self._content.cursor(target.html_mode, target.chunk_by or self.record.chunk_by, start)
        assert cursor is not None
        return Reading(self, cursor, start)


class Reading:
    """A ``LiveReading``."""

    lag_seconds = 0.0
    error: StreamingError | None = None

    def __init__(self, stream: Stream, cursor: LiveCursor, start: int) -> None:
        self.stream = stream
        self.record = stream.record
        self.cursor = cursor
        self.start = start

    @property
    def state(self) -> LiveState:
        return self.stream.state

    @property
    def epoch(self) -> int:
        return self.stream.epoch


class LiveConversation(Conversation):
    """A conversation whose session has live streams, by their ids."""

    def __init__(self, *streams: Stream, options: SessionOptions = LIVE, **fields: Any) -> None:  # noqa: ANN401 - those of a conversation
        self.streams = {stream.record.stream_id: stream for stream in streams}
        self.attached: list[LiveReading] = []
        super().__init__(options=options, **fields)

    def watch(self, stream_id: str = "live-1", **fields: object) -> list[Message]:
        return self.send(type="watch", stream_id=stream_id, **fields)

    def offer(self, stream_id: str = "live-1") -> list[Message]:
        return self.execute(self.machine.offer_live(stream_id, at(self.now)))

    def list_streams(self) -> list[Message]:
        """Resolve the ``ListLive``: the streams that are open."""
        [effect] = self.pending(ListLive)
        found = [one for one, stream in self.streams.items() if stream.state is LiveState.OPEN]
        return self.resolve(LiveListed(effect.ticket, found))

    def perform(self, effect: Admit | ChargeRepetition | StoreEffect | LiveEffect) -> list[Message]:
        match effect:
            case ListLive():
                return self.list_streams()
            case AttachLive():
                return self.attach()
        return super().perform(effect)

    def attach(self, *, failing: bool = False) -> list[Message]:
        """Resolve the oldest ``AttachLive``."""
        effect = self.pending(AttachLive)[0]
        stream = self.streams.get(effect.target.stream_id)
        if failing:
            return self.resolve(StoreFailed(effect.ticket))
        if stream is None or stream.record.session_key != effect.target.session_key:
            return self.resolve(LiveUnknown(effect.ticket))
        reading = stream.read(effect.target)
        self.attached.append(reading)
        return self.resolve(LiveAttached(effect.ticket, reading))

    def change(self) -> list[Message]:
        """Something has changed in a stream: wake the machine as a driver does."""
        due_at = self.machine.notice_live(at(self.now))
        if due_at is not None:
            if due_at <= self.now:
                return self.tick()
            self.wake_at = due_at if self.wake_at is None else min(self.wake_at, due_at)
        return []

    def append(self, text: str, stream_id: str = "live-1") -> list[Message]:
        self.streams[stream_id].append(text)
        return self.change()

    def end(self, state: LiveState = LiveState.COMPLETE, stream_id: str = "live-1") -> list[Message]:
        self.streams[stream_id].end(state)
        return self.change()

    @property
    def shown(self) -> str:
        """The data of all chunks since the last ``stream_start``."""
        shown = ""
        for _, message in self.sent:
            if message["type"] == "stream_start":
                shown = ""
            elif message["type"] == "chunk":
                shown += message["data"]
        return shown
