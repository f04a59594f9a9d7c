"""The session machine under any order of messages, time, results and failures."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.access.principal import AccessRefusal
from service.events import ChunkSent, ClientReported, Outcome, RequestAdmitted, StreamEnded
from service.protocol.errors import EmptyContent, ProcessingFailed
from service.protocol.limits import QUEUE_LENGTH, Limits
from service.protocol.messages import GAP_SECONDS, Speed
from service.session.effects import Admit, Authenticate, Prepare
from service.session.options import SessionOptions
from tests.profiles import scaled
from tests.unit.session.conversation import Conversation, Message, at, plan_of, user

LIMITS = Limits(max_requests=12, max_session_seconds=1000, idle_timeout_seconds=30, chunk_timeout_seconds=20)

EPOCH_ROUNDING = 1e-6
"""In seconds: times of tokens are since the epoch, where a float has no more digits."""

PACED = st.sampled_from([Speed.SLOW, Speed.NORMAL, Speed.FAST, Speed.SUPERFAST])


class Client:
    """The state of a client: it reads the messages in order and fails at one that breaks the protocol."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        """Requests without a terminal message, in order."""
        self.ended: list[str] = []
        self.running: Message | None = None
        self.received: list[str] = []
        self.start = 0.0
        self.paused_since: float | None = None
        self.paused_seconds = 0.0
        self.paused = False
        self.skipped = False
        self.fatal = False
        self.reportable: list[str] = []
        """The last ten streams that ended after their start, and are not reported."""

    def read(self, now: float, message: Message) -> None:  # noqa: C901 - one match over all messages
        assert not self.fatal, f"{message['type']} after a fatal error"
        match message["type"]:
            case "stream_start":
                assert self.running is None
                assert message["request_id"] == self.waiting[0], "streams start in the order of their requests"
                self.running, self.received, self.start = message, [], now
                self.paused_seconds = 0.0
                self.paused_since = now if self.paused else None
            case "chunk":
                self._chunk(now, message)
            case "stream_complete":
                assert self.running is not None
                assert message["stream_id"] == self.running["stream_id"]
                assert message["total_chunks"] == len(self.received)
                assert message["metadata"]["skipped"] == self.skipped
                assert self.skipped or len(self.received) == self.running["total_chunks"]
                assert "".join(self.received) == text_of(message["request_id"], self.running)
                self._end(message["request_id"])
            case "stream_paused":
                if not self.paused:
                    self.paused, self.paused_since = True, now
            case "stream_resumed":
                if self.paused and self.paused_since is not None:
                    self.paused_seconds += now - self.paused_since
                self.paused, self.paused_since = False, None
            case "stream_skipped":
                self.skipped = True
            case "stream_cancelled":
                self._end(self.waiting[0])
            case "error":
                self.fatal = message["fatal"]
                if "request_id" in message:
                    self._end(message["request_id"])

    def _chunk(self, now: float, message: Message) -> None:
        assert self.running is not None
        assert not self.paused, "a chunk after stream_paused"
        assert message["index"] == len(self.received), "a gap in the indices"
        if not self.skipped:
            gap = GAP_SECONDS[Speed(self.running["metadata"]["speed_used"])]
            due = self.start + self.paused_seconds + message["index"] * gap
            assert now >= due - 1e-6, "a chunk before it was due"
        self.received.append(message["data"])

    def _end(self, request_id: str) -> None:
        assert request_id in self.waiting, "a second terminal message"
        if request_id == self.waiting[0]:
            if self.running is not None:
                self.reportable = [*self.reportable, self.running["stream_id"]][-10:]
            self.running, self.paused, self.paused_since, self.skipped = None, False, None, False
        self.waiting.remove(request_id)
        self.ended.append(request_id)


def text_of(request_id: str, start: Message) -> str:
    return "".join(chunks_of(request_id, start["total_chunks"]))


def chunks_of(request_id: str, count: int) -> list[str]:
    return [f"{request_id}/{k} " for k in range(count)]


class AnyOrder(RuleBasedStateMachine):
    """Time moves forward; all other input comes in any order."""

    @initialize(
        used=st.sampled_from([0, 0, 10, 11]),
        speed=PACED,
        sends_runs=st.booleans(),
        records_content=st.booleans(),
        expires_at=st.sampled_from([None, 0.5, 61.0, 900.0]),
    )
    def connect(
        self, used: int, speed: Speed, sends_runs: bool, records_content: bool, expires_at: float | None
    ) -> None:
        """Start with an active stream, where most errors occur."""
        options = SessionOptions(records_content=records_content, client_reports=True)
        self.expires_at = expires_at
        self.conversation = Conversation(
            LIMITS,
            requests_used=used,
            sends_runs=sends_runs,
            principal=None if expires_at is None else user(expires_at),
            options=options,
        )
        self.records_content = records_content
        self.client = Client()
        self.read = 0
        self.sent = 0
        self.drained = False
        self.request()
        self.conversation.run_effects(plan_of(chunks_of("r1", 30), speed, max_chunk_characters=40))
        self.read_messages()

    def read_messages(self) -> None:
        for now, message in self.conversation.sent[self.read :]:
            assert not (self.conversation.blocked and message["type"] == "chunk"), "a chunk for a blocked connection"
            self.client.read(now, message)
        self.read = len(self.conversation.sent)

    @property
    def open(self) -> bool:
        return self.conversation.close is None

    @rule()
    def request(self) -> None:
        self.sent += 1
        name = f"r{self.sent}"
        if self.open:
            self.client.waiting.append(name)
        over_before = len(self.client.waiting) > QUEUE_LENGTH + 1
        messages = self.conversation.request(f"content {name}", request_id=name)
        if self.open:
            assert over_before == ([message.get("code") for message in messages[:1]] == ["QUEUE_FULL"])
        self.read_messages()

    @rule(data=st.sampled_from(["", "[]", '{"type":"stream_request","content":""}', '{"type":"x"}']))
    def invalid_message(self, data: str) -> None:
        messages = self.conversation.receive(data)
        assert not self.open or [message["type"] for message in messages] == ["error"]
        self.read_messages()

    @rule(action=st.sampled_from(["pause", "resume", "skip", "cancel"]))
    def control(self, action: str) -> None:
        was_open, had_stream = self.open, bool(self.client.waiting)
        messages = self.conversation.control(action)
        if was_open and self.open:
            expected = {"pause": "paused", "resume": "resumed", "skip": "skipped", "cancel": "cancelled"}[action]
            assert messages[0]["type"] == (f"stream_{expected}" if had_stream else "error")
        self.read_messages()

    @rule()
    def ping(self) -> None:
        messages = self.conversation.send(type="ping")
        assert not self.open or [message["type"] for message in messages] == ["pong"]
        self.read_messages()

    @rule()
    def refresh(self) -> None:
        checking = bool(self.conversation.pending(Authenticate))
        messages = self.conversation.send(type="auth_refresh", token="x")
        if self.open:
            expected = ["auth_refreshed"] if self.expires_at is None else ["error"] if checking else []
            assert [message["type"] for message in messages if message["type"] != "auth_expiring"] == expected
        self.read_messages()

    @precondition(lambda self: self.conversation.pending(Authenticate))
    @rule(seconds=st.sampled_from([None, 0.0, 0.3, 61.0, 900.0]))
    def check(self, seconds: float | None) -> None:
        """A new token is refused, or ends after ``seconds``."""
        expires_at = None if seconds is None else self.conversation.now + seconds
        was_open = self.open
        messages = self.conversation.check(AccessRefusal.INVALID if expires_at is None else user(expires_at))
        if was_open and self.open:
            assert messages[-1]["type"] == ("error" if expires_at is None else "auth_refreshed")
            self.expires_at = self.expires_at if expires_at is None else expires_at
        self.read_messages()

    @precondition(lambda self: self.open and self.sent > 4 and self.expires_at is not None)
    @rule()
    def revoke(self) -> None:
        self.conversation.execute(self.conversation.machine.revoke(at(self.conversation.now)))
        assert not self.open
        self.read_messages()

    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        """Of any stream: ended or not, known or not, again and again."""
        started = [message["stream_id"] for message in self.conversation.all("stream_start")]
        stream_id = data.draw(st.sampled_from([*started, "unheard-of"]))
        before = self.conversation.event(ClientReported)
        messages = self.conversation.send(type="client_report", stream_id=stream_id)
        accepted = [event.stream_id for event in self.conversation.event(ClientReported)[len(before) :]]
        if self.open:
            assert messages == []
            assert accepted == ([stream_id] if stream_id in self.client.reportable else [])
            self.client.reportable = [one for one in self.client.reportable if one != stream_id]
        self.read_messages()

    @rule(seconds=st.sampled_from([0.0, 0.001, 0.025, 0.04, 0.095, 0.25, 0.295, 2.0]), punctual=st.booleans())
    def time_passes(self, seconds: float, punctual: bool) -> None:
        """If punctual, the machine is woken at each ``wake_at``; if not, only at the end."""
        if punctual:
            self.conversation.sleep_until(self.conversation.now + seconds)
        else:
            self.conversation.now += seconds
            self.conversation.tick()
        self.read_messages()

    @precondition(lambda self: self.conversation.pending(Admit))
    @rule(data=st.data())
    def admit(self, data: st.DataObject) -> None:
        self.conversation.decide(data.draw(st.sampled_from(self.conversation.pending(Admit))))
        self.read_messages()

    @precondition(lambda self: self.conversation.pending(Prepare))
    @rule(data=st.data(), count=st.sampled_from([1, 2, 30]), speed=PACED)
    def prepare(self, data: st.DataObject, count: int, speed: Speed) -> None:
        effect = data.draw(st.sampled_from(self.conversation.pending(Prepare)))
        chunks = chunks_of(effect.request.request_id, count)
        self.conversation.prepare(effect, plan_of(chunks, speed, max_chunk_characters=40))
        self.read_messages()

    @precondition(lambda self: self.conversation.pending(Prepare))
    @rule(data=st.data(), error=st.sampled_from([EmptyContent("Empty."), ProcessingFailed("Broken.")]))
    def fail(self, data: st.DataObject, error: EmptyContent | ProcessingFailed) -> None:
        self.conversation.prepare(data.draw(st.sampled_from(self.conversation.pending(Prepare))), error)
        self.read_messages()

    @rule(blocked=st.booleans())
    def backpressure(self, blocked: bool) -> None:
        chunks = len(self.conversation.all("chunk"))
        self.conversation.set_blocked(blocked)
        assert not blocked or len(self.conversation.all("chunk")) == chunks
        self.read_messages()

    @precondition(lambda self: self.open and self.sent > 4)
    @rule()
    def drain(self) -> None:
        self.drained = True
        self.conversation.execute(self.conversation.machine.drain(self.conversation.now + 8, at(self.conversation.now)))
        self.read_messages()

    @invariant()
    def the_machine_wakes_while_it_is_open_and_never_after(self) -> None:
        assert (self.conversation.wake_at is not None) == self.open

    @invariant()
    def no_connection_outlives_its_token(self) -> None:
        self.conversation.tick()
        self.read_messages()
        assert not self.open or self.expires_at is None or self.conversation.now < self.expires_at + EPOCH_ROUNDING

    @invariant()
    def no_more_is_admitted_than_the_limit(self) -> None:
        assert self.conversation.used <= LIMITS.max_requests

    @invariant()
    def each_ticket_has_at_most_one_pending_effect(self) -> None:
        tickets = [effect.ticket for effect in self.conversation.effects]
        assert len(tickets) == len(set(tickets))
        assert not self.open or len(self.conversation.pending(Prepare)) <= 1 + self.conversation.types().count(
            "stream_cancelled"
        )

    def teardown(self) -> None:
        """Without further input every request reaches its only end, and every admitted one has one outcome."""
        if not hasattr(self, "conversation"):
            return
        conversation = self.conversation
        if conversation.blocked and self.open:
            conversation.set_blocked(False)
        if self.open and self.client.paused:
            conversation.control("resume")
        for _ in range(60):
            for effect in list(conversation.effects):
                if isinstance(effect, Prepare):
                    conversation.prepare(effect, plan_of(chunks_of(str(effect.request.request_id), 2)))
                elif isinstance(effect, Authenticate):
                    conversation.check(AccessRefusal.UNAVAILABLE)
                else:
                    conversation.perform(effect)
            conversation.sleep_until(conversation.now + 1)
            self.read_messages()
        if self.open and not self.drained:  # a drain without an active stream waits for the shutdown
            assert self.client.waiting == [], "a request without its terminal message"
        conversation.execute(conversation.machine.disconnect(1000, None, at(conversation.now)))
        admitted = [event.stream_id for event in conversation.event(RequestAdmitted)]
        ended = [event.stream_id for event in conversation.event(StreamEnded)]
        assert sorted(admitted) == sorted(ended), "an admitted request without its one outcome"
        assert all(isinstance(event.outcome, Outcome) for event in conversation.event(StreamEnded))
        chunks = [(chunk["index"], chunk["data"]) for chunk in conversation.all("chunk")]
        recorded = [(event.index, event.data) for event in conversation.event(ChunkSent)]
        assert recorded == (chunks if self.records_content else [])


AnyOrder.TestCase.settings = scaled(2, stateful_steps=40)
test_any_order = AnyOrder.TestCase
