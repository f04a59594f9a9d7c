"""What producers may do over HTTP, and how each mistake is answered."""

import hashlib
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import httpx
import pytest

from service.events import StoreLimit
from service.events.live import AppendRefused, LiveOutcome, LiveStreamAdopted, LiveStreamCreated, LiveStreamEnded
from service.events.live import RefusedAppend as Reason
from service.live.ports import SourceStored, StreamCreated, StreamTouched
from service.live.records import LiveStatus
from service.protocol.publish_errors import PublishErrorCode
from service.session.ports import StoreUnavailable
from service.stores.failures import StoreFull
from tests.unit.publishing.memory_live_store import MAX_LENGTH
from tests.unit.publishing.press import Press, append, close, create, error

FACE = "😀".encode()


@pytest.fixture
def press() -> Press:
    return Press()


@pytest.fixture
async def client(press: Press) -> AsyncIterator[httpx.AsyncClient]:
    async with press.client() as client:
        yield client


async def test_a_stream_is_created_appended_to_and_closed(press: Press, client: httpx.AsyncClient) -> None:
    created = await create(client, content_type="markdown")
    stream_id = created["stream_id"]
    assert {name: created[name] for name in ("epoch", "offset")} == {"epoch": 0, "offset": 0}
    first = await append(client, stream_id, 0, b"Hello, ")
    second = await append(client, stream_id, 7, b"world")
    assert [answer.json() for answer in (first, second)] == [
        {"accepted": 7, "durable": 7},
        {"accepted": 12, "durable": 12},
    ]
    digest = hashlib.sha256(b"Hello, world").hexdigest()
    for _ in range(2):  # the same call again
        end = await close(client, stream_id, 12, sha256=digest)
        assert (end.status_code, end.json()) == (200, {"status": "complete", "offset": 12})
    assert press.store.sources[stream_id] == b"Hello, world"
    [notice] = press.notices
    assert isinstance(notice, StreamCreated)
    assert (notice.record.stream_id, notice.record.session_id) == (stream_id, "s-1")


@pytest.mark.parametrize("type_", ["text/plain", "application/octet-stream", "application/json", "x", ""])
async def test_an_append_may_have_any_content_type(client: httpx.AsyncClient, type_: str) -> None:
    stream_id = (await create(client))["stream_id"]
    path = f"/streams/{stream_id}/append?epoch=0&offset=0"
    answer = await client.post(path, content=b'{"a"', headers={"Content-Type": type_})
    assert answer.json() == {"accepted": 4, "durable": 4}


async def test_a_repetition_that_is_cut_differently_is_trimmed(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"Hello")
    assert (await append(client, stream_id, 3, b"lo, you")).json() == {"accepted": 10, "durable": 10}
    assert (await append(client, stream_id, 0, b"Hell")).json() == {"accepted": 10, "durable": 10}
    assert press.store.sources[stream_id] == b"Hello, you"


async def test_gaps_other_bytes_and_late_appends_are_refused(client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"Hello")
    assert error(await append(client, stream_id, 6, b"x")) == {"http": 409, "code": "gap", "offset": 5}
    assert error(await append(client, stream_id, 4, b"x")) == {"http": 409, "code": "mismatch", "offset": 5}
    assert error(await close(client, stream_id, 4)) == {"http": 409, "code": "mismatch", "offset": 5}
    assert error(await close(client, stream_id, 5, sha256="0" * 64)) == {"http": 409, "code": "mismatch", "offset": 5}
    assert (await close(client, stream_id, 5, "error")).status_code == 200
    ended = {"http": 410, "code": "ended", "offset": 5, "status": "error"}
    assert error(await append(client, stream_id, 5, b"x")) == ended
    assert error(await client.post(f"/streams/{stream_id}/touch?epoch=0")) == ended
    assert error(await client.post(f"/streams/{stream_id}/adopt")) == ended
    assert error(await close(client, stream_id, 5)) == ended


async def test_the_producer_before_an_adoption_is_fenced_off(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"a" * 5000 + "é".encode()[:1])
    adopted = (await client.post(f"/streams/{stream_id}/adopt")).json()
    assert adopted == {"epoch": 1, "offset": 5001, "tail": "a" * 4095, "rest": "c3"}
    fenced = {"http": 409, "code": "fenced"}
    assert error(await append(client, stream_id, 5001, b"\xa9")) == fenced
    assert error(await append(client, stream_id, 5001, b"x")) == fenced
    assert error(await append(client, stream_id, 9000, b"x")) == fenced
    assert error(await client.post(f"/streams/{stream_id}/touch?epoch=0")) == fenced
    assert error(await close(client, stream_id, 5001)) == fenced
    assert (await append(client, stream_id, 5001, b"\xa9", epoch=1)).status_code == 200
    state = (await client.get(f"/streams/{stream_id}")).json()
    assert "epoch" not in state
    assert StreamTouched(stream_id, 1) in press.notices


