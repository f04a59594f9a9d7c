"""A source stays UTF-8, however its appends are cut, repeated and spread over processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.live.records import Append, LiveRecord
from service.live.utf8 import BrokenText, continued
from service.protocol.instant import Instant
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.cancellation import Cancellation
from service.publishing.publications import Publications
from service.publishing.rights import Producer
from tests.unit.publishing.memory_live_store import DirectWriter, MemoryLiveStore
from tests.unit.session.conversation import TRACE
from tests.unit.websocket.access_doubles import Events

TEXTS = st.text(st.sampled_from("aé€😀"), min_size=1, max_size=12)
PROCESSES = 3
PRODUCER = Producer()


async def processes(store: MemoryLiveStore) -> list[Publications]:
    """Processes that share the store, which has one stream."""
    await store.create(LiveRecord("s", "session", "session", "", ContentType.TEXT, Speed.ADAPTIVE, ChunkBy.WORD, TRACE))
    events = Events()
    return [
        Publications(
            store,
            DirectWriter(store),
            Cancellation(store, lambda _notice: None, events, lambda: Instant(0.0, 0.0)),
            notify=lambda _notice: None,
            readers=lambda _stream_id: 0,
            recorder=events,
            debit=lambda _producer, _kib: None,
        )
        for _ in range(PROCESSES)
    ]


@given(TEXTS, st.data())
async def test_a_text_arrives_whole_however_it_is_cut(text: str, data: st.DataObject) -> None:
    source = text.encode()
    store = MemoryLiveStore()
    running = await processes(store)
    end = 0
    while end < len(source):
        start = data.draw(st.integers(0, end))
        until = data.draw(st.integers(end + 1, len(source)))
        process = running[data.draw(st.integers(0, PROCESSES - 1))]
        progress = await process.append(PRODUCER, Append("s", 0, start, source[start:until]))
        end = until
        assert progress.durable == until
    assert store.sources["s"] == source


@given(st.lists(st.tuples(st.integers(0, PROCESSES - 1), st.binary(min_size=1, max_size=4)), max_size=12))
async def test_what_is_stored_is_the_beginning_of_some_text_and_each_process_decides_alike(
    calls: list[tuple[int, bytes]],
) -> None:
    store = MemoryLiveStore()
    running = await processes(store)
    for number, piece in calls:
        before = store.sources["s"]
        append = Append("s", 0, len(before), piece)
        try:
            continued(b"", before + piece)
        except BrokenText:
            with pytest.raises(PublishError) as refusal:
                await running[number].append(PRODUCER, append)
            assert refusal.value.code is PublishErrorCode.INVALID_UTF8
            assert store.sources["s"] == before
        else:
            await running[number].append(PRODUCER, append)
            assert store.sources["s"] == before + piece
