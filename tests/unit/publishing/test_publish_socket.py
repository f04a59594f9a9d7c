"""The socket of a producer, without I/O: backpressure, acknowledgements, ends and faults."""

import asyncio
import json
from typing import Any

import pytest

from service.access.principal import Principal
from service.access.scope import Grant
from service.events import FaultRaised
from service.live.append_limits import MAX_APPEND_BYTES, MAX_QUEUED_BYTES
from service.live.ports import AppendResult, SourceStored, StreamTouched
from service.live.records import Append, LiveStatus
from service.protocol.instant import Instant
from service.protocol.limits import InputLimit
from service.publishing.producers import Producers
from service.publishing.publish_socket import PublishSocket
from service.publishing.rights import Producer
from service.publishing.socket_services import SocketServices
from service.session.ports import Receiver, StoreUnavailable
from service.websocket.ticker import Ticker
from tests.unit.publishing.memory_live_store import DirectWriter, MemoryLiveStore
from tests.unit.publishing.press import Press, create
from tests.unit.session.conversation import WALL, user
from tests.unit.websocket.in_memory import Ids

TIMEOUT = 5.0
Json = dict[str, Any]


class SlowWriter(DirectWriter):
    """Stores an append when it is released."""

    def __init__(self, store: MemoryLiveStore) -> None:
        super().__init__(store)
        self.appends: list[Append] = []
        self.failure: Exception | None = None
        self._released = asyncio.Semaphore(0)

    async def append(self, append: Append) -> AppendResult:
        self.appends.append(append)
        await self._released.acquire()
        if self.failure is not None:
            raise self.failure
        return await super().append(append)

    async def release(self) -> None:
        """Let one append be stored, and wait for what follows from it."""
        self._released.release()
        await settled()


class Line:
    """A connection in memory."""

    def __init__(self) -> None:
        self.sent: list[Json] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = self.reading = self.blocked = False
        self.undelivered_bytes = 0

    def start(self, receiver: Receiver) -> None:
        self.reading = True

    def hold(self) -> None:
        self.reading = False

    def write(self, frame: bytes) -> None:
        assert self.closed is None
        self.sent.append(json.loads(frame[2 if frame[1] < 126 else 4 :]))

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)

    def abort(self) -> None:
        self.aborted = True


class Desk:
    """A producer with a socket on a stream that a slow writer stores."""

    def __init__(self, press: Press, stream_id: str, producer: Producer) -> None:
        self.press = press
        self.line = Line()
        self.now = Instant(100.0, WALL)
        assert isinstance(press.writer, SlowWriter)
        self.writer = press.writer
        self.ticker = Ticker(lambda: self.now)
        services = SocketServices(press.publications, self.ticker, lambda: self.now, Ids(), press, TIMEOUT)
        self.ended: list[PublishSocket] = []
        self.followed: list[str] = []
        self.unfollowed: list[str] = []
        self.producers = Producers(self.followed.append, self.unfollowed.append)
        self.socket = PublishSocket(self.line, press.store.records[stream_id], producer, services, self.ended.append)
        self.socket.start()

    def send(self, type_: str, **fields: object) -> None:
        text = json.dumps({"type": type_, **fields})
        self.socket.message_received(text, len(text))

    def take(self) -> list[Json]:
        """What was sent since the last call."""
        sent, self.line.sent = self.line.sent, []
        return sent


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def desk() -> Desk:
    return await opened(Producer())


async def opened(producer: Producer) -> Desk:
    press = Press(writer=SlowWriter)
    async with press.client() as client:
        stream_id = (await create(client))["stream_id"]
    return Desk(press, stream_id, producer)


def ack(accepted: int, durable: int) -> Json:
    return {"type": "ack", "accepted": accepted, "durable": durable}


