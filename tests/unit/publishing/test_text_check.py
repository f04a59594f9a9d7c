"""A source stays UTF-8, however its appends are cut, repeated and spread over processes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.live.append_limits import MAX_APPEND_BYTES, MAX_QUEUED_BYTES
from service.live.ports import AppendResult
from service.live.records import Append, LiveRecord, LiveStatus
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


class _GatedWriter(DirectWriter):
    """Stores nothing until it is opened, and then in the order of the calls, perhaps after others have had a turn."""

    def __init__(self, store: MemoryLiveStore) -> None:
        super().__init__(store)
        self.opened = asyncio.Event()
        self.turns = 0

    async def append(self, append: Append) -> AppendResult:
        await self.opened.wait()
        for _ in range(self.turns):
            await asyncio.sleep(0)
        return await super().append(append)


async def processes(
    store: MemoryLiveStore, writer: Callable[[MemoryLiveStore], DirectWriter] = DirectWriter
) -> list[Publications]:
    """Processes that share the store, which has one stream."""
    await store.create(LiveRecord("s", "session", "session", "", ContentType.TEXT, Speed.ADAPTIVE, ChunkBy.WORD, TRACE))
    events = Events()
    return [
        Publications(
            store,
            writer(store),
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


async def _outcome(call: Coroutine[Any, Any, object]) -> PublishErrorCode | None:
    try:
        await call
    except PublishError as error:
        return error.code
    return None


async def _together(*calls: Coroutine[Any, Any, object], gate: _GatedWriter) -> list[PublishErrorCode | None]:
    """Begin all calls, then let the store work; return why they were refused."""
    tasks = [asyncio.create_task(_outcome(call)) for call in calls]
    for _ in range(len(tasks)):
        await asyncio.sleep(0)
    gate.opened.set()
    return [await task for task in tasks]


async def _gated() -> tuple[MemoryLiveStore, Publications, _GatedWriter]:
    store = MemoryLiveStore()
    gate = _GatedWriter(store)
    [process, *_] = await processes(store, lambda _store: gate)
    return store, process, gate


async def test_what_continues_an_append_that_the_store_refuses_is_checked_with_what_the_store_has() -> None:
    store, process, gate = await _gated()
    euro = "€".encode()
    codes = await _together(
        process.append(PRODUCER, Append("s", 0, 0, b"ab")),
        process.append(PRODUCER, Append("s", 0, 0, euro[:2])),
        process.append(PRODUCER, Append("s", 0, 2, euro[2:])),
        gate=gate,
    )
    assert codes == [None, PublishErrorCode.MISMATCH, PublishErrorCode.INVALID_UTF8]
    assert store.sources["s"] == b"ab"


async def test_what_continues_an_append_is_stored_after_it_with_the_end() -> None:
    store, process, gate = await _gated()
    euro = "€".encode()
    codes = await _together(
        process.append(PRODUCER, Append("s", 0, 0, euro[:1])),
        process.append(PRODUCER, Append("s", 0, 1, euro[1:2])),
        process.append(PRODUCER, Append("s", 0, 2, euro[2:], LiveStatus.COMPLETE)),
        gate=gate,
    )
    assert codes == [None] * 3
    assert (store.sources["s"], store.records["s"].status) == (euro, LiveStatus.COMPLETE)


async def test_too_much_that_waits_for_one_stream_is_refused() -> None:
    store, process, gate = await _gated()
    store.max_length = 2 * MAX_QUEUED_BYTES
    parts = MAX_QUEUED_BYTES // MAX_APPEND_BYTES
    data = b"a" * MAX_APPEND_BYTES
    calls = [process.append(PRODUCER, Append("s", 0, n * len(data), data)) for n in range(parts + 1)]
    touch = process.append(PRODUCER, Append("s", 0, 0, b""))
    assert await _together(*calls, touch, gate=gate) == [None] * parts + [PublishErrorCode.OVERLOADED, None]
    assert (await process.append(PRODUCER, Append("s", 0, parts * len(data), data))).durable == MAX_QUEUED_BYTES + len(
        data
    )


_EURO = "€".encode()
_PARTS = st.sampled_from([b"a", b"aa", _EURO, _EURO[:1], _EURO[:2], _EURO[1:], _EURO[2:]])
_CALLS = st.tuples(st.integers(0, PROCESSES - 1), st.integers(0, 3), _PARTS)


@given(st.lists(_CALLS, max_size=8), st.lists(st.integers(0, 5), min_size=PROCESSES, max_size=PROCESSES))
async def test_what_is_stored_is_the_beginning_of_some_text_however_many_producers_append_at_once(
    calls: list[tuple[int, int, bytes]], turns: list[int]
) -> None:
    store = MemoryLiveStore()
    gates: list[_GatedWriter] = []

    def gated(store: MemoryLiveStore) -> _GatedWriter:
        gates.append(_GatedWriter(store))
        gates[-1].turns = turns[len(gates) - 1]
        gates[-1].opened.set()
        return gates[-1]

    running = await processes(store, gated)
    await asyncio.gather(
        *(_outcome(running[number].append(PRODUCER, Append("s", 0, offset, data))) for number, offset, data in calls)
    )
    continued(b"", store.sources["s"])
