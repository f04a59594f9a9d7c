"""After any sequence of crashes the client has received every character once."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from service.protocol.messages import Speed
from tests.profiles import scaled
from tests.unit.session.conversation import Conversation, plan_of
from tests.unit.session.memory_store import MemoryStore

WORDS = [f"{k:02} " for k in range(30)]


class Crashes(RuleBasedStateMachine):
    """One stream over any number of connections, and a client that recovers it after each crash."""

    @initialize(longest=st.sampled_from([3, 10, 100]), skipped=st.booleans(), sends_runs=st.booleans())
    def connect(self, longest: int, skipped: bool, sends_runs: bool) -> None:
        self.sends_runs = sends_runs
        self.store = MemoryStore()
        self.tokens = ["token 0"]
        self.refused = False
        self.ambiguous = False
        """Whether a skip could not be stored, so that a refusal is correct."""
        self.received: list[str] = []
        self.conversation = Conversation(token="token 0", store=self.store, sends_runs=sends_runs)
        self.read = 0
        self.conversation.request()
        if skipped:
            self.conversation.control("skip")
        self.conversation.run_effects(plan_of(WORDS, Speed.FAST, max_chunk_characters=longest))
        self.read_messages()

    def read_messages(self) -> None:
        for _, message in self.conversation.sent[self.read :]:
            if message["type"] == "chunk":
                assert message["index"] == len(self.received), "a missing or repeated index"
                self.received.append(message["data"])
            elif message["type"] == "stream_complete":
                assert "".join(self.received) == "".join(WORDS)
                assert message["total_chunks"] == len(self.received)
                assert message["metadata"]["bytes"] == len("".join(WORDS))
        self.read = len(self.conversation.sent)

    @rule(seconds=st.floats(0, 0.4))
    def pass_time(self, seconds: float) -> None:
        self.conversation.sleep_until(self.conversation.now + seconds)
        self.read_messages()

    @rule(action=st.sampled_from(["pause", "resume", "skip"]), performed=st.booleans())
    def control(self, action: str, performed: bool) -> None:
        self.conversation.control(action)
        if performed:
            self.conversation.run_effects()
        self.read_messages()

    @rule(performs_failed_calls=st.booleans())
    def skip_while_the_store_is_unavailable(self, performs_failed_calls: bool) -> None:
        self.store.unavailable, self.store.performs_failed_calls = True, performs_failed_calls
        self.conversation.control("skip")
        self.conversation.run_effects()
        self.store.unavailable = False
        self.ambiguous = True
        self.read_messages()

    @precondition(lambda self: not self.refused)
    @rule(lost=st.integers(0, 5), which=st.integers(0, 10), paused=st.booleans())
    def crash(self, lost: int, which: int, paused: bool) -> None:
        """The server is killed: its machine and the messages in flight are lost."""
        del self.received[max(0, len(self.received) - lost) :]
        token = self.tokens[which % len(self.tokens)]
        own = f"token {len(self.tokens)}"
        self.tokens.append(own)
        self.conversation = Conversation(token=own, store=self.store, sends_runs=self.sends_runs)
        self.read = 0
        self.conversation.recover("stream-1", len(self.received) - 1, token)
        if paused:
            self.conversation.control("pause")
        self.conversation.run_effects()
        answer = self.conversation.all("stream_recovered")[0]
        if answer["recovered"]:
            assert answer["next_index"] == len(self.received)
        else:
            assert answer["reason"] == "position"
            assert self.ambiguous, "refused although exactly one chunk could follow"
            self.refused = True
        self.read_messages()

    def teardown(self) -> None:
        if hasattr(self, "conversation") and not self.refused:
            self.conversation.run_effects()
            self.conversation.control("resume")
            self.conversation.sleep_until(self.conversation.now + 10)
            self.read_messages()
            assert "".join(self.received) == "".join(WORDS)


Crashes.TestCase.settings = scaled(2, stateful_steps=30)
test_any_sequence_of_crashes = Crashes.TestCase