async def test_a_cancelled_stream_ends_for_readers_and_for_its_producer(
    press: Press, client: httpx.AsyncClient
) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"Hello")
    for _ in range(2):
        assert (await client.post(f"/streams/{stream_id}/cancel")).json() == {"status": "cancelled", "offset": 5}
    assert error(await append(client, stream_id, 5, b"x")) == {
        "http": 410,
        "code": "ended",
        "offset": 5,
        "status": "cancelled",
    }
    assert press.notices[1:] == [SourceStored(stream_id, 0, 5, b"", LiveStatus.CANCELLED)]
    [ended] = [event for event in press.events if isinstance(event, LiveStreamEnded)]
    assert (ended.outcome, ended.bytes) == (LiveOutcome.CANCELLED, 5)


async def test_a_stream_that_has_ended_is_not_cancelled(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await close(client, stream_id, 0)
    assert (await client.post(f"/streams/{stream_id}/cancel")).json() == {"status": "complete", "offset": 0}
    assert len(press.notices) == 1


async def test_the_state_of_a_stream(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"Hello")
    press.readers[stream_id] = 2
    states = []
    for seconds in (0.0, 6.0, 16.0):
        press.store.be_silent(stream_id, seconds)
        states.append((await client.get(f"/streams/{stream_id}")).json())
    facts = {"stream_id": stream_id, "session_id": "s-1", "accepted": 5, "durable": 5, "readers": 2}
    assert states == [
        {**facts, "status": "open", "silent_ms": 0},
        {**facts, "status": "stalled", "silent_ms": 6000},
        {**facts, "status": "interrupted", "silent_ms": 16_000},
    ]
    await close(client, stream_id, 5)
    assert (await client.get(f"/streams/{stream_id}")).json()["status"] == "complete"


async def test_a_character_may_be_split_between_appends_on_any_process(press: Press, client: httpx.AsyncClient) -> None:
    elsewhere = Press()
    elsewhere.store.records, elsewhere.store.sources = press.store.records, press.store.sources
    stream_id = (await create(client))["stream_id"]
    async with elsewhere.client() as other:
        for index in range(8):
            process = (client, other)[index % 3 == 1]
            answer = await append(process, stream_id, index, (FACE * 2)[index : index + 1])
            assert answer.status_code == 200, answer.text
            broken = error(await append(process, stream_id, index + 1, b"\xff"))
            assert (broken["http"], broken["code"]) == (400, "invalid_utf8")
        assert error(await append(other, stream_id, 8, b"a\x80")) == {"http": 400, "code": "invalid_utf8", "offset": 9}
    assert press.store.sources[stream_id] == FACE * 2


@pytest.mark.parametrize("split", [1, 2, 3])
async def test_a_source_does_not_end_within_a_character(client: httpx.AsyncClient, split: int) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"a" + FACE[:split])
    refused = error(await close(client, stream_id, 1 + split))
    assert refused == {"http": 400, "code": "invalid_utf8", "offset": 1}
    assert error(await append(client, stream_id, 1 + split, b"a"))["code"] == "invalid_utf8"
    await append(client, stream_id, 1 + split, FACE[split:])
    assert (await close(client, stream_id, 5)).status_code == 200


async def test_an_error_may_end_a_source_anywhere(client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, FACE[:1])
    assert (await close(client, stream_id, 1, "error")).status_code == 200