async def test_what_arrives_while_the_store_works_is_stored_together(desk: Desk) -> None:
    assert desk.take() == [ack(0, 0)]
    desk.send("append", offset=0, data="a")
    await settled()
    for offset in range(1, 10):
        desk.send("append", offset=offset, data="b")
    desk.send("close", status="complete", offset=10)
    await desk.writer.release()
    assert desk.take() == [ack(10, 1)]
    await desk.writer.release()
    assert [(part.offset, part.data, part.ends) for part in desk.writer.appends] == [
        (0, b"a", None),
        (1, b"b" * 9, LiveStatus.COMPLETE),
    ]
    assert desk.take() == [{"type": "closed", "status": "complete", "offset": 10}]
    assert desk.line.closed == (1000, "")


async def test_a_producer_that_is_too_fast_is_not_read_until_there_is_room(desk: Desk) -> None:
    sent = 0
    while desk.line.reading:
        desk.send("append", offset=sent, data="a" * MAX_APPEND_BYTES)
        sent += MAX_APPEND_BYTES
        await settled()
    assert sent == MAX_QUEUED_BYTES + MAX_APPEND_BYTES
    assert desk.socket.held_bytes == sent
    desk.press.store.max_length = 10 * sent
    for _ in range(2):
        await desk.writer.release()
        assert not desk.line.reading
    await desk.writer.release()
    assert desk.line.reading
    assert desk.socket.held_bytes == MAX_QUEUED_BYTES // 2


async def test_a_producer_that_reads_nothing_gets_one_ack_when_it_reads_again(desk: Desk) -> None:
    desk.take()
    desk.line.blocked = True
    for offset in range(3):
        desk.send("append", offset=offset, data="a")
        await desk.writer.release()
    assert desk.take() == []
    desk.line.blocked = False
    desk.socket.unblocked()
    assert desk.take() == [ack(3, 3)]


async def test_a_producer_that_reads_nothing_for_too_long_is_disconnected(desk: Desk) -> None:
    desk.line.blocked = True
    desk.socket.control_blocked()
    desk.now = Instant(100.0 + TIMEOUT - 0.1, WALL)
    desk.socket.wake(desk.now)
    assert not desk.line.aborted
    desk.now = Instant(100.0 + TIMEOUT, WALL)
    desk.socket.wake(desk.now)
    assert desk.line.aborted


async def test_a_store_that_is_unavailable_is_an_error_and_the_producer_sends_again(desk: Desk) -> None:
    desk.take()
    desk.writer.failure = StoreUnavailable()
    desk.send("append", offset=0, data="Hello")
    await desk.writer.release()
    [error] = desk.take()
    assert (error["code"], error["retry_after_ms"], desk.line.closed) == ("store_unavailable", 1000, None)
    desk.writer.failure = None
    desk.send("append", offset=0, data="Hello")
    await desk.writer.release()
    assert desk.take() == [ack(5, 5)]


async def test_a_fault_closes_this_socket_and_is_recorded(desk: Desk) -> None:
    desk.take()
    desk.writer.failure = LookupError("secret")
    desk.send("append", offset=0, data="Hello")
    await desk.writer.release()
    [error] = desk.take()
    [fault] = [event for event in desk.press.events if isinstance(event, FaultRaised)]
    assert error["code"] == "internal_error"
    assert fault.error_id in error["message"]
    assert "secret" not in error["message"]
    assert desk.line.closed == (1011, "internal error")


async def test_what_was_received_is_stored_after_the_producer_has_left(desk: Desk) -> None:
    desk.send("append", offset=0, data="Hello")
    await settled()
    desk.send("close", status="complete", offset=5)
    desk.socket.connection_ended(1006, None)
    assert desk.ended == [desk.socket]
    for _ in range(2):
        await desk.writer.release()
    assert desk.press.store.records[desk.socket.stream_id].status is LiveStatus.COMPLETE


async def test_its_own_end_is_no_news(desk: Desk) -> None:
    desk.take()
    desk.send("close", status="cancelled", offset=0)
    await settled()
    desk.socket.notice(SourceStored(desk.socket.stream_id, 0, 0, b"", LiveStatus.CANCELLED))
    assert desk.take() == []
    await desk.writer.release()
    assert desk.take() == [{"type": "closed", "status": "cancelled", "offset": 0}]


