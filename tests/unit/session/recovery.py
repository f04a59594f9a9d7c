"""Conversations with a stored stream, and their chunks."""

from service.protocol.messages import Speed
from service.session.effects import Admit, ChargeRepetition, FindPlan, GetStream
from service.session.records import Admission
from tests.unit.session.conversation import Conversation, Message, plan_of
from tests.unit.session.memory_store import MemoryStore

TOKEN = "first token"
OTHER = "second token"
CHUNKS = [f"{k} " for k in range(20)]
STREAM = "stream-1"


def start_stream(store: MemoryStore, token: str = TOKEN, space: str = "", **fields: str) -> Conversation:
    """Return a connection that has sent the first of ``CHUNKS``."""
    conversation = Conversation(token=token, store=store, space=space)
    conversation.request(**fields)
    conversation.run_effects(plan_of(CHUNKS, Speed.SUPERFAST, max_chunk_characters=9))
    return conversation


def start_recovery(
    store: MemoryStore, last_index: int, token: str = TOKEN, own: str = OTHER, space: str = ""
) -> Conversation:
    """Return a connection whose client has sent ``recover`` with ``token``; its own token is ``own``."""
    conversation = Conversation(token=own, store=store, space=space)
    conversation.recover(STREAM, last_index, token)
    conversation.run_effects()
    return conversation


def repeat_request(store: MemoryStore | None = None, repeats: str = "stream-of-the-first-attempt") -> Conversation:
    """Return a connection whose client has repeated a request that is claimed for ``repeats``, which is not stored."""
    conversation = Conversation(token=OTHER, store=store)
    conversation.request("one two three", request_id="r-1", token=TOKEN)
    admission = Admission(admitted=True, requests_used=1, repeats=repeats)
    conversation.decide(conversation.pending(Admit)[0], admission)
    for kind in (GetStream, FindPlan, ChargeRepetition):
        conversation.perform(conversation.pending(kind)[0])
    return conversation


def chunks_of(*conversations: Conversation) -> list[tuple[int, str]]:
    """Return the index and the data of all chunks."""
    return [
        (message["index"], message["data"]) for conversation in conversations for message in conversation.all("chunk")
    ]


def answer_of(conversation: Conversation) -> Message:
    """Return the only ``stream_recovered``."""
    (recovered,) = conversation.all("stream_recovered")
    return recovered