async def test_what_is_appended_in_order_needs_no_read_of_the_store(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    for offset in range(10):
        await append(client, stream_id, offset, b"a")
    assert press.store.reads == 0


async def test_what_is_too_large_is_refused(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    assert error(await append(client, stream_id, 0, b"a" * 65_537)) == {"http": 413, "code": "body_too_large"}
    press.store.max_length = MAX_LENGTH
    await append(client, stream_id, 0, b"a" * MAX_LENGTH)
    too_large = {"http": 413, "code": "source_too_large", "offset": MAX_LENGTH}
    assert error(await append(client, stream_id, MAX_LENGTH, b"a")) == too_large
    assert (await close(client, stream_id, MAX_LENGTH)).status_code == 200


async def test_a_body_without_a_length_is_limited_too(client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 1000
            yield b"a" * 1000

    answer = await client.post(f"/streams/{stream_id}/append?epoch=0&offset=0", content=endless())
    assert error(answer) == {"http": 413, "code": "body_too_large"}
    assert sent < 70_000


async def test_a_producer_that_is_too_fast_waits(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 0, b"Hello")
    press.writer.overloaded = True
    answer = await append(client, stream_id, 5, b"x")
    assert error(answer) == {"http": 429, "code": "overloaded", "offset": 5, "retry_after_ms": 250}
    assert answer.headers["retry-after"] == "1"


async def test_a_store_that_is_unavailable_is_no_fault(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    press.store.failure = StoreUnavailable()
    unavailable = {"http": 503, "code": "store_unavailable", "retry_after_ms": 1000}
    answers = [
        await client.post("/sessions/s-1/streams", json={"content_type": "text"}),
        await append(client, stream_id, 0, b"a"),
        await close(client, stream_id, 0),
        await client.post(f"/streams/{stream_id}/touch?epoch=0"),
        await client.post(f"/streams/{stream_id}/adopt"),
        await client.post(f"/streams/{stream_id}/cancel"),
        await client.get(f"/streams/{stream_id}"),
    ]
    assert [error(answer) for answer in answers] == [unavailable] * len(answers)
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}


async def test_a_store_without_room_is_named(press: Press, client: httpx.AsyncClient) -> None:
    press.store.failure = StoreFull(next(iter(StoreLimit)))
    answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"})
    assert error(answer) == {"http": 503, "code": "store_full", "retry_after_ms": 60_000}


async def test_an_unknown_stream_is_not_found(client: httpx.AsyncClient) -> None:
    unknown = {"http": 404, "code": "unknown_stream"}
    for offset in (0, 5):
        assert error(await append(client, "nothing", offset, b"a")) == unknown
    assert error(await append(client, "nothing", 0, b"\xff"))["http"] == 404
    assert error(await close(client, "nothing", 0)) == unknown
    for call in ("touch?epoch=0", "adopt", "cancel"):
        assert error(await client.post(f"/streams/nothing/{call}")) == unknown
    assert error(await client.get("/streams/nothing")) == unknown


def test_the_document_of_the_api_names_each_error_of_each_route(press: Press) -> None:
    paths = press.app.openapi()["paths"]
    described = {
        status
        for path in paths.values()
        for operation in path.values()
        for status in operation["responses"]
        if status >= "300"
    }
    assert described == {str(code.status) for code in PublishErrorCode}
    create = paths["/v1/sessions/{session_id}/streams"]["post"]
    assert create["security"] == [{"HTTPBearer": []}]
    assert [parameter["name"] for parameter in create["parameters"]] == [
        "session_id",
        "Idempotency-Key",
        "X-Session-Secret",
    ]


async def statuses(
    press: Press, method: str, path: str, headers: dict[str, str], body: Iterator[bytes] | None = None
) -> list[int]:
    """The statuses of the answers to a request whose body never ends, but by a disconnect; without one none is read."""
    answers: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, object]:
        assert body is not None, "the body is read"
        part = next(body, None)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method.upper(),
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1),
        "root_path": "",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
    }
    await press.app(scope, receive, send)
    return [message["status"] for message in answers if message["type"] == "http.response.start"]


async def test_what_happens_is_recorded(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    await append(client, stream_id, 1, b"x")
    await append(client, stream_id, 0, b"\xff")
    press.store.be_silent(stream_id, 7.0)
    await client.post(f"/streams/{stream_id}/adopt")
    await append(client, stream_id, 0, b"x")
    await client.post("/sessions/s-1/streams", json={})
    created, gap, broken, adopted, fenced, invalid = press.events
    assert isinstance(created, LiveStreamCreated)
    assert [gap, broken, fenced, invalid] == [
        AppendRefused(Reason.GAP, "", stream_id),
        AppendRefused(Reason.INVALID, "", stream_id),
        AppendRefused(Reason.FENCED, "", stream_id),
        AppendRefused(Reason.INVALID, "s-1", ""),
    ]
    assert isinstance(adopted, LiveStreamAdopted)
    assert (adopted.epoch, adopted.silent_seconds, adopted.session_id) == (1, 7.0, "s-1")


async def test_a_stream_joins_the_trace_of_its_producer(press: Press) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with press.client(traceparent=parent) as client:
        created = await create(client)
    trace = press.store.records[created["stream_id"]].trace
    assert trace.parent is not None
    assert (
        (trace.trace_id, trace.parent.span_id)
        == (created["trace_id"], "00f067aa0ba902b7")
        == (parent[3:35], parent[36:52])
    )


async def test_what_is_stored_is_charged_once_however_it_is_cut(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    for offset, size in ((0, 1), (1, 1), (0, 1024), (1000, 25), (1025, 2000)):
        assert (await append(client, stream_id, offset, b"a" * size)).status_code == 200
    assert press.debits == [("", 1), ("", 1), ("", 1)]
    assert sum(kib for _, kib in press.debits) == -(-3025 // 1024)