@pytest.mark.parametrize("limit", InputLimit)
async def test_each_limit_of_what_is_sent_closes(desk: Desk, limit: InputLimit) -> None:
    desk.socket.limit_exceeded(limit)
    assert desk.line.closed is not None
    codes = {InputLimit.MESSAGE: 4105, InputLimit.MEMORY: 4101}
    assert desk.line.closed[0] == codes.get(limit, 4104)


async def test_a_token_that_is_revoked_or_expires_closes() -> None:
    for seconds, code in ((0.0, 4122), (60.0, 4123)):
        grant = Grant.parse(["publish"], ["*/*"])
        principal: Principal = user(seconds, "app", grant=grant)
        desk = await opened(Producer(principal))
        assert desk.socket.principal is principal
        if seconds:
            desk.socket.revoke()
        else:
            desk.socket.wake(desk.now)
        assert desk.line.closed is not None
        assert (desk.take()[-1]["type"], desk.line.closed[0]) == ("error", code)


@pytest.mark.parametrize("expires", [False, True])
async def test_what_waits_when_the_token_is_revoked_or_expires_is_not_stored(expires: bool) -> None:
    principal = user(60.0, "app", grant=Grant.parse(["publish"], ["*/*"]))
    desk = await opened(Producer(principal))
    desk.send("append", offset=0, data="Hello")
    await settled()
    desk.send("append", offset=5, data=", you")
    desk.send("close", status="complete", offset=10)
    if expires:
        desk.now = Instant(desk.now.seconds + 60, WALL + 60)
        desk.socket.wake(desk.now)
    else:
        desk.socket.revoke()
    desk.send("append", offset=5, data=", too")
    desk.socket.connection_ended(1006, None)
    for _ in range(2):
        await desk.writer.release()
    assert [part.data for part in desk.writer.appends] == [b"Hello"]
    record = desk.press.store.records[desk.socket.stream_id]
    assert (record.length, record.status) == (5, LiveStatus.OPEN)


async def test_a_shutdown_asks_to_come_back(desk: Desk) -> None:
    desk.socket.drain(101.5)
    assert (desk.line.closed, desk.socket.idle) == (None, True)
    desk.socket.shutdown(101.5)
    assert desk.line.closed == (1012, "the server restarts, reconnect soon; retry_after_ms=1500")
    desk.send("append", offset=0, data="late")
    await settled()
    assert desk.writer.appends == []


async def test_notices_reach_the_sockets_of_their_stream(desk: Desk) -> None:
    desk.take()
    stream_id = desk.socket.stream_id
    desk.producers.add(desk.socket)
    assert desk.producers.count == 1
    desk.producers.notice(StreamTouched("another", 1))
    desk.producers.notice(StreamTouched(stream_id, 0))
    desk.producers.notice(SourceStored(stream_id, 0, 0, b"text", LiveStatus.OPEN))
    assert desk.take() == []
    desk.producers.notice(SourceStored(stream_id, 0, 4, b"!", LiveStatus.CANCELLED))
    assert desk.take() == [{"type": "cancelled", "offset": 5}]
    desk.producers.discard(desk.socket)
    desk.producers.discard(desk.socket)
    assert desk.producers.count == 0
    assert (desk.followed, desk.unfollowed) == ([stream_id], [stream_id])


@pytest.mark.parametrize("ends_while_stored", [False, True])
async def test_one_task_stores_all_parts_and_ends_with_the_connection(desk: Desk, *, ends_while_stored: bool) -> None:
    before = asyncio.all_tasks()
    for number, text in enumerate(("a", "b", "c")):
        desk.send("append", offset=number, data=text)
        await settled()
        [task] = asyncio.all_tasks() - before
        if number < 2:
            await desk.writer.release()
    if ends_while_stored:
        desk.socket.connection_ended(1000, None)
        await desk.writer.release()
    else:
        await desk.writer.release()
        desk.socket.connection_ended(1000, None)
        await settled()
    assert task.done()
    assert [part.data for part in desk.writer.appends] == [b"a", b"b", b"c"]
