"""Whatever breaks whenever: the client has every character once."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from service.protocol.messages import Speed
from tests.profiles import scaled
from tests.unit.session.conversation import Conversation, plan_of
from tests.unit.session.memory_store import MemoryStore

WORDS = [f"{k:02} " for k in range(30)]


class Crashes(RuleBasedStateMachine):
    """One stream, any number of connections; a client that keeps what it has and asks for the rest."""

    @initialize(longest=st.sampled_from([3, 10, 100]), at_once=st.booleans())
    def connect(self, longest: int, at_once: bool) -> None:
        self.store = MemoryStore()
        self.tokens = ["token 0"]
        self.refused = False
        self.ambiguous = False
        """Whether the store was away when it was skipped, so that a refusal is the right answer."""
        self.received: list[str] = []
        self.conversation = Conversation(token="token 0", store=self.store)
        self.read = 0
        self.conversation.request()
        if at_once:
            self.conversation.control("skip")
        self.conversation.run_effects(plan_of(WORDS, Speed.FAST, max_chunk_characters=longest))
        self.hear()

    def hear(self) -> None:
        for message in (said for _, said in self.conversation.sent[self.read :]):
            if message["type"] == "chunk":
                assert message["index"] == len(self.received), "a gap or a double"
                self.received.append(message["data"])
            elif message["type"] == "stream_complete":
                assert "".join(self.received) == "".join(WORDS)
                assert message["total_chunks"] == len(self.received)
                assert message["metadata"]["bytes"] == len("".join(WORDS))
        self.read = len(self.conversation.sent)

    @rule(seconds=st.floats(0, 0.4))
    def pass_time(self, seconds: float) -> None:
        self.conversation.sleep_until(self.conversation.now + seconds)
        self.hear()

    @rule(action=st.sampled_from(["pause", "resume", "skip"]), answered=st.booleans())
    def control(self, action: str, answered: bool) -> None:
        self.conversation.control(action)
        if answered:
            self.conversation.run_effects()
        self.hear()

    @rule(performs_failed_calls=st.booleans())
    def skip_while_the_store_is_away(self, performs_failed_calls: bool) -> None:
        self.store.unavailable, self.store.performs_failed_calls = True, performs_failed_calls
        self.conversation.control("skip")
        self.conversation.run_effects()
        self.store.unavailable = False
        self.ambiguous = True
        self.hear()

    @precondition(lambda self: not self.refused)
    @rule(lost=st.integers(0, 5), which=st.integers(0, 10), paused=st.booleans())
    def crash(self, lost: int, which: int, paused: bool) -> None:
        """The server dies, and what was on its way is lost; nothing of the machine survives."""
        del self.received[max(0, len(self.received) - lost) :]
        token = self.tokens[which % len(self.tokens)]
        own = f"token {len(self.tokens)}"
        self.tokens.append(own)
        self.conversation = Conversation(token=own, store=self.store)
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
            assert self.ambiguous, "refused although there was one way to go on"
            self.refused = True
        self.hear()

    def teardown(self) -> None:
        if hasattr(self, "conversation") and not self.refused:
            self.conversation.run_effects()
            self.conversation.control("resume")
            self.conversation.sleep_until(self.conversation.now + 10)
            self.hear()
            assert "".join(self.received) == "".join(WORDS)


Crashes.TestCase.settings = scaled(2, stateful_steps=30)
test_whatever_breaks_whenever = Crashes.TestCase
