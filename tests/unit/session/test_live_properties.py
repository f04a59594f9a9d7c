"""Live streams among requests: in any order of their changes, controls and results, a reader has what was written."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.events import LiveReaderAttached, LiveReaderDetached
from service.live.records import LiveState
from service.protocol.limits import Limits
from service.session.effects import Admit, Authenticate, Prepare
from service.session.live_effects import AttachLive
from service.session.live_ports import LiveReading
from tests.profiles import scaled
from tests.unit.session.conversation import Message, at, plan_of
from tests.unit.session.live_stream import LiveConversation, Stream

LIMITS = Limits(max_session_seconds=100_000, idle_timeout_seconds=90_000, chunk_timeout_seconds=90_000)
STREAMS = ("live-1", "live-2", "live-3")
FINAL = {LiveState.COMPLETE, LiveState.ERROR, LiveState.CANCELLED}
ENDS = {"stream_complete", "stream_cancelled", "stream_left"}

stream_ids = st.sampled_from(STREAMS)


class Reader:
    """A client that keeps what it has read of each live stream, and fails at a message that breaks the protocol."""

    def __init__(self, streams: dict[str, Stream]) -> None:
        self._streams = streams
        self.kept: dict[str, str] = {}
        self.current: Message | None = None
        self.chunks = 0
        self.paused = False
        self.state = "stream_continued"
        self.ended: list[str] = []
        """The live streams that have ended for the reader, by their terminal messages."""

    @property
    def live(self) -> str | None:
        """The live stream that is read."""
        return self.current["stream_id"] if self.current is not None and "live" in self.current else None

    def read(self, message: Message) -> None:  # noqa: C901, PLR0912 - one match over all messages
        kind = message["type"]
        if self.live is not None and kind in ENDS:
            assert message["stream_id"] == self.live
        match kind:
            case "stream_start":
                # A live stream may start again: the client watches it anew.
                assert self.live in {None, message["stream_id"]}
                self.current, self.chunks, self.state = message, 0, "stream_continued"
                if self.live is not None:
                    self.kept[self.live] = self.kept.get(self.live, "")[: message["settled"]]
            case "chunk":
                assert self.current is not None
                assert not self.paused, "a chunk after stream_paused"
                assert message["index"] == self.chunks
                self.chunks += 1
                if self.live is not None:
                    self.kept[self.live] += message["data"]
                    assert self._streams[self.live].text.startswith(self.kept[self.live])
                    assert message["settled"] == len(self.kept[self.live])
            case "stream_stalled" | "stream_interrupted" | "stream_continued":
                assert message["stream_id"] == self.live
                assert kind != self.state
                self.state = kind
            case "stream_complete":
                assert message["total_chunks"] == self.chunks
                assert not self.paused
                self._end("complete")
            case "stream_cancelled":
                self._end("cancelled")
            case "stream_left":
                self._end("left")
            case "stream_paused":
                self.paused = True
            case "stream_resumed":
                self.paused = False
            case "error" if message["code"] == "PRODUCER_FAILED":
                assert message["stream_id"] == self.live
                self._end("failed")
            case "error" if message["code"] == "SERVER_BUSY" and message["stream_id"] == self.live:
                self._end("busy")  # it was watched anew, and could not be read
            case "error" if message["code"] == "SERVER_BUSY":
                self.paused = False  # a pause before its start has ended with it

    def _end(self, how: str) -> None:
        if self.live is not None:
            if how in {"complete", "failed"}:
                assert self.kept[self.live] == self._streams[self.live].text
            self.ended.append(f"{self.live} {how}")
        self.current, self.paused = None, False


class AnyOrder(RuleBasedStateMachine):
    """One connection, three live streams, and requests between them."""

    @initialize(offered=st.booleans(), records_content=st.booleans())
    def connect(self, offered: bool, records_content: bool) -> None:
        self.streams = {one: Stream(one) for one in STREAMS}
        self.conversation = LiveConversation(*self.streams.values(), limits=LIMITS)
        self.reader = Reader(self.streams)
        self.read = 0
        self.asked = 0
        if offered:
            self.conversation.list_streams()

    def settle(self) -> None:
        for _, message in self.conversation.sent[self.read :]:
            assert not (self.conversation.blocked and message["type"] == "chunk"), "a chunk for a blocked connection"
            self.reader.read(message)
        self.read = len(self.conversation.sent)

    @rule(stream_id=stream_ids, text=st.text("ab \n.é", min_size=1, max_size=30))
    def append(self, stream_id: str, text: str) -> None:
        stream = self.streams[stream_id]
        if stream.state not in FINAL:
            stream.state = LiveState.OPEN
            self.conversation.append(text, stream_id)
            self.settle()

    @rule(stream_id=stream_ids, state=st.sampled_from(LiveState))
    def change_state(self, stream_id: str, state: LiveState) -> None:
        """It stalls, is lost, adopted or ends."""
        stream = self.streams[stream_id]
        if stream.state not in FINAL and (state not in FINAL or stream_id != "live-1"):
            if state in FINAL:
                stream.end(state)
            else:
                stream.state = state
            self.conversation.change()
            self.settle()

    @rule(stream_id=stream_ids, keeps=st.booleans(), mode=st.sampled_from(["fragment", "incremental"]))
    def watch(self, stream_id: str, keeps: bool, mode: str) -> None:
        settled = len(self.reader.kept.get(stream_id, "")) if keeps else 0
        if len(self.conversation.effects) < 8:
            self.conversation.watch(stream_id, settled=settled, html_mode=mode)
            self.settle()

    @rule(stream_id=stream_ids)
    def offer(self, stream_id: str) -> None:
        self.conversation.offer(stream_id)
        self.settle()

    @precondition(lambda self: self.asked < 4)
    @rule()
    def request(self) -> None:
        self.asked += 1
        self.conversation.request(f"request {self.asked}")
        self.settle()

    @precondition(lambda self: self.conversation.pending(Admit))
    @rule()
    def admit(self) -> None:
        self.conversation.decide(self.conversation.pending(Admit)[0])
        self.settle()

    @precondition(lambda self: self.conversation.pending(Prepare))
    @rule()
    def prepare(self) -> None:
        self.conversation.prepare(self.conversation.pending(Prepare)[0], plan_of(["a ", "b ", "c "]))
        self.settle()

    @precondition(lambda self: self.conversation.pending(AttachLive))
    @rule(failing=st.sampled_from([False, False, True]))
    def attach(self, failing: bool) -> None:
        """In the order of the calls: results of those that were dropped come too."""
        self.conversation.attach(failing=failing)
        self.settle()

    @rule(action=st.sampled_from(["pause", "resume", "skip", "cancel", "leave"]))
    def control(self, action: str) -> None:
        before = len(self.conversation.cancelled)
        self.conversation.control(action)
        for stream_id in self.conversation.cancelled[before:]:
            if self.streams[stream_id].state not in FINAL:
                self.streams[stream_id].end(LiveState.CANCELLED)
        self.settle()

    @rule(blocked=st.booleans())
    def backpressure(self, blocked: bool) -> None:
        self.conversation.set_blocked(blocked)
        self.settle()

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.1, 0.24, 0.6]), punctual=st.booleans())
    def time_passes(self, seconds: float, punctual: bool) -> None:
        if punctual:
            self.conversation.sleep_until(self.conversation.now + seconds)
        else:
            self.conversation.now += seconds
            self.conversation.tick()
        self.settle()

    @invariant()
    def each_reading_is_detached_once_it_is_not_current(self) -> None:
        if not hasattr(self, "conversation"):
            return
        detached = self.conversation.detached
        assert len({id(reading) for reading in detached}) == len(detached), "detached twice"
        remaining = [one for one in self.conversation.attached if not _contains(detached, one)]
        assert len(remaining) <= 1
        current = self.conversation.machine.current
        assert not remaining or (current is not None and current.stream_id == remaining[0].record.stream_id)

    @invariant()
    def what_is_due_has_a_wake_up(self) -> None:
        if hasattr(self, "conversation"):
            self.conversation.tick()
            self.settle()
            assert self.conversation.wake_at is not None

    def teardown(self) -> None:
        """Without further input, each stream that is read ends, and each reading has one event of its end."""
        if not hasattr(self, "conversation"):
            return
        conversation = self.conversation
        if conversation.blocked:
            conversation.set_blocked(False)
        for _ in range(40):
            for stream in self.streams.values():
                if stream.state not in FINAL:
                    stream.end()
            conversation.control("resume")
            for effect in list(conversation.effects):
                if isinstance(effect, Prepare):
                    conversation.prepare(effect, plan_of(["a ", "b "]))
                elif not isinstance(effect, Authenticate):
                    conversation.perform(effect)
            conversation.change()
            conversation.sleep_until(conversation.now + 1)
            self.settle()
        assert conversation.machine.current is None, "a stream without its end"
        conversation.execute(conversation.machine.disconnect(1000, None, at(conversation.now)))
        assert len(conversation.detached) == len(conversation.attached)
        started = [event.stream_id for event in conversation.event(LiveReaderAttached)]
        ended = [event.stream_id for event in conversation.event(LiveReaderDetached)]
        assert sorted(started) == sorted(ended)


def _contains(readings: list[LiveReading], reading: LiveReading) -> bool:
    return any(one is reading for one in readings)


AnyOrder.TestCase.settings = scaled(2, stateful_steps=40)
test_any_order = AnyOrder.TestCase
