"""Acknowledgements."""

from tests.unit.session.memory_store import MemoryStore
from tests.unit.session.recovery import STREAM, start_stream


def test_an_ack_of_the_last_chunk_deletes_the_stream() -> None:
    store = MemoryStore()
    conversation = start_stream(store)
    conversation.send(type="ack", stream_id=STREAM, index=0)
    conversation.sleep_until(2)
    conversation.send(type="ack", stream_id=STREAM, index=18)
    assert STREAM in store.records
    assert conversation.send(type="ack", stream_id=STREAM, index=19) == []
    assert STREAM not in store.records
    assert conversation.send(type="ack", stream_id=STREAM, index=19) == [], "again does no harm"


def test_an_ack_of_a_chunk_that_was_not_sent_is_refused() -> None:
    conversation = start_stream(MemoryStore())
    (early,) = conversation.send(type="ack", stream_id=STREAM, index=1)
    (unknown,) = conversation.send(type="ack", stream_id="x", index=0)
    assert (early["code"], unknown["code"]) == ("INVALID_MESSAGE", "NO_ACTIVE_STREAM")
